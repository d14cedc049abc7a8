"""Finds the person who sent a request, by its Authorization header."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Protocol

import anyio
from msgspec import Struct

from connectors.sdk.caller import Caller
from gateway.auth.api_keys import ApiKeySignIn
from gateway.auth.challenge import UnauthenticatedCallerError
from gateway.auth.demo import DemoSignIn
from gateway.auth.oidc import Issuer, IssuerStatus, OidcSignIn, open_issuers
from gateway.people import People
from gateway.settings import ApiKeysAuth, AuthSettings, DemoAuth, OidcAuth

MAX_HEADER_BYTES = 8 * 1024 + len("Bearer ")

Headers = Sequence[tuple[bytes, bytes]]
"""Headers of an ASGI scope, names in lower case."""


class SignIn(Protocol):
    """One mode of `[auth]`."""

    async def person(self, token: bytes) -> Caller | None:
        """The person whom the bearer token stands for; None for an unknown token.

        UnauthenticatedCallerError with a reason; SignInUnavailableError if that cannot be told now.
        """
        ...

    def person_without_token(self) -> Caller | None:
        """The person of a request without an Authorization header; None where a token is required."""
        ...

    def is_credential(self, token: bytes) -> bool:
        """Whether a source may get the token as the caller's own."""
        ...


class Login(Struct, frozen=True, kw_only=True):
    """Where a page signs people in, as a public client. `scopes` are divided by spaces."""

    issuer: str
    client_id: str
    scopes: str
    authorization_endpoint: str
    token_endpoint: str


class Authenticator:
    """`issuers` are those of `[[auth.issuers]]`; none in other modes."""

    def __init__(self, method: SignIn, issuers: Sequence[Issuer] = ()) -> None:
        self._method = method
        self._issuers = issuers

    async def caller(self, headers: Headers) -> Caller:
        """The person who sent `headers`.

        UnauthenticatedCallerError without a known one; SignInUnavailableError if that cannot be told now.
        """
        sent = _authorization(headers)
        if not sent:
            caller = self._method.person_without_token()
            if caller is None:
                raise UnauthenticatedCallerError("Sign in with Authorization: Bearer <token>.", is_token_bad=False)
            return caller
        if len(sent) > 1:
            # A proxy in between may have checked the other one.
            raise UnauthenticatedCallerError("Send one Authorization header.", is_token_bad=True)
        caller = await self._method.person(_bearer_token(sent[0]))
        if caller is None:
            raise UnauthenticatedCallerError("The bearer token is unknown.", is_token_bad=True)
        return caller

    def token(self, headers: Headers) -> str | None:
        """The caller's token, for sources with `acts_as` viewer or exchange; None where the token is no credential."""
        sent = _authorization(headers)
        if len(sent) != 1:
            return None
        token = sent[0].partition(b" ")[2].strip()
        return token.decode("latin-1") if token and self._method.is_credential(token) else None

    def issuers(self) -> Sequence[IssuerStatus]:
        return [issuer.status() for issuer in self._issuers]

    def logins(self) -> Sequence[Login]:
        """What is known of the issuers with `login`; one that was not discovered yet is left out."""
        return [login for issuer in self._issuers if (login := _login(issuer)) is not None]

    def adopt(self, before: "Authenticator") -> None:
        """Begin with the keys that another one knows: a provider may be away just now."""
        for issuer in self._issuers:
            for known in before._issuers:  # noqa: SLF001 of the same class
                issuer.adopt(known)

    async def first_look(self, *, within: float) -> None:
        """Waits until the keys of all issuers have been asked for, `within` seconds at most."""
        with anyio.move_on_after(within):
            async with anyio.create_task_group() as group:
                for issuer in self._issuers:
                    group.start_soon(issuer.refresh)


@asynccontextmanager
async def open_authenticator(
    auth: AuthSettings, people: People, *, is_development: bool
) -> AsyncIterator[Authenticator]:
    """The configured mode, until the block ends. In development, providers on other machines may have http:// addresses."""
    match auth:
        case DemoAuth():
            yield Authenticator(DemoSignIn(auth, people))
        case ApiKeysAuth():
            yield Authenticator(ApiKeySignIn(auth.keys, people))
        case OidcAuth():
            async with open_issuers(auth, may_be_plain=is_development) as issuers:
                yield Authenticator(OidcSignIn(auth, people, issuers), issuers)


def _authorization(headers: Headers) -> list[bytes]:
    return [value for name, value in headers if name == b"authorization"]


def _bearer_token(header: bytes) -> bytes:
    scheme, _, token = header.partition(b" ")
    token = token.strip()
    # An empty token is refused before its digest is looked for: the digest of nothing might be configured.
    if scheme.lower() != b"bearer" or len(header) > MAX_HEADER_BYTES or not token:
        raise UnauthenticatedCallerError("Sign in with Authorization: Bearer <token>.", is_token_bad=True)
    return token


def _login(issuer: Issuer) -> Login | None:
    login, found = issuer.settings.login, issuer.discovery
    if login is None or found is None or not found.authorization_endpoint or not found.token_endpoint:
        return None
    return Login(
        issuer=issuer.settings.issuer,
        client_id=login.client_id,
        scopes=" ".join(login.scopes),
        authorization_endpoint=found.authorization_endpoint,
        token_endpoint=found.token_endpoint,
    )
