"""Sign-in with tokens of a provider, over HTTP: refusals, what they tell, and that they reach no vendor."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from connectors.sdk.http.upstream import Upstream
from gateway.app import create_app
from gateway.auth.oidc import provider
from gateway.settings import load
from gateway.store.forgetting import forget_person
from sandbox.config import toml
from sandbox.issuer import CERTS, GATEWAY, SmallIssuer, subject
from sandbox.people import ALL_PEOPLE
from schema.core.relay import person_id
from tests.gateway.auth.oidc.providing import ByHost
from tests.gateway.auth.oidc.test_hostile_tokens import HOSTILE
from tests.gateway.configuration import PEOPLE, SOURCES
from tests.gateway.conftest import OpenClient

ME = "{ viewer { user { displayName } } }"
METADATA = "http://gateway/.well-known/oauth-protected-resource/graphql"


@pytest.fixture
def small() -> SmallIssuer:
    return SmallIssuer(algorithm="ES256")


def auth(small: SmallIssuer, **more: Any) -> str:
    login = {"client_id": "taskgate-page"}
    return toml(
        {"auth": {"mode": "oidc", "issuers": [{"issuer": small.address, "audience": GATEWAY, "login": login}], **more}}
    )


@asynccontextmanager
async def opened(
    open_client: OpenClient, small: SmallIssuer, monkeypatch: pytest.MonkeyPatch, **more: Any
) -> AsyncIterator[httpx2.AsyncClient]:
    """A gateway whose provider is reached without a socket. Its sources count what reaches them."""
    original = provider.provider_client
    monkeypatch.setattr("gateway.auth.oidc.sign_in.provider_client", lambda _=None: original(ByHost([small])))
    async with open_client(auth=auth(small, **more)) as client:
        yield client


@pytest.fixture
async def client(
    open_client: OpenClient, small: SmallIssuer, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[httpx2.AsyncClient]:
    async with opened(open_client, small, monkeypatch) as client:
        yield client


async def ask(client: httpx2.AsyncClient, token: str | None, query: str = ME) -> httpx2.Response:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return await client.post("/graphql", json={"query": query}, headers=headers)


async def test_a_person_who_stands_in_no_file_is_signed_in(client: httpx2.AsyncClient, small: SmallIssuer) -> None:
    """By the token alone."""
    answer = await ask(client, small.token("grace"))

    assert {"viewer": {"user": {"displayName": "Grace Okafor"}}} == answer.json()["data"]


async def test_a_refusal_tells_where_to_sign_in(client: httpx2.AsyncClient, small: SmallIssuer) -> None:
    """RFC 6750 and RFC 9728; without a token there is no error code."""
    without = await ask(client, None)
    expired = await ask(client, small.token("alice", lifetime_s=-60))

    assert [401, 401] == [without.status_code, expired.status_code]
    assert f'Bearer realm="taskgate", resource_metadata="{METADATA}"' == without.headers["www-authenticate"]
    assert (
        'Bearer realm="taskgate", error="invalid_token", error_description="The token has expired.", '
        f'resource_metadata="{METADATA}"'
    ) == expired.headers["www-authenticate"]
    assert "The token has expired." == expired.json()["errors"][0]["message"]
    assert "UNAUTHENTICATED" == expired.json()["errors"][0]["extensions"]["code"]


@pytest.mark.parametrize("path", ["", "/graphql"])
async def test_a_client_finds_the_provider(client: httpx2.AsyncClient, small: SmallIssuer, path: str) -> None:
    """At both places of RFC 9728, section 3.1; pages of any origin may read it."""
    answer = await client.get(f"/.well-known/oauth-protected-resource{path}")

    assert {
        "resource": "http://gateway/graphql",
        "resource_name": "taskgate",
        "authorization_servers": [small.address],
        "bearer_methods_supported": ["header"],
        "scopes_supported": ["openid", "profile", "email"],
    } == answer.json()
    assert "*" == answer.headers["access-control-allow-origin"]


async def test_behind_a_proxy_the_configured_address_is_told(
    open_client: OpenClient, small: SmallIssuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`[auth] resource`. The Host header has no influence then."""
    resource = "https://tasks.example.com/api/graphql"
    async with opened(open_client, small, monkeypatch, resource=resource) as client:
        refused = await client.post("/graphql", json={"query": ME}, headers={"Host": "evil.example.com"})
        told = await client.get("/.well-known/oauth-protected-resource/api/graphql")

    assert resource == told.json()["resource"]
    assert refused.headers["www-authenticate"].endswith(
        'resource_metadata="https://tasks.example.com/.well-known/oauth-protected-resource/api/graphql"'
    )


@pytest.mark.parametrize("host", ['a", error="x', "a b", "", "[x]", "a/b", "a@b"])
async def test_a_host_that_is_none_is_not_told_back(client: httpx2.AsyncClient, host: str) -> None:
    """The challenge stands without it."""
    refused = await client.post("/graphql", json={"query": ME}, headers={"Host": host})
    told = await client.get("/.well-known/oauth-protected-resource", headers={"Host": host})

    assert ('Bearer realm="taskgate"', 400) == (refused.headers["www-authenticate"], told.status_code)


async def test_without_a_provider_there_is_no_metadata(open_client: OpenClient) -> None:
    """Keys are not found by discovery."""
    async with open_client() as client:
        answer = await client.get("/.well-known/oauth-protected-resource")

    assert 404 == answer.status_code


async def test_the_gateway_starts_without_the_provider_and_says_so(
    open_client: OpenClient, small: SmallIssuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tokens cannot be checked then: 503, and when to try again. Once the provider is back, people are signed in."""
    monkeypatch.setattr("gateway.auth.oidc.issuer.FORCED_EVERY", 0.0)
    small.is_down = True
    async with opened(open_client, small, monkeypatch) as client:
        away, refused = (await client.get("/readyz")), await ask(client, small.token("alice"))
        small.is_down = False
        back, accepted = await ask(client, small.token("alice")), await client.get("/readyz")

    assert 200 == away.status_code
    assert {
        small.address: {"status": "UNAVAILABLE", "reason": "discovery answered with status 503", "keysAgeSeconds": None}
    } == away.json()["issuers"]
    assert (503, "SIGN_IN_UNAVAILABLE", 200) == (
        refused.status_code,
        refused.json()["errors"][0]["extensions"]["code"],
        back.status_code,
    )
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert {small.address: {"status": "OK", "reason": None, "keysAgeSeconds": 0}} == accepted.json()["issuers"]


async def test_a_page_of_another_origin_can_read_the_challenge(
    open_client: OpenClient, small: SmallIssuer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A browser hides it from pages otherwise."""
    original = provider.provider_client
    monkeypatch.setattr("gateway.auth.oidc.sign_in.provider_client", lambda _=None: original(ByHost([small])))
    path = tmp_path / "taskgate.toml"
    path.write_text(
        '[gateway]\ncors_origins = ["https://tasks.example.com"]\n' + auth(small) + PEOPLE + SOURCES, encoding="utf-8"
    )
    app = create_app(load(path))
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://gateway") as client,
    ):
        answer = await client.post("/graphql", json={"query": ME}, headers={"Origin": "https://tasks.example.com"})

    assert "WWW-Authenticate" in answer.headers["access-control-expose-headers"]


@pytest.fixture
def no_vendor(client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on a request to a vendor fails the test. The gateway has started before."""

    def sent(*_: object, **__: object) -> None:
        pytest.fail("a vendor was asked")

    monkeypatch.setattr(Upstream, "exchange", sent)


@pytest.mark.usefixtures("no_vendor")
async def test_each_hostile_token_is_401_and_reaches_no_vendor(
    client: httpx2.AsyncClient, small: SmallIssuer, capsys: pytest.CaptureFixture[str]
) -> None:
    """With a challenge that says why. Neither the answers nor the logs have anything of a token, good ones included."""
    assert 200 == (await ask(client, small.token("alice"))).status_code
    wrong = []
    for name, make in HOSTILE.items():
        token = make(small)
        query = 'mutation { claimTask(input: {taskId: "x"}) { status } }'
        answer = await client.post(
            "/graphql", json={"query": query}, headers=[(b"authorization", b"Bearer " + token.encode("latin-1"))]
        )
        told = answer.headers.get("www-authenticate", "") + answer.text
        if answer.status_code != 401 or 'error="invalid_token"' not in told or token in told:
            wrong.append((name, answer.status_code))

    logged = "".join(capsys.readouterr())
    assert [] == wrong
    assert "The token has expired." in logged
    assert "eyJ" not in logged


@pytest.mark.usefixtures("no_vendor")
async def test_refused_tokens_reach_no_vendor_and_the_provider_once(
    client: httpx2.AsyncClient, small: SmallIssuer
) -> None:
    """Whatever is asked for. A hundred unknown keys cause one request."""
    before = small.requests[CERTS]
    foreign = SmallIssuer(algorithm="ES256")
    query = "{ tasks(first: 1) { nodes { id } } }"
    for number in range(100):
        token = foreign.ring.signed(small.claims("alice"), {"kid": f"unknown {number}"})
        assert 401 == (await ask(client, token, query)).status_code

    assert before + 1 == small.requests[CERTS]


async def test_the_id_of_a_person_goes_on_after_a_restart(
    open_client: OpenClient, small: SmallIssuer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """They need not sign in again first. Once `taskgate people forget` has erased them, there is no such person."""
    grace = subject(next(person for person in ALL_PEOPLE if person.key == "grace"))
    query = f'{{ node(id: "{person_id(grace)}") {{ ... on User {{ displayName }} }} }}'
    told = []
    async with opened(open_client, small, monkeypatch) as client:
        assert 200 == (await ask(client, small.token("grace"))).status_code
    for _ in range(2):
        async with opened(open_client, small, monkeypatch) as client:
            told.append((await ask(client, small.token("alice"), query)).json()["data"]["node"])
        forget_person(load(tmp_path / "taskgate.toml").gateway.journal, grace)

    assert [{"displayName": "Grace Okafor"}, None] == told
