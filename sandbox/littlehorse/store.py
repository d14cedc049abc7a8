"""The kernel's user task runs: the commands that change them, and the searches over them."""

from bisect import bisect_left
from collections import deque
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import blake2b
from itertools import islice
from typing import Any

from sandbox.littlehorse.errors import KernelError
from sandbox.littlehorse.records import Event, Key, TaskRun
from sandbox.littlehorse.search import START, TaskSearch, bookmark_of, position_of
from sandbox.stand_in import Clock

_LAST_KEY = ("\uffff", "")


class Kernel:
    """Commands see every change at once. Reads see a change after `lag`: when `publish` is called with a later time."""

    def __init__(self, tasks: Iterable[TaskRun], *, seed: int, clock: Clock) -> None:
        self._truth = {task.key: task for task in tasks}
        self._seen = dict(self._truth)
        self._unseen: deque[tuple[datetime, TaskRun]] = deque()
        self._clock = clock
        self.lag = timedelta()
        self._walk = sorted((self._place(seed, key), key) for key in self._truth)

    def publish(self, now: datetime) -> None:
        """Show reads every change whose lag is over."""
        while self._unseen and self._unseen[0][0] <= now:
            task = self._unseen.popleft()[1]
            self._seen[task.key] = task

    def all(self) -> list[TaskRun]:
        return list(self._truth.values())

    def read(self, key: Key) -> TaskRun:
        """Return the task as reads see it. Raises NOT_FOUND."""
        return _found(self._seen, key)

    def search(
        self, search: TaskSearch, limit: int, bookmark: str | None, partitions: int
    ) -> tuple[list[Key], str | None]:
        """Return keys in the order of their places, and the bookmark of the next page (None after the last).

        A page ends with its partition at the latest, so it may be short or empty. A bookmark that cannot be read counts as none.
        """
        partition, after = position_of(bookmark)
        page: list[tuple[bytes, Key]] = []
        more = False
        for place, key in islice(self._walk, bisect_left(self._walk, (after, _LAST_KEY)) if after else 0, None):
            here = place[0] * partitions // 256
            if here > partition:
                break
            if here == partition and search.matches(self._seen[key]):
                more = len(page) == limit
                if more:
                    break
                page.append((place, key))
        if more:
            following: str | None = bookmark_of(partition, page[-1][0] if page else after)
        else:
            following = bookmark_of(partition + 1, START) if partition + 1 < partitions else None
        return [key for _, key in page], following

    def claim(self, key: Key, user: str, *, override: bool) -> TaskRun:
        task = self._open(key)
        if task.user is not None and not override:
            raise KernelError("FAILED_PRECONDITION", "UserTaskRun is already assigned")
        return self._assigned(task, user, task.group)

    def assign(self, key: Key, user: str | None, group: str | None) -> TaskRun:
        return self._assigned(self._open(key), user, group)

    def complete(self, key: Key, user: str, results: dict[str, tuple[str, Any]]) -> TaskRun | None:
        """Return the completed task. None: it was closed already, which the kernel ignores."""
        task = _found(self._truth, key)
        fields = {each.name: each for each in task.form.fields}
        for name, (kind, _) in results.items():
            if name not in fields or fields[name].type != kind:
                raise KernelError(
                    "INVALID_ARGUMENT",
                    f"Field [name = {name}, type = {kind}] is not defined in UserTask schema or has different type",
                )
        missing = [each.name for each in task.form.fields if each.required and each.name not in results]
        if missing:
            raise KernelError("INVALID_ARGUMENT", f"[{','.join(missing)}] are mandatory fields")
        if not task.is_open:
            return None
        if task.user != user:
            task = self._assigned(task, user, task.group, commit=False)
        return self.commit(replace(task, status="DONE", results=results), "TASK_COMPLETED", {"message": "Completed"})

    def cancel(self, key: Key, message: str) -> TaskRun:
        return self.commit(replace(self._open(key), status="CANCELLED"), "TASK_CANCELLED", {"message": message})

    def current(self, key: Key) -> TaskRun:
        """Return the task as commands see it. Raises NOT_FOUND."""
        return _found(self._truth, key)

    def commit(self, task: TaskRun, type: str, body: dict[str, Any]) -> TaskRun:
        now = self._clock()
        changed = replace(task, events=(*task.events, Event(now, type, body)))
        self._truth[changed.key] = changed
        self._unseen.append((now + self.lag, changed))
        return changed

    def _assigned(self, task: TaskRun, user: str | None, group: str | None, *, commit: bool = True) -> TaskRun:
        body = {
            "oldUserId": task.user or "",
            "oldUserGroup": task.group or "",
            "newUserId": user or "",
            "newUserGroup": group or "",
        }
        changed = replace(task, user=user, group=group, status="UNASSIGNED" if user is None else "ASSIGNED")
        if commit:
            return self.commit(changed, "TASK_ASSIGNED", body)
        return replace(changed, events=(*changed.events, Event(self._clock(), "TASK_ASSIGNED", body)))

    def _open(self, key: Key) -> TaskRun:
        task = _found(self._truth, key)
        if not task.is_open:
            raise KernelError("FAILED_PRECONDITION", "UserTaskRun is DONE or CANCELLED")
        return task

    @staticmethod
    def _place(seed: int, key: Key) -> bytes:
        return blake2b(f"{seed} {key}".encode(), digest_size=8).digest()


def _found(tasks: dict[Key, TaskRun], key: Key) -> TaskRun:
    task = tasks.get(key)
    if task is None:
        raise KernelError("NOT_FOUND", "Specified UserTaskRun does not exist!")
    return task
