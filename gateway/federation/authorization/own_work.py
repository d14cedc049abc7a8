"""Own ended work: tasks that people ended through the gateway, each as that write left it. In memory, from the journal.

A technical account can take a task over to end it; then the vendor's record names the account, and the rule of
`visibility` would hide the task from the person who ended it. The records here are what that person still sees.
They also fill in what a later read of the vendor leaves out: outcome, time, who it was, reason.

Where a source is called as the person, a record is shown within the credential scope of its write alone: what the vendor gave
to one token it may refuse to another one, also of the same person.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping
from datetime import timedelta
from types import MappingProxyType

from msgspec import structs

from connectors.sdk.clock import Clock, utc_now
from connectors.sdk.model import NativeRef, Task, TaskRef, UserRef
from gateway.store import EndedTask

OWN_WORK = "gateway.own_work"
"""`Task.rule` of a record that is shown as the write left it. The vendor's record may be another by now."""

MOST_KEPT = 10_000
# The clocks of gateway and vendor may differ. Ended at times further apart than this, it was ended twice.
ONE_ENDING = timedelta(minutes=5)

# A person by key, or a person's account in a source.
_Viewer = tuple[str, ...]
_NONE: Mapping[TaskRef, EndedTask] = MappingProxyType({})


class OwnWork:
    """One per process. It holds the newest `most` ended tasks of the journal; older ones are no longer shown."""

    def __init__(
        self,
        ended: Iterable[EndedTask] = (),
        *,
        keep: timedelta,
        is_person: Callable[[NativeRef], bool],
        scope: Callable[[str], Hashable] = lambda _source: None,
        most: int = MOST_KEPT,
        now: Clock = utc_now,
    ) -> None:
        """`ended` are those that the journal has, oldest first. `is_person`: whether an account is a known person's. `scope`: the
        credential scope of the current call of a source.
        """
        self._keep = keep
        self._now = now
        self._is_person = is_person
        self._scope = scope
        self._most = most
        # Insertion order is age.
        self._kept: dict[str, EndedTask] = {}
        self._scopes: dict[str, Hashable] = {}
        self._newest: dict[TaskRef, EndedTask] = {}
        self._by_viewer: dict[_Viewer, dict[TaskRef, EndedTask]] = {}
        # The vendor's record as last read, None if the vendor shows it no more.
        self._seen: dict[TaskRef, Task | None] = {}
        # Another number whenever what a person sees of it may be another than before.
        self.changes = 0
        for one in ended:
            self.add(one)

    def add(self, ended: EndedTask) -> None:
        """Note a task that was ended just now, in the current call context."""
        # What the gateway finds out later by itself is shown as the write was made.
        scope = self._scopes.get(ended.operation_id, self._scope(ended.task.source))
        self.changes += 1
        earlier = self._kept.pop(ended.operation_id, None)
        if earlier is not None:
            self._drop(earlier)
        self._expire(ended)
        self._kept[ended.operation_id] = ended
        self._scopes[ended.operation_id] = scope
        ref, left = ended.task.ref, ended.task
        self._newest[ref] = ended
        for viewer in _viewers(ended):
            self._by_viewer.setdefault(viewer, {})[ref] = ended
        owners = ended.vendor_owners
        self._seen[ref] = (
            None if owners is None else structs.replace(left, assignees=tuple(UserRef(native_id=id) for id in owners))
        )

    def of(self, person: str, source: str, native_id: str | None) -> list[tuple[Task, Task | None]]:
        """What a person ended, or owned when it was ended, in one source: as it was left, and the vendor's record.

        `native_id` is the person's account in the source. The vendor's record is the one read last; None: not there.
        """
        found = self._viewed(person, source, native_id)
        since, scope = self._now() - self._keep, self._scope(source)
        return [
            (ended.task, self._seen.get(ref))
            for ref, ended in found.items()
            if ref.source == source and ended.at >= since and self._scopes.get(ended.operation_id) == scope
        ]

    def left(self, person: str, native_id: str | None, ref: TaskRef) -> Task | None:
        """One of these tasks, as the write left it."""
        ended = self._viewed(person, ref.source, native_id).get(ref)
        if ended is None or ended.at < self._now() - self._keep:
            return None
        return ended.task if self._scopes.get(ended.operation_id) == self._scope(ref.source) else None

    @property
    def is_empty(self) -> bool:
        """Whether no record is shown otherwise than the vendor gave it."""
        return not self._newest

    def remembered(self, task: Task) -> Task:
        """A record that the vendor gave, with what our write told and the record leaves out."""
        ended = None if not self._newest or task.rule == OWN_WORK else self._newest.get(task.ref)
        if ended is None or ended.at < self._now() - self._keep:
            return task
        seen = task if task.payload is None else structs.replace(task, payload=None)
        self.changes += self._seen.get(task.ref) != seen
        self._seen[task.ref] = seen
        left = ended.task
        if task.state is not left.state or _ended_again(task, left):
            return task
        return structs.replace(
            task,
            outcome=task.outcome or left.outcome,
            completed_at=task.completed_at or left.completed_at,
            completed_by=self._completed_by(task, left),
            state_reason=task.state_reason or left.state_reason,
        )

    def is_gone(self, ref: TaskRef) -> None:
        """Note that the vendor shows the task no more."""
        if ref in self._newest:
            self.changes += 1
            self._seen[ref] = None

    def _completed_by(self, task: Task, left: Task) -> UserRef | None:
        """The vendor names the technical account where that sent the write; a person whom it names is believed."""
        told = task.completed_by
        if told is not None and (left.completed_by is None or self._is_person(NativeRef(task.source, told.native_id))):
            return told
        return left.completed_by

    def _viewed(self, person: str, source: str, native_id: str | None) -> Mapping[TaskRef, EndedTask]:
        written = self._by_viewer.get((person,), _NONE)
        owned = _NONE if native_id is None else self._by_viewer.get((source, native_id), _NONE)
        return {**owned, **written} if owned and written else owned or written

    def _expire(self, newest: EndedTask) -> None:
        since = newest.at - self._keep
        while self._kept:
            oldest = next(iter(self._kept.values()))
            if oldest.at >= since and len(self._kept) < self._most:
                return
            del self._kept[oldest.operation_id]
            self._drop(oldest)

    def _drop(self, ended: EndedTask) -> None:
        ref = ended.task.ref
        self._scopes.pop(ended.operation_id, None)
        if self._newest.get(ref) is ended:
            del self._newest[ref]
            del self._seen[ref]
        for viewer in _viewers(ended):
            theirs = self._by_viewer.get(viewer, {})
            if theirs.get(ref) is ended:
                del theirs[ref]
                if not theirs:
                    del self._by_viewer[viewer]


def _viewers(ended: EndedTask) -> Iterable[_Viewer]:
    return ((ended.person,), *((ended.task.source, owner) for owner in ended.owners))


def _ended_again(task: Task, left: Task) -> bool:
    return (
        task.completed_at is not None
        and left.completed_at is not None
        and abs(task.completed_at - left.completed_at) > ONE_ENDING
    )
