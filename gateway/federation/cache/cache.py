"""One question to a vendor at a time, its answer kept and given while it is good, and marked where it is not.

fresh          within `ttl` of its arrival: given as it is
revalidated    within `revalidate` after that: given at once, stale, while a fresh one is fetched behind it
on failure     the vendor fails and the answer is not older than `max_stale`: given, stale, with the failure
overtaken      a write touched what it is about: never given again, in none of these ways

An answer's age counts from the moment before it was asked for. Failures are not kept, and neither are answers that the
vendor gave before a write was over: whoever waited for those gets them, nobody who asks afterwards.
"""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime
from typing import Any, Generic, TypeGuard, TypeVar

from msgspec import Struct

from connectors.sdk.clock import utc_now
from connectors.sdk.errors import (
    BrokenError,
    ConnectorError,
    UnauthenticatedError,
    UnavailableError,
    UpstreamTimeoutError,
)
from connectors.sdk.http import calls
from gateway.federation.cache.invalidation import Versions, widened
from gateway.federation.cache.key import Question
from gateway.federation.cache.lru import Entry, Store
from gateway.federation.cache.result import CacheView, Shared
from gateway.federation.cache.size import weight
from gateway.federation.cache.tags import Tag

T = TypeVar("T")


class PendingWrite:
    """A write on its way. Unless it is spared, all that it may touch is out of date when it ends, however it ends."""

    def __init__(self) -> None:
        self.spared = False
        self.unsettled = 0.0

    def spare(self) -> None:
        """It provably never reached the vendor: what was read before stays good."""
        self.spared = True

    def settles_within(self, seconds: float) -> None:
        """It may be applied, or become readable, only later: until then no answer is kept, each is fetched."""
        self.unsettled = seconds


class _Terms(Struct, Generic[T], frozen=True, eq=False):
    """What an asker says of the answer, for the time after it came."""

    ttl: Callable[[T], float]
    weigh: Callable[[T], int]
    max_stale: float
    tags: frozenset[Tag]


class _Flight(Struct, eq=False):
    """A question on its way. `since` is the version that stood before it left."""

    task: "asyncio.Task[Any]"
    asked_at: float
    fetched_at: datetime
    since: int
    tags: frozenset[Tag]
    in_background: bool


class _Tally:
    def __init__(self) -> None:
        self.asked = 0
        self.hits = 0


# Entered in the task of a call: the question, and whether it is in the background.
Around = Callable[[Question, bool], AbstractContextManager[None]]


def _nothing(_question: Question, _in_background: bool) -> AbstractContextManager[None]:  # noqa: FBT001 as Cache calls it
    return nullcontext()


class Cache:
    """Answers of all sources. `monotonic` measures ages, `now` dates answers.

    `most_bytes` are estimated; see `weight`. `around` is entered in the task of each call, which is told whether it is
    in the background: others may come to wait for a call, so the deadline of who caused it is not the call's, and one
    in the background gives way to all. One event loop.
    """

    def __init__(
        self,
        *,
        most_bytes: int,
        most_entries: int,
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = utc_now,
        around: Around = _nothing,
        versions: Versions | None = None,
    ) -> None:
        self._monotonic = monotonic
        self._now = now
        self._around = around
        self._store = Store(most_bytes=most_bytes, most_entries=most_entries, monotonic=monotonic)
        self._versions = versions or Versions()
        # The newest flight of each question, which later askers join; and every task, for the end.
        self._flights: dict[Question, _Flight] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._tallies: dict[str, _Tally] = {}
        self._closed = False

    async def ask(
        self,
        question: Question,
        fetch: Callable[[], Awaitable[T]],
        *,
        ttl: Callable[[T], float],
        tags: Collection[Tag],
        max_stale: float,
        revalidate: float = 0.0,
        patience: float | None = None,
        fresh: bool = False,
        weigh: Callable[[T], int] = weight,
    ) -> Shared[T]:
        """The answer: kept, on its way, or fetched now.

        `ttl` tells for how many seconds an answer is fresh; one of 0 or less is not kept, and leaves alone what is.
        `max_stale` is the age in seconds up to which an older answer may be given, and this one is kept for that.
        `tags` say what it is about, and depend on the question alone. `patience` bounds the waiting in seconds, not the
        call. `fresh` neither takes what is kept nor joins what is on its way, and fails where the vendor fails.
        `fetch` runs in a task of its own, with the context of the asker who caused it.

        Raises what `fetch` raises; UpstreamTimeoutError when patience ends; UnavailableError once closed.
        """
        terms = _Terms(ttl, weigh, max_stale, widened(tags))
        flight: _Flight | None = None
        if not fresh:
            tally = self._tallies.setdefault(question.source, _Tally())
            tally.asked += 1
            flight = self._joinable(question)
            kept = self._fresh_or_revalidated(question, max_stale, revalidate)
            if kept is not None:
                tally.hits += 1
                if kept.stale and flight is None:
                    self._start(question, fetch, terms, in_background=True)
                return kept
            # Who has to wait does not do so behind a call that has all the time in the world.
            if flight is not None and flight.in_background:
                flight = None
            tally.hits += flight is not None
        joined = flight is not None
        if flight is None and patience is not None and patience <= 0:
            # A call that nobody has the time to wait for is not begun.
            return self._stood_in(question, _late(question), max_stale, fresh=fresh)
        flight = flight or self._start(question, fetch, terms, in_background=False)
        error = await self._landing(flight, question, patience)
        if error is not None:
            return self._stood_in(question, error, max_stale, fresh=fresh)
        return Shared(
            value=flight.task.result(),
            fetched_at=flight.fetched_at,
            age=self._monotonic() - flight.asked_at,
            from_cache=joined,
        )

    def kept(self, question: Question) -> Shared[Any] | None:
        """The answer as long as it is fresh; asks nobody."""
        return self._fresh_or_revalidated(question, 0.0, 0.0)

    def invalidate(self, tags: Collection[Tag], *, unsettled: float = 0.0) -> None:
        """What is kept or on its way about these is out of date.

        For `unsettled` seconds from now, answers about them are given to those who wait for them and not kept: a
        vendor whose reads lag, or a write that may still be applied, would leave an old answer behind.
        """
        self._versions.invalidate(tags, unsettled_until=self._monotonic() + unsettled if unsettled > 0 else -math.inf)

    def forget(self, source: str) -> None:
        """Everything of the source is out of date."""
        self.invalidate([Tag(source)])

    @contextmanager
    def writing(self, tags: Collection[Tag]) -> Iterator[PendingWrite]:
        """Around a write that may touch these.

        While it lasts they are read from the vendor, and what is kept only stands in for failures: before the write is
        over, old and new are both true. Afterwards they are out of date, whatever was raised, unless it is spared.
        """
        pending = PendingWrite()
        covered = frozenset(tags)
        self._versions.begin_write(covered)
        try:
            yield pending
        finally:
            self._versions.end_write(covered)
            if not pending.spared:
                self.invalidate(covered, unsettled=pending.unsettled)

    def view(self, source: str) -> CacheView:
        tally = self._tallies.get(source)
        good = [entry for entry in self._store.of(source) if not self._versions.overtaken(entry.since, entry.tags)]
        return CacheView(
            entries=len(good),
            hit_ratio=None if tally is None or not tally.asked else tally.hits / tally.asked,
            oldest_fetched_at=min((entry.fetched_at for entry in good), default=None),
        )

    async def aclose(self) -> None:
        """Cancel what is on its way; who waits for it gets UnavailableError. Nothing is kept afterwards."""
        self._closed = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._store.clear()

    def _good(self, question: Question) -> Entry | None:
        """What is kept and not overtaken by a write, however old."""
        entry = self._store.get(question)
        if entry is not None and self._versions.overtaken(entry.since, entry.tags):
            self._store.drop(question)
            return None
        return entry

    def _fresh_or_revalidated(self, question: Question, max_stale: float, revalidate: float) -> Shared[Any] | None:
        entry = self._good(question)
        if entry is None or self._versions.being_written(entry.tags):
            return None
        now = self._monotonic()
        if now < entry.fresh_until:
            return self._given(entry)
        if now < entry.fresh_until + revalidate and now - entry.asked_at <= max_stale:
            return self._given(entry, stale=True)
        return None

    def _stood_in(self, question: Question, error: BaseException, max_stale: float, *, fresh: bool) -> Shared[Any]:
        """What may be given in place of the failure, which is raised where nothing may."""
        if fresh or not _is_upstream_failure(error):
            raise error
        entry = self._good(question)
        if entry is None or self._monotonic() - entry.asked_at > max_stale:
            raise error
        return self._given(entry, stale=True, error=error)

    def _given(self, entry: Entry, *, stale: bool = False, error: ConnectorError | None = None) -> Shared[Any]:
        return Shared(
            value=entry.value,
            fetched_at=entry.fetched_at,
            age=self._monotonic() - entry.asked_at,
            from_cache=True,
            stale=stale,
            error=error,
        )

    def _joinable(self, question: Question) -> _Flight | None:
        """The answer on its way that an asker of this moment may have."""
        flight = self._flights.get(question)
        if flight is None or self._versions.overtaken(flight.since, flight.tags):
            return None
        return flight

    def _start(
        self, question: Question, fetch: Callable[[], Awaitable[T]], terms: _Terms[T], *, in_background: bool
    ) -> _Flight:
        if self._closed:
            raise _closing(question)

        async def fly() -> T:
            if in_background:
                calls.set(None)  # in the report of nobody
            with self._around(question, in_background):
                value = await fetch()
            self._keep(question, flight, value, terms)
            return value

        task = asyncio.get_running_loop().create_task(fly())
        flight = _Flight(task, self._monotonic(), self._now(), self._versions.number, terms.tags, in_background)
        self._flights[question] = flight
        self._tasks.add(task)
        task.add_done_callback(lambda _: self._landed(question, flight))
        return flight

    def _keep(self, question: Question, flight: _Flight, value: T, terms: _Terms[T]) -> None:
        seconds = terms.ttl(value)
        if seconds <= 0 or self._closed:
            return
        versions = self._versions
        if versions.overtaken(flight.since, flight.tags) or versions.unsettled(flight.asked_at, flight.tags):
            return
        kept = self._store.get(question)
        if kept is not None and kept.asked_at > flight.asked_at:
            return
        fresh_until = self._monotonic() + seconds
        self._store.put(
            question,
            Entry(
                value=value,
                asked_at=flight.asked_at,
                fetched_at=flight.fetched_at,
                fresh_until=fresh_until,
                kept_until=max(fresh_until, flight.asked_at + terms.max_stale),
                since=flight.since,
                tags=flight.tags,
                bytes=terms.weigh(value),
            ),
        )

    def _landed(self, question: Question, flight: _Flight) -> None:
        self._tasks.discard(flight.task)
        if self._flights.get(question) is flight:
            del self._flights[question]
        if not flight.task.cancelled():
            flight.task.exception()  # retrieved here: every asker may have gone away

    async def _landing(self, flight: _Flight, question: Question, patience: float | None) -> BaseException | None:
        """Wait without owning: an asker who goes away takes the answer from nobody else."""
        await asyncio.wait({flight.task}, timeout=patience)
        if not flight.task.done():
            return _late(question)
        if flight.task.cancelled():
            return _closing(question)
        return flight.task.exception()


def _is_upstream_failure(error: BaseException) -> TypeGuard[ConnectorError]:
    """What waiting mends, or the vendor: an older answer is better than none. A refusal is the answer itself."""
    return isinstance(error, UnavailableError | BrokenError) and not isinstance(error, UnauthenticatedError)


def _late(question: Question) -> UpstreamTimeoutError:
    return UpstreamTimeoutError("did not answer in time").at(question.source, question.operation)


def _closing(question: Question) -> UnavailableError:
    return UnavailableError("the gateway is stopping").at(question.source, question.operation)
