"""Answers of all sources: one request at a time for each key, its answer kept and shared.

fresh              within `ttl` of its arrival: given as it is
being refreshed    within `revalidate` after that: given at once, and fetched again in the background
fallback           the vendor cannot be asked and the answer is not older than `max_stale`: given with the failure
outdated           a write touched what it is about: a fallback only, and not even that for a read that decides a write

The age of an answer counts from the moment before the request. Failures are not kept. Answers that the vendor gave
before a write was over are outdated: the readers who waited for such an answer get it, later readers do not.
"""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Collection
from contextlib import AbstractAsyncContextManager, AbstractContextManager, nullcontext
from datetime import datetime, timedelta
from typing import Any, TypeGuard, TypeVar

from msgspec import structs

from connectors.sdk.clock import utc_now
from connectors.sdk.errors import (
    BrokenError,
    ConnectorError,
    UnauthenticatedError,
    UnavailableError,
    UpstreamTimeoutError,
)
from gateway.federation.cache.flight import EarlierRecords, Flight, Terms
from gateway.federation.cache.invalidation import Invalidation, PendingWrite, widened
from gateway.federation.cache.key import CacheKey
from gateway.federation.cache.lru import AnswerStore, KeptAnswer
from gateway.federation.cache.result import CachedResult, CacheView
from gateway.federation.cache.size import estimated_size
from gateway.federation.cache.tags import Tag
from gateway.shared import InvalidationLog

T = TypeVar("T")


class _HitCount:
    def __init__(self) -> None:
        self.reads = 0
        self.hits = 0


FlightContext = Callable[[CacheKey, bool], AbstractContextManager[None]]
"""Entered in the task of each single flight: its key, and whether it is a background refresh."""


def _no_context(_key: CacheKey, _in_background: bool) -> AbstractContextManager[None]:  # noqa: FBT001 as Cache calls it
    return nullcontext()


class Cache:
    """`monotonic` measures ages, `now` dates answers. `max_bytes` are estimated; see `estimated_size`.

    A single flight runs in a task of its own, with the context of the reader who caused it. Others may come to wait for
    it, so `flight_context` gives it a deadline of its own, and lets background refreshes give way. One event loop.
    """

    def __init__(
        self,
        *,
        max_bytes: int,
        max_entries: int,
        log: InvalidationLog,
        flight_context: FlightContext = _no_context,
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._monotonic = monotonic
        self._now = now
        self._flight_context = flight_context
        self._store = AnswerStore(max_bytes=max_bytes, max_entries=max_entries, monotonic=monotonic)
        self._invalidation = Invalidation(log, monotonic=monotonic)
        # The newest flight of each key, which later readers join; the one that waits for it; and every task, to be ended.
        self._flights: dict[CacheKey, Flight] = {}
        self._queued: dict[CacheKey, Flight] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._hit_counts: dict[str, _HitCount] = {}
        self._closed = False

    async def get_or_fetch(
        self,
        key: CacheKey,
        fetch: Callable[[], Awaitable[T]],
        *,
        ttl: Callable[[T], float],
        tags: Collection[Tag],
        max_stale: float,
        revalidate: float = 0.0,
        max_wait: float | None = None,
        fresh: bool = False,
        asked_at: float | None = None,
        decides: bool = False,
        earlier: EarlierRecords | None = None,
        size: Callable[[T], int] = estimated_size,
    ) -> CachedResult[T]:
        """The answer: kept, on its way, or fetched now.

        `ttl` tells for how many seconds an answer is fresh; with 0 or less it is not kept, and does not replace the kept
        one. `max_stale` is the age in seconds up to which an older answer may be given instead of a failure; the answer
        is kept for that. `tags` say what it is about, and must depend on the key alone. `max_wait` bounds the waiting
        in seconds, not the call.

        A `fresh` read takes the answer of a call that began after the question was asked (`asked_at` on the monotonic
        clock; None: now), and no other; it fails if the vendor fails. While an older call is under way, all fresh reads
        that come before its end share the one call that follows it. `decides`: a write is decided on the answer; it
        waits for no older call, and takes no outdated fallback. `earlier` are records, all read after `asked_at`, that
        the call may take; its answer is as old as these.

        Raises what `fetch` raises; UpstreamTimeoutError after `max_wait`; UnavailableError once the cache is closed.
        """
        terms = Terms(ttl, size, max_stale, widened(frozenset(tags)), earlier)
        asked = (self._monotonic() if asked_at is None else asked_at) if fresh else -math.inf
        kept = self._asked_since(key, asked) if fresh else self._usable(key, max_stale, revalidate)
        flight = self._joinable(key, asked)
        if not fresh:
            self._count(key, hit=kept is not None or (flight is not None and not flight.in_background))
        if kept is not None:
            if kept.refreshing and flight is None:
                self._start(key, fetch, terms, in_background=True)
            return kept
        # A background refresh may take a minute: a reader who has to wait starts a call of their own.
        if flight is not None and flight.in_background:
            flight = None
        joined = flight is not None
        if flight is None and max_wait is not None and max_wait <= 0:
            # There is no time to wait for a call, so none is started.
            return self._instead_of(_late(key), key, max_stale, fresh=fresh, decides=decides)
        if flight is None:
            older = self._flights.get(key) if fresh and not decides else None
            flight = self._start(key, fetch, terms, after=None if older is None or older.in_background else older)
        error = await self._failure(flight, key, max_wait)
        if error is not None:
            return self._instead_of(error, key, max_stale, fresh=fresh, decides=decides)
        return CachedResult(
            value=flight.task.result(),
            fetched_at=flight.fetched_at,
            age=self._monotonic() - flight.requested_at,
            from_cache=joined,
        )

    def fallback(self, key: CacheKey, error: ConnectorError, *, max_stale: float) -> CachedResult[Any] | None:
        """The kept answer to give because of `error`, however outdated; None without one that is young enough."""
        kept = self._store.get(key)
        if kept is None or self._monotonic() - kept.requested_at > max_stale:
            return None
        return self._result(kept, error=error)

    @property
    def changes(self) -> int:
        """The number of the last invalidation."""
        return self._invalidation.number

    def is_outdated(self, number: int, about: Tag) -> bool:
        """Whether what was read at that number may lack a later write."""
        return self._invalidation.is_outdated(number, widened(frozenset((about,))))

    def peek(self, key: CacheKey) -> CachedResult[Any] | None:
        """The kept answer while it is fresh; causes no call."""
        return self._usable(key, 0.0, 0.0)

    def mark(self, key: CacheKey) -> object:
        """What tells the kept answer from all others while it is fresh; None without one. Causes no call."""
        kept = self._valid(key)
        return None if kept is None or self._monotonic() >= kept.fresh_until else kept.mark

    def invalidate(self, tags: Collection[Tag], *, unsettled: float = 0.0) -> None:
        """Answers about `tags` are outdated, kept ones and those on their way.

        For `unsettled` seconds from now, answers about them go to the readers who wait for them and are not kept: the
        vendor's reads may lag, or a write may still be applied.
        """
        self._invalidation.invalidate(tags, unsettled=unsettled)

    def writing(self, tags: Collection[Tag]) -> AbstractAsyncContextManager[PendingWrite]:
        """Around a write that may touch `tags`.

        Until it ends, answers about them are read from the vendor, and kept ones are fallbacks only: both the old and
        the new state are correct. Then they are outdated, whatever was raised, unless `not_sent`.
        """
        return self._invalidation.writing(frozenset(tags))

    def view(self, source: str) -> CacheView:
        count = self._hit_counts.get(source)
        valid = [kept for kept in self._store.of(source) if not self._is_outdated(kept)]
        return CacheView(
            entries=len(valid),
            hit_ratio=None if count is None or not count.reads else count.hits / count.reads,
            oldest_fetched_at=min((kept.fetched_at for kept in valid), default=None),
        )

    def resize(self, *, max_bytes: int, max_entries: int) -> None:
        """Other bounds from now on."""
        self._store.resize(max_bytes=max_bytes, max_entries=max_entries)

    async def aclose(self) -> None:
        """Cancel all flights; their readers get UnavailableError. Nothing is kept afterwards."""
        self._closed = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._store.clear()

    # Kept answers

    def _count(self, key: CacheKey, *, hit: bool) -> None:
        count = self._hit_counts.setdefault(key.source, _HitCount())
        count.reads += 1
        count.hits += hit

    def _is_outdated(self, kept: KeptAnswer) -> bool:
        return kept.is_outdated or self._invalidation.is_outdated(kept.since, kept.tags)

    def _valid(self, key: CacheKey) -> KeptAnswer | None:
        """The kept answer, however old, unless a write has made it outdated or is doing so."""
        kept = self._store.get(key)
        if kept is None or self._is_outdated(kept) or self._invalidation.is_being_written(kept.tags):
            return None
        return kept

    def _asked_since(self, key: CacheKey, asked: float) -> CachedResult[Any] | None:
        """The kept answer if it was asked for after that moment."""
        kept = self._valid(key)
        return None if kept is None or kept.requested_at <= asked else self._result(kept)

    def _usable(self, key: CacheKey, max_stale: float, revalidate: float) -> CachedResult[Any] | None:
        """The kept answer if it is fresh, or just not fresh any more and to be refreshed."""
        kept = self._valid(key)
        if kept is None:
            return None
        now = self._monotonic()
        if now < kept.fresh_until:
            return self._result(kept)
        if now >= kept.fresh_until + revalidate or now - kept.requested_at > max_stale:
            return None
        if kept.failure is None:
            return structs.replace(self._result(kept), refreshing=True)
        # The last refresh failed. After a refusal the reader has to ask for themselves.
        failing = _is_upstream_failure(kept.failure)
        return structs.replace(self._result(kept, error=kept.failure), refreshing=True) if failing else None

    def _instead_of(
        self, error: BaseException, key: CacheKey, max_stale: float, *, fresh: bool, decides: bool
    ) -> CachedResult[Any]:
        """The kept answer that may be given instead of the failure. If there is none, the failure is raised."""
        if fresh or not _is_upstream_failure(error):
            raise error
        kept = self._store.get(key)
        found = self.fallback(key, error, max_stale=max_stale)
        if kept is None or found is None or (decides and self._is_outdated(kept)):
            raise error
        return found

    def _result(self, kept: KeptAnswer, *, error: ConnectorError | None = None) -> CachedResult[Any]:
        return CachedResult(
            value=kept.value,
            fetched_at=kept.fetched_at,
            age=self._monotonic() - kept.requested_at,
            from_cache=True,
            error=error,
        )

    # Single flights

    def _joinable(self, key: CacheKey, asked: float) -> Flight | None:
        """The call that a reader of this moment may wait for: begun after `asked`, or about to begin."""
        for flight in (self._flights.get(key), self._queued.get(key)):
            if (
                flight is not None
                and flight.requested_at > asked
                and not self._invalidation.is_outdated(flight.since, flight.tags)
            ):
                return flight
        return None

    def _start(
        self,
        key: CacheKey,
        fetch: Callable[[], Awaitable[T]],
        terms: Terms[T],
        *,
        in_background: bool = False,
        after: Flight | None = None,
    ) -> Flight:
        """A call that begins at once, or when `after` has ended."""
        if self._closed:
            raise _closing(key)

        async def fly() -> T:
            if after is not None:
                await asyncio.wait({after.task})
                del self._queued[key]
                self._begin(key, flight, terms.earlier, has_waited=True)
            with self._flight_context(key, in_background):
                value = await fetch()
            self._keep(key, flight, value, terms)
            return value

        task = asyncio.get_running_loop().create_task(fly())
        flight = Flight(task, self._now(), terms.tags, in_background)
        self._tasks.add(task)
        task.add_done_callback(lambda _: self._ended(key, flight))
        if after is None:
            self._begin(key, flight, None if in_background else terms.earlier)
        else:
            self._queued[key] = flight
        return flight

    def _begin(
        self, key: CacheKey, flight: Flight, earlier: EarlierRecords | None, *, has_waited: bool = False
    ) -> None:
        """`has_waited`: questions may have joined it that were asked after earlier records were read."""

        def may_serve(read_at: float) -> bool:
            return (
                not has_waited
                and not self._invalidation.is_being_written(flight.tags)
                and self._invalidation.may_be_kept(flight.since, read_at, flight.tags)
            )

        now = self._monotonic()
        flight.since = self._invalidation.number
        flight.requested_at = now if earlier is None else earlier.begin(now, flight.since, may_serve)
        flight.fetched_at = self._now() - timedelta(seconds=now - flight.requested_at)
        self._flights[key] = flight

    def _keep(self, key: CacheKey, flight: Flight, value: T, terms: Terms[T]) -> None:
        seconds = terms.ttl(value)
        if seconds <= 0 or self._closed:
            return
        kept = self._store.get(key)
        if kept is not None and kept.requested_at > flight.requested_at:
            return
        is_outdated = not self._invalidation.may_be_kept(flight.since, flight.requested_at, flight.tags)
        if is_outdated and kept is not None and not self._is_outdated(kept):
            return
        fresh_until = self._monotonic() + seconds
        self._store.put(
            key,
            KeptAnswer(
                value=value,
                requested_at=flight.requested_at,
                fetched_at=flight.fetched_at,
                fresh_until=fresh_until,
                kept_until=max(fresh_until, flight.requested_at + terms.max_stale),
                since=flight.since,
                tags=flight.tags,
                bytes=terms.size(value),
                is_outdated=is_outdated,
            ),
        )

    def _ended(self, key: CacheKey, flight: Flight) -> None:
        self._tasks.discard(flight.task)
        for flights in (self._flights, self._queued):
            if flights.get(key) is flight:
                del flights[key]
        if flight.task.cancelled():
            return
        # Retrieved here, because all readers may have been cancelled.
        error = flight.task.exception()
        if flight.in_background and isinstance(error, ConnectorError):
            self._note_failure(key, flight, error)

    def _note_failure(self, key: CacheKey, flight: Flight, error: ConnectorError) -> None:
        """The answer that could not be refreshed is given with the failure from now on."""
        kept = self._store.get(key)
        if kept is not None and kept.requested_at < flight.requested_at:
            # Without its traceback, which holds whole frames in memory.
            self._store.put(key, structs.replace(kept, failure=error.with_traceback(None)))

    async def _failure(self, flight: Flight, key: CacheKey, max_wait: float | None) -> BaseException | None:
        """Wait for the flight; None if it succeeded. A reader who is cancelled meanwhile does not cancel it."""
        await asyncio.wait({flight.task}, timeout=max_wait)
        if not flight.task.done():
            return _late(key)
        if flight.task.cancelled():
            return _closing(key)
        return flight.task.exception()


def _is_upstream_failure(error: BaseException) -> TypeGuard[ConnectorError]:
    """The vendor fails, or waiting may help: then an older answer is better than none. A refusal is an answer."""
    return isinstance(error, UnavailableError | BrokenError) and not isinstance(error, UnauthenticatedError)


def _late(key: CacheKey) -> UpstreamTimeoutError:
    return UpstreamTimeoutError("did not answer in time").at(key.source, key.operation)


def _closing(key: CacheKey) -> UnavailableError:
    return UnavailableError("the gateway is stopping").at(key.source, key.operation)
