"""Two hundred people use one cache. A person never gets an answer that was read for another person."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import settings
from msgspec import structs

from connectors.sdk.errors import ConnectorError, RejectedError, UnavailableError
from gateway.federation.cache import SERVICE, Cache, CachedResult, CacheKey, Kind, Scope, Tag
from gateway.shared.memory import MemoryInvalidationLog
from tests.gateway.federation.cache.virtual_time import VirtualTime

PRINCIPALS = 200
# A hundred times as many in `make test-long`.
OPERATIONS = 100 * settings().max_examples


class ScopelessCache(Cache):
    """The mistake that this test must detect: one entry and one flight for all people."""

    async def get_or_fetch(self, key: CacheKey, fetch: Callable[[], Awaitable[Any]], **more: Any) -> CachedResult[Any]:
        return await super().get_or_fetch(structs.replace(key, scope=SERVICE), fetch, **more)


async def foreign_markers(cache: Cache, time: VirtualTime, operations: int) -> int:
    """The number of answers and failures with another person's marker, in this many random operations."""
    rnd = random.Random(1)
    foreign = 0

    async def operation(number: int, name: str) -> None:
        nonlocal foreign
        what = rnd.choice(("list tasks", "get task"))
        seconds, fails = rnd.uniform(0, 2), rnd.random()

        async def fetch() -> dict[str, str]:
            await time.sleep(seconds)
            if fails < 0.2:
                raise (UnavailableError if fails < 0.15 else RejectedError)(f"not for {name}")
            return {"for": name}

        try:
            shared = await cache.get_or_fetch(
                CacheKey("camunda", Scope(name), what, rnd.randrange(3)),
                fetch,
                ttl=lambda _: 30.0,
                tags=[Tag("camunda", Kind.TASK_LIST)],
                max_stale=300.0,
                revalidate=60.0,
                fresh=rnd.random() < 0.1,
            )
        except ConnectorError as error:
            foreign += error.message != f"not for {name}"
        else:
            foreign += shared.value["for"] != name
            foreign += shared.error is not None and shared.error.message != f"not for {name}"

    names = [f"person {number}" for number in range(PRINCIPALS)]
    under_way: list[asyncio.Task[None]] = []
    for number in range(operations):
        under_way.append(asyncio.create_task(operation(number, rnd.choice(names))))
        if rnd.random() < 0.05:
            await time.advance(rnd.uniform(0, 3))
        if rnd.random() < 0.02:
            rnd.choice(under_way).cancel()
        if rnd.random() < 0.002:
            cache.invalidate([Tag("camunda")])
    await time.exhaust()
    await asyncio.gather(*under_way, return_exceptions=True)
    return foreign


@pytest.mark.slow
async def test_each_person_gets_only_their_own_answers() -> None:
    """Values and errors have the reader's own marker: kept, joined, refreshed, or returned instead of a failure."""
    time = VirtualTime()
    cache = Cache(
        log=MemoryInvalidationLog(), max_bytes=1 << 24, max_entries=10_000, monotonic=time.monotonic, now=time.now
    )

    assert 0 == await foreign_markers(cache, time, OPERATIONS)
    assert 0.1 < (cache.view("camunda").hit_ratio or 0)


async def test_a_key_without_the_scope_is_detected() -> None:
    """With ScopelessCache the test above finds markers of other people."""
    time = VirtualTime()
    cache = ScopelessCache(
        log=MemoryInvalidationLog(), max_bytes=1 << 24, max_entries=10_000, monotonic=time.monotonic, now=time.now
    )

    assert 0 < await foreign_markers(cache, time, 2000)


@pytest.mark.parametrize("scope", [None, "alice", ""])
def test_a_key_needs_a_scope(scope: Any) -> None:
    """The constructor checks it too, not only the type checker."""
    with pytest.raises(TypeError, match="scope"):
        CacheKey("camunda", scope, "list tasks", None)


def test_no_person_has_the_scope_of_the_service_account() -> None:
    """Whatever the person's key is."""
    assert SERVICE not in {Scope("service"), Scope("None"), Scope("")}
