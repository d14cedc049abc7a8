"""A real Keycloak exchanges people's tokens for the gateway (RFC 8693), and refuses in its own words."""

from collections.abc import AsyncIterator

import pytest
from joserfc.jws import extract_compact

from connectors.sdk.errors import IdentityNotLinkedError, UnauthenticatedError
from connectors.sdk.http import Authority, TokenExchange, Upstream, UpstreamCall, in_call
from connectors.sdk.json import decode_json
from connectors.sdk.settings import OAuthCredentials, SourceSettings
from tests.real.keycloak.realm import GATEWAY, GATEWAY_SECRET, PLAIN, VENDOR, Realm


class ExchangingSettings(SourceSettings):
    """Their `token_url` is one of the addresses that may be called in our own network."""

    credentials: OAuthCredentials


def credentials(realm: Realm, audience: str | None) -> OAuthCredentials:
    return OAuthCredentials.model_validate(
        {
            "kind": "oauth",
            "token_url": realm.token_url,
            "client_id": GATEWAY,
            "client_secret": GATEWAY_SECRET,
            "audience": audience,
        }
    )


@pytest.fixture
async def upstream(realm: Realm) -> AsyncIterator[Upstream]:
    section = {
        "key": "vendor",
        "name": "Vendor",
        "vendor": "memory",
        "base_url": "http://127.0.0.1:9",
        "read_timeout": 60,
        "credentials": credentials(realm, VENDOR),
    }
    opened = Upstream(ExchangingSettings.model_validate(section))
    yield opened
    await opened.aclose()


async def exchanged(
    realm: Realm, upstream: Upstream, token: str, *, audience: str | None = VENDOR
) -> dict[str, object]:
    """The claims of the token that a vendor would get."""
    exchange = TokenExchange(credentials(realm, audience))
    with in_call(UpstreamCall(authority=Authority(principal="alice", identity=None, token=token))):
        headers = await exchange.headers(upstream)
    payload = extract_compact(headers["Authorization"].removeprefix("Bearer ").encode()).payload
    claims: dict[str, object] = decode_json(payload, dict[str, object])
    return claims


async def test_a_person_keeps_their_name_under_another_audience(realm: Realm, upstream: Upstream) -> None:
    """The token is for the vendor alone, and lacks the groups: the mappers of the gateway's client apply."""
    claims = await exchanged(realm, upstream, realm.token("alice"))

    assert (VENDOR, GATEWAY, "alice") == (claims["aud"], claims["azp"], claims["preferred_username"])
    assert "groups" not in claims


async def test_a_token_that_is_not_for_the_gateway_is_not_exchanged(realm: Realm, upstream: Upstream) -> None:
    """403 "Client is not within the token audience": told as a fault of the configuration."""
    with pytest.raises(UnauthenticatedError, match="client_id in their audience"):
        await exchanged(realm, upstream, realm.token("alice", client=PLAIN))


async def test_garbage_is_not_exchanged(realm: Realm, upstream: Upstream) -> None:
    """400 "Invalid token": the person is asked to sign in again."""
    with pytest.raises(IdentityNotLinkedError):
        await exchanged(realm, upstream, "garbage")


async def test_an_audience_that_no_mapper_adds_is_not_given(realm: Realm, upstream: Upstream) -> None:
    """400 "Requested audience not available" for a client of the realm."""
    with pytest.raises(IdentityNotLinkedError):
        await exchanged(realm, upstream, realm.token("alice"), audience=PLAIN)


async def test_an_audience_that_is_no_client_is_not_given(realm: Realm, upstream: Upstream) -> None:
    """Keycloak calls the client invalid then, which is told as a fault of the configuration."""
    with pytest.raises(UnauthenticatedError, match="refused our client"):
        await exchanged(realm, upstream, realm.token("alice"), audience="unknown")
