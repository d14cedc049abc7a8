"""What the claims of a checked token say about its person."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from connectors.sdk.caller import TASK_ADMIN
from gateway.auth.oidc.compact_token import is_writable
from gateway.auth.oidc.refusal import TokenRefusedError
from gateway.people import SignedIn
from gateway.settings import IssuerSettings

_LONGEST_KEY, _LONGEST_NAME, _LONGEST_EMAIL = 200, 200, 254
_EMAIL = re.compile(r"[^@\s\x00-\x1f\x7f]+@[A-Za-z0-9.-]+")
# The last moment that other parts of the gateway can write as a time.
_LAST_MOMENT = 253_402_300_799


def signed_in(settings: IssuerSettings, claims: Mapping[str, Any]) -> SignedIn:
    """The person of a token that `TokenCheck` has accepted; TokenRefusedError if the claims tell none that is let in."""
    for path, values in settings.required.items():
        if not set(values) & set(_texts(_at(claims, path))):
            raise TokenRefusedError("A claim that is required here is missing or has another value.")
    email = _email(_at(claims, settings.claims.email))
    is_proved = email is not None and _is_proved(settings, claims, email)
    return SignedIn(
        issuer=settings.issuer,
        subject=claims["sub"],
        key=settings.prefix + _key(settings, claims, email if is_proved else None),
        name=_name(settings, claims, email),
        email=email,
        is_email_proved=is_proved,
        groups=tuple(dict.fromkeys(_texts(_at(claims, settings.claims.groups)))),
        roles=frozenset({TASK_ADMIN})
        if set(settings.admin_roles) & set(_texts(_at(claims, settings.claims.roles)))
        else frozenset(),
        # Rules of sources take names and ids from claims: an address that is not proved is none.
        claims=claims if is_proved else _without(claims, settings.claims.email),
        expires_at=float(min(claims["exp"], _LAST_MOMENT)),
    )


def _at(claims: Mapping[str, Any], path: str) -> Any:
    """The claim at a path. A claim whose own name has dots, such as an address, comes before members."""
    if path in claims:
        return claims[path]
    value: Any = claims
    for name in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value


def _without(claims: Mapping[str, Any], path: str) -> Mapping[str, Any]:
    """The claims without what `_at` finds there, by either way of reading the path."""
    return _dropped({name: value for name, value in claims.items() if name != path}, path.split("."))


def _dropped(value: Mapping[str, Any], names: Sequence[str]) -> Mapping[str, Any]:
    first, *rest = names
    if not rest:
        return {name: member for name, member in value.items() if name != first}
    inner = value.get(first)
    return {**value, first: _dropped(inner, rest)} if isinstance(inner, Mapping) else value


def _texts(value: Any) -> Sequence[str]:
    """A text or a list of texts, as providers write either. Anything else is nothing: Keycloak leaves out empty lists."""
    listed = value if isinstance(value, list) else (value,)
    return [each for each in listed if isinstance(each, str) and each and is_writable(each)]


def _key(settings: IssuerSettings, claims: Mapping[str, Any], proved_email: str | None) -> str:
    if settings.claims.key == settings.claims.email:
        # People may write any address into their account: only a proved one says who they are.
        if proved_email is None:
            raise TokenRefusedError("The token has no proved e-mail address, which is the person's key here.")
        return proved_email
    key = _at(claims, settings.claims.key)
    if not isinstance(key, str) or not 0 < len(key) <= _LONGEST_KEY or not key.isprintable() or key != key.strip():
        raise TokenRefusedError("The token lacks the claim that is the person's key here.")
    return key


def _name(settings: IssuerSettings, claims: Mapping[str, Any], email: str | None) -> str:
    for told in (_at(claims, settings.claims.name), claims.get("preferred_username"), email, claims["sub"]):
        name = " ".join("".join(c if c.isprintable() else " " for c in told).split()) if isinstance(told, str) else ""
        if name:
            return name[:_LONGEST_NAME]
    return "-"


def _email(value: Any) -> str | None:
    if not isinstance(value, str) or len(value) > _LONGEST_EMAIL or not _EMAIL.fullmatch(value):
        return None
    # A lower case beyond ASCII may be another person's address: that of the Kelvin sign is a k.
    return value.lower() if value.isascii() else None


def _is_proved(settings: IssuerSettings, claims: Mapping[str, Any], email: str) -> bool:
    told = _at(claims, settings.email_verified)
    # Some providers write the word.
    is_told = told is True or told == "true"
    is_own = not settings.email_domains or email.rpartition("@")[2] in settings.email_domains
    return is_own and (is_told or settings.trust_email)
