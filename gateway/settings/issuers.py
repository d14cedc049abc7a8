"""`[[auth.issuers]]`: identity providers whose tokens sign people in."""

import re
import ssl
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from connectors.sdk.settings import Section, WebAddress

Algorithm = Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"]
"""Signatures with a public key. `none` and HMAC are not among them: with HMAC a public key would sign tokens."""

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

# Bytes of a file with certificates. That of a whole machine has about 220 kB.
LARGEST_CA_FILE = 1024 * 1024

_PATH = re.compile(r"[^.\s]{1,200}(\.[^.\s]{1,200}){0,9}")
_DOMAIN = re.compile(r"[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})+")
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,200}")


def _claim_path(value: str) -> str:
    if not _PATH.fullmatch(value):
        raise ValueError("must be the name of a claim, with dots for members: realm_access.roles")
    return value


def _domain(value: str) -> str:
    lower = value.lower().removeprefix("@")
    if not _DOMAIN.fullmatch(lower):
        raise ValueError("must be a domain such as example.com")
    return lower


def _scope(value: str) -> str:
    if not _SCOPE.fullmatch(value):
        raise ValueError("must be one scope, without spaces")
    return value


def certificates_in(path: Path) -> ssl.SSLContext:
    """Trusts the certificates of the file, in PEM, and no others. ValueError if there are none that can be read."""
    try:
        if path.stat().st_size > LARGEST_CA_FILE:
            raise ValueError(f"is larger than {LARGEST_CA_FILE} bytes")
        return ssl.create_default_context(cafile=str(path))
    except ssl.SSLError:
        raise ValueError("has no certificate in PEM") from None
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}") from None


def _ca_file(value: Path) -> Path:
    certificates_in(value)
    return value


def _several(value: object) -> object:
    """One text may stand for a list with one text."""
    return (value,) if isinstance(value, str) else value


ClaimPath = Annotated[str, AfterValidator(_claim_path)]
Text = Annotated[str, Field(min_length=1, max_length=500)]
Texts = Annotated[tuple[Text, ...], BeforeValidator(_several), Field(min_length=1)]


class ClaimPaths(Section):
    """Where a token says what about its person. Dots lead into members."""

    key: ClaimPath = "sub"
    name: ClaimPath = "name"
    email: ClaimPath = "email"
    groups: ClaimPath = "groups"
    roles: ClaimPath = "realm_access.roles"


class LoginSettings(Section):
    """How a page signs people in: a public client of the provider, by Authorization Code with PKCE."""

    client_id: Text
    scopes: tuple[Annotated[str, AfterValidator(_scope)], ...] = ("openid", "profile", "email")


class IssuerSettings(Section):
    """One `[[auth.issuers]]` entry.

    `issuer` is the exact `iss` of its tokens. `audience`: a token must be for one of these. Without `jwks_url` the keys are
    found by discovery. `ca_file`: certificates, in PEM, of the authorities that the provider's own may come from, in place of
    those of the machine; a relative path starts at the configuration's folder. `leeway` in seconds, for clocks that differ. `prefix` stands before the keys of its people.
    `email_verified` is the claim that an address is proved by; `trust_email` takes each address as proved.
    `email_domains`: addresses of other domains are not believed. `admin_roles` make a task admin. `required`: claims that
    must hold a value, or one of several.
    """

    issuer: WebAddress
    audience: Texts
    algorithms: tuple[Algorithm, ...] = Field(default=("RS256", "PS256", "ES256", "EdDSA"), min_length=1)
    jwks_url: WebAddress | None = None
    ca_file: Annotated[Path, AfterValidator(_ca_file)] | None = None
    leeway: float = Field(default=30.0, ge=0, le=300)
    prefix: str = Field(default="", pattern=r"^([A-Za-z0-9][A-Za-z0-9._@-]{0,39})?$")
    claims: ClaimPaths = ClaimPaths()
    email_verified: ClaimPath = "email_verified"
    trust_email: bool = False
    email_domains: tuple[Annotated[str, AfterValidator(_domain)], ...] = ()
    admin_roles: tuple[Text, ...] = ()
    required: dict[ClaimPath, Texts] = Field(default_factory=dict)
    login: LoginSettings | None = None

    @model_validator(mode="after")
    def _audience_is_no_client(self) -> Self:
        # The audience of an ID token is the client: with one value for both, an ID token would be an access token.
        if self.login is not None and self.login.client_id in self.audience:
            raise ValueError("audience and login.client_id must differ: tokens for the page's client are ID tokens")
        return self


def is_loopback(address: str) -> bool:
    return (urlsplit(address).hostname or "") in LOOPBACK


def is_protected(address: str) -> bool:
    """Whether what is read there cannot be changed on its way."""
    return urlsplit(address).scheme == "https" or is_loopback(address)
