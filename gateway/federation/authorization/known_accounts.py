"""What earlier reads told of accounts and groups: names that tasks carried, and accounts that are out of use."""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

from msgspec import structs

from connectors.sdk.model import Group, GroupRef, NativeRef, Task, User, UserRef
from gateway.people import People

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

# Accounts, groups, and accounts out of use, that are kept at most; the oldest are forgotten.
MOST = 10_000
# Seconds for which an account is taken to be out of use after the directory said so.
OUT_OF_USE_SECONDS = 900.0


class KnownAccounts:
    """In memory, one per process. Nothing is read for it."""

    def __init__(
        self,
        people: People,
        *,
        most: int = MOST,
        monotonic: Callable[[], float] = time.monotonic,
        scope: Callable[[str], Hashable] = lambda _: None,
    ) -> None:
        """`scope` tells with whom answers of a source may be shared, by its key: names are known among these."""
        self._people, self._most, self._monotonic, self._scope = people, most, monotonic, scope
        self._named: OrderedDict[Hashable, User] = OrderedDict()
        self._groups: OrderedDict[Hashable, str] = OrderedDict()
        self._out_of_use: OrderedDict[NativeRef, float] = OrderedDict()
        # Another number whenever a name is another than before.
        self.changes = 0

    def note_task(self, task: Task) -> None:
        """Keep the names in a record of the vendor: a source without a directory tells them nowhere else."""
        ended_by = () if task.completed_by is None else (task.completed_by,)
        for user in (*task.assignees, *(task.candidate_users or ()), *ended_by):
            if user.name and user.name != user.native_id:
                account = User(native_id=user.native_id, name=user.name, email=user.email)
                key = self._key(NativeRef(task.source, user.native_id))
                self.changes += self._named.get(key) != account
                _keep(self._named, key, account, self._most)
        for group in task.candidate_groups or ():
            if group.name and group.name != group.native_id:
                key = self._key(NativeRef(task.source, group.native_id))
                self.changes += self._groups.get(key) != group.name
                _keep(self._groups, key, group.name, self._most)

    def note_accounts(self, source: str, users: Iterable[User]) -> None:
        """Keep which of these accounts of a directory are out of use."""
        for user in users:
            ref = NativeRef(source, user.native_id)
            self._out_of_use.pop(ref, None)
            if user.is_active is False:
                _keep(self._out_of_use, ref, self._monotonic() + OUT_OF_USE_SECONDS, self._most)

    def named(self, ref: NativeRef) -> User | None:
        """The account with the name that a task carried."""
        return self._named.get(self._key(ref))

    def named_group(self, ref: NativeRef) -> Group | None:
        """The group with the name that a task carried."""
        name = self._groups.get(self._key(ref))
        return None if name is None else Group(native_id=ref.native_id, name=name)

    def is_out_of_use(self, ref: NativeRef) -> bool:
        """Whether the source's directory said so lately. False proves nothing."""
        until = self._out_of_use.get(ref)
        return until is not None and self._monotonic() < until

    def name_of(self, source: str, user: UserRef) -> str | None:
        """The name in the record, else of the person linked to the account, else as read before."""
        if user.name:
            return user.name
        ref = NativeRef(source, user.native_id)
        person = self._people.by_native_ref(ref)
        return self._read_name(ref) if person is None else person.name

    def completed(self, task: Task) -> Task:
        """A record that a write left, with the names known of people and groups that it has by id only."""
        users, groups = task.candidate_users, task.candidate_groups
        return structs.replace(
            task,
            assignees=self._named_users(task.source, task.assignees),
            candidate_users=None if users is None else self._named_users(task.source, users),
            candidate_groups=None if groups is None else self._named_groups(task.source, groups),
        )

    def _named_users(self, source: str, users: Iterable[UserRef]) -> tuple[UserRef, ...]:
        return tuple(
            user if user.name else structs.replace(user, name=self._read_name(NativeRef(source, user.native_id)))
            for user in users
        )

    def _named_groups(self, source: str, groups: Iterable[GroupRef]) -> tuple[GroupRef, ...]:
        return tuple(
            group
            if group.name
            else structs.replace(group, name=self._groups.get(self._key(NativeRef(source, group.native_id))))
            for group in groups
        )

    def _read_name(self, ref: NativeRef) -> str | None:
        account = self._named.get(self._key(ref))
        return None if account is None else account.name

    def _key(self, ref: NativeRef) -> Hashable:
        return (self._scope(ref.source), ref)


def _keep(kept: OrderedDict[K, V], key: K, value: V, most: int) -> None:
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > most:
        kept.popitem(last=False)
