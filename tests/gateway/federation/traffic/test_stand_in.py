"""A whole connector behind admission control, with the GEOtareas stand-in and its documented limits, in virtual time."""

from collections.abc import AsyncIterator
from random import Random
from typing import Any

import anyio
import httpx2
import pytest

from connectors.geotareas import GeotareasConnector, GeotareasSettings
from connectors.sdk.errors import ConnectorError, RateLimitedError, UnavailableError
from connectors.sdk.query import TaskQuery
from connectors.sdk.settings import LimitsSettings
from gateway.federation.traffic import AdmissionControl, BreakerState, Clock
from gateway.shared.memory import MemoryRateLimits
from sandbox.control import Control
from sandbox.geotareas import GeotareasStandIn
from tests.effort import sized
from tests.gateway.federation.traffic.vendor import within
from tests.gateway.federation.traffic.virtual_time import START, wall_clock

pytestmark = pytest.mark.slow

DOCUMENTED = LimitsSettings(requests=30, writes=10)


class Network(httpx2.AsyncBaseTransport):
    """Up to `jitter` seconds in each direction. Counts the requests that arrive by the status of their answer."""

    def __init__(self, inner: httpx2.AsyncBaseTransport, jitter: float) -> None:
        self._inner, self._jitter, self._random = inner, jitter, Random(7)
        self.statuses: list[int] = []
        self.is_cut = False

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if self.is_cut:
            self.statuses.append(0)
            raise httpx2.ConnectError("nobody there", request=request)
        await anyio.sleep(self._random.uniform(0, self._jitter))
        response = await self._inner.handle_async_request(request)
        await anyio.sleep(self._random.uniform(0, self._jitter))
        self.statuses.append(response.status_code)
        return response


class Tenant:
    def __init__(self) -> None:
        stand_in = GeotareasStandIn(clock=wall_clock)
        stand_in.reset(tasks=40, seed=7, now=START, scenario=None)
        # httpx2 and Starlette type ASGI applications differently.
        app: Any = Control(stand_in)
        self.network = Network(httpx2.ASGITransport(app=app), jitter=0.15)
        settings = GeotareasSettings.model_validate(
            {
                "key": "geotareas",
                "name": "GEOtareas",
                "vendor": "geotareas",
                "base_url": "http://geotareas.test",
                "credentials": stand_in.source_config("http://geotareas.test")["credentials"],
                "time_zone": "Europe/Madrid",
            }
        )
        self.connector = GeotareasConnector.open(settings, transport=self.network, clock=wall_clock)
        self.admission = AdmissionControl(
            "geotareas",
            probe=self.connector.ping,
            rate_limits=MemoryRateLimits(),
            documented=DOCUMENTED,
            clock=Clock(now=wall_clock),
        )
        self.connector.guard(self.admission)

    async def list(self) -> int:
        return len((await self.connector.list_tasks(TaskQuery(), limit=100)).items)


@pytest.fixture
async def tenant() -> AsyncIterator[Tenant]:
    tenant = Tenant()
    yield tenant
    await tenant.admission.aclose()
    await tenant.connector.aclose()


async def test_lists_of_many_users_never_make_the_vendor_refuse(tenant: Tenant) -> None:
    """R1, where only the time is virtual: no 429, and at least 85 % of the reads of two minutes are sent."""
    until = anyio.current_time() + 120
    refusals: list[ConnectorError] = []

    async def user() -> None:
        while anyio.current_time() < until:
            try:
                with within(min(10.0, until - anyio.current_time())):
                    await tenant.list()
            except UnavailableError as error:
                refusals.append(error)
                await anyio.sleep(1)

    async with anyio.create_task_group() as group:
        for _ in range(sized(60, 25)):
            group.start_soon(user)

    assert {200} == set(tenant.network.statuses)
    assert len(tenant.network.statuses) >= 0.85 * 60
    assert {"RATE_LIMITED", "UPSTREAM_TIMEOUT"} >= {error.code for error in refusals}


async def test_the_graph_shows_the_limits_that_the_vendor_reports(tenant: Tenant) -> None:
    """The login counts as a read. No limit of writes was reported yet."""
    await tenant.list()
    reads, writes = tenant.admission.rate_limits()

    assert (30, True) == (reads.limit, reads.observed)
    assert 28 <= (reads.remaining or 0) <= 29
    assert (10, 10, False) == (writes.limit, writes.remaining, writes.observed)


async def test_a_used_up_limit_is_reported_before_the_vendor_refuses(tenant: Tenant) -> None:
    """RATE_LIMITED at once, with the time from which a request succeeds."""
    refused: RateLimitedError | None = None
    while refused is None:
        try:
            with within(10):
                await tenant.list()
        except RateLimitedError as error:
            refused = error
    asked = len(tenant.network.statuses)
    assert refused.retry_at is not None
    await anyio.sleep((refused.retry_at - wall_clock()).total_seconds())
    found = await tenant.list()

    assert {200} == set(tenant.network.statuses)
    assert 27 <= asked <= 31
    assert found > 0


async def test_a_source_that_recovers_is_found_by_its_ping(tenant: Tenant) -> None:
    """After three requests only probes are sent. The source is back within the interval."""
    await tenant.list()
    tenant.network.is_cut = True
    tenant.network.statuses.clear()
    for _ in range(20):
        with pytest.raises(UnavailableError):
            await tenant.list()
    tried, state = len(tenant.network.statuses), tenant.admission.state
    tenant.network.is_cut = False
    await anyio.sleep(6)

    assert (3, BreakerState.OPEN) == (tried, state)
    assert await tenant.list() > 0
