"""People of a real Keycloak sign in: their claims, other tokens, rotation of keys, outages."""

import base64
import hashlib
import html
import json
import re
import time
from urllib.parse import parse_qs, urlsplit

import anyio
import httpx2
import pytest

from gateway.auth import Authenticator, SignInUnavailableError, UnauthenticatedCallerError
from tests.real.keycloak.conftest import OpenSignIn
from tests.real.keycloak.engine import Keycloak
from tests.real.keycloak.realm import BRIEF, GATEWAY, PAGE, PLAIN, REDIRECT, Realm


def sent(token: str) -> list[tuple[bytes, bytes]]:
    return [(b"authorization", f"Bearer {token}".encode())]


async def refused(authenticator: Authenticator, token: str) -> str:
    with pytest.raises(UnauthenticatedCallerError) as caught:
        await authenticator.caller(sent(token))
    return str(caught.value)


async def test_groups_and_roles_come_from_the_claims(open_sign_in: OpenSignIn, realm: Realm) -> None:
    """Alice is in accounting. Carol is in no group, so her token lacks the claim; her role makes a task admin."""
    async with open_sign_in() as authenticator:
        alice, carol = [await authenticator.caller(sent(realm.token(name))) for name in ("alice", "carol")]
        [status] = authenticator.issuers()

    assert ("Alice Moreno", "alice@example.com", ("accounting",), False) == (
        alice.name,
        alice.email,
        alice.groups,
        alice.is_task_admin,
    )
    assert ((), True) == (carol.groups, carol.is_task_admin)
    assert (realm.url, "OK") == (status.issuer, status.status)


def test_the_clients_of_the_guide_give_the_claims_that_it_links_by(realm: Realm) -> None:
    """The access token for the page is for the gateway, and tells user name and attribute."""
    payload = realm.token("alice").split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))

    assert ("alice", "182736450918273601") == (claims["preferred_username"], claims["geotareas_user"])
    assert GATEWAY in claims["aud"]
    assert ["accounting"] == claims["groups"]


async def test_other_tokens_of_the_same_keys_are_refused(open_sign_in: OpenSignIn, realm: Realm) -> None:
    """An ID token, a refresh token, and an access token whose `aud` is the text "account"."""
    tokens = realm.tokens("alice")
    async with open_sign_in() as authenticator:
        assert "not an access token" in await refused(authenticator, tokens["id_token"])
        assert "not accepted" in await refused(authenticator, tokens["refresh_token"])
        assert "another audience" in await refused(authenticator, realm.token("alice", client=PLAIN))


async def test_an_expired_token_is_refused(open_sign_in: OpenSignIn, realm: Realm) -> None:
    """One that lives for a second."""
    token = realm.token("alice", client=BRIEF)
    await anyio.sleep(2.5)
    async with open_sign_in(leeway=0) as authenticator:
        assert "The token has expired." == await refused(authenticator, token)


async def test_the_page_is_told_where_people_sign_in(open_sign_in: OpenSignIn, realm: Realm) -> None:
    """A person signs in there as the page sends them, and the page's token is accepted."""
    async with open_sign_in() as authenticator:
        [login] = authenticator.logins()
        verifier = "v" * 43
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "response_type": "code",
            "client_id": login.client_id,
            "redirect_uri": REDIRECT,
            "scope": login.scopes,
            "state": "s",
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        with httpx2.Client(timeout=120, trust_env=False) as browser:
            page = browser.get(login.authorization_endpoint, params=asked)
            action = html.unescape(re.findall(r'<form[^>]* action="([^"]+)"', page.text)[0])
            # They are for secure connections; a browser takes one to this machine for secure.
            cookies = "; ".join(each.partition(";")[0] for each in page.headers.get_list("set-cookie"))
            back = browser.post(action, data={"username": "bob", "password": "bob"}, headers={"Cookie": cookies})
            assert 302 == back.status_code, back.text
            answer = parse_qs(urlsplit(back.headers["location"]).query)
            form = {
                "grant_type": "authorization_code",
                "client_id": PAGE,
                "redirect_uri": REDIRECT,
                "code": answer["code"][0],
                "code_verifier": verifier,
            }
            given = browser.post(login.token_endpoint, data=form, headers={"Origin": "http://127.0.0.1:8000"})
        bob = await authenticator.caller(sent(given.json()["access_token"]))

    assert (["s"], [realm.url]) == (answer["state"], answer["iss"])
    assert "http://127.0.0.1:8000" == given.headers["access-control-allow-origin"]
    assert "Bob Keller" == bob.name


async def test_keys_may_be_rotated_and_withdrawn(open_sign_in: OpenSignIn, realm: Realm) -> None:
    """A token of the new key is accepted at once. One of the withdrawn key is refused after the next read."""
    old = realm.token("alice")
    async with open_sign_in() as authenticator:
        await authenticator.caller(sent(old))
        realm.rotate()
        new = realm.token("alice")
        began = time.monotonic()
        await authenticator.caller(sent(new))
        seconds = time.monotonic() - began
        await authenticator.caller(sent(old))
        realm.withdraw()
        await authenticator.first_look(within=60)
        assert "does not list" in await refused(authenticator, old)
        await authenticator.caller(sent(new))

    assert seconds < 5


async def test_known_keys_serve_while_the_provider_does_not_answer(
    open_sign_in: OpenSignIn, realm: Realm, keycloak: Keycloak
) -> None:
    """A gateway that starts meanwhile cannot check tokens, and says so. Both go on when the provider is back."""
    token = realm.token("alice")
    async with open_sign_in() as old, open_sign_in(looks=False) as fresh:
        keycloak.pause()
        try:
            await old.first_look(within=60)
            away = old.issuers()[0]
            await old.caller(sent(token))
        finally:
            keycloak.go_on()
        await old.first_look(within=60)
        back = old.issuers()[0]
        await fresh.caller(sent(token))

    assert ("STALE", "discovery did not answer within 5 s") == (
        away.status,
        (away.reason or "").replace("JWKS", "discovery"),
    )
    assert "OK" == back.status


async def test_a_gateway_starts_while_the_provider_is_away(
    open_sign_in: OpenSignIn, realm: Realm, keycloak: Keycloak
) -> None:
    """People are told to try again; then they are signed in."""
    token = realm.token("alice")
    keycloak.pause()
    try:
        async with open_sign_in() as authenticator:
            with pytest.raises(SignInUnavailableError):
                await authenticator.caller(sent(token))
            away = authenticator.issuers()[0].status
            keycloak.go_on()
            await authenticator.first_look(within=60)
            alice = await authenticator.caller(sent(token))
    finally:
        keycloak.go_on()

    assert ("UNAVAILABLE", "Alice Moreno") == (away, alice.name)


async def test_a_provider_that_is_started_again_goes_on_with_its_keys(
    open_sign_in: OpenSignIn, realm: Realm, keycloak: Keycloak
) -> None:
    """While it is down, people with tokens are signed in. Afterwards old and new tokens are good, without a restart of the gateway."""
    old = realm.token("alice")
    async with open_sign_in() as authenticator:
        keycloak.stop()
        try:
            await authenticator.first_look(within=60)
            away = authenticator.issuers()[0]
            names = [(await authenticator.caller(sent(old))).name]
        finally:
            keycloak.start()
        await authenticator.first_look(within=60)
        back = authenticator.issuers()[0]
        names += [(await authenticator.caller(sent(token))).name for token in (old, realm.token("bob"))]

    assert ("STALE", "OK") == (away.status, back.status)
    assert away.reason is not None
    assert "refused the connection" in away.reason
    assert ["Alice Moreno", "Alice Moreno", "Bob Keller"] == names
