"""Answers shared for a short time: one upstream question at a time per (source, scope, question).

The key holds the source's epoch, which every write raises: an answer that was on its way when the write happened is
never given to those who ask afterwards. Errors are not kept.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable
from datetime import datetime
from typing import Any, Generic, TypeVar

from cachetools import TLRUCache
from msgspec import Struct

from connectors.sdk.connector import utc_now

T = TypeVar("T")

# Entries over all sources; a page of 100 rows is some 200 kB at most.
MOST_ENTRIES = 1024


class Scope(Struct, frozen=True):
    """Whose credentials an answer was read with. Required in every key: answers never cross it."""

    credential: str


SERVICE = Scope("service")


class Question(Struct, frozen=True):
    """What is asked of one source. `arguments` must be hashable and complete."""

    source: str
    scope: Scope
    operation: str
    arguments: Hashable


class Shared(Struct, Generic[T], frozen=True):
    """An answer, when it was read, and whether this asker caused no call for it."""

    value: T
    fetched_at: datetime
    from_cache: bool


class SharedAnswers:
    def __init__(
        self,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = utc_now,
        most: int = MOST_ENTRIES,
    ) -> None:
        self._now = now
        self._kept: TLRUCache[Any, tuple[Any, datetime, float]] = TLRUCache(
            maxsize=most, ttu=lambda _key, entry, at: at + entry[2], timer=monotonic
        )
        self._flights: dict[Any, asyncio.Task[tuple[Any, datetime]]] = {}
        self._epochs: dict[str, int] = {}

    def forget(self, source: str) -> None:
        """Every answer of the source so far is out of date, also those still on their way."""
        self._epochs[source] = self._epochs.get(source, 0) + 1

    def kept(self, question: Question) -> Any:
        """The answer as long as it is kept, None otherwise; asks nobody."""
        entry = self._kept.get((question, self._epochs.get(question.source, 0)))
        return None if entry is None else entry[0]

    async def ask(
        self,
        question: Question,
        fetch: Callable[[], Awaitable[T]],
        *,
        seconds: Callable[[T], float],
        fresh: bool = False,
    ) -> Shared[T]:
        """The answer kept, or on its way, or fetched now and kept as long as `seconds` says. `fresh` always fetches."""
        key = (question, self._epochs.get(question.source, 0))
        if not fresh:
            kept = self._kept.get(key)
            if kept is not None:
                return Shared(kept[0], kept[1], from_cache=True)
            flight = self._flights.get(key)
            if flight is not None:
                value, at = await asyncio.shield(flight)
                return Shared(value, at, from_cache=True)
        flight = asyncio.get_running_loop().create_task(self._fly(key, fetch, seconds))
        self._flights[key] = flight
        flight.add_done_callback(lambda done: self._landed(key, done))
        # Shielded: an asker who goes away takes the answer from nobody else.
        value, at = await asyncio.shield(flight)
        return Shared(value, at, from_cache=False)

    async def _fly(
        self, key: Any, fetch: Callable[[], Awaitable[T]], seconds: Callable[[T], float]
    ) -> tuple[T, datetime]:
        at = self._now()
        value = await fetch()
        self._kept[key] = (value, at, seconds(value))
        return value, at

    def _landed(self, key: Any, flight: "asyncio.Task[tuple[Any, datetime]]") -> None:
        if self._flights.get(key) is flight:
            del self._flights[key]
        if not flight.cancelled():
            flight.exception()  # retrieved here: every asker may have gone away

    async def aclose(self) -> None:
        """Cancel what is still on its way."""
        flights = list(self._flights.values())
        for flight in flights:
            flight.cancel()
        await asyncio.gather(*flights, return_exceptions=True)
