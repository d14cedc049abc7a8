"""Whether a token was signed by a configured issuer, for this gateway, and holds now."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from joserfc.errors import ExpiredTokenError, InvalidClaimError, JoseError, MissingClaimError
from joserfc.jwa import JWSAlgModel
from joserfc.jws import JWSRegistry, validate_compact
from joserfc.jwt import JWTClaimsRegistry

from gateway.auth.oidc.compact_token import CompactToken, is_writable, read_token
from gateway.auth.oidc.issuer import Issuer
from gateway.auth.oidc.refusal import TokenRefusedError

_LONGEST_SUBJECT = 255

_WRONG = {
    "aud": "The token is for another audience.",
    "exp": "The token has no end in time that can be read.",
    "nbf": "The token does not hold yet.",
    "iat": "The token was issued in the future.",
    "sub": "The token names no person.",
}


class _OneAlgorithm(JWSRegistry):
    """joserfc's own registry warns of EdDSA, which RFC 9864 renames, and which providers still send."""

    def get_alg(self, name: str) -> JWSAlgModel:
        return self.algorithms[name]


class TokenCheck:
    """`now` gives seconds since 1970."""

    def __init__(self, issuers: Sequence[Issuer], *, now: Callable[[], float] = time.time) -> None:
        self._issuers = {issuer.settings.issuer: issuer for issuer in issuers}
        self._claims = {issuer.settings.issuer: _expected(issuer, now) for issuer in issuers}

    async def checked(self, token: bytes) -> tuple[Issuer, Mapping[str, Any]]:
        """The issuer and the claims of an access token.

        TokenRefusedError, or KeysUnavailableError while the issuer's keys are not known. All that costs little comes
        before the look-up of the key and the signature.
        """
        read = read_token(token)
        issuer = self._issuer_of(read)
        if read.algorithm not in issuer.settings.algorithms:
            raise TokenRefusedError("The token is signed by an algorithm that is not accepted.")
        _refuse_other_tokens(read.claims)
        self._check_claims(issuer, read.claims)
        await _check_signature(read, issuer)
        return issuer, read.claims

    def _issuer_of(self, read: CompactToken) -> Issuer:
        named = read.claims.get("iss")
        issuer = self._issuers.get(named) if isinstance(named, str) else None
        if issuer is None:
            raise TokenRefusedError("The token's issuer is not known here.")
        return issuer

    def _check_claims(self, issuer: Issuer, claims: dict[str, Any]) -> None:
        try:
            self._claims[issuer.settings.issuer].validate(claims)
        except ExpiredTokenError:
            raise TokenRefusedError("The token has expired.") from None
        except InvalidClaimError as error:
            raise TokenRefusedError(_WRONG.get(error.claim, "The token's claims are not accepted.")) from None
        except MissingClaimError as error:
            missing = error.claim.partition(",")[0]
            raise TokenRefusedError(_WRONG.get(missing, "The token lacks a claim.")) from None
        if len(claims["sub"]) > _LONGEST_SUBJECT or not is_writable(claims["sub"]):
            raise TokenRefusedError(_WRONG["sub"])


def _expected(issuer: Issuer, now: Callable[[], float]) -> JWTClaimsRegistry:
    return JWTClaimsRegistry(
        now=lambda: int(now()),
        leeway=int(issuer.settings.leeway),
        iss={"essential": True, "value": issuer.settings.issuer},
        aud={"essential": True, "values": list(issuer.settings.audience)},
        exp={"essential": True},
        sub={"essential": True},
    )


def _refuse_other_tokens(claims: Mapping[str, Any]) -> None:
    """Other tokens of a provider are signed with the same keys: ID, refresh and logout tokens."""
    kinds = (claims.get("typ", "Bearer"), claims.get("token_use", "access"))  # Keycloak's claim, and Cognito's
    has_scope = "scope" in claims or "scp" in claims
    if kinds != ("Bearer", "access") or ("nonce" in claims and not has_scope) or "events" in claims:
        raise TokenRefusedError("The token is not an access token.")
    if "cnf" in claims:
        # RFC 7800: its sender must prove to hold a key, which is not checked here.
        raise TokenRefusedError("The token is bound to a key of its client; such tokens are not accepted.")


async def _check_signature(read: CompactToken, issuer: Issuer) -> None:
    key = await issuer.key(read.kid, read.algorithm)
    try:
        is_valid = validate_compact(read.signature, key, registry=_ALGORITHMS)
    except (JoseError, ValueError, TypeError):
        is_valid = False
    if not is_valid:
        raise TokenRefusedError("The token's signature is wrong.")


# The algorithm is one of the issuer's here, and the key one for that algorithm.
_ALGORITHMS = _OneAlgorithm(strict_check_header=False)
