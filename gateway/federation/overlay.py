"""Read-your-writes: tasks and flows as our own writes left them, shown while the vendor's reads lag.

An entry holds the record that the vendor will show, and the versions that the vendor may still show until then. It ends
when the vendor shows any other version, and after `LONGEST` seconds: from then on the vendor is believed. Lists may lag
behind reads by id, so the entry ends for each of them alone. Rows that were read before the write stay replaced: they are
shown while the source cannot be read.

What a write left is the vendor's answer to its author. It is shown within the author's credential scope only, as every
answer is.
"""

import math
import time
from collections.abc import Callable, Hashable, Sequence
from datetime import datetime
from enum import Enum

from msgspec import Struct, structs

from connectors.sdk.clock import utc_now
from connectors.sdk.model import Flow, FlowRef, Task, TaskRef

# The credential scope of the current context, for a source.
ScopeOf = Callable[[str], Hashable]

LONGEST = 60.0
# Seconds. By default no older answer is a fallback for a failing source (`cache.max_stale_seconds`).
KEPT = 1800.0
# Entries beyond LONGEST that are kept; the oldest go first.
MOST_KEPT = 1000


class Reading(Enum):
    """How a record was read: as a row of a list, or by its id."""

    ROW = "row"
    RECORD = "record"


class Written(Struct, frozen=True):
    """A task as our own writes left it, and as it was before each of them. `is_new`: one of them created it."""

    expected: Task
    before: tuple[Task, ...]
    is_new: bool = False

    @property
    def versions(self) -> tuple[Task, ...]:
        """All that the vendor may show."""
        return (*self.before, self.expected)


class _Entry(Struct, frozen=True):
    """`outdated` are the versions before; `at` is when the write was over. `shown_by`: the readings that have shown it.
    `until`: after that the vendor is believed in any case.
    """

    written: Written
    outdated: frozenset[str]
    at: datetime
    until: float
    shown_by: frozenset[Reading] = frozenset()

    @property
    def expected(self) -> Task:
        return self.written.expected

    def is_over(self, reading: Reading, now: float) -> bool:
        return reading in self.shown_by or self.until <= now


class Overlay:
    """Tasks. One per process; holds what was written within `LONGEST` seconds, and a bounded number of older entries."""

    def __init__(
        self,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = utc_now,
        ended: Callable[[TaskRef], None] = lambda _: None,
        wrote: Callable[[Task, Task], None] = lambda _before, _expected: None,
        scope_of: ScopeOf = lambda _: None,
        kept: float = KEPT,
    ) -> None:
        """`ended` is called when an entry ends. Cached reads of that task may be older than the entry: the callback
        must invalidate them. `wrote` gets what `put` gets. `kept` is for how many seconds answers stand in for a failing source.
        """
        self._wrote = wrote
        self._kept = kept
        self._monotonic = monotonic
        self._now = now
        self._ended = ended
        self._scope_of = scope_of
        self._entries: dict[tuple[Hashable, TaskRef], _Entry] = {}
        # Another number whenever an entry is another than before.
        self.changes = 0

    @property
    def is_empty(self) -> bool:
        """Whether every record is shown as it was read."""
        return not self._entries

    def settles_at(self) -> float:
        """When, in monotonic seconds, the next entry ends by itself."""
        now = self._monotonic()
        return min((entry.until for entry in self._entries.values() if entry.until > now), default=math.inf)

    def put(self, before: Task, expected: Task) -> None:
        """After a write: `before` is the record that it was decided on, `expected` the one that the vendor will show."""
        self._expire()
        self.changes += 1
        key = self._key(before.ref)
        earlier = self._entries.pop(key, None)
        # What other people's writes left, in a source that sees the person, is no longer so.
        self.forget(before.ref)
        versions = (before,) if earlier is None else (*earlier.written.versions, before)
        outdated = frozenset(version.version for version in versions) - {expected.version}
        is_new = before is expected or (earlier is not None and earlier.written.is_new)
        self._entries[key] = _Entry(
            Written(expected, versions, is_new), outdated, self._now(), self._monotonic() + LONGEST
        )
        self._wrote(before, expected)

    def forget(self, ref: TaskRef) -> None:
        """Another wrote to the task: what earlier writes left is not what the vendor will show."""
        self.changes += 1
        for key in [key for key in self._entries if key[1] == ref]:
            del self._entries[key]

    def seen(self, task: Task, reading: Reading) -> Task:
        """The record to show for one that was read: the expected one while the vendor lags behind, or was not asked since."""
        if not self._entries:
            return task
        key = self._key(task.ref)
        entry = self._entries.get(key)
        if entry is None:
            return task
        is_over = entry.is_over(reading, self._monotonic())
        if task.version in entry.outdated and (not is_over or task.fetched_at < entry.at):
            return entry.expected
        if task.fetched_at < entry.at and task.version != entry.expected.version:
            # Neither what was there before the write nor after it, read before it: it tells nothing about the write.
            return entry.expected
        if reading not in entry.shown_by:
            # The vendor shows it. Older answers do not, so the entry stays for them.
            self.changes += 1
            self._entries[key] = structs.replace(entry, shown_by=entry.shown_by | {reading})
            if not is_over:
                self._ended(task.ref)
        return task

    def expected(self, source: str, reading: Reading, *, read_at: datetime | None = None) -> Sequence[Task]:
        """As `written`: the records that the vendor will show."""
        return [one.expected for one in self.written(source, reading, read_at=read_at)]

    def written(self, source: str, reading: Reading, *, read_at: datetime | None = None) -> Sequence[Written]:
        """The tasks of one source whose writes the vendor may not show yet in such a reading.

        `read_at`: also those, however old, that an answer read then cannot show.
        """
        if not self._entries:
            return ()
        self._expire()
        now, scope = self._monotonic(), self._scope_of(source)
        return [
            entry.written
            for (within, ref), entry in self._entries.items()
            if ref.source == source
            and within == scope
            and (not entry.is_over(reading, now) or (read_at is not None and read_at < entry.at))
        ]

    def _expire(self) -> None:
        now = self._monotonic()
        ended = [(key, entry) for key, entry in self._entries.items() if entry.until <= now]
        for number, (key, entry) in enumerate(ended):
            is_shown = len(entry.shown_by) == len(Reading)
            if not is_shown:
                self.changes += 1
            if entry.until + self._kept - LONGEST <= now or len(ended) - number > MOST_KEPT:
                del self._entries[key]
            elif not is_shown:
                self._entries[key] = structs.replace(entry, shown_by=frozenset(Reading))
            if not is_shown:
                self._ended(key[1])

    def _key(self, ref: TaskRef) -> tuple[Hashable, TaskRef]:
        return self._scope_of(ref.source), ref


class FlowOverlay:
    """Flows. Flows have no version: an entry ends when the vendor shows its state, and after `LONGEST` seconds."""

    def __init__(
        self,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = utc_now,
        scope_of: ScopeOf = lambda _: None,
        kept: float = KEPT,
    ) -> None:
        self._kept = kept
        self._monotonic = monotonic
        self._now = now
        self._scope_of = scope_of
        self._expected: dict[tuple[Hashable, FlowRef], tuple[Flow, float, datetime]] = {}
        # As that of `Overlay`.
        self.changes = 0

    def settles_at(self) -> float:
        """As that of `Overlay`."""
        now = self._monotonic()
        return min((until for _, until, _ in self._expected.values() if until > now), default=math.inf)

    def put(self, expected: Flow) -> None:
        """After a write: the record that the vendor will show."""
        self.changes += 1
        now = self._monotonic()
        kept = [(key, entry) for key, entry in self._expected.items() if entry[1] + self._kept - LONGEST > now]
        self._expected = dict(kept[-MOST_KEPT:])
        key = self._key(expected.ref)
        self.forget(expected.ref)
        self._expected[key] = (expected, now + LONGEST, self._now())

    def forget(self, ref: FlowRef) -> None:
        """As for tasks."""
        self.changes += 1
        for key in [key for key in self._expected if key[1] == ref]:
            del self._expected[key]

    def seen(self, flow: Flow) -> Flow:
        """The record to show for one that was read: the expected one while the vendor lags behind, or was not asked since."""
        key = self._key(flow.ref)
        entry = self._expected.get(key)
        if entry is None:
            return flow
        expected, until, at = entry
        if expected.state is not flow.state and (self._monotonic() < until or flow.fetched_at < at):
            return expected
        if flow.fetched_at >= at:
            # The vendor shows it. Older answers do not, so the entry stays for them.
            self.changes += until > self._monotonic()
            self._expected[key] = (expected, min(until, self._monotonic()), at)
        return flow

    def expected(self, ref: FlowRef) -> Flow | None:
        """The record that the vendor may not show yet."""
        entry = self._expected.get(self._key(ref))
        return entry[0] if entry is not None and self._monotonic() < entry[1] else None

    def _key(self, ref: FlowRef) -> tuple[Hashable, FlowRef]:
        return self._scope_of(ref.source), ref
