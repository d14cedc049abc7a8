"""Tokens that must sign in no one. Each is refused in words, and the good token beside them is accepted."""

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from gateway.auth import UnauthenticatedCallerError
from gateway.auth.oidc.sign_in import OidcSignIn
from sandbox.issuer import CERTS, GATEWAY, PAGE, SmallIssuer
from tests.gateway.auth.oidc.providing import BEGINNING, Time, signing_in, small_issuer

OTHER = ECKey.generate_key("P-256", {"kid": "other"})
RSA = RSAKey.generate_key(2048, {"kid": "rsa"})


def encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def unsigned(small: SmallIssuer, header: dict[str, Any], claims: dict[str, Any] | None = None) -> str:
    parts = [json.dumps(part).encode() for part in (header, claims or small.claims("alice"))]
    return ".".join([*map(encoded, parts), ""])


def signed_raw(small: SmallIssuer, header: bytes, payload: bytes) -> str:
    """A token with exactly these bytes, signed by the issuer's own key."""
    from joserfc.jws import JWSRegistry

    content = f"{encoded(header)}.{encoded(payload)}"
    signature = JWSRegistry.algorithms["ES256"].sign(content.encode(), small.ring.signing_key)
    return f"{content}.{encoded(signature)}"


def own_header(small: SmallIssuer, **more: Any) -> bytes:
    return json.dumps({"alg": "ES256", "kid": small.ring.kid, "typ": "JWT", **more}).encode()


def payload(small: SmallIssuer, **more: Any) -> bytes:
    return json.dumps(small.claims("alice") | more).encode()


def with_hmac(small: SmallIssuer) -> str:
    """Signed with the public key as a secret: what a verifier takes that lets the token choose the algorithm."""
    public = json.dumps(small.ring.signing_key.as_dict(private=False)).encode()
    content = unsigned(small, {"alg": "HS256", "kid": small.ring.kid, "typ": "JWT"}).removesuffix(".")
    return f"{content}.{encoded(hmac.digest(public, content.encode(), hashlib.sha256))}"


def by_key_within(small: SmallIssuer, **header: Any) -> str:
    """Signed by a key that the token itself brings along."""
    public = OTHER.as_dict(private=False)
    more = {name: public if value == "key" else value for name, value in header.items()}
    return jwt.encode({"alg": "ES256", "kid": small.ring.kid, **more}, small.claims("alice"), OTHER)


def changed_signature(small: SmallIssuer) -> str:
    token = small.token("alice")
    return token[:-10] + ("A" if token[-10] != "A" else "B") + token[-9:]


def other_claims(small: SmallIssuer) -> str:
    """The payload of another token under the signature of this one."""
    mine, other = small.token("alice").split("."), small.token("carol").split(".")
    return ".".join([mine[0], other[1], mine[2]])


def deep(small: SmallIssuer) -> str:
    return signed_raw(small, own_header(small), b'{"a":' + b"[" * 2000 + b"]" * 2000 + b"}")


Make = Callable[[SmallIssuer], str]

HOSTILE: dict[str, Make] = {
    "no token at all": lambda _: "alice",
    "two parts": lambda small: small.token("alice").rpartition(".")[0],
    "four parts": lambda small: small.token("alice") + ".x",
    "five parts, as an encrypted one": lambda _: "a.b.c.d.e",
    "dots only": lambda _: "..",
    "no base64": lambda small: "é".encode().decode("latin-1") + small.token("alice"),
    "padded base64": lambda small: small.token("alice") + "==",
    "a part that is no JSON": lambda small: signed_raw(small, own_header(small), b"{"),
    "a list": lambda small: signed_raw(small, own_header(small), b"[]"),
    "a header that is a list": lambda small: signed_raw(small, b"[]", payload(small)),
    "no UTF-8": lambda small: signed_raw(small, own_header(small), b'{"iss":"\xff"}'),
    "deeper than can be read": deep,
    "larger than 8 kB": lambda small: small.token("alice", more="x" * 9000),
    "larger than 8 kB as a whole": lambda small: small.token("alice", more="x" * 5400),
    "a header larger than 1 kB": lambda small: signed_raw(small, own_header(small, x="y" * 1100), payload(small)),
    "alg none": lambda small: unsigned(small, {"alg": "none", "typ": "JWT"}),
    "alg None": lambda small: unsigned(small, {"alg": "None", "kid": small.ring.kid}),
    "alg is a list": lambda small: unsigned(small, {"alg": ["ES256"], "kid": small.ring.kid}),
    "no alg": lambda small: unsigned(small, {"kid": small.ring.kid}),
    "no signature": lambda small: small.token("alice").rpartition(".")[0] + ".",
    "HMAC with the public key": with_hmac,
    "an algorithm that no one has": lambda small: unsigned(small, {"alg": "XS256", "kid": small.ring.kid}),
    "an algorithm of the provider that is not configured": lambda small: unsigned(
        small, {"alg": "ES512", "kid": small.ring.kid}
    ),
    "another key of the same id": by_key_within,
    "another type of key of the same id": lambda small: jwt.encode(
        {"alg": "RS256", "kid": small.ring.kid}, small.claims("alice"), RSA
    ),
    "a key of its own": lambda small: by_key_within(small, jwk="key"),
    "a set of keys of its own": lambda small: by_key_within(small, jku="http://127.0.0.1:9/keys"),
    "a certificate of its own": lambda small: by_key_within(small, x5c=["MIIB"]),
    "a certificate elsewhere": lambda small: by_key_within(small, x5u="http://127.0.0.1:9/certificate"),
    "good, with jku": lambda small: signed_raw(small, own_header(small, jku=small.base_url + CERTS), payload(small)),
    "good, with crit": lambda small: signed_raw(small, own_header(small, crit=["exp"]), payload(small)),
    "good, with empty crit": lambda small: signed_raw(small, own_header(small, crit=[]), payload(small)),
    "good, with b64": lambda small: signed_raw(small, own_header(small, b64=False), payload(small)),
    "good, with a kid that is no text": lambda small: signed_raw(small, own_header(small, kid=7), payload(small)),
    "good, with a kid without end": lambda small: signed_raw(small, own_header(small, kid="k" * 300), payload(small)),
    "a member of the header twice": lambda small: signed_raw(
        small, own_header(small)[:-1] + b', "typ": "JWT"}', payload(small)
    ),
    "a member of the payload twice": lambda small: signed_raw(
        small, own_header(small), payload(small)[:-1] + b', "sub": "carol"}'
    ),
    "a member within twice": lambda small: signed_raw(
        small, own_header(small), payload(small)[:-1] + b', "a": {"b": 1, "b": 2}}'
    ),
    "a changed signature": changed_signature,
    "the claims of another token": other_claims,
    "typ of a logout token": lambda small: signed_raw(small, own_header(small, typ="logout+jwt"), payload(small)),
    "typ of a DPoP proof": lambda small: signed_raw(small, own_header(small, typ="dpop+jwt"), payload(small)),
    "typ is no text": lambda small: signed_raw(small, own_header(small, typ=1), payload(small)),
    "an ID token": lambda small: small.id_token("alice"),
    "an ID token for the gateway": lambda small: small.ring.signed(
        jwt.decode(small.id_token("alice"), small.ring.signing_key, algorithms=["ES256"]).claims | {"aud": GATEWAY}
    ),
    "an ID token without typ": lambda small: small.token("alice", without=("typ", "scope"), nonce="n"),
    "an ID token by token_use": lambda small: small.token("alice", token_use="id"),
    "a refresh token": lambda small: small.token("alice", typ="Refresh"),
    "a logout token": lambda small: small.token("alice", events={"http://x": {}}),
    "bound to a key of its client": lambda small: small.token("alice", cnf={"jkt": "x"}),
    "another issuer": lambda small: small.token("alice", iss="http://127.0.0.1:9/realms/other"),
    "the issuer with a slash": lambda small: small.token("alice", iss=small.address + "/"),
    "the issuer in a list": lambda small: small.token("alice", iss=[small.address]),
    "no issuer": lambda small: small.token("alice", without=("iss",)),
    "another audience": lambda small: small.token("alice", aud="account"),
    "other audiences": lambda small: small.token("alice", aud=["account", PAGE]),
    "the audience within a text": lambda small: small.token("alice", aud=f"{GATEWAY} account"),
    "an audience in another case": lambda small: small.token("alice", aud=GATEWAY.upper()),
    "audiences that are no texts": lambda small: small.token("alice", aud=[GATEWAY, 7]),
    "an audience in an object": lambda small: small.token("alice", aud={GATEWAY: True}),
    "no audience": lambda small: small.token("alice", without=("aud",)),
    "an empty list of audiences": lambda small: small.token("alice", aud=[]),
    "expired": lambda small: small.token("alice", lifetime_s=-31),
    "no end": lambda small: small.token("alice", without=("exp",)),
    "an end as text": lambda small: small.token("alice", exp="9999999999"),
    "an end that is true": lambda small: small.token("alice", exp=True),
    "an end that is no number": lambda small: signed_raw(
        small, own_header(small), payload(small).replace(b'"exp": ', b'"exp": NaN, "old": ')
    ),
    "an endless end": lambda small: signed_raw(
        small, own_header(small), payload(small).replace(b'"exp": ', b'"exp": 1e999, "old": ')
    ),
    "an end of 5,000 digits": lambda small: signed_raw(
        small, own_header(small), payload(small).replace(b'"exp": ', b'"exp": ' + b"9" * 5000 + b', "old": ')
    ),
    "not yet": lambda small: small.token("alice", nbf=BEGINNING + 31),
    "issued in the future": lambda small: small.token("alice", iat=BEGINNING + 31),
    "no person": lambda small: small.token("alice", without=("sub",)),
    "an empty person": lambda small: small.token("alice", sub=""),
    "a person that is a number": lambda small: small.token("alice", sub=7),
    "a person of half a character": lambda small: signed_raw(
        small, own_header(small), json.dumps({**small.claims("alice"), "sub": "a\ud800"}).encode()
    ),
    "a person without end": lambda small: small.token("alice", sub="s" * 300),
}


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def small(time: Time) -> SmallIssuer:
    return small_issuer(time)


@pytest.fixture
async def sign_in(small: SmallIssuer, time: Time) -> AsyncIterator[OidcSignIn]:
    async with signing_in((small, {}), time=time) as opened:
        yield opened


@pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE.keys())
async def test_a_hostile_token_is_refused(sign_in: OidcSignIn, small: SmallIssuer, make: Make) -> None:
    """In one sentence that repeats nothing of it. It is not kept, and a second time it is refused again."""
    token = make(small)
    for _ in range(2):
        with pytest.raises(UnauthenticatedCallerError) as caught:
            await sign_in.person(token.encode("latin-1"))
        text = str(caught.value)
        assert caught.value.is_token_bad
        assert text.isascii()
        assert text.endswith(".")
        assert not set('"\\\n') & set(text)
        assert token not in text

    assert 0 == len(sign_in._kept)
    assert await sign_in.person(small.token("alice").encode())


GOOD: dict[str, Make] = {
    "as the provider writes it": lambda small: small.token("alice"),
    "one audience as text": lambda small: small.token("alice", aud=GATEWAY),
    "at+jwt (RFC 9068)": lambda small: small.ring.signed(small.claims("alice"), {"typ": "at+jwt"}),
    "the whole media type": lambda small: small.ring.signed(small.claims("alice"), {"typ": "application/at+jwt"}),
    "no typ": lambda small: signed_raw(
        small, json.dumps({"alg": "ES256", "kid": small.ring.kid}).encode(), payload(small)
    ),
    "no kid, and one key": lambda small: signed_raw(small, b'{"alg": "ES256", "typ": "JWT"}', payload(small)),
    "a header member that is not known": lambda small: signed_raw(small, own_header(small, nonce="n"), payload(small)),
    "a nonce beside scopes": lambda small: small.token("alice", nonce="n"),
    "expired within the leeway": lambda small: small.token("alice", lifetime_s=-29),
    "from within the leeway on": lambda small: small.token("alice", nbf=BEGINNING + 29),
    "an end with a fraction": lambda small: small.token("alice", exp=BEGINNING + 9.5),
    "no iat": lambda small: small.token("alice", without=("iat",)),
}


@pytest.mark.parametrize("make", GOOD.values(), ids=GOOD.keys())
async def test_a_good_token_is_accepted(sign_in: OidcSignIn, small: SmallIssuer, make: Make) -> None:
    """The hostile ones differ from these in one thing each."""
    caller = await sign_in.person(make(small).encode())

    assert caller is not None
    assert "Alice Moreno" == caller.name


async def test_a_subject_is_bounded_also_where_it_is_no_key(small: SmallIssuer, time: Time) -> None:
    """It is kept and logged."""
    async with signing_in((small, {"claims": {"key": "preferred_username"}}), time=time) as sign_in:
        with pytest.raises(UnauthenticatedCallerError, match="names no person"):
            await sign_in.person(small.token("alice", sub="s" * 256).encode())
        assert await sign_in.person(small.token("alice", sub="s" * 255).encode())


async def test_cheap_faults_ask_the_provider_nothing(sign_in: OidcSignIn, small: SmallIssuer) -> None:
    """What is wrong with issuer, audience, time or type is seen before a key is looked for."""
    for name in ("larger than 8 kB", "another issuer", "another audience", "expired", "an ID token", "good, with jku"):
        with pytest.raises(UnauthenticatedCallerError):
            await sign_in.person(HOSTILE[name](small).encode())

    assert 0 == small.requests.total()
