"""Directories that no link needs: read slowly, one after the other, for searches."""

from collections.abc import Callable

import anyio

from connectors.sdk.errors import UnavailableError
from connectors.sdk.model import User
from gateway.people import DirectoryRecord
from gateway.people.directories import SPARE_AFTER, SPARE_PACE, Directories

NEEDED, SPARE, OTHER = "needed", "spare", "other"


class Clock:
    """Pauses of the spare directories move it on; that of the needed one never ends. `end` ends the test."""

    def __init__(self, *, most: int) -> None:
        self.now = 0.0
        self.pauses: list[float] = []
        self.end = anyio.Event()
        self._most = most

    async def pause(self, seconds: float) -> None:
        if len(self.pauses) == self._most:
            self.end.set()
            await anyio.sleep_forever()
        self.pauses.append(seconds)
        self.now += seconds


class Reads:
    """What was read at which time, at which pace. A read takes `took` seconds."""

    def __init__(self, clock: Clock, *, took: float = 0.0) -> None:
        self.clock, self.took = clock, took
        self.seen: list[tuple[float, str, float]] = []
        self.failing: set[str] = set()
        self.is_whole = True

    async def __call__(
        self, source: str, *, with_groups: bool, is_awaited: Callable[[], bool], pace: float = 0.0
    ) -> DirectoryRecord:
        self.seen.append((self.clock.now, source, pace))
        self.clock.now += self.took
        if source in self.failing:
            raise UnavailableError("gone")
        return DirectoryRecord(accounts=[User(native_id="1", name="Ann")], groups={}, is_whole=self.is_whole)


async def after(reads: Reads, *, seconds: float = 300.0) -> Directories:
    """The directories after the pauses of the clock."""
    found = Directories(
        reads,
        dict.fromkeys((SPARE, OTHER), seconds),
        spare=frozenset({SPARE, OTHER}),
        now=lambda: reads.clock.now,
        pause=reads.clock.pause,
    )
    found.start()
    await reads.clock.end.wait()
    await found.aclose()
    return found


async def test_they_are_read_later_at_a_pace_and_again_when_half_of_their_time_is_over() -> None:
    """One after the other."""
    reads = Reads(Clock(most=2), took=20.0)
    found = await after(reads)

    assert [
        (SPARE_AFTER, OTHER, SPARE_PACE),
        (SPARE_AFTER + 20, SPARE, SPARE_PACE),
        (SPARE_AFTER + 20 + 150, OTHER, SPARE_PACE),
    ] == reads.seen
    assert (True, True) == (found.is_good(SPARE), found.is_good(OTHER))


async def test_one_that_takes_longer_than_it_is_good_for_is_good_all_the_same() -> None:
    """Its seconds are counted from the end of the read."""
    reads = Reads(Clock(most=1), took=900.0)
    found = await after(reads)
    reads.clock.now += 299
    is_good = found.is_good(SPARE)
    reads.clock.now += 2

    assert (True, False) == (is_good, found.is_good(SPARE))


async def test_one_that_cannot_be_read_waits_its_turn_and_stops_no_other() -> None:
    """It is tried again when half of its time is over."""
    reads = Reads(Clock(most=2))
    reads.failing = {OTHER}
    found = await after(reads)

    assert [OTHER, SPARE, OTHER, SPARE] == [source for _, source, _ in reads.seen]
    assert (False, True) == (found.is_good(OTHER), found.is_good(SPARE))
    assert 150 == reads.seen[2][0] - reads.seen[0][0]


async def test_one_that_is_not_whole_is_not_searched() -> None:
    """The source itself finds more."""
    reads = Reads(Clock(most=1))
    reads.is_whole = False

    assert not (await after(reads)).is_good(SPARE)


async def test_the_needed_ones_are_read_at_start() -> None:
    """Without a pace, while the others wait."""
    reads = Reads(Clock(most=0))
    found = Directories(
        reads,
        {NEEDED: 300.0, SPARE: 300.0},
        spare=frozenset({SPARE}),
        now=lambda: reads.clock.now,
        pause=reads.clock.pause,
    )
    found.start()
    with anyio.fail_after(5):
        await found.require(NEEDED, within=5)
    await found.aclose()

    assert [(0.0, NEEDED, 0.0)] == reads.seen
