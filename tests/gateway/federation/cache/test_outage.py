"""A vendor that is unavailable for ten minutes and then recovers."""

from typing import Any

import pytest

from connectors.sdk.errors import UnavailableError
from connectors.sdk.settings import CacheSettings
from gateway.federation.cache import Cache
from tests.gateway.federation.cache.vendor import Vendor, ask, failing_with, key_of
from tests.gateway.federation.cache.virtual_time import VirtualTime

MAX_STALE = CacheSettings().max_stale_seconds
TERMS: dict[str, Any] = {"max_stale": MAX_STALE, "revalidate": CacheSettings().revalidate_seconds}


@pytest.mark.slow
async def test_all_that_was_read_is_answered_during_an_outage_of_ten_minutes(
    cache: Cache, vendor: Vendor, time: VirtualTime
) -> None:
    """Every key every ten seconds: answered with its true age, marked as stale once a refresh failed, never too old."""
    keys = [key_of(str(number)) for number in range(50)]
    for one in keys:
        await ask(cache, vendor, one, **TERMS)
    failing_with(vendor, UnavailableError)
    asked = unmarked = too_old = 0
    for seconds in range(10, 601, 10):
        await time.advance(10)
        for one in keys:
            answer = await ask(cache, vendor, one, **TERMS)
            asked += 1
            unmarked += not answer.stale and seconds > 10
            too_old += answer.age > MAX_STALE or answer.age != seconds
    vendor.failure = None
    back = [await ask(cache, vendor, one, **TERMS) for one in keys]

    assert (3000, 0, 0) == (asked, unmarked, too_old)
    assert {False} == {answer.stale for answer in back}


async def test_an_outage_longer_than_the_greatest_age_is_an_error(
    cache: Cache, vendor: Vendor, time: VirtualTime
) -> None:
    """Older data would be misleading."""
    await ask(cache, vendor, **TERMS)
    failing_with(vendor, UnavailableError)
    await time.advance(MAX_STALE - 1)
    last = await ask(cache, vendor, **TERMS)
    await time.advance(2)

    assert MAX_STALE - 1 == last.age
    with pytest.raises(UnavailableError):
        await ask(cache, vendor, **TERMS)
