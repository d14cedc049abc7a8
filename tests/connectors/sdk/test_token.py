"""What a token endpoint may give, by both ways that ask one, and what becomes of the rest."""

from typing import Any

import httpx2
import msgspec
import pytest
from pydantic import SecretStr

from connectors.sdk.caller import Identity
from connectors.sdk.errors import BrokenError, IdentityNotLinkedError, MalformedResponseError
from connectors.sdk.http import (
    Authority,
    Credentials,
    FixedHeaders,
    TokenCredentials,
    TokenExchange,
    Upstream,
    UpstreamCall,
    ViewerToken,
    from_settings,
    in_call,
    received_token,
)
from connectors.sdk.settings import OAuthCredentials, SourceSettings
from connectors.sdk.testing import Reply

SETTINGS = SourceSettings(key="here", name="Here", vendor="memory", base_url="https://here.test")
OAUTH = OAuthCredentials(
    kind="oauth", token_url="https://login.test/token", client_id="me", client_secret=SecretStr("secret")
)
ALICE = Authority(principal="alice", identity=Identity(native_id="alice"), token="of-alice")


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class World:
    """A token endpoint that gives `bodies` one after the other, then good tokens; and a vendor that takes any token."""

    def __init__(self, *bodies: bytes) -> None:
        self.bodies = list(bodies)
        self.tokens_asked = 0
        self.sent: list[str] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        if request.url.host != "login.test":
            self.sent.append(request.headers["authorization"])
            return Reply(200, body=b"{}").response()
        self.tokens_asked += 1
        good = msgspec.json.encode({"access_token": f"good-{self.tokens_asked}"})
        return Reply(200, body=self.bodies.pop(0) if self.bodies else good).response()

    def upstream(self, credentials: Credentials) -> Upstream:
        return Upstream(SETTINGS, credentials=credentials, transport=httpx2.MockTransport(self))


def ways(clock: Clock) -> dict[str, Credentials]:
    client = from_settings(OAUTH)
    assert isinstance(client, TokenCredentials)
    client._monotonic = clock
    return {"client": client, "exchange": TokenExchange(OAUTH, monotonic=clock)}


@pytest.mark.parametrize("way", ["client", "exchange"])
@pytest.mark.parametrize(
    "body",
    [
        '{"access_token":"töken","expires_in":3600}',
        '{"access_token":"","expires_in":3600}',
        '{"access_token":"abc\\r\\nX-Evil: y","expires_in":3600}',
        '{"access_token":"a b","expires_in":3600}',
        '{"access_token":"a\\u0000","expires_in":3600}',
        '{"access_token":"abc","expires_in":3600,"token_type":"mac"}',
        '{"access_token":null}',
        "{}",
        "<html>",
    ],
)
async def test_an_unusable_token_is_refused_where_it_is_received(way: str, body: str) -> None:
    """In words, without a request to the vendor. The next request asks for another one."""
    world = World(body.encode())
    here = world.upstream(ways(Clock())[way])
    with in_call(UpstreamCall(authority=ALICE)):
        with pytest.raises(MalformedResponseError) as caught:
            await here.read("GET", "/x")
        assert world.sent == []
        await here.read("GET", "/x")
        await here.read("GET", "/x")
    await here.aclose()

    assert ["Bearer good-2"] * 2 == world.sent
    assert "abc" not in caught.value.message


@pytest.mark.parametrize("way", ["client", "exchange"])
@pytest.mark.parametrize(
    ("members", "lifetime"),
    [
        ({"expires_in": 120}, 120),
        ({"expires_in": "120"}, 120),
        ({"expires_in": 120.9}, 120),
        ({"expires_in": 120, "token_type": "BEARER"}, 120),
        ({"expires_in": -1}, None),
        ({"expires_in": 0}, None),
        ({"expires_in": "soon"}, None),
        ({"expires_in": None}, None),
        ({"expires_in": []}, None),
        ({}, None),
    ],
)
async def test_a_lifetime_is_a_number_or_unknown(way: str, members: dict[str, Any], lifetime: int | None) -> None:
    """Unknown: an hour for our own token, five minutes for one in exchange. Then, less a margin, another one is fetched."""
    clock = Clock()
    world = World(msgspec.json.encode({"access_token": "first", **members}))
    here = world.upstream(ways(clock)[way])
    kept = (lifetime or (3600 if way == "client" else 300)) - (30 if way == "client" else 60)
    with in_call(UpstreamCall(authority=ALICE)):
        await here.read("GET", "/x")
        clock.now += kept - 1
        await here.read("GET", "/x")
        clock.now += 2
        await here.read("GET", "/x")
    await here.aclose()

    assert ["Bearer first", "Bearer first", "Bearer good-2"] == world.sent


async def test_a_lifetime_beyond_any_number_is_unknown() -> None:
    """1e400 is JSON."""
    world = World(b'{"access_token":"first","expires_in":1e400}')
    here = world.upstream(from_settings(OAUTH))
    await here.read("GET", "/x")
    await here.aclose()

    assert ["Bearer first"] == world.sent


@pytest.mark.parametrize("token", ["", "a b", "tök", "a\n"])
def test_the_token_of_a_login_is_checked_too(token: str) -> None:
    """The vendor's own login, as GEOtareas has one."""
    with pytest.raises(MalformedResponseError, match="the token endpoint gave"):
        received_token(token, lifetime=3600)


async def test_a_callers_token_that_cannot_be_sent_is_the_callers() -> None:
    """Nothing is sent."""
    world = World()
    here = world.upstream(ViewerToken("here"))
    call = UpstreamCall(authority=Authority(principal="alice", identity=None, token="tök"))
    with in_call(call), pytest.raises(IdentityNotLinkedError):
        await here.read("GET", "/x")
    await here.aclose()

    assert [] == world.sent


async def test_configured_headers_that_cannot_be_sent_are_the_operators() -> None:
    """An error of the source, with a name."""
    here = World().upstream(FixedHeaders({"Authorization": "Bearer tök"}))
    with pytest.raises(BrokenError, match="check the source's credentials"):
        await here.read("GET", "/x")
    await here.aclose()
