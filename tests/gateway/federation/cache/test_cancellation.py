"""Readers that are cancelled, and the end of the cache: other readers are not affected, and nothing is left running."""

import asyncio
import random

import pytest

from connectors.sdk.errors import UnavailableError
from gateway.federation.cache import Cache
from tests.effort import sized
from tests.gateway.federation.cache.vendor import Vendor, ask, key_of
from tests.gateway.federation.cache.virtual_time import VirtualTime

CANCELLATIONS = sized(10_000, 2_000)


@pytest.mark.slow
async def test_many_cancelled_readers_do_not_affect_the_others(cache: Cache, vendor: Vendor, time: VirtualTime) -> None:
    """Only cancelled readers end without an answer. No asyncio task and no flight remains."""
    rnd = random.Random(6)
    before = asyncio.all_tasks()
    cancelled = foreign = unanswered = 0
    while cancelled < CANCELLATIONS:
        vendor.seconds = rnd.choice((0.0, 0.5, 1.0))
        readers = [
            asyncio.create_task(
                ask(
                    cache,
                    vendor,
                    key_of(rnd.choice("abc")),
                    seconds=rnd.choice((0.0, 1.0, 5.0)),
                    max_stale=30.0,
                    revalidate=rnd.choice((0.0, 10.0)),
                    fresh=rnd.random() < 0.1,
                )
            )
            for _ in range(100)
        ]
        leaving = set(rnd.sample(readers, 70))
        for reader in leaving:
            if rnd.random() < 0.2:
                await asyncio.sleep(0)
            if rnd.random() < 0.05:
                await time.advance(rnd.uniform(0, 0.5))
            cancelled += reader.cancel()
        await time.exhaust()
        await time.advance(rnd.uniform(0, 10))
        for reader in readers:
            if reader not in leaving:
                foreign += reader.cancelled()
                unanswered += not reader.done() or reader.cancelled() or not reader.result().value.startswith("answer")

    assert (0, 0) == (foreign, unanswered)
    assert (before, set(), {}) == (asyncio.all_tasks(), cache._tasks, cache._flights)


async def test_the_call_of_a_cancelled_reader_goes_on_for_the_others(
    cache: Cache, vendor: Vendor, time: VirtualTime
) -> None:
    """Its answer is kept."""
    vendor.seconds = 1.0
    first, second = (asyncio.create_task(ask(cache, vendor)) for _ in range(2))
    await time.settle()
    first.cancel()
    await time.exhaust()

    assert ("answer 1", 1, True) == ((await second).value, vendor.calls, first.cancelled())


async def test_closing_the_cache_cancels_running_calls(vendor: Vendor, time: VirtualTime, cache: Cache) -> None:
    """Calls with waiting readers, background refreshes, and calls that a fresh read did not join."""
    before = asyncio.all_tasks()
    await ask(cache, vendor, key_of("kept"), revalidate=20.0)
    await time.advance(15)
    vendor.hangs = True
    await ask(cache, vendor, key_of("kept"), revalidate=20.0)
    waiting = [asyncio.create_task(ask(cache, vendor, key_of("new"), fresh=fresh)) for fresh in (False, True)]
    await time.settle()
    await cache.aclose()
    ends = await asyncio.gather(*waiting, return_exceptions=True)

    assert [UnavailableError] * 2 == [type(end) for end in ends]
    assert before == asyncio.all_tasks()


async def test_a_closed_cache_makes_no_calls(vendor: Vendor, cache: Cache) -> None:
    """The error says that the gateway is stopping."""
    await cache.aclose()

    with pytest.raises(UnavailableError, match="the gateway is stopping"):
        await ask(cache, vendor)
