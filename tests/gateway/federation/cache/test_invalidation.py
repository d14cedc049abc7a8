"""How a write affects the answers that it touches."""

import asyncio
from typing import Any

import pytest

from connectors.sdk.errors import RateLimitedError, UnavailableError
from gateway.federation.cache import Cache, Kind, Tag
from tests.gateway.federation.cache.vendor import LIST, Vendor, ask, failing_with, key_of
from tests.gateway.federation.cache.virtual_time import VirtualTime


async def test_what_a_write_made_outdated_only_stands_in(cache: Cache, vendor: Vendor) -> None:
    """The vendor is asked, within the time to live too. While it cannot be asked, the older answer is better than none."""
    await ask(cache, vendor)
    cache.invalidate([LIST])
    failure = failing_with(vendor, RateLimitedError)
    stood_in = await ask(cache, vendor)
    vendor.failure = None

    assert ("answer 1", failure, "answer 3") == (stood_in.value, stood_in.error, (await ask(cache, vendor)).value)
    assert None is (await ask(cache, vendor)).error


@pytest.mark.parametrize("how", [{"decides": True}, {"fresh": True}])
async def test_no_write_is_decided_on_what_is_outdated(cache: Cache, vendor: Vendor, how: dict[str, Any]) -> None:
    """Then it is not known what the write would do."""
    await ask(cache, vendor)
    cache.invalidate([LIST])
    failing_with(vendor, UnavailableError)

    with pytest.raises(UnavailableError):
        await ask(cache, vendor, **how)


async def test_an_answer_requested_before_a_write_goes_only_to_earlier_readers(
    cache: Cache, vendor: Vendor, time: VirtualTime
) -> None:
    """It may lack the write. Later readers cause a new call, and it is not kept."""
    vendor.seconds = 2.0
    before = asyncio.create_task(ask(cache, vendor))
    await time.advance(1)
    cache.invalidate([LIST])
    after = asyncio.create_task(ask(cache, vendor))
    await time.exhaust()
    later = await ask(cache, vendor)

    assert ["answer 1", "answer 2", "answer 2"] == [(await before).value, (await after).value, later.value]


@pytest.mark.parametrize(
    ("tag", "is_outdated"),
    [
        (Tag("camunda", Kind.TASK, "7"), True),
        (Tag("camunda", Kind.TASK), True),
        (Tag("camunda"), True),
        (Tag("camunda", Kind.TASK, "8"), False),
        (Tag("camunda", Kind.FLOW, "7"), False),
        (Tag("uipath", Kind.TASK, "7"), False),
        (Tag("uipath"), False),
    ],
)
async def test_a_tag_reaches_what_it_names_and_what_is_narrower(
    cache: Cache, vendor: Vendor, tag: Tag, is_outdated: bool
) -> None:
    """One task, all tasks of a source, or everything of a source."""
    tags = [Tag("camunda", Kind.TASK, "7")]
    await ask(cache, vendor, tags=tags)
    cache.invalidate([tag])
    await ask(cache, vendor, tags=tags)

    assert is_outdated == (vendor.calls == 2)


async def test_everything_of_a_source_can_be_outdated(cache: Cache, vendor: Vendor) -> None:
    """Answers of other sources stay valid."""
    other = key_of(source="uipath")
    await ask(cache, vendor)
    await ask(cache, vendor, other, tags=[Tag("uipath", Kind.TASK_LIST)])
    cache.invalidate([Tag("camunda")])

    assert (None, "answer 2") == (cache.peek(key_of()), getattr(cache.peek(other), "value", None))


async def test_during_a_write_the_older_answer_is_returned_only_for_a_failure(cache: Cache, vendor: Vendor) -> None:
    """Before the write ends, both the old and the new state are correct."""
    await ask(cache, vendor)
    async with cache.writing([LIST]):
        during = await ask(cache, vendor)
        failing_with(vendor, UnavailableError)
        stood_in = await ask(cache, vendor)

    assert (("answer 2", False), ("answer 2", True)) == (
        (during.value, during.stale),
        (stood_in.value, stood_in.stale),
    )


@pytest.mark.parametrize("error", [UnavailableError, asyncio.CancelledError])
async def test_a_write_invalidates_however_it_ends(
    cache: Cache, vendor: Vendor, error: type[UnavailableError | asyncio.CancelledError]
) -> None:
    """After a lost answer or a cancelled caller, the write may have been applied."""
    await ask(cache, vendor)
    with pytest.raises(error):
        async with cache.writing([LIST]):
            raise error("cut")

    assert None is cache.peek(key_of())


async def test_a_write_that_was_not_sent_invalidates_nothing(cache: Cache, vendor: Vendor) -> None:
    """Attempts to write to an unavailable source do not remove its cached lists."""
    await ask(cache, vendor)
    async with cache.writing([LIST]) as write:
        write.not_sent()

    assert "answer 1" == (await ask(cache, vendor)).value


async def test_an_answer_of_before_a_write_is_settled_stands_in(cache: Cache, vendor: Vendor) -> None:
    """It is newer than the one from before the write."""
    await ask(cache, vendor)
    async with cache.writing([LIST]) as write:
        write.unsettled_for(5.0)
    await ask(cache, vendor)
    failing_with(vendor, UnavailableError)

    assert "answer 2" == (await ask(cache, vendor)).value


async def test_until_a_write_is_settled_nothing_is_kept(cache: Cache, vendor: Vendor, time: VirtualTime) -> None:
    """If reads lag by five seconds, an old answer would otherwise be kept for ten."""
    async with cache.writing([LIST]) as write:
        write.unsettled_for(5.0)
    lagging = await ask(cache, vendor)
    await time.advance(4.9)
    still = await ask(cache, vendor)
    await time.advance(0.1)
    settled = await ask(cache, vendor)
    kept = await ask(cache, vendor)

    assert ["answer 1", "answer 2", "answer 3", "answer 3"] == [one.value for one in (lagging, still, settled, kept)]
