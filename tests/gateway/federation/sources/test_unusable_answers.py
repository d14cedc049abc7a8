"""A source whose answers cannot be used is asked no more than one that does not answer."""

from collections.abc import Callable, Mapping
from typing import Any

import anyio
import httpx2
import pytest

from connectors.camunda import CamundaConnector, CamundaSettings
from connectors.geotareas import GeotareasConnector, GeotareasSettings
from connectors.sdk.connector import Connector
from connectors.sdk.errors import ConnectorError, MalformedResponseError
from connectors.sdk.query import TaskQuery
from connectors.sdk.testing import Reply
from gateway.federation.sources import Source
from gateway.shared.memory import MemoryRateLimits
from schema.ports import SourceStatus

OAUTH = {"kind": "oauth", "token_url": "https://login.test/token", "client_id": "me", "client_secret": "secret"}
LOGIN = {"kind": "login", "email": "bot@acme.test", "password": "p", "api_key": "k", "tenant": "acme.test"}
TOKEN = b'{"access_token":"good"}'


class Vendor:
    """Answers every request with `body`, those for a token with `token`; or all with those of a healthy vendor."""

    def __init__(self, body: bytes, *, token: bytes = TOKEN) -> None:
        self.body, self.token = body, token
        self.healthy: Mapping[str, bytes] | None = None
        self.asked: list[str] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        what = "token" if request.url.path.endswith(("/token", "/login")) else "list"
        self.asked.append(what)
        if self.healthy is not None:
            return Reply(200, body=self.healthy[what]).response()
        return Reply(200, body=self.token if what == "token" else self.body).response()


def camunda(vendor: Vendor) -> Connector[Any]:
    settings = CamundaSettings.model_validate(
        {
            "key": "c8",
            "name": "Camunda",
            "vendor": "camunda",
            "base_url": "https://camunda.test",
            "credentials": OAUTH,
            "max_response_bytes": 65_536,
        }
    )
    return CamundaConnector.open(settings, transport=httpx2.MockTransport(vendor))


def geotareas(vendor: Vendor) -> Connector[Any]:
    settings = GeotareasSettings.model_validate(
        {
            "key": "geo",
            "name": "GEOtareas",
            "vendor": "geotareas",
            "base_url": "https://geotareas.test",
            "credentials": LOGIN,
            "time_zone": "Europe/Madrid",
            "max_response_bytes": 65_536,
        }
    )
    return GeotareasConnector.open(settings, transport=httpx2.MockTransport(vendor))


Make = Callable[[Vendor], Connector[Any]]
GOOD_TOKEN: dict[Make, bytes] = {camunda: TOKEN, geotareas: b'{"success":true,"data":{"authorization":"good"}}'}
GOOD: dict[Make, bytes] = {
    camunda: b'{"items":[],"page":{"totalItems":0},"brokers":[]}',
    geotareas: b'{"success":true,"data":[],"meta":{"total":0}}',
}


async def read(source: Source) -> str:
    try:
        await source.read("list tasks", lambda: source.connector.list_tasks(TaskQuery(), limit=10))
    except ConnectorError as error:
        return error.code
    return "ok"


@pytest.mark.parametrize("make", [camunda, geotareas])
@pytest.mark.parametrize("body", [b"<html>Sign in</html>", b"[]", b" " * 70_000], ids=["html", "misfit", "oversized"])
async def test_ten_reads_of_garbage_cost_three_requests_and_a_probe(make: Make, body: bytes) -> None:
    """Then the source is unavailable."""
    vendor = Vendor(body, token=GOOD_TOKEN[make])
    source = Source(make(vendor), rate_limits=MemoryRateLimits())
    first = [await read(source) for _ in range(3)]
    await anyio.wait_all_tasks_blocked()
    later = [await read(source) for _ in range(7)]
    await source.aclose()

    assert ["UPSTREAM_ERROR"] * 3 + ["UPSTREAM_UNAVAILABLE"] * 7 == first + later
    assert ["list"] * 4 == [each for each in vendor.asked if each == "list"]
    assert SourceStatus.UNAVAILABLE is source.status


@pytest.mark.parametrize("make", [camunda, geotareas])
@pytest.mark.parametrize("token", [b'{"access_token":"t\xc3\xb6ken"}', b'{"success":true,"data":{"authorization":""}}'])
async def test_a_source_with_an_unusable_token_recovers(make: Make, token: bytes) -> None:
    """No request reaches the vendor with it. A probe fetches another one."""
    vendor = Vendor(GOOD[make], token=token)
    source = Source(make(vendor), rate_limits=MemoryRateLimits())
    codes = [await read(source) for _ in range(3)]
    await anyio.wait_all_tasks_blocked()
    assert SourceStatus.UNAVAILABLE is source.status
    assert {"token"} == set(vendor.asked)

    vendor.healthy = {"list": GOOD[make], "token": GOOD_TOKEN[make]}
    assert await source.admission._probe._is_available()
    await source.aclose()

    assert ["UPSTREAM_ERROR"] * 3 == codes


async def test_a_vendor_that_is_well_otherwise_stays_available() -> None:
    """One record that does not fit, asked for again and again: the probe succeeds, and other reads go on."""
    vendor = Vendor(GOOD[camunda])
    source = Source(camunda(vendor), rate_limits=MemoryRateLimits())

    async def misfit() -> None:
        raise MalformedResponseError("a row does not fit", native_status=200)

    for _ in range(10):
        with pytest.raises(ConnectorError):
            await source.read("read a task", misfit)
        await anyio.wait_all_tasks_blocked()
        assert "ok" == await read(source)
    await source.aclose()

    assert len(vendor.asked) < 20
