"""Names of people and groups for texts and for records built from ids: from the book of people, and from records read."""

from collections.abc import Iterable

from msgspec import structs

from connectors.sdk.model import GroupRef, NativeRef, Task, UserRef
from gateway.people import People

MOST_KEPT = 10_000


class Names:
    """One per process. It keeps the names that task records had, at most `most` of them."""

    def __init__(self, people: People, *, most: int = MOST_KEPT) -> None:
        self._people = people
        self._most = most
        self._users: dict[tuple[str, str], str] = {}
        self._groups: dict[tuple[str, str], str] = {}

    def note(self, task: Task) -> None:
        """A record that the vendor gave."""
        _keep(self._users, task.source, task.assignees, self._most)
        _keep(self._users, task.source, task.candidate_users or (), self._most)
        _keep(self._groups, task.source, task.candidate_groups or (), self._most)

    def user(self, source: str, user: UserRef) -> str | None:
        """The name in the record, else of the person linked to the account, else as read before."""
        if user.name:
            return user.name
        person = self._people.by_native_ref(NativeRef(source, user.native_id))
        return self._users.get((source, user.native_id)) if person is None else person.name

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
            user if user.name else structs.replace(user, name=self._users.get((source, user.native_id)))
            for user in users
        )

    def _named_groups(self, source: str, groups: Iterable[GroupRef]) -> tuple[GroupRef, ...]:
        return tuple(
            group if group.name else structs.replace(group, name=self._groups.get((source, group.native_id)))
            for group in groups
        )


def _keep(names: dict[tuple[str, str], str], source: str, named: Iterable[UserRef | GroupRef], most: int) -> None:
    for one in named:
        if one.name and one.name != one.native_id and names.get((source, one.native_id)) != one.name:
            names[source, one.native_id] = one.name
            if len(names) > most:
                del names[next(iter(names))]
