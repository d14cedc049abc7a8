"""The kernel: user task runs, what may be done to them, and searches that walk its partitions."""

import base64
import binascii
from bisect import bisect_left
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import blake2b
from itertools import islice
from typing import Any

from sandbox.littlehorse.forms import DEFINITIONS, UserTaskDef
from sandbox.stand_in import Clock

OPEN = frozenset({"UNASSIGNED", "ASSIGNED"})
# Its base64 begins with +/+/.
_MARK = b"\xfb\xff\xbf"
_FIRST = b""
_LAST_KEY = ("\uffff", "")

Key = tuple[str, str]


class KernelError(Exception):
    """A gRPC status of the kernel."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = f"{code}: {message}"


@dataclass(frozen=True, slots=True)
class Event:
    at: datetime
    type: str
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class TaskRun:
    """`user` is the kernel's user id, `group` a name; `id` is unique within the run."""

    wf_run_id: str
    id: str
    definition: str
    status: str
    user: str | None
    group: str | None
    notes: str
    scheduled_at: datetime
    results: dict[str, tuple[str, Any]] = field(default_factory=dict)
    events: tuple[Event, ...] = ()

    @property
    def key(self) -> Key:
        return self.wf_run_id, self.id

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    @property
    def form(self) -> UserTaskDef:
        return DEFINITIONS[self.definition]


@dataclass(frozen=True, slots=True)
class Search:
    """Joined by AND; the bounds are inclusive."""

    definition: str | None = None
    status: str | None = None
    user: str | None = None
    group: str | None = None
    earliest: datetime | None = None
    latest: datetime | None = None

    def matches(self, task: TaskRun) -> bool:
        return (
            self.definition in (None, task.definition)
            and self.status in (None, task.status)
            and self.user in (None, task.user)
            and self.group in (None, task.group)
            and (self.earliest is None or self.earliest <= task.scheduled_at)
            and (self.latest is None or task.scheduled_at <= self.latest)
        )


class Kernel:
    """Commands see every change at once, reads only what `publish` has let through."""

    def __init__(self, tasks: Iterable[TaskRun], *, seed: int, clock: Clock) -> None:
        self._truth = {task.key: task for task in tasks}
        self._seen = dict(self._truth)
        self._unseen: deque[tuple[datetime, TaskRun]] = deque()
        self._clock = clock
        self.lag = timedelta()
        self._walk = sorted((self._place(seed, key), key) for key in self._truth)

    def publish(self, now: datetime) -> None:
        """Let reads see every change whose lag is over."""
        while self._unseen and self._unseen[0][0] <= now:
            task = self._unseen.popleft()[1]
            self._seen[task.key] = task

    def all(self) -> list[TaskRun]:
        return list(self._truth.values())

    def read(self, key: Key) -> TaskRun:
        """The task as reads see it; NOT_FOUND."""
        return _found(self._seen, key)

    def search(self, search: Search, limit: int, bookmark: str | None, partitions: int) -> tuple[list[Key], str | None]:
        """Ids in the order of their places, at most to the end of a partition: a page may be short, even empty.

        A bookmark that does not parse is as good as none.
        """
        partition, after = _position(bookmark)
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
            following: str | None = _bookmark(partition, page[-1][0] if page else after)
        else:
            following = _bookmark(partition + 1, _FIRST) if partition + 1 < partitions else None
        return [key for _, key in page], following

    def claim(self, key: Key, user: str, *, override: bool) -> TaskRun:
        task = self._open(key)
        if task.user is not None and not override:
            raise KernelError("FAILED_PRECONDITION", "UserTaskRun is already assigned")
        return self._assigned(task, user, task.group)

    def assign(self, key: Key, user: str | None, group: str | None) -> TaskRun:
        return self._assigned(self._open(key), user, group)

    def complete(self, key: Key, user: str, results: dict[str, tuple[str, Any]]) -> TaskRun | None:
        """The finished task; None where it was closed already, which the kernel passes over."""
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
        """The task as commands see it; NOT_FOUND."""
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


def _bookmark(partition: int, place: bytes) -> str:
    return base64.b64encode(_MARK + bytes([partition]) + place).decode()


def _position(bookmark: str | None) -> tuple[int, bytes]:
    try:
        raw = base64.b64decode(bookmark or "", validate=True)
    except (binascii.Error, ValueError):
        return 0, _FIRST
    return (raw[3], raw[4:]) if len(raw) in {4, 12} and raw.startswith(_MARK) else (0, _FIRST)
