"""One key of the cache: its answer is kept, joined, refreshed, or returned instead of a failure."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta

import pytest

from connectors.sdk.errors import (
    BrokenError,
    ConnectorError,
    ForbiddenError,
    MalformedResponseError,
    NotFoundError,
    RateLimitedError,
    RejectedError,
    UnauthenticatedError,
    UnavailableError,
    UpstreamTimeoutError,
)
from gateway.federation.cache import Cache, CachedResult, CacheKey, Kind, Tag
from tests.gateway.federation.cache.vendor import LIST, Vendor, ask, failing_with, key_of
from tests.gateway.federation.cache.vendor import cache as make_cache
from tests.gateway.federation.cache.virtual_time import BEGINNING, VirtualTime


async def test_an_answer_is_given_again_while_it_is_fresh(cache: Cache, vendor: Vendor, time: VirtualTime) -> None:
    """One call in ten seconds; the second reader learns when the answer was read and how old it is."""
    first = await ask(cache, vendor)
    await time.advance(9.9)
    second = await ask(cache, vendor)

    assert (1, "answer 1", False, True) == (vendor.calls, second.value, first.from_cache, second.from_cache)
    assert (BEGINNING, 9.9, False) == (second.fetched_at, second.age, second.stale)


async def test_an_answer_is_read_again_when_it_is_no_longer_fresh(
    cache: Cache, vendor: Vendor, time: VirtualTime
) -> None:
    """After ten seconds the vendor is asked again."""
    await ask(cache, vendor)
    await time.advance(10)

    assert "answer 2" == (await ask(cache, vendor)).value


async def test_the_answer_decides_how_long_it_is_fresh(cache: Cache, vendor: Vendor, time: VirtualTime) -> None:
    """An expensive list is read less often."""
    await ask(cache, vendor, ttl=lambda answer: 80.0 if answer == "answer 1" else 10.0)
    await time.advance(79)

    assert "answer 1" == (await ask(cache, vendor)).value


async def test_an_answer_without_a_time_to_live_does_not_replace_the_kept_one(
    cache: Cache, vendor: Vendor, time: VirtualTime
) -> None:
    """A partial answer goes only to its readers. The kept one is still returned when the vendor fails."""
    await ask(cache, vendor)
    await time.advance(20)
    partial = await ask(cache, vendor, seconds=0.0)
    failing_with(vendor, UnavailableError)
    stood_in = await ask(cache, vendor)

    assert ("answer 2", "answer 1") == (partial.value, stood_in.value)


async def test_none_is_kept_like_any_answer(cache: Cache) -> None:
    """A task that does not exist is not requested again at once."""
    asked = 0

    async def fetch() -> str | None:
        nonlocal asked
        asked += 1
        return None

    for _ in range(2):
        await cache.get_or_fetch(key_of(), fetch, ttl=lambda _: 10.0, tags=[LIST], max_stale=60.0)

    assert 1 == asked


async def test_a_hundred_readers_cause_one_call(cache: Cache, vendor: Vendor, time: VirtualTime) -> None:
    """One of them asks, the others wait for the same answer."""
    vendor.seconds = 1.0
    readers = [asyncio.create_task(ask(cache, vendor)) for _ in range(100)]
    await time.exhaust()
    answers = [await reader for reader in readers]

    assert (1, {"answer 1"}) == (vendor.calls, {answer.value for answer in answers})
    assert 1 == sum(not answer.from_cache for answer in answers)


async def test_a_fresh_read_ignores_kept_answers_and_running_calls(
    cache: Cache, vendor: Vendor, time: VirtualTime
) -> None:
    """A call that began earlier may return older data."""
    await ask(cache, vendor)
    vendor.seconds = 1.0
    kept = [asyncio.create_task(ask(cache, vendor, fresh=True)) for _ in range(2)]
    await time.exhaust()

    assert ["answer 2", "answer 3"] == [(await one).value for one in kept]


async def test_what_was_read_fresh_is_given_to_later_readers(cache: Cache, vendor: Vendor) -> None:
    """Later readers never see older data than earlier readers."""
    await ask(cache, vendor)
    await ask(cache, vendor, fresh=True)

    assert ("answer 2", True) == ((again := await ask(cache, vendor)).value, again.from_cache)


async def test_an_older_call_that_ends_later_replaces_nothing(cache: Cache, vendor: Vendor, time: VirtualTime) -> None:
    """The slow answer goes only to its reader."""
    vendor.seconds = 5.0
    slow = asyncio.create_task(ask(cache, vendor))
    await time.advance(1)
    vendor.seconds = 1.0
    quick = asyncio.create_task(ask(cache, vendor, fresh=True))
    await time.exhaust()
    later = await ask(cache, vendor)

    assert ["answer 1", "answer 2", "answer 2"] == [(await slow).value, (await quick).value, later.value]


@pytest.mark.parametrize("error", [UnavailableError, UpstreamTimeoutError, RateLimitedError, RejectedError])
async def test_a_failure_is_not_kept(cache: Cache, vendor: Vendor, error: type[ConnectorError]) -> None:
    """The next reader asks again."""
    failing_with(vendor, error)
    with pytest.raises(error):
        await ask(cache, vendor)
    vendor.failure = None

    assert "answer 2" == (await ask(cache, vendor)).value


@pytest.mark.parametrize(
    "error", [UnavailableError, UpstreamTimeoutError, RateLimitedError, BrokenError, MalformedResponseError]
)
async def test_an_older_answer_stands_in_for_a_failing_vendor(
    cache: Cache, vendor: Vendor, time: VirtualTime, error: type[ConnectorError]
) -> None:
    """It is marked as stale and has its age and the failure."""
    await ask(cache, vendor)
    await time.advance(45)
    failure = failing_with(vendor, error)
    stood_in = await ask(cache, vendor)

    assert CachedResult(value="answer 1", fetched_at=BEGINNING, age=45.0, from_cache=True, error=failure) == (stood_in)


@pytest.mark.parametrize("error", [UnauthenticatedError, ForbiddenError, NotFoundError, RejectedError])
async def test_nothing_stands_in_for_a_refusal(
    cache: Cache, vendor: Vendor, time: VirtualTime, error: type[ConnectorError]
) -> None:
    """A person who lost access does not see the older answer."""
    await ask(cache, vendor)
    await time.advance(20)
    failing_with(vendor, error)

    with pytest.raises(error):
        await ask(cache, vendor)


async def test_nothing_stands_in_for_an_error_of_the_gateway(cache: Cache, vendor: Vendor, time: VirtualTime) -> None:
    """The error is raised."""
    await ask(cache, vendor)
    await time.advance(20)
    vendor.failure = KeyError("state")

    with pytest.raises(KeyError):
        await ask(cache, vendor)


async def test_nothing_stands_in_for_a_fresh_read(cache: Cache, vendor: Vendor) -> None:
    """A write must not be decided on older data."""
    await ask(cache, vendor)
    failing_with(vendor, UnavailableError)

    with pytest.raises(UnavailableError):
        await ask(cache, vendor, fresh=True)


async def test_an_answer_that_is_too_old_is_no_fallback(cache: Cache, vendor: Vendor, time: VirtualTime) -> None:
    """The age counts from the start of the call: after a call of 20 seconds it is 20 seconds."""
    vendor.seconds = 20.0
    first = asyncio.create_task(ask(cache, vendor))
    await time.exhaust()
    await first
    vendor.seconds = 0.0
    failing_with(vendor, UnavailableError)
    await time.advance(39.9)
    last = await ask(cache, vendor)
    await time.advance(0.2)

    assert 59.9 == pytest.approx(last.age)
    with pytest.raises(UnavailableError):
        await ask(cache, vendor)


async def test_after_the_longest_wait_the_older_answer_is_returned(
    cache: Cache, vendor: Vendor, time: VirtualTime
) -> None:
    """The call continues for other readers."""
    await ask(cache, vendor)
    await time.advance(20)
    vendor.hangs = True
    stood_in = await ask(cache, vendor, max_wait=0.001)

    assert ("answer 1", UpstreamTimeoutError) == (stood_in.value, type(stood_in.error))


async def test_after_the_longest_wait_without_an_older_answer_a_read_times_out(cache: Cache, vendor: Vendor) -> None:
    """The error names source and operation."""
    vendor.hangs = True

    with pytest.raises(UpstreamTimeoutError, match="camunda: list tasks: did not answer in time"):
        await ask(cache, vendor, max_wait=0.001)


async def test_without_time_to_wait_no_call_is_made(cache: Cache, vendor: Vendor, time: VirtualTime) -> None:
    """A kept answer is still returned."""
    with pytest.raises(UpstreamTimeoutError, match="camunda: list tasks: did not answer in time"):
        await ask(cache, vendor, max_wait=0.0)
    begun = vendor.calls
    await ask(cache, vendor)
    await time.advance(20)

    assert (0, "answer 1") == (begun, (await ask(cache, vendor, max_wait=0.0)).value)


async def test_an_answer_just_beyond_fresh_is_given_at_once_and_fetched_again(
    cache: Cache, vendor: Vendor, time: VirtualTime
) -> None:
    """One reader after another gets the older one, which is not stale, until the one refresh has come."""
    await ask(cache, vendor, revalidate=20.0)
    await time.advance(15)
    vendor.seconds = 1.0
    meanwhile = [await ask(cache, vendor, revalidate=20.0) for _ in range(3)]
    await time.exhaust()
    after = await ask(cache, vendor, revalidate=20.0)

    assert [("answer 1", True, False, 15.0)] * 3 == [
        (one.value, one.refreshing, one.stale, one.age) for one in meanwhile
    ]
    assert ("answer 2", False, 2) == (after.value, after.refreshing, vendor.calls)


async def test_a_refresh_that_fails_leaves_the_older_answer(cache: Cache, vendor: Vendor, time: VirtualTime) -> None:
    """The reader who set it off is not told; the next one is, and sets off another."""
    await ask(cache, vendor, revalidate=20.0)
    await time.advance(15)
    failure = failing_with(vendor, UnavailableError)
    found = []
    for _ in range(2):
        found.append(await ask(cache, vendor, revalidate=20.0))
        await time.settle()
    vendor.failure = None
    await ask(cache, vendor, revalidate=20.0)
    await time.settle()

    assert [("answer 1", None), ("answer 1", failure)] == [(one.value, one.error) for one in found]
    assert ("answer 4", None) == ((back := await ask(cache, vendor, revalidate=20.0)).value, back.error)


async def test_after_a_refresh_that_was_refused_each_reader_has_to_ask(
    cache: Cache, vendor: Vendor, time: VirtualTime
) -> None:
    """A person who lost access sees the older answer once, not for the rest of its time."""
    await ask(cache, vendor, revalidate=20.0)
    await time.advance(11)
    failing_with(vendor, ForbiddenError)
    await ask(cache, vendor, revalidate=20.0)
    await time.settle()

    with pytest.raises(ForbiddenError):
        await ask(cache, vendor, revalidate=20.0)


async def test_a_refresh_has_the_context_of_the_reader_who_caused_it(cache: Cache, time: VirtualTime) -> None:
    """It uses that reader's credentials."""
    name: ContextVar[str | None] = ContextVar("name", default=None)
    seen: list[str | None] = []

    async def fetch() -> str:
        seen.append(name.get())
        return "answer"

    async def ask_as(person: str) -> None:
        name.set(person)
        await cache.get_or_fetch(key_of(), fetch, ttl=lambda _: 10.0, tags=[LIST], max_stale=60.0, revalidate=20.0)

    await asyncio.create_task(ask_as("alice"))
    await time.advance(15)
    await asyncio.create_task(ask_as("bob"))
    await time.settle()

    assert ["alice", "bob"] == seen


async def test_a_call_knows_whether_it_is_in_the_background(vendor: Vendor, time: VirtualTime) -> None:
    """The flight's context sets priority and deadline accordingly."""
    seen: list[bool] = []

    @contextmanager
    def around(key: CacheKey, in_background: bool) -> Iterator[None]:
        seen.append(in_background)
        yield

    cache = make_cache(time, flight_context=around)
    await ask(cache, vendor)
    await time.advance(15)
    await ask(cache, vendor, revalidate=20.0)
    await time.settle()
    await cache.aclose()

    assert [False, True] == seen


async def test_a_reader_who_must_wait_does_not_join_a_background_refresh(
    cache: Cache, vendor: Vendor, time: VirtualTime
) -> None:
    """A refresh may be last in the queue for the vendor's rate limit."""
    await ask(cache, vendor)
    await time.advance(15)
    vendor.hangs = True
    await ask(cache, vendor, revalidate=20.0)
    await time.advance(20)
    vendor.hangs = False

    assert "answer 3" == (await ask(cache, vendor, revalidate=20.0)).value


async def test_peek_returns_a_kept_answer_without_a_call(cache: Cache, vendor: Vendor, time: VirtualTime) -> None:
    """Only while it is fresh."""
    assert None is cache.peek(key_of())
    await ask(cache, vendor)
    seen = cache.peek(key_of())
    await time.advance(10)

    assert ("answer 1", None, 1) == (getattr(seen, "value", None), cache.peek(key_of()), vendor.calls)


async def test_a_view_tells_how_a_source_is_cached(cache: Cache, vendor: Vendor, time: VirtualTime) -> None:
    """The number of usable entries, the share of reads without a call, and the time of the oldest answer."""
    before = cache.view("camunda")
    await ask(cache, vendor, key_of("a"))
    await time.advance(5)
    for arguments in ("b", "b", "b"):
        await ask(cache, vendor, key_of(arguments), tags=[Tag("camunda", Kind.FLOW, arguments)])
    await ask(cache, vendor, key_of("b"), tags=[Tag("camunda", Kind.FLOW, "b")], fresh=True)
    both = cache.view("camunda")
    cache.invalidate([LIST])
    one = cache.view("camunda")

    assert (0, None, None) == (before.entries, before.hit_ratio, before.oldest_fetched_at)
    assert (2, 0.5, BEGINNING) == (both.entries, both.hit_ratio, both.oldest_fetched_at)
    assert (1, BEGINNING + timedelta(seconds=5)) == (one.entries, one.oldest_fetched_at)
