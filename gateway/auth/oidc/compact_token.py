"""A signed token in its compact form (RFC 7515), read before anything in it is believed."""

import json
from typing import Any, NoReturn

from joserfc.errors import JoseError
from joserfc.jws import CompactSignature, JWSRegistry, extract_compact
from joserfc.util import urlsafe_b64decode
from msgspec import Struct

from gateway.auth.oidc.refusal import TokenRefusedError

MAX_TOKEN_BYTES = 8 * 1024
MAX_HEADER_BYTES = 1024

# They name keys, or change what is signed: keys come from the configuration, and nothing else is understood here.
_REFUSED_HEADERS = frozenset({"b64", "crit", "jku", "jwk", "x5c", "x5u"})
# RFC 9068 section 2.1; JWT is what most providers write.
_ACCESS_TOKEN_TYPES = frozenset({"at+jwt", "jwt", "application/at+jwt", "application/jwt"})
_LONGEST_KID = 256


class CompactToken(Struct, frozen=True):
    """`claims` are not proved yet: `signature` is to be checked. `kid` names the key, None if the token does not."""

    algorithm: str
    kid: str | None
    claims: dict[str, Any]
    signature: CompactSignature


def _sizes() -> JWSRegistry:
    registry = JWSRegistry(strict_check_header=False)
    registry.max_header_length = MAX_HEADER_BYTES
    registry.max_payload_length = MAX_TOKEN_BYTES
    # That of an RSA key of 8192 bits.
    registry.max_signature_length = 1366
    return registry


_SIZES = _sizes()


def read_token(token: bytes) -> CompactToken:
    """The token's parts; TokenRefusedError if it is no access token that could be checked."""
    if len(token) > MAX_TOKEN_BYTES:
        raise TokenRefusedError(f"The token is larger than {MAX_TOKEN_BYTES} bytes.")
    if token.count(b".") != 2:
        raise TokenRefusedError("The bearer token is unknown.")
    try:
        signature = extract_compact(token, registry=_SIZES)
        # Read again: joserfc takes the last of two members with one name, others may take the first.
        header, claims = _object(urlsafe_b64decode(signature.segments["header"])), _object(signature.payload)
    except (JoseError, ValueError, TypeError, RecursionError):
        raise TokenRefusedError("The token is not a well-formed JWT.") from None
    _check_header(header)
    algorithm, kid = header.get("alg"), header.get("kid")
    if not isinstance(algorithm, str) or not (kid is None or (isinstance(kid, str) and 0 < len(kid) <= _LONGEST_KID)):
        raise TokenRefusedError("The token's header is not that of an access token.")
    return CompactToken(algorithm, kid, claims, signature)


def is_writable(text: str) -> bool:
    """JSON may have a half of a surrogate pair, which is in no UTF-8: neither the journal nor an answer can hold it."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _check_header(header: dict[str, Any]) -> None:
    if not _REFUSED_HEADERS.isdisjoint(header):
        raise TokenRefusedError("The token's header names a key or an extension; that is not accepted.")
    told = header.get("typ", "JWT")
    if not isinstance(told, str) or told.lower() not in _ACCESS_TOKEN_TYPES:
        raise TokenRefusedError("The token's typ is not that of an access token.")


def _object(text: bytes) -> dict[str, Any]:
    value = json.loads(text.decode("utf-8"), object_pairs_hook=_distinct, parse_constant=_no_number)
    if not isinstance(value, dict):
        raise TypeError
    return value


def _distinct(members: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(members)
    if len(value) < len(members):
        raise ValueError("a member is there twice")
    return value


def _no_number(constant: str) -> NoReturn:
    raise ValueError(constant)
