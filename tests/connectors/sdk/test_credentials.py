"""The headers for each kind of credentials. Tokens are fetched once, kept, and renewed."""

import json
from collections.abc import Callable
from functools import partial
from urllib.parse import parse_qs

import anyio
import anyio.lowlevel
import httpx2
import pytest
from pydantic import SecretStr

from connectors.sdk.errors import MalformedResponseError, UnauthenticatedError, UnavailableError
from connectors.sdk.http import JSON_OK, Credentials, Exchange, Token, TokenCredentials, Upstream, from_settings
from connectors.sdk.settings import (
    BasicCredentials,
    BearerCredentials,
    HeaderCredentials,
    NoCredentials,
    OAuthCredentials,
    SourceSettings,
)
from connectors.sdk.testing import Reply

SETTINGS = SourceSettings(key="here", name="Here", vendor="memory", base_url="https://here.test/api")
# As a server refuses a token.
REFUSED = Reply(401, {"WWW-Authenticate": "Bearer"})
OAUTH = OAuthCredentials(
    kind="oauth", token_url="https://login.test/token", client_id="me", client_secret=SecretStr("s3cret&"), scope="a b"
)


def upstream(answer: Callable[[httpx2.Request], Reply], credentials: Credentials | None = None) -> Upstream:
    transport = httpx2.MockTransport(lambda request: answer(request).response())
    return Upstream(SETTINGS, credentials=credentials, transport=transport)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Issuer:
    """Gives token-1, token-2, ... and counts the fetches that run at once."""

    def __init__(self, lifetime: float | None = 300) -> None:
        self.lifetime = lifetime
        self.fetches = 0
        self.running = 0
        self.most_at_once = 0

    async def __call__(self, upstream: Exchange) -> Token:
        self.fetches += 1
        self.running += 1
        self.most_at_once = max(self.most_at_once, self.running)
        await anyio.lowlevel.checkpoint()
        self.running -= 1
        return Token(f"token-{self.fetches}", self.lifetime)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (NoCredentials(), {}),
        (
            BasicCredentials(kind="basic", username="Aladdin", password=SecretStr("open sesame")),
            {"authorization": "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="},
        ),
        (BearerCredentials(kind="bearer", token=SecretStr("abc")), {"authorization": "Bearer abc"}),
        (HeaderCredentials(kind="headers", headers={"X-API-Key": SecretStr("k")}), {"x-api-key": "k"}),
    ],
)
async def test_fixed_credentials_are_headers(
    settings: NoCredentials | BasicCredentials | BearerCredentials | HeaderCredentials, expected: dict[str, str]
) -> None:
    """One of them is the example in RFC 7617."""
    seen: list[httpx2.Headers] = []

    def answer(request: httpx2.Request) -> Reply:
        seen.append(request.headers)
        return Reply(200)

    here = upstream(answer, from_settings(settings))
    await here.read("GET", "/x")
    await here.aclose()
    [headers] = seen

    assert expected == {name: headers[name] for name in ("authorization", "x-api-key") if name in headers}


async def test_a_client_fetches_its_token_with_a_form() -> None:
    """RFC 6749 section 4.4. The URL contains no credentials."""
    seen: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> Reply:
        seen.append(request)
        return Reply(200, body=json.dumps({"access_token": "fresh", "expires_in": 60, "token_type": "bearer"}).encode())

    here = upstream(answer, from_settings(OAUTH))
    await here.read("GET", "/x")
    await here.read("GET", "/x")
    await here.aclose()
    form = {"grant_type": ["client_credentials"], "client_id": ["me"], "client_secret": ["s3cret&"], "scope": ["a b"]}

    assert ["https://login.test/token", "https://here.test/api/x", "https://here.test/api/x"] == [
        str(request.url) for request in seen
    ]
    assert form == parse_qs(seen[0].content.decode())
    assert ["Bearer fresh", "Bearer fresh"] == [request.headers["authorization"] for request in seen[1:]]


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (Reply(400, body=b'{"error":"invalid_client"}'), UnauthenticatedError),
        (Reply(401), UnauthenticatedError),
        (Reply(200, body=b"<html>"), MalformedResponseError),
        (Reply(200, body=b"{}"), MalformedResponseError),
    ],
)
async def test_a_refused_token_request_is_an_error_without_secrets(reply: Reply, expected: type[Exception]) -> None:
    """No other request is sent, so no write can have been applied."""
    seen: list[str] = []

    def answer(request: httpx2.Request) -> Reply:
        seen.append(request.url.host)
        return reply

    here = upstream(answer, from_settings(OAUTH))
    with pytest.raises(expected) as caught:
        await here.write("POST", "/x", success=JSON_OK)
    await here.aclose()

    assert ["login.test"] == seen
    assert "s3cret" not in str(caught.value)
    assert caught.value.maybe_applied is False  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("lifetime", "kept_for"), [(300.0, 270.0), (40.0, 20.0), (None, 3570.0)], ids=["long", "short", "unknown"]
)
async def test_a_token_is_kept_until_shortly_before_its_end(lifetime: float | None, kept_for: float) -> None:
    """Until thirty seconds before, or for half its life if that is shorter. An hour if the issuer does not say."""
    clock, issuer = Clock(), Issuer(lifetime)
    credentials = TokenCredentials(issuer, monotonic=clock, fixed={"X-Tenant": "7"})
    here = upstream(lambda request: Reply(200))
    first = await credentials.headers(here)
    clock.now += kept_for - 0.5
    kept = await credentials.headers(here)
    clock.now += 0.5
    renewed = await credentials.headers(here)
    await here.aclose()

    assert {"X-Tenant": "7", "Authorization": "Bearer token-1"} == first
    assert first == kept
    assert {"X-Tenant": "7", "Authorization": "Bearer token-2"} == renewed


async def test_fifty_callers_share_one_fetch() -> None:
    """The other callers wait for it."""
    issuer = Issuer()
    credentials = TokenCredentials(issuer)
    here = upstream(lambda request: Reply(200), credentials)
    async with anyio.create_task_group() as group:
        for _ in range(50):
            group.start_soon(here.read, "GET", "/x")
    await here.aclose()

    assert (1, 1) == (issuer.fetches, issuer.most_at_once)


async def test_fifty_refused_callers_share_one_renewal() -> None:
    """A 401 for an old token does not discard the new token."""
    issuer = Issuer()

    def answer(request: httpx2.Request) -> Reply:
        return REFUSED if request.headers["authorization"] == "Bearer token-1" else Reply.json({})

    here = upstream(answer, TokenCredentials(issuer))
    async with anyio.create_task_group() as group:
        for _ in range(50):
            group.start_soon(partial(here.write, "POST", "/x", success=JSON_OK))
    await here.aclose()

    assert (2, 1) == (issuer.fetches, issuer.most_at_once)


async def test_a_refused_token_is_renewed_once() -> None:
    """A second 401 is final. Fixed headers are not renewed."""
    issuer, seen = Issuer(), list[str]()

    def answer(request: httpx2.Request) -> Reply:
        seen.append(request.headers["authorization"])
        return REFUSED

    for credentials in (
        TokenCredentials(issuer),
        from_settings(BearerCredentials(kind="bearer", token=SecretStr("t"))),
    ):
        here = upstream(answer, credentials)
        with pytest.raises(UnauthenticatedError):
            await here.write("POST", "/x", success=JSON_OK)
        await here.aclose()

    assert ["Bearer token-1", "Bearer token-2", "Bearer t"] == seen


async def test_a_failed_fetch_is_tried_again_by_the_next_caller() -> None:
    """The failure is not kept, and the lock is free."""
    attempts = 0

    async def fetch(upstream: Exchange) -> Token:
        nonlocal attempts
        attempts += 1
        if attempts == 1:
            raise UnavailableError("cannot be reached")
        return Token("late", None)

    here = upstream(lambda request: Reply(200), TokenCredentials(fetch))
    with pytest.raises(UnavailableError):
        await here.read("GET", "/x")
    answer = await here.read("GET", "/x")
    await here.aclose()

    assert (200, 2) == (answer.status, attempts)
