"""Fixtures of the cache: virtual time, a vendor that a test controls, and a cache in front of it."""

from collections.abc import AsyncIterator

import pytest

from gateway.federation.cache import Cache
from tests.gateway.federation.cache.vendor import Vendor
from tests.gateway.federation.cache.vendor import cache as make_cache
from tests.gateway.federation.cache.virtual_time import VirtualTime


@pytest.fixture
def time() -> VirtualTime:
    return VirtualTime()


@pytest.fixture
def vendor(time: VirtualTime) -> Vendor:
    return Vendor(time)


@pytest.fixture
async def cache(time: VirtualTime) -> AsyncIterator[Cache]:
    kept = make_cache(time)
    yield kept
    await kept.aclose()
