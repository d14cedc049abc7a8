"""The kernel's user task runs: the commands that change them, and the searches over them."""

import math
from bisect import bisect_left
from collections import deque
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any

from sandbox.littlehorse.errors import KernelError
from sandbox.littlehorse.records import Event, Key, Place, TaskRun
from sandbox.littlehorse.search import Bookmark, TaskSearch
from sandbox.stand_in import Clock

# The kernel's names for types of fields, where they differ from the bridge's.
_KERNEL_TYPES = {"STRING": "STR", "BOOLEAN": "BOOL", "INTEGER": "INT"}


class Kernel:
    """Commands see every change at once. Reads see a change after `lag`: when `publish` is called with a later time."""

    def __init__(self, tasks: Iterable[TaskRun], *, seed: int, clock: Clock) -> None:
        self._truth = {task.key: task for task in tasks}
        self._seen = dict(self._truth)
        self._unseen: deque[tuple[datetime, TaskRun]] = deque()
        self._clock = clock
        self.lag = timedelta()
        self._seed = seed
        self._walks: dict[int, list[list[Place]]] = {}

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
        """Return keys, partition by partition and there by creation, and the bookmark of the next page (None after the last).

        A full page may have the last task: then the next page is empty. A bookmark that cannot be read counts as none.
        """
        begun, page = Bookmark.parse(bookmark), list[Key]()
        done = set(begun.done)
        if limit == 0:
            return [], None
        for partition, walk in enumerate(self._walk(partitions)):
            if partition in done:
                continue
            if len(page) == limit:
                return page, Bookmark(frozenset(done)).text()
            after = begun.place() if partition == begun.partition else None
            for place in walk[0 if after is None else bisect_left(walk, after) :]:
                if not search.matches(self._seen[place[1:]]):
                    continue
                if len(page) == limit:
                    return page, Bookmark(frozenset(done), partition, search.key_of(place)).text()
                page.append(place[1:])
            done.add(partition)
        return page, None

    def claim(self, key: Key, user: str, *, override: bool) -> TaskRun:
        task = self._open(key)
        if task.user is not None and not override:
            raise KernelError("FAILED_PRECONDITION", f"User Task Run already assigned to {task.user}")
        return self._assigned(task, user, task.group)

    def assign(self, key: Key, user: str | None, group: str | None) -> TaskRun:
        task = _found(self._truth, key)
        if not task.is_open:
            raise KernelError(
                "FAILED_PRECONDITION",
                f"Couldn't reassign User Task Run since it  is in terminal status {task.status}",
            )
        return self._assigned(task, user, group)

    def save_progress(self, key: Key, user: str, results: dict[str, tuple[str, Any]]) -> TaskRun:
        """Save values of an open task. Only the kernel's own API has this; the bridge does not know the event."""
        task = self._open(key)
        return self.commit(replace(task, results={**task.results, **results}), "TASK_SAVED", {"userId": user})

    def complete(self, key: Key, user: str, results: dict[str, tuple[str, Any]]) -> TaskRun | None:
        """Return the completed task. None: it was closed already, which the kernel ignores."""
        task = _found(self._truth, key)
        fields = {each.name: each for each in task.form.fields}
        for name, (kind, _) in results.items():
            if name not in fields or fields[name].type != kind:
                raise KernelError(
                    "INVALID_ARGUMENT",
                    f"Field [name = {name}, type = {_KERNEL_TYPES.get(kind, kind)}] is not defined in UserTask schema or "
                    "has different type",
                )
        # The kernel has a set of names, so their order is arbitrary.
        missing = sorted(
            (each.name for each in task.form.fields if each.required and each.name not in results),
            key=lambda name: blake2b(name.encode(), digest_size=8).digest(),
        )
        if missing:
            raise KernelError("INVALID_ARGUMENT", f"[{','.join(missing)}] are mandatory fields")
        if any(isinstance(value, float) and not math.isfinite(value) for _, value in results.values()):
            raise KernelError("INTERNAL", "Internal error")
        if not task.is_open:
            return None
        if task.user != user:
            task = self._assigned(task, user, task.group, commit=False)
        return self.commit(replace(task, status="DONE", results=results), "TASK_COMPLETED", {"message": "Completed"})

    def cancel(self, key: Key) -> TaskRun:
        body = {"message": "UserTaskRun was cancelled"}
        return self.commit(replace(self._open(key), status="CANCELLED"), "TASK_CANCELLED", body)

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

    def _walk(self, partitions: int) -> list[list[Place]]:
        """The places of all tasks by partition. Tasks of one run are in one partition."""
        if partitions not in self._walks:
            walk: list[list[Place]] = [[] for _ in range(partitions)]
            for task in self._truth.values():
                first = blake2b(f"{self._seed} {task.wf_run_id}".encode(), digest_size=1).digest()[0]
                walk[first * partitions // 256].append(task.place)
            self._walks[partitions] = [sorted(each) for each in walk]
        return self._walks[partitions]


def _found(tasks: dict[Key, TaskRun], key: Key) -> TaskRun:
    task = tasks.get(key)
    if task is None:
        raise KernelError("NOT_FOUND", "Requested object was not found.")
    return task
