"""A tenant of the stand-in for GEOtareas."""

from collections.abc import AsyncIterator

import pytest

from tests.sandbox.geotareas.tenant import Tenant, tenant_of


@pytest.fixture
async def door() -> AsyncIterator[Tenant]:
    """A tenant without a login, with the documented limits."""
    async with tenant_of(80) as door:
        yield door


@pytest.fixture
async def tenant(door: Tenant) -> Tenant:
    """A tenant with the service account logged in, without limits."""
    await door.control("rate-limit", {})
    await door.log_in()
    return door
