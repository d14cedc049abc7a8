"""Tokens as an issuer gives them, checked where they are received.

A token that cannot be sent in a header, or that is no bearer token, is refused in words. So it is never kept, and the
next request asks for another one.
"""

import re
from base64 import urlsafe_b64decode
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, TypeVar

import msgspec

from connectors.sdk.errors import MalformedResponseError

if TYPE_CHECKING:
    from connectors.sdk.http.answer import Answer

T = TypeVar("T")

# What a header carries after "Bearer ": ASCII, without spaces and control characters.
_SENDABLE = re.compile(r"[\x21-\x7e]+")
_LIFETIME = re.compile(r'"?\s*([0-9]{1,9})(?:\.[0-9]+)?\s*"?')


class Token(msgspec.Struct, frozen=True):
    """`lifetime` in seconds from now; None if the issuer does not tell."""

    value: str
    lifetime: float | None


class TokenAnswer(msgspec.Struct):
    """RFC 6749 section 5.1. The lifetime is read as it comes."""

    access_token: str
    token_type: str | None = None
    expires_in: msgspec.Raw = msgspec.Raw(b"null")


def is_sendable(token: str) -> bool:
    """Whether `token` can stand in a header."""
    return _SENDABLE.fullmatch(token) is not None


class _Expiry(msgspec.Struct):
    exp: float


class _Audience(msgspec.Struct):
    aud: str | tuple[str, ...] = ()


class _Use(msgspec.Struct):
    aud: object = None
    azp: object = None
    client_id: object = None
    scope: object = None


def has_expired(token: str, now: datetime) -> bool:
    """Whether `token` is a JWT (RFC 7519) whose end has passed. Other tokens do not tell."""
    claims = _claims(token, _Expiry)
    return claims is not None and claims.exp <= now.timestamp()


def seconds_left(token: str, now: datetime) -> float | None:
    """Seconds until the end of a JWT, below 0 after it; None for a token that does not tell."""
    claims = _claims(token, _Expiry)
    return None if claims is None else claims.exp - now.timestamp()


def is_for(token: str, audience: str) -> bool:
    """Whether `audience` is in the `aud` of a JWT, which is a text or a list. False for a token that does not tell."""
    claims = _claims(token, _Audience)
    if claims is None:
        return False
    return claims.aud == audience if isinstance(claims.aud, str) else audience in claims.aud


@lru_cache(maxsize=256)
def use_of(token: str) -> str | None:
    """A digest of what a JWT is for: its audience, client and scope (RFC 9068, section 2.2; `azp`: OpenID Connect).

    Equal for the tokens that one client gets one after another. None for a token that does not tell.
    """
    claims = _claims(token, _Use)
    if claims is None:
        return None
    told = [_words(value) for value in (claims.aud, claims.azp, claims.client_id, claims.scope)]
    return blake2b(msgspec.json.encode(told), digest_size=16).hexdigest()


def _words(value: object) -> list[str]:
    """In no order: a provider may write them in another one each time."""
    each = value.split() if isinstance(value, str) else value if isinstance(value, list) else [value]
    return sorted(map(str, each))


def _claims(token: str, kind: type[T]) -> T | None:
    """Claims of a JWT, whose signature is not checked: it was when the person signed in, or is by the vendor."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        return msgspec.json.decode(urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)), type=kind)
    except (ValueError, msgspec.MsgspecError):
        return None


def received_token(value: str, *, lifetime: float | None, native_status: int | None = None) -> Token:
    """The token of an answer; MalformedResponseError if it cannot be sent."""
    if not is_sendable(value):
        what = "an empty token" if not value else "a token that no header can carry"
        raise MalformedResponseError(f"the token endpoint gave {what}", native_status=native_status)
    return Token(value, lifetime)


def token_of(answer: "Answer") -> Token:
    """The token in the answer of an OAuth token endpoint.

    A lifetime is a number above 0, also as text; anything else is unknown. MalformedResponseError for another answer, for a
    token that cannot be sent, and for one of another type than Bearer, which would need more than a header.
    """
    body = answer.decode(TokenAnswer)
    if body.token_type and not body.token_type.strip().lower().startswith("bearer"):
        raise MalformedResponseError("the token endpoint gave no bearer token", native_status=answer.status)
    found = _LIFETIME.fullmatch(bytes(body.expires_in).decode("utf-8", "replace"))
    lifetime = 0 if found is None else int(found[1])
    return received_token(body.access_token, lifetime=lifetime or None, native_status=answer.status)
