"""What the tests of the cache read: a vendor that counts its calls. A test sets how long it takes and whether it fails."""

import asyncio
from collections.abc import Callable
from typing import Any

from connectors.sdk.errors import ConnectorError
from gateway.federation.cache import SERVICE, Cache, CachedResult, CacheKey, FlightContext, Kind, Tag
from gateway.shared.memory import MemoryInvalidationLog
from tests.gateway.federation.cache.virtual_time import VirtualTime

LIST = Tag("camunda", Kind.TASK_LIST)


def key_of(arguments: str = "mine", *, source: str = "camunda") -> CacheKey:
    return CacheKey(source, SERVICE, "list tasks", arguments)


def cache(
    time: VirtualTime,
    *,
    max_bytes: int = 1 << 20,
    max_entries: int = 1000,
    flight_context: FlightContext | None = None,
) -> Cache:
    more: dict[str, Any] = {} if flight_context is None else {"flight_context": flight_context}
    return Cache(
        log=MemoryInvalidationLog(),
        max_bytes=max_bytes,
        max_entries=max_entries,
        monotonic=time.monotonic,
        now=time.now,
        **more,
    )


class Vendor:
    """Answers "answer 1", "answer 2", ... after `seconds`, or never while `hangs`."""

    def __init__(self, time: VirtualTime) -> None:
        self._time = time
        self.seconds = 0.0
        self.calls = 0
        self.hangs = False
        self.failure: Exception | None = None

    async def answer(self) -> str:
        self.calls += 1
        number = self.calls
        if self.hangs:
            await asyncio.get_running_loop().create_future()
        if self.seconds:
            await self._time.sleep(self.seconds)
        if self.failure is not None:
            raise self.failure
        return f"answer {number}"


async def ask(cache: Cache, vendor: Vendor, of: CacheKey | None = None, **more: Any) -> CachedResult[str]:
    """Unless given, the answer is fresh for ten seconds, usable for sixty, and about the list of tasks."""
    seconds: float = more.pop("seconds", 10.0)
    ttl: Callable[[str], float] = more.pop("ttl", lambda _: seconds)
    return await cache.get_or_fetch(
        of or key_of(), vendor.answer, **{"ttl": ttl, "tags": [LIST], "max_stale": 60.0, **more}
    )


def failing_with(vendor: Vendor, error: type[ConnectorError]) -> ConnectorError:
    failure = error("told to fail")
    vendor.failure = failure
    return failure
