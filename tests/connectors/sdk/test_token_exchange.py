"""The token of the caller: passed on, or exchanged (RFC 8693), kept separately for each person, bounded and renewed."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import anyio
import anyio.lowlevel
import httpx2
import pytest
from pydantic import SecretStr

from connectors.sdk.errors import (
    ConnectorError,
    IdentityNotLinkedError,
    MalformedResponseError,
    RateLimitedError,
    UnauthenticatedError,
    UnavailableError,
)
from connectors.sdk.http import (
    JSON_OK,
    Authority,
    Credentials,
    TokenExchange,
    Upstream,
    UpstreamCall,
    ViewerToken,
    in_call,
)
from connectors.sdk.http.token import has_expired
from connectors.sdk.settings import OAuthCredentials, SourceSettings
from connectors.sdk.testing import Reply

SETTINGS = SourceSettings(key="here", name="Here", vendor="memory", base_url="https://here.test/api")
OAUTH = OAuthCredentials(
    kind="oauth",
    token_url="https://login.test/token",
    client_id="me",
    client_secret=SecretStr("s3cret&"),
    audience="bridge",
)


def jwt(**claims: object) -> str:
    parts = (b'{"alg":"RS256"}', json.dumps(claims).encode())
    return ".".join([*(urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts), "signature"])


# Keycloak's answer if the client that people sign in with does not name ours in the audience of its tokens.
NO_AUDIENCE = b'{"error":"access_denied","error_description":"Client is not within the token audience"}'


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Issuer(httpx2.AsyncBaseTransport):
    """Gives `<subject token>/<number>` and counts the exchanges that run at once. Other requests are answered with 200."""

    def __init__(self, lifetime: float | None = 300) -> None:
        self.lifetime = lifetime
        self.forms: list[dict[str, list[str]]] = []
        self.seen: list[str] = []
        self.refused: set[str] = set()
        self.running = 0
        self.most_at_once = 0

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if request.url.host != "login.test":
            token = request.headers["authorization"].removeprefix("Bearer ")
            self.seen.append(token)
            return Reply(401 if token in self.refused else 200).response()
        form = parse_qs(request.content.decode())
        self.forms.append(form)
        self.running += 1
        self.most_at_once = max(self.most_at_once, self.running)
        await anyio.lowlevel.checkpoint()
        self.running -= 1
        body = {"access_token": f"{form['subject_token'][0]}/{len(self.forms)}", "expires_in": self.lifetime}
        return Reply(200, body=json.dumps(body).encode()).response()


@contextmanager
def acting(principal: str, token: str | None) -> Iterator[None]:
    with in_call(UpstreamCall(authority=Authority(principal=principal, identity=None, token=token))):
        yield


def upstream(answer: Callable[[httpx2.Request], Reply], credentials: Credentials) -> Upstream:
    transport = httpx2.MockTransport(lambda request: answer(request).response())
    return Upstream(SETTINGS, credentials=credentials, transport=transport)


async def test_a_persons_token_is_passed_on_unchanged() -> None:
    """It is not renewed: a 401 is final."""
    seen: list[str] = []

    def answer(request: httpx2.Request) -> Reply:
        seen.append(request.headers["authorization"])
        return Reply(401, {"WWW-Authenticate": "Bearer"})

    here = upstream(answer, ViewerToken("here"))
    with acting("alice", token := jwt(aud="here")), pytest.raises(UnauthenticatedError):
        await here.write("POST", "/x", success=JSON_OK)
    await here.aclose()

    assert [f"Bearer {token}"] == seen


@pytest.mark.parametrize("aud", ["here", ["here"], ["account", "here"]])
async def test_a_token_for_this_system_is_passed_on(aud: object) -> None:
    """`aud` is a text or a list (RFC 7519, 4.1.3)."""
    seen: list[str] = []

    def answer(request: httpx2.Request) -> Reply:
        seen.append(request.headers["authorization"])
        return Reply(200)

    here = upstream(answer, ViewerToken("here"))
    with acting("alice", token := jwt(aud=aud)):
        await here.read("GET", "/x")
    await here.aclose()

    assert [f"Bearer {token}"] == seen


@pytest.mark.parametrize(
    "token",
    [
        jwt(),
        jwt(aud="gateway"),
        jwt(aud=["gateway", "account"]),
        jwt(aud="Here"),
        jwt(aud="here.test"),
        jwt(aud=[]),
        jwt(aud=None),
        jwt(aud={"here": 1}),
        jwt(aud=["here", 1]),
        jwt(azp="here", scope="here"),
        "opaque",
        "a.b.c",
        f"{jwt(aud='here')}.more",
    ],
)
@pytest.mark.parametrize("audience", ["here", None])
async def test_a_token_for_another_system_is_not_passed_on(token: str, audience: str | None) -> None:
    """Nor one that does not tell. The person is told what is missing; without a configured audience nothing fits."""
    seen: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> Reply:
        seen.append(request)
        return Reply(200)

    here = upstream(answer, ViewerToken(audience))
    with acting("alice", token), pytest.raises(UnauthenticatedError, match="is not for this system") as caught:
        await here.write("POST", "/x", success=JSON_OK)
    await here.aclose()

    assert [] == seen
    assert not caught.value.maybe_applied
    assert token not in str(caught.value)


@pytest.mark.parametrize("credentials", [ViewerToken("here"), TokenExchange(OAUTH)], ids=["viewer", "exchange"])
@pytest.mark.parametrize("token", [None, ""])
async def test_without_a_persons_token_nothing_is_sent(credentials: Credentials, token: str | None) -> None:
    """For a person without a token, and without a person."""
    seen: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> Reply:
        seen.append(request)
        return Reply(200)

    here = upstream(answer, credentials)
    with acting("alice", token), pytest.raises(IdentityNotLinkedError):
        await here.read("GET", "/x")
    with pytest.raises(IdentityNotLinkedError):
        await here.read("GET", "/x")
    await here.aclose()

    assert [] == seen


async def test_an_exchange_is_a_form_as_in_rfc_8693() -> None:
    """Section 2.1, with the client in the body. Values that are not configured are left out."""
    issuer = Issuer()
    here = Upstream(SETTINGS, credentials=TokenExchange(OAUTH), transport=issuer)
    with acting("alice", "subject&1"):
        await here.read("GET", "/x")
        await here.read("GET", "/x")
    await here.aclose()

    assert [
        {
            "grant_type": ["urn:ietf:params:oauth:grant-type:token-exchange"],
            "client_id": ["me"],
            "client_secret": ["s3cret&"],
            "subject_token": ["subject&1"],
            "subject_token_type": ["urn:ietf:params:oauth:token-type:access_token"],
            "requested_token_type": ["urn:ietf:params:oauth:token-type:access_token"],
            "audience": ["bridge"],
        }
    ] == issuer.forms
    assert ["subject&1/1"] * 2 == issuer.seen


@pytest.mark.parametrize(("lifetime", "kept_for"), [(300.0, 240.0), (40.0, 20.0), (None, 240.0)])
async def test_a_token_is_kept_until_a_minute_before_its_end(lifetime: float | None, kept_for: float) -> None:
    """Or for half its life if that is shorter. Five minutes if the issuer does not say."""
    clock, issuer = Clock(), Issuer(lifetime)
    here = Upstream(SETTINGS, credentials=TokenExchange(OAUTH, monotonic=clock), transport=issuer)
    with acting("alice", "a"):
        await here.read("GET", "/x")
        clock.now += kept_for - 0.5
        await here.read("GET", "/x")
        clock.now += 0.5
        await here.read("GET", "/x")
    await here.aclose()

    assert ["a/1", "a/1", "a/2"] == issuer.seen


async def test_each_person_has_a_token_of_their_own() -> None:
    """Also if two people signed in with the same token. After another sign-in a person gets a new one."""
    issuer = Issuer()
    here = Upstream(SETTINGS, credentials=TokenExchange(OAUTH), transport=issuer)
    for principal, token in (
        ("alice", "a"),
        ("bob", "b"),
        ("carol", "b"),
        ("alice", "a"),
        ("alice", "new"),
        ("bob", "b"),
    ):
        with acting(principal, token):
            await here.read("GET", "/x")
    await here.aclose()

    assert ["a/1", "b/2", "b/3", "a/1", "new/4", "b/2"] == issuer.seen


async def test_two_browsers_of_a_person_do_not_drive_each_other_out() -> None:
    """Each has its own sign-in. The oldest of five is forgotten."""
    issuer = Issuer()
    here = Upstream(SETTINGS, credentials=TokenExchange(OAUTH), transport=issuer)
    for token in ("a", "b", "a", "b", "c", "d", "e", "b", "a"):
        with acting("alice", token):
            await here.read("GET", "/x")
    await here.aclose()

    assert ["a/1", "b/2", "a/1", "b/2", "c/3", "d/4", "e/5", "b/2", "a/6"] == issuer.seen


@pytest.mark.parametrize(("own_end", "said", "kept_for"), [(200, 3600, 140), (200, None, 140), (3600, 200, 140)])
async def test_a_token_is_kept_no_longer_than_it_says_itself(own_end: int, said: int | None, kept_for: int) -> None:
    """Whatever the issuer says beside it. Nothing that is over is kept."""
    clock, moment = Clock(), datetime(2026, 6, 15, 9, tzinfo=UTC)
    exchanges: list[str] = []

    def answer(request: httpx2.Request) -> Reply:
        if request.url.host == "here.test":
            return Reply(200)
        exchanges.append(request.url.path)
        end = moment.timestamp() + own_end
        return Reply.json({"access_token": jwt(exp=end), **({} if said is None else {"expires_in": said})})

    here = upstream(answer, TokenExchange(OAUTH, monotonic=clock, clock=lambda: moment))
    with acting("alice", "subject"):
        for seconds in (0, kept_for - 1, 2):
            clock.now += seconds
            await here.read("GET", "/x")
    await here.aclose()

    assert 2 == len(exchanges)


async def test_fifty_requests_of_a_person_share_one_exchange() -> None:
    """Requests of other people do not wait for it."""
    issuer = Issuer()
    here = Upstream(SETTINGS, credentials=TokenExchange(OAUTH), transport=issuer)

    async def ask(principal: str) -> None:
        with acting(principal, principal):
            await here.read("GET", "/x")

    async with anyio.create_task_group() as group:
        for number in range(50):
            group.start_soon(ask, f"p{number % 2}")
    await here.aclose()

    assert (2, 2) == (len(issuer.forms), issuer.most_at_once)
    assert 25 == sum(token.startswith("p0/") for token in issuer.seen)


async def test_tokens_are_kept_for_a_limited_number_of_people() -> None:
    """The least recently used one is dropped."""
    issuer = Issuer()
    here = Upstream(SETTINGS, credentials=TokenExchange(OAUTH, most=2), transport=issuer)
    for principal in ("a", "b", "a", "c", "a", "b"):
        with acting(principal, principal):
            await here.read("GET", "/x")
    await here.aclose()

    assert ["a/1", "b/2", "a/1", "c/3", "a/1", "b/4"] == issuer.seen


async def test_a_refused_token_is_exchanged_once_more() -> None:
    """For this person only. A second refusal is final."""
    issuer = Issuer()
    here = Upstream(SETTINGS, credentials=TokenExchange(OAUTH), transport=issuer)
    for principal in ("a", "b"):
        with acting(principal, principal):
            await here.read("GET", "/x")
    issuer.refused = {"a/1"}
    with acting("a", "a"):
        await here.read("GET", "/x")
    with acting("b", "b"):
        await here.read("GET", "/x")
    issuer.refused = {"a/3", "a/4"}
    with acting("a", "a"), pytest.raises(UnauthenticatedError):
        await here.read("GET", "/x")
    await here.aclose()

    assert ["a/1", "b/2", "a/1", "a/3", "b/2", "a/3", "a/4"] == issuer.seen


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (Reply(400, body=b'{"error":"invalid_grant"}'), IdentityNotLinkedError),
        (Reply(400, body=b'{"error":"invalid_target"}'), IdentityNotLinkedError),
        (Reply(403, body=b'{"error":"access_denied"}'), IdentityNotLinkedError),
        (Reply(403, body=NO_AUDIENCE), UnauthenticatedError),
        (Reply(400, body=b"<html>"), IdentityNotLinkedError),
        (Reply(400, body=b'{"error":"unauthorized_client"}'), UnauthenticatedError),
        (Reply(400, body=b'{"error":"unsupported_grant_type"}'), UnauthenticatedError),
        (Reply(401, body=b'{"error":"invalid_client"}'), UnauthenticatedError),
        (Reply(429, {"Retry-After": "3"}), RateLimitedError),
        (Reply(503), UnavailableError),
        (Reply(200, body=b"{}"), MalformedResponseError),
        (Reply(200, body=b"<html>"), MalformedResponseError),
    ],
)
async def test_a_refused_exchange_is_about_the_person_or_our_client(
    reply: Reply, expected: type[ConnectorError]
) -> None:
    """No other request is sent, and the error contains no secret."""
    seen: list[str] = []

    def answer(request: httpx2.Request) -> Reply:
        seen.append(request.url.host)
        return reply

    here = upstream(answer, TokenExchange(OAUTH))
    with acting("alice", "subject-token"), pytest.raises(expected) as caught:
        await here.write("POST", "/x", success=JSON_OK)
    await here.aclose()

    assert ["login.test"] == seen
    assert caught.value.maybe_applied is False
    assert not {"s3cret", "subject-token"} & set(str(caught.value).split())


async def test_a_failed_exchange_is_tried_again_by_the_next_request() -> None:
    """The failure is not kept, and the lock is free."""
    replies = iter([Reply(503), Reply(200, body=b'{"access_token":"t"}'), Reply(200)])
    here = upstream(lambda request: next(replies), TokenExchange(OAUTH))
    with acting("alice", "a"):
        with pytest.raises(UnavailableError):
            await here.read("GET", "/x")
        answer = await here.read("GET", "/x")
    await here.aclose()

    assert 200 == answer.status


@pytest.mark.parametrize("credentials", [ViewerToken, TokenExchange], ids=["viewer", "exchange"])
async def test_a_token_that_has_expired_is_not_sent(credentials: type[Credentials]) -> None:
    """The person is told so. The vendor would refuse it, or accept it for some requests only."""
    moment = datetime(2026, 6, 15, 9, tzinfo=UTC)
    given: dict[str, Any] = {"clock": lambda: moment}
    here = Upstream(
        SETTINGS,
        credentials=ViewerToken("here", **given) if credentials is ViewerToken else TokenExchange(OAUTH, **given),
        transport=(issuer := Issuer()),
    )
    with (
        acting("alice", jwt(aud="here", exp=moment.timestamp())),
        pytest.raises(UnauthenticatedError, match="sign in again") as caught,
    ):
        await here.write("POST", "/x", success=JSON_OK)
    assert ([], []) == (issuer.forms, issuer.seen)
    assert not caught.value.maybe_applied
    with acting("alice", jwt(aud="here", exp=moment.timestamp() + 1)):
        await here.read("GET", "/x")
    await here.aclose()


@pytest.mark.parametrize("token", ["opaque", "a.b.c", jwt(), jwt(exp="soon"), f"{jwt(exp=1)}.more", "é.é.é"])
def test_other_tokens_do_not_tell_their_end(token: str) -> None:
    """The vendor decides."""
    assert not has_expired(token, datetime(2026, 6, 15, 9, tzinfo=UTC))
