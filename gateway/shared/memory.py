"""Shared state of a gateway that is one process: kept in memory, lost with it."""

import math
from bisect import bisect_right, insort
from collections import Counter
from collections.abc import AsyncIterator, Callable, Hashable, Iterable, Sequence
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

import anyio
from msgspec import Struct

from gateway.shared.port import SharedState, SlotLog, WindowKey

# Tags whose last invalidation is remembered. Beyond, the oldest are forgotten, and all answers of that time count as
# outdated.
MAX_TAGS = 10_000


class _Mark(Struct, frozen=True):
    """The last invalidation of a tag: its number, and until when answers may still lack the write."""

    number: int
    unsettled_until: float


class MemoryInvalidationLog:
    def __init__(self, *, max_tags: int = MAX_TAGS) -> None:
        self._max_tags = max_tags
        self._number = 0
        self._marks: dict[Hashable, _Mark] = {}
        # Applies to every tag that is not among the marks.
        self._floor = _Mark(0, -math.inf)
        self._writing: Counter[Hashable] = Counter()

    @property
    def number(self) -> int:
        return self._number

    def invalidate(self, tags: Iterable[Hashable], *, unsettled_until: float = -math.inf) -> None:
        self._number += 1
        for tag in tags:
            earlier = self._marks.pop(tag, self._floor)
            # Inserted at the end: the dictionary is ordered by number.
            self._marks[tag] = _Mark(self._number, max(earlier.unsettled_until, unsettled_until))
        while len(self._marks) > self._max_tags:
            oldest = self._marks.pop(next(iter(self._marks)))
            self._floor = _Mark(oldest.number, max(self._floor.unsettled_until, oldest.unsettled_until))

    def invalidate_all(self) -> None:
        """Every answer so far is outdated: an invalidation may have been missed."""
        self._number += 1
        until = max((mark.unsettled_until for mark in self._marks.values()), default=-math.inf)
        self._floor = _Mark(self._number, max(self._floor.unsettled_until, until))
        self._marks.clear()

    def is_outdated(self, since: int, tags: Iterable[Hashable]) -> bool:
        if since == self._number:
            return False
        return any(self._mark(tag).number > since for tag in tags)

    def is_unsettled(self, requested_at: float, tags: Iterable[Hashable]) -> bool:
        return any(requested_at < self._mark(tag).unsettled_until for tag in tags)

    def begin_write(self, tags: Iterable[Hashable]) -> None:
        self._writing.update(tags)

    def end_write(self, tags: Iterable[Hashable]) -> None:
        self._writing.subtract(tags)
        # Remove counts of zero, which would stay for ever.
        self._writing = +self._writing

    def is_being_written(self, tags: Iterable[Hashable]) -> bool:
        return bool(self._writing) and any(tag in self._writing for tag in tags)

    async def publish(self) -> None:
        """There is no other replica."""

    def _mark(self, tag: Hashable) -> _Mark:
        return self._marks.get(tag, self._floor)


class MemorySlotLog:
    def __init__(self) -> None:
        self.in_flight = 0
        self.ended = 0
        self.freed = 0
        self.revision = 0
        self.paused_until = -math.inf
        self.closed_until = -math.inf
        self._ends: list[float] = []

    @property
    def is_shared(self) -> bool:
        return False

    @property
    def elsewhere(self) -> int:
        return 0

    def allotted(self, limit: int, *, is_write: bool) -> int:
        return limit

    @property
    def ends(self) -> Sequence[float]:
        return self._ends

    def expire(self, now: float) -> None:
        past = bisect_right(self._ends, now)
        if past:
            del self._ends[:past]
            self.freed += past
            self.revision += 1

    def room(self, limit: int) -> int:
        return limit - self.in_flight - len(self._ends)

    def take(self) -> None:
        self.in_flight += 1

    def give_back(self) -> None:
        self.in_flight -= 1

    def occupy_until(self, at: float) -> None:
        self.in_flight -= 1
        self.ended += 1
        insort(self._ends, at)
        self.revision += 1

    def pause(self, until: float) -> None:
        self.paused_until = max(self.paused_until, until)


class MemoryRateLimits:
    def slots(self, key: WindowKey, *, seconds: float = 60.0, has_room: Callable[[], None] = lambda: None) -> SlotLog:
        return MemorySlotLog()


class MemoryLeases:
    def __init__(self) -> None:
        # A lock lives as long as something holds it or waits for it.
        self._locks: WeakValueDictionary[Hashable, anyio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def hold(self, key: Hashable) -> AsyncIterator[None]:
        async with self._locks.setdefault(key, anyio.Lock(fast_acquire=True)):
            yield

    @asynccontextmanager
    async def hold_if_free(self, key: Hashable) -> AsyncIterator[bool]:
        if self.is_held(key):
            yield False
            return
        async with self._locks.setdefault(key, anyio.Lock(fast_acquire=True)):
            yield True

    def is_held(self, key: Hashable) -> bool:
        lock = self._locks.get(key)
        return lock is not None and lock.locked()


def memory_state() -> SharedState:
    return SharedState(invalidations=MemoryInvalidationLog(), rate_limits=MemoryRateLimits(), leases=MemoryLeases())
