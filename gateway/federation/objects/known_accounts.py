"""What earlier reads told of accounts: names that tasks carried, and accounts that are out of use."""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import TypeVar

from connectors.sdk.model import NativeRef, Task, User, UserRef

V = TypeVar("V")

# Names, and accounts out of use, that are kept at most; the oldest are forgotten.
MOST = 10_000
# Seconds for which an account is taken to be out of use after the directory said so.
OUT_OF_USE_SECONDS = 900.0


class KnownAccounts:
    """In memory, one per process. Nothing is read for it."""

    def __init__(self, *, most: int = MOST, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._most, self._monotonic = most, monotonic
        self._named: OrderedDict[NativeRef, User] = OrderedDict()
        self._out_of_use: OrderedDict[NativeRef, float] = OrderedDict()

    def note_task(self, task: Task) -> None:
        """Keep the names of its people: a source without a directory tells them nowhere else."""
        ended_by = () if task.completed_by is None else (task.completed_by,)
        for user in (*task.assignees, *(task.candidate_users or ()), *ended_by):
            self._note_name(task.source, user)

    def note_accounts(self, source: str, users: Iterable[User]) -> None:
        """Keep which of these accounts of a directory are out of use."""
        for user in users:
            ref = NativeRef(source, user.native_id)
            self._out_of_use.pop(ref, None)
            if user.is_active is False:
                self._out_of_use[ref] = self._monotonic() + OUT_OF_USE_SECONDS
                _shorten(self._out_of_use, self._most)

    def named(self, ref: NativeRef) -> User | None:
        """The account with the name that a task carried."""
        return self._named.get(ref)

    def is_out_of_use(self, ref: NativeRef) -> bool:
        """Whether the source's directory said so lately. False proves nothing."""
        until = self._out_of_use.get(ref)
        return until is not None and self._monotonic() < until

    def _note_name(self, source: str, user: UserRef) -> None:
        if user.name is None or user.name == user.native_id:
            return
        ref = NativeRef(source, user.native_id)
        self._named[ref] = User(native_id=user.native_id, name=user.name, email=user.email)
        self._named.move_to_end(ref)
        _shorten(self._named, self._most)


def _shorten(kept: OrderedDict[NativeRef, V], most: int) -> None:
    while len(kept) > most:
        kept.popitem(last=False)
