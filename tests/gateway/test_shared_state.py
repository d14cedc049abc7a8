"""One HTTP client serves all people: nothing of one person's requests is left for the next, at any vendor."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest

from connectors.sdk.caller import Identity
from connectors.sdk.connector import Connector
from connectors.sdk.errors import ConnectorError
from connectors.sdk.http import Authority, UpstreamCall, in_call
from connectors.sdk.query import TaskQuery
from connectors.sdk.registry import connector_types
from sandbox.registry import stand_ins
from sandbox.stand_in import StandIn

BASE_URL = "http://vendor.test"
# Sources that act as the person: how each is configured, and which audience its tokens need.
PERSONAL: dict[tuple[str, str], dict[str, Any]] = {
    ("littlehorse", "viewer"): {"acts_as": "viewer", "audience": "taskgate"},
    ("littlehorse", "exchange"): {"acts_as": "exchange"},
    ("camunda", "viewer"): {"acts_as": "viewer", "audience": "zeebe.camunda.io", "credentials": {"kind": "none"}},
    ("camunda", "exchange"): {"acts_as": "exchange"},
}
SCENARIOS = {"camunda": "8.9.17+oidc"}
# What a proxy or a vendor may set, for each host and path of it.
PLANTED = [
    "SESSION={who}; Path=/; HttpOnly",
    "route={who}; Path=/; Secure; SameSite=None; Max-Age=99999",
    "wide={who}; Domain=vendor.test; Path=/",
    "old={who}; Version=1",
]


class Planting(httpx2.AsyncBaseTransport):
    """Every answer, of token endpoints too, sets cookies, and asks for a sign-in that is bound to the connection."""

    def __init__(self, inner: httpx2.AsyncBaseTransport) -> None:
        self._inner = inner
        self.requests: list[httpx2.Request] = []
        # The next answer to a request at the source is a refusal with a challenge.
        self.challenges = 0

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        who = request.headers.get("authorization", "nobody").rpartition(" ")[2][-12:]
        headers = [("Set-Cookie", each.format(who=who)) for each in PLANTED]
        headers += [("Set-Cookie2", "a=b"), ("Connection", "keep-alive"), ("Persistent-Auth", "true")]
        headers += [("Proxy-Support", "Session-Based-Authentication"), ("Authentication-Info", f'nextnonce="{who}"')]
        if self.challenges and request.headers.get("authorization"):
            self.challenges -= 1
            challenge = [("WWW-Authenticate", "Negotiate"), ("WWW-Authenticate", "NTLM")]
            return httpx2.Response(401, headers=[*headers, *challenge], stream=httpx2.ByteStream(b""))
        answer = await self._inner.handle_async_request(request)
        answer.headers = httpx2.Headers([*answer.headers.multi_items(), *headers])
        return answer


@asynccontextmanager
async def opened(stand_in: StandIn, **changes: Any) -> AsyncIterator[tuple[Connector[Any], Planting]]:
    stand_in.reset(tasks=10, seed=7, now=None, scenario=SCENARIOS.get(stand_in.vendor) if changes else None)
    kind = connector_types()[stand_in.vendor]
    settings = kind.settings_type.model_validate(stand_in.source_config(BASE_URL) | changes)
    # httpx2 and Starlette type ASGI applications differently.
    app: Any = stand_in
    planting = Planting(httpx2.ASGITransport(app=app))
    connector = kind.open(settings, transport=planting)
    try:
        yield connector, planting
    finally:
        await connector.aclose()


async def read(connector: Connector[Any]) -> None:
    """Lists of several endpoints; what a vendor does not have, or refuses, is as good."""
    for call in (
        lambda: connector.list_tasks(connector.pushdown(TaskQuery()), limit=5),
        lambda: connector.list_users(limit=5),
        lambda: connector.list_task_definitions(limit=5),
    ):
        try:
            await call()
        except (ConnectorError, NotImplementedError):
            pass


def one(vendor: str) -> StandIn:
    return stand_ins()[vendor]()


@pytest.mark.parametrize("vendor", [*stand_ins()])
async def test_no_cookie_of_a_vendor_comes_back(vendor: str) -> None:
    """Nor of a token endpoint. As service account, with several hosts where the vendor has them."""
    async with opened(one(vendor)) as (connector, planting):
        for _ in range(2):
            await read(connector)

    assert 2 < len(planting.requests)
    assert [] == [str(each.url) for each in planting.requests if "cookie" in each.headers]


def person(stand_in: Any, key: str) -> UpstreamCall:
    known: Mapping[str, Any] = stand_in.identities()[key]
    token = stand_in.token(key, "zeebe.camunda.io", "taskgate") if stand_in.vendor == "camunda" else stand_in.token(key)
    who = Identity(native_id=known["id"], groups=tuple(known["groups"]))
    return UpstreamCall(authority=Authority(principal=key, identity=who, token=token))


@pytest.mark.parametrize(("vendor", "mode"), PERSONAL)
async def test_nothing_of_one_person_travels_with_the_next(vendor: str, mode: str) -> None:
    """No cookie, and no header that alice's requests did not have. Each request has the token of its person."""
    stand_in = one(vendor)
    sent: list[tuple[set[str], set[str]]] = []
    async with opened(stand_in, **PERSONAL[vendor, mode]) as (connector, planting):
        for key in ("alice", "bob"):
            planting.requests.clear()
            with in_call(person(stand_in, key)):
                await read(connector)
            names = {name for each in planting.requests for name in each.headers}
            tokens = {each.headers["authorization"] for each in planting.requests if "authorization" in each.headers}
            sent.append((names, tokens))

    (of_alice, first), (of_bob, second) = sent
    assert of_alice >= of_bob
    assert not {"cookie", "cookie2", "proxy-authorization"} & (of_alice | of_bob)
    # The account of LittleHorse's admin operations is the same for both; the tokens of people are not.
    assert len(first - second) == len(second - first) == 1


@pytest.mark.parametrize(("vendor", "mode"), PERSONAL)
async def test_a_challenge_binds_no_connection(vendor: str, mode: str) -> None:
    """A 401 that asks for Negotiate or NTLM is answered with the person's own token once more, if it can be renewed."""
    stand_in = one(vendor)
    async with opened(stand_in, **PERSONAL[vendor, mode]) as (connector, planting):
        planting.challenges = 1
        with in_call(person(stand_in, "alice")):
            await read(connector)
        planting.requests.clear()
        with in_call(person(stand_in, "bob")):
            await read(connector)

    schemes = {
        each.headers["authorization"].partition(" ")[0] for each in planting.requests if "authorization" in each.headers
    }
    assert {"Bearer"} == schemes
    assert planting.requests


def test_every_vendor_that_acts_as_the_person_is_here() -> None:
    """A further one must be added."""
    able = {
        (vendor, mode)
        for vendor, kind in connector_types().items()
        for mode in kind.settings_type.modes
        if mode != "service" and vendor in stand_ins()
    }

    assert set(PERSONAL) == able
