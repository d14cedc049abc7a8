"""Questions that want an answer of now: what they may take, and how many calls they cost."""

import asyncio
from typing import Any

import pytest

from connectors.sdk.errors import UnavailableError
from gateway.federation.cache import Cache, CachedResult
from tests.gateway.federation.cache.vendor import LIST, Vendor, ask, failing_with
from tests.gateway.federation.cache.virtual_time import BEGINNING, VirtualTime


def asking(cache: Cache, vendor: Vendor, **more: Any) -> "asyncio.Task[CachedResult[str]]":
    return asyncio.create_task(ask(cache, vendor, fresh=True, **more))


async def test_a_hundred_questions_at_once_cost_two_calls(cache: Cache, vendor: Vendor, time: VirtualTime) -> None:
    """The one that the first began, and one that the others share: it begins when the first has ended."""
    vendor.seconds = 1.0
    readers = [asking(cache, vendor) for _ in range(100)]
    await time.exhaust()
    answers = [await reader for reader in readers]

    assert 2 == vendor.calls
    assert ["answer 1", *["answer 2"] * 99] == [answer.value for answer in answers]
    assert {False} == {answer.stale for answer in answers}


async def test_questions_that_come_while_one_is_queued_share_it(
    cache: Cache, vendor: Vendor, time: VirtualTime
) -> None:
    """Ten a second for ten seconds, at a vendor that takes a second: eleven calls, each begun after its questions."""
    vendor.seconds = 1.0
    asked: list[tuple[float, asyncio.Task[CachedResult[str]]]] = []
    for _ in range(100):
        asked.append((time.monotonic(), asking(cache, vendor)))
        await time.advance(0.1)
    await time.exhaust()
    for asked_at, reader in asked:
        answer = await reader

        assert (answer.fetched_at - BEGINNING).total_seconds() >= asked_at - 1e-6
    assert 11 == vendor.calls


async def test_a_queued_call_that_fails_fails_for_all_who_share_it(
    cache: Cache, vendor: Vendor, time: VirtualTime
) -> None:
    """Nothing stands in, and none of them asks again."""
    vendor.seconds = 1.0
    readers = [asking(cache, vendor) for _ in range(10)]
    await time.advance(0.5)
    failure = failing_with(vendor, UnavailableError)
    await time.exhaust()
    found = await asyncio.gather(*readers, return_exceptions=True)

    assert ([failure] * 10, 2) == (found, vendor.calls)


async def test_a_question_takes_what_was_read_after_it_was_asked(
    cache: Cache, vendor: Vendor, time: VirtualTime
) -> None:
    """Kept or under way: two equal reads of one question are one. What began before it is not taken."""
    await ask(cache, vendor)
    await time.advance(1)
    asked_at = time.monotonic()
    await time.advance(0.1)
    first = await ask(cache, vendor, fresh=True, asked_at=asked_at)
    second = await ask(cache, vendor, fresh=True, asked_at=asked_at)
    vendor.seconds = 1.0
    await time.advance(0.1)
    other = asking(cache, vendor)
    await time.advance(0.1)
    joined = asking(cache, vendor, asked_at=time.monotonic() - 0.15)
    await time.exhaust()

    assert [("answer 2", False), ("answer 2", True)] == [(one.value, one.from_cache) for one in (first, second)]
    assert ["answer 3", "answer 3"] == [(await one).value for one in (other, joined)]


async def test_a_question_never_takes_what_was_read_before_a_write(
    cache: Cache, vendor: Vendor, time: VirtualTime
) -> None:
    """Also when that read began after the question: a mutation that reads, writes and reads."""
    asked_at = time.monotonic()
    await time.advance(0.1)
    before = await ask(cache, vendor, fresh=True, asked_at=asked_at)
    cache.invalidate([LIST])
    after = await ask(cache, vendor, fresh=True, asked_at=asked_at)
    vendor.seconds = 1.0
    await time.advance(0.1)
    on_its_way = asking(cache, vendor)
    await time.advance(0.1)
    cache.invalidate([LIST])
    behind = asking(cache, vendor, asked_at=asked_at)
    await time.exhaust()

    assert ["answer 1", "answer 2"] == [before.value, after.value]
    assert ["answer 3", "answer 4"] == [(await one).value for one in (on_its_way, behind)]


async def test_a_write_in_time_reaches_a_call_that_is_only_queued(
    cache: Cache, vendor: Vendor, time: VirtualTime
) -> None:
    """It begins after the write, so who asks after the write may share it, and its answer is kept."""
    vendor.seconds = 1.0
    asking(cache, vendor)
    await time.advance(0.2)
    queued = asking(cache, vendor)
    await time.advance(0.2)
    cache.invalidate([LIST])
    late = asking(cache, vendor)
    await time.exhaust()

    assert ["answer 2", "answer 2", "answer 2"] == [
        (await queued).value,
        (await late).value,
        (await ask(cache, vendor)).value,
    ]


async def test_a_read_that_decides_a_write_waits_for_no_older_call(
    cache: Cache, vendor: Vendor, time: VirtualTime
) -> None:
    """Nor for a refresh in the background, which may take a minute."""
    await ask(cache, vendor)
    vendor.hangs = True
    older = asking(cache, vendor)
    await time.settle()
    vendor.hangs = False
    decided = await ask(cache, vendor, fresh=True, decides=True)
    older.cancel()

    assert "answer 3" == decided.value


async def test_questions_end_with_the_cache(cache: Cache, vendor: Vendor, time: VirtualTime) -> None:
    """Those that are queued, too."""
    vendor.hangs = True
    readers = [asking(cache, vendor) for _ in range(3)]
    await time.settle()
    await cache.aclose()
    found = await asyncio.gather(*readers, return_exceptions=True)

    assert {UnavailableError} == {type(one) for one in found}
    with pytest.raises(UnavailableError):
        await ask(cache, vendor, fresh=True)
