"""Calls that take records of earlier calls of the same operation: how old their answers are, and for whom."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from gateway.federation.cache import Cache, CachedResult, CacheKey, Kind, Tag
from gateway.federation.traffic import SourceRecords
from tests.gateway.federation.cache.vendor import Vendor, key_of
from tests.gateway.federation.cache.virtual_time import BEGINNING, VirtualTime

TASK = Tag("camunda", Kind.TASK, "1")
OTHER = Tag("camunda", Kind.TASK, "2")


def parts(vendor: Vendor, records: SourceRecords) -> Callable[[], Awaitable[str]]:
    """A fetch of an answer that is a part of the vendor's one record."""
    return lambda: records.once("the record", vendor.answer)


async def ask(
    cache: Cache, vendor: Vendor, records: SourceRecords, part: str, *, asked_at: float | None = 0.0, **more: Any
) -> CachedResult[str]:
    """A fresh question for one part, in the operation of `records`; answers are not kept unless `seconds` says so."""
    seconds: float = more.pop("seconds", 0.0)
    return await cache.get_or_fetch(
        more.pop("key", key_of(part)),
        parts(vendor, records),
        ttl=lambda _: seconds,
        tags=more.pop("tags", [TASK]),
        max_stale=60.0,
        asked_at=asked_at,
        earlier=records,
        **{"fresh": True, **more},
    )


async def test_the_parts_of_a_record_cost_one_call_also_fresh_and_unkept(
    cache: Cache, vendor: Vendor, time: VirtualTime
) -> None:
    """The second answer is as old as the record."""
    records = SourceRecords()
    await time.advance(1)
    first = await ask(cache, vendor, records, "task")
    await time.advance(2)
    second = await ask(cache, vendor, records, "detail")

    assert (1, "answer 1", "answer 1") == (vendor.calls, first.value, second.value)
    assert (0.0, 2.0) == (first.age, second.age)
    assert [1.0, 1.0] == [(one.fetched_at - BEGINNING).total_seconds() for one in (first, second)]


async def test_a_question_of_another_operation_takes_no_record_from_before_it(
    cache: Cache, vendor: Vendor, time: VirtualTime
) -> None:
    """Neither kept nor under way: what was made from an older record is as old as that record."""
    mine, yours, theirs = SourceRecords(), SourceRecords(), SourceRecords()
    await time.advance(1)
    await ask(cache, vendor, mine, "task", seconds=10)
    await time.advance(1)
    asked_at = time.monotonic()
    await time.advance(1)
    # Begins after the others' question, and is made from the record before it.
    mine_detail = asyncio.create_task(ask(cache, vendor, mine, "detail", seconds=10))
    your_detail = asyncio.create_task(ask(cache, vendor, yours, "detail", asked_at=asked_at, seconds=10))
    await time.exhaust()
    their_detail = await ask(cache, vendor, theirs, "detail", asked_at=asked_at, seconds=10)

    assert ("answer 1", "answer 2") == ((await mine_detail).value, (await your_detail).value)
    # Theirs was asked after the second record was.
    assert ("answer 2", 2) == (their_detail.value, vendor.calls)


async def test_a_question_that_waited_for_an_older_call_reads_the_record_again(
    cache: Cache, vendor: Vendor, time: VirtualTime
) -> None:
    """Others, who asked after the record was read, may have joined it."""
    mine, yours, theirs = SourceRecords(), SourceRecords(), SourceRecords()
    await time.advance(1)
    await ask(cache, vendor, yours, "task")
    await time.advance(1)
    vendor.seconds = 5.0
    older = asyncio.create_task(ask(cache, vendor, mine, "detail"))
    await time.advance(1)
    queued = asyncio.create_task(ask(cache, vendor, yours, "detail", asked_at=2.5))
    await time.advance(1)
    joined = asyncio.create_task(ask(cache, vendor, theirs, "detail", asked_at=time.monotonic()))
    await time.exhaust()

    assert ["answer 2", "answer 3", "answer 3"] == [(await one).value for one in (older, queued, joined)]


async def test_after_a_write_the_record_is_read_again(cache: Cache, vendor: Vendor, time: VirtualTime) -> None:
    """Also while it is under way, and until it is settled; whatever it was about, once it is over."""
    records = SourceRecords()
    seen = [(await ask(cache, vendor, records, "task")).value]
    async with cache.writing([TASK]) as pending:
        pending.unsettled_for(5.0)
        seen.append((await ask(cache, vendor, records, "detail")).value)
        seen.append((await ask(cache, vendor, records, "flow")).value)
    seen.append((await ask(cache, vendor, records, "detail")).value)
    await time.advance(1)
    seen.append((await ask(cache, vendor, records, "flow")).value)
    await time.advance(5)
    seen.append((await ask(cache, vendor, records, "detail")).value)
    seen.append((await ask(cache, vendor, records, "flow")).value)
    async with cache.writing([OTHER]):
        pass
    seen.append((await ask(cache, vendor, records, "task")).value)

    assert [f"answer {number}" for number in (1, 2, 3, 4, 5, 6, 6, 7)] == seen


async def test_an_answer_made_from_a_record_before_a_write_is_not_kept(
    cache: Cache, vendor: Vendor, time: VirtualTime
) -> None:
    """The call began before the write and takes the record after it: its reader gets it, later ones do not."""
    records = SourceRecords()
    go_on = asyncio.Event()

    async def late() -> str:
        await go_on.wait()
        return await records.once("the record", vendor.answer)

    key: CacheKey = key_of("detail")
    await ask(cache, vendor, records, "task")
    slow = asyncio.create_task(
        cache.get_or_fetch(key, late, ttl=lambda _: 10.0, tags=[TASK], max_stale=60.0, earlier=records)
    )
    await time.settle()
    async with cache.writing([TASK]):
        pass
    go_on.set()

    assert "answer 1" == (await slow).value
    assert "answer 2" == (await ask(cache, vendor, records, "detail", fresh=False, seconds=10)).value


async def test_a_background_refresh_takes_no_record(cache: Cache, vendor: Vendor, time: VirtualTime) -> None:
    """`begin` is not called for it: its answer is as old as its own call."""
    records = SourceRecords()
    await ask(cache, vendor, records, "detail", seconds=1, fresh=False)
    await ask(cache, vendor, records, "task")
    await time.advance(2)
    plain = vendor.answer
    refreshing = await cache.get_or_fetch(
        key_of("detail"), plain, ttl=lambda _: 10.0, tags=[TASK], max_stale=60.0, revalidate=30.0, earlier=records
    )
    await time.settle()
    refreshed = cache.peek(key_of("detail"))

    assert (refreshing.refreshing, refreshing.value) == (True, "answer 1")
    assert refreshed is not None
    assert (refreshed.value, refreshed.age) == ("answer 2", 0.0)
