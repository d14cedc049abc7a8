"""`[auth]`: how callers sign in."""

import hashlib
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from connectors.sdk.settings import Section, WebAddress
from gateway.settings.issuers import IssuerSettings

# `printf %s "$KEY" | sha256sum` and `echo "$KEY" | sha256sum` with a KEY that is not set.
_OF_NOTHING = {hashlib.sha256(nothing).hexdigest() for nothing in (b"", b"\n")}


def _digest(value: str) -> str:
    lower = value.lower()
    if len(lower) != 64 or not set(lower) <= set("0123456789abcdef"):
        raise ValueError('must be a SHA-256 digest of 64 hexadecimal digits: printf %s "$KEY" | sha256sum')
    if lower in _OF_NOTHING:
        raise ValueError("is the digest of an empty key; was the variable set?")
    return lower


Digest = Annotated[str, AfterValidator(_digest)]


class DemoAuth(Section):
    """For development only: the bearer token is a person's key. A request without a token is `default_person`."""

    mode: Literal["demo"]
    default_person: str = "alice"


class ApiKey(Section):
    """`sha256` is the hexadecimal digest of the bearer token. The token itself is never stored."""

    person: str
    sha256: Digest


class ApiKeysAuth(Section):
    mode: Literal["api_keys"]
    keys: tuple[ApiKey, ...] = Field(min_length=1)


class OidcAuth(Section):
    """Tokens of identity providers, and `keys` for machines.

    `keep_seconds`: for how long a checked token is not checked again; 0 checks it for each request. `resource` is the
    public address of /graphql, for clients that look for the provider; without it the request's own address is told.
    """

    mode: Literal["oidc"]
    issuers: tuple[IssuerSettings, ...] = Field(min_length=1, max_length=20)
    keys: tuple[ApiKey, ...] = ()
    keep_seconds: float = Field(default=60.0, ge=0, le=60)
    resource: WebAddress | None = None


AuthSettings = DemoAuth | ApiKeysAuth | OidcAuth
Auth = Annotated[AuthSettings, Field(discriminator="mode")]
