"""Read-your-writes: tasks and flows as our own writes left them, shown while the vendor's reads lag.

An entry holds the record that the vendor will show, and the versions that the vendor may still show until then. It is
removed when the vendor shows any other version, or after `LONGEST` seconds.
"""

import time
from collections.abc import Callable, Sequence

from msgspec import Struct

from connectors.sdk.model import Flow, FlowRef, Task, TaskRef

LONGEST = 60.0


class _Entry(Struct, frozen=True):
    expected: Task
    outdated: frozenset[str]
    until: float


class Overlay:
    """Tasks. One per process; holds no more than was written within `LONGEST` seconds."""

    def __init__(
        self,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        ended: Callable[[TaskRef], None] = lambda _: None,
    ) -> None:
        """`ended` is called when an entry is removed. Cached reads of that task may be older than the entry: the
        callback must invalidate them.
        """
        self._monotonic = monotonic
        self._ended = ended
        self._entries: dict[TaskRef, _Entry] = {}

    def put(self, before: Task, expected: Task) -> None:
        """After a write: `before` is the record that it was decided on, `expected` the one that the vendor will show."""
        self._expire()
        outdated = {before.version}
        earlier = self._entries.get(before.ref)
        if earlier is not None:
            outdated |= earlier.outdated | {earlier.expected.version}
        self._entries[before.ref] = _Entry(
            expected, frozenset(outdated - {expected.version}), self._monotonic() + LONGEST
        )

    def seen(self, task: Task) -> Task:
        """The record to show for one that the vendor gave: the expected one while the vendor lags behind."""
        entry = self._entries.get(task.ref)
        if entry is None:
            return task
        if task.version in entry.outdated and self._monotonic() < entry.until:
            return entry.expected
        del self._entries[task.ref]
        self._ended(task.ref)
        return task

    def expected(self, source: str) -> Sequence[Task]:
        """The records of one source that the vendor may not show yet."""
        if not self._entries:
            return ()
        self._expire()
        return [entry.expected for ref, entry in self._entries.items() if ref.source == source]

    def _expire(self) -> None:
        now = self._monotonic()
        for ref in [ref for ref, entry in self._entries.items() if entry.until <= now]:
            del self._entries[ref]
            self._ended(ref)


class FlowOverlay:
    """Flows. Flows have no version: an entry is removed when the vendor shows its state, or after `LONGEST` seconds."""

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._expected: dict[FlowRef, tuple[Flow, float]] = {}

    def put(self, expected: Flow) -> None:
        """After a write: the record that the vendor will show."""
        now = self._monotonic()
        self._expected = {ref: entry for ref, entry in self._expected.items() if entry[1] > now}
        self._expected[expected.ref] = (expected, now + LONGEST)

    def seen(self, flow: Flow) -> Flow:
        """The record to show for one that the vendor gave: the expected one while the vendor lags behind."""
        expected = self.expected(flow.ref)
        if expected is None or expected.state is flow.state:
            self._expected.pop(flow.ref, None)
            return flow
        return expected

    def expected(self, ref: FlowRef) -> Flow | None:
        """The record that the vendor may not show yet."""
        entry = self._expected.get(ref)
        return entry[0] if entry is not None and self._monotonic() < entry[1] else None
