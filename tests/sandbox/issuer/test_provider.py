"""The small identity provider answers as a real Keycloak did (recorded), traps included."""

import base64
import hashlib
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from sandbox.accounts import with_accounts
from sandbox.geotareas import GeotareasStandIn
from sandbox.issuer import AUTH, CERTS, DISCOVERY, GATEWAY, GATEWAY_SECRET, PAGE, TOKEN, VENDOR, SmallIssuer

EXCHANGE = {
    "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
    "subject_token_type": "urn:ietf:params:oauth:token-type:access_token",
    "client_id": GATEWAY,
    "client_secret": GATEWAY_SECRET,
}
REDIRECT = "http://127.0.0.1:8000/graphql"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
ASKED = {
    "response_type": "code",
    "client_id": PAGE,
    "redirect_uri": REDIRECT,
    "scope": "openid",
    "state": "s",
    "nonce": "n",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}


@pytest.fixture
def issuer() -> SmallIssuer:
    return SmallIssuer(algorithm="ES256")


@pytest.fixture
async def client(issuer: SmallIssuer) -> AsyncIterator[httpx2.AsyncClient]:
    # httpx2 and Starlette type ASGI applications differently.
    app: Any = issuer
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url=issuer.base_url) as client:
        yield client


async def test_the_keys_have_one_for_encryption_beside_them(client: httpx2.AsyncClient, issuer: SmallIssuer) -> None:
    """Rotation puts a new key before the old one; withdrawal takes the old one out."""
    first = issuer.ring.kid
    issuer.ring.rotate()
    both = (await client.get(CERTS)).json()["keys"]
    issuer.ring.withdraw()
    one = (await client.get(CERTS)).json()["keys"]

    assert [(issuer.ring.kid, "sig"), (first, "sig"), ("for-encryption", "enc")] == [(k["kid"], k["use"]) for k in both]
    assert [issuer.ring.kid, "for-encryption"] == [key["kid"] for key in one]
    assert not any("d" in key for key in both)


def test_a_token_tells_the_accounts_that_the_provider_knows() -> None:
    """Where the client has the mapper. Dmitri has no account in the demo."""
    issuer = SmallIssuer(people=with_accounts([GeotareasStandIn()]))

    assert "182736450918273601" == issuer.claims("alice")["geotareas_user"]
    assert "geotareas_user" not in issuer.claims("dmitri")
    assert "geotareas_user" not in issuer.claims("alice", client=VENDOR)


def test_an_audience_alone_is_a_text_and_no_group_is_no_claim(issuer: SmallIssuer) -> None:
    """As a client of a page gets them, and another one."""
    page, vendor = (issuer.claims("alice", client=client) for client in (PAGE, VENDOR))

    assert ([GATEWAY, "account"], "account") == (page["aud"], vendor["aud"])
    assert (["accounting"], False) == (page["groups"], "groups" in vendor)
    assert "task-admin" in issuer.claims("carol")["realm_access"]["roles"]


async def signed_in(client: httpx2.AsyncClient, **changes: str) -> httpx2.Response:
    sent = await client.get(AUTH, params={**ASKED, "person": "alice"})
    code = parse_qs(urlsplit(sent.headers["location"]).query)["code"][0]
    form = {
        "grant_type": "authorization_code",
        "client_id": PAGE,
        "redirect_uri": REDIRECT,
        "code": code,
        "code_verifier": VERIFIER,
    }
    return await client.post(TOKEN, data=form | changes, headers={"Origin": "http://127.0.0.1:8000"})


async def test_a_page_signs_a_person_in_by_code_and_pkce(client: httpx2.AsyncClient, issuer: SmallIssuer) -> None:
    """The page of another origin may read the answer; the ID token is for the page."""
    answer = await signed_in(client)
    tokens = answer.json()
    access, identity = (issuer.ring.verified(tokens[name]) for name in ("access_token", "id_token"))

    assert "http://127.0.0.1:8000" == answer.headers["access-control-allow-origin"]
    assert access is not None
    assert identity is not None
    assert ("alice", "Bearer", GATEWAY in access["aud"]) == (access["preferred_username"], access["typ"], True)
    assert (PAGE, "ID", "n") == (identity["aud"], identity["typ"], identity["nonce"])


@pytest.mark.parametrize(
    "changes",
    [{"code_verifier": "w" * 43}, {"code_verifier": ""}, {"redirect_uri": REDIRECT + "/x"}, {"code": "other"}],
)
async def test_a_code_is_worth_nothing_without_its_secrets(client: httpx2.AsyncClient, changes: dict[str, str]) -> None:
    """A code that was seen on its way."""
    answer = await signed_in(client, **changes)

    assert (400, "invalid_grant") == (answer.status_code, answer.json()["error"])


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"redirect_uri": "https://evil.example.com/"}, 400),
        ({"client_id": "unknown"}, 400),
        ({"client_id": GATEWAY}, 400),
        ({"code_challenge_method": "plain"}, 302),
        ({"person": "nobody"}, 200),
    ],
)
async def test_the_page_of_the_provider(client: httpx2.AsyncClient, changes: dict[str, str], status: int) -> None:
    """Wrong addresses get no one; without a person it lists the people."""
    answer = await client.get(AUTH, params=ASKED | changes)

    assert status == answer.status_code
    assert "code=" not in answer.headers.get("location", "")
    if status == 200:
        assert "Alice Moreno" in answer.text


async def test_an_exchange_has_the_mappers_of_the_client(client: httpx2.AsyncClient, issuer: SmallIssuer) -> None:
    """Groups are gone; the audience is the one that was asked for."""
    answer = await client.post(TOKEN, data={**EXCHANGE, "subject_token": issuer.token("alice"), "audience": VENDOR})
    claims = issuer.ring.verified(answer.json()["access_token"])

    assert claims is not None
    assert (VENDOR, GATEWAY, "alice", False) == (
        claims["aud"],
        claims["azp"],
        claims["preferred_username"],
        "groups" in claims,
    )
    assert answer.json()["issued_token_type"].endswith(":access_token")


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"audience": "other"}, 400, "Requested audience not available: other"),
        ({"subject_token": "abc"}, 400, "Invalid token"),
        ({"client_id": PAGE, "client_secret": ""}, 400, "Standard token exchange is not enabled"),
        ({"client_secret": "wrong"}, 401, "Invalid client"),
    ],
)
async def test_exchanges_are_refused_in_keycloaks_words(
    client: httpx2.AsyncClient, issuer: SmallIssuer, changes: dict[str, str], status: int, error: str
) -> None:
    """As recorded."""
    answer = await client.post(TOKEN, data={**EXCHANGE, "subject_token": issuer.token("alice"), **changes})

    assert status == answer.status_code
    assert error in answer.json()["error_description"]


async def test_a_token_for_another_client_is_not_exchanged(client: httpx2.AsyncClient, issuer: SmallIssuer) -> None:
    """403: the client must be in the token's audience."""
    answer = await client.post(TOKEN, data={**EXCHANGE, "subject_token": issuer.token("alice", client=VENDOR)})

    assert (403, {"error": "access_denied", "error_description": "Client is not within the token audience"}) == (
        answer.status_code,
        answer.json(),
    )


async def test_passwords_and_client_credentials(client: httpx2.AsyncClient, issuer: SmallIssuer) -> None:
    """For scripts; the password of each person is their key."""
    form = {"grant_type": "password", "client_id": PAGE, "username": "bob", "password": "bob"}
    bob, wrong = [await client.post(TOKEN, data=form | {"password": word}) for word in ("bob", "no")]
    account = await client.post(TOKEN, data={"grant_type": "client_credentials"}, auth=(GATEWAY, GATEWAY_SECRET))

    assert [200, 401, 200] == [each.status_code for each in (bob, wrong, account)]
    claims = issuer.ring.verified(account.json()["access_token"])
    assert claims is not None
    assert "service-account-taskgate" == claims["preferred_username"]


async def test_while_it_is_down_nothing_is_answered(client: httpx2.AsyncClient, issuer: SmallIssuer) -> None:
    """503 everywhere."""
    issuer.is_down = True

    assert [503, 503] == [(await client.get(path)).status_code for path in (DISCOVERY, CERTS)]
