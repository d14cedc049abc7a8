"""Each configured algorithm is accepted, with the key for it."""

import json
from typing import Any

import pytest
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry
from joserfc.util import int_to_base64
from starlette.responses import JSONResponse

from gateway.auth import UnauthenticatedCallerError
from gateway.auth.oidc.key_set import KeySet
from gateway.settings import IssuerSettings
from sandbox.issuer import CERTS
from tests.gateway.auth.oidc.providing import Time, signing_in, small_issuer
from tests.gateway.auth.oidc.test_hostile_tokens import encoded, payload

RSA = RSAKey.generate_key(2048, {"kid": "k"})
KEYS: dict[str, Any] = {
    "RS256": RSA,
    "RS512": RSA,
    "PS256": RSA,
    "ES256": ECKey.generate_key("P-256", {"kid": "k"}),
    "ES384": ECKey.generate_key("P-384", {"kid": "k"}),
    "EdDSA": OKPKey.generate_key("Ed25519", {"kid": "k"}),
    "Ed25519": OKPKey.generate_key("Ed25519", {"kid": "k"}),
}


@pytest.mark.parametrize("algorithm", KEYS)
async def test_an_algorithm_is_accepted_where_it_is_configured(algorithm: str) -> None:
    """And refused where it is not."""
    time = Time()
    small = small_issuer(time)
    small.replaced[CERTS] = JSONResponse({"keys": [KEYS[algorithm].as_dict(private=False)]})
    header = json.dumps({"alg": algorithm, "kid": "k"}).encode()
    content = f"{encoded(header)}.{encoded(payload(small))}"
    token = f"{content}.{encoded(JWSRegistry.algorithms[algorithm].sign(content.encode(), KEYS[algorithm]))}".encode()

    async with signing_in((small, {"algorithms": [algorithm]}), time=time) as sign_in:
        assert await sign_in.person(token)
    others = [name for name in KEYS if name != algorithm]
    async with signing_in((small, {"algorithms": others}), time=time) as sign_in:
        with pytest.raises(UnauthenticatedCallerError, match="algorithm"):
            await sign_in.person(token)


def test_the_default_algorithms_have_no_secret() -> None:
    """Those of RFC 8725: signatures with a public key."""
    assert ("RS256", "PS256", "ES256", "EdDSA") == IssuerSettings.model_fields["algorithms"].default


def listed(key: Any, **more: Any) -> dict[str, Any]:
    return {**key.as_dict(private=False), **more}


@pytest.mark.parametrize(
    "unusable",
    [
        listed(RSA, use="enc", alg="RSA-OAEP"),
        listed(RSA, use="enc"),
        listed(RSA, key_ops=["encrypt"]),
        listed(RSA, alg="RS512"),
        listed(RSA, kid="other"),
        listed(RSA, e=""),
        listed(RSA, n="AQAB"),
        listed(RSA, n=RSA.as_dict(private=False)["n"] * 8),
        listed(RSA, e=int_to_base64(2**1000 + 1)),
        {"kty": "RSA", "kid": "k"},
        {**OctKey.generate_key(256, {"kid": "k"}).as_dict(private=True)},
        listed(KEYS["ES256"]),
        listed(KEYS["EdDSA"]),
        {**listed(RSA), "kty": 7},
        {**listed(RSA), "n": 7},
        {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "kid": "k"},
        {"kty": "EC", "crv": "secp256k1", "x": "AA", "y": "AA", "kid": "k"},
        "a text",
        None,
        [],
    ],
)
def test_a_key_that_is_not_for_the_algorithm_is_not_found(unusable: Any) -> None:
    """Nor does it keep others from being found."""
    assert KeySet([unusable]).find("k", "RS256") is None
    assert KeySet([unusable, listed(RSA)]).find("k", "RS256") is not None


def test_without_a_kid_only_the_one_fitting_key_is_meant() -> None:
    """A token without kid, and two keys that could have signed it: none is tried."""
    second = RSAKey.import_key(RSA.as_dict(private=False) | {"kid": "second"})

    assert KeySet([listed(RSA), listed(KEYS["ES256"])]).find(None, "RS256") is not None
    assert KeySet([listed(RSA), listed(second)]).find(None, "RS256") is None


def test_a_private_key_in_the_set_stays_private() -> None:
    """A provider that publishes one has a problem; the gateway takes the public part."""
    key = KeySet([RSA.as_dict(private=True)]).find("k", "RS256")

    assert key is not None
    assert not key.is_private
