"""Finds the person who sent a request, by its Authorization header."""

from collections.abc import Sequence
from typing import Protocol

from cachetools import LRUCache

from connectors.sdk.caller import Caller
from gateway.auth.api_keys import ApiKeySignIn
from gateway.auth.challenge import UnauthenticatedCallerError
from gateway.auth.demo import DemoSignIn
from gateway.people import People
from gateway.settings import ApiKeysAuth, DemoAuth

MAX_HEADER_BYTES = 8 * 1024
KEPT_CALLERS = 1024

Headers = Sequence[tuple[bytes, bytes]]
"""Headers of an ASGI scope, names in lower case."""


class SignIn(Protocol):
    """One mode of `[auth]`. `token_is_credential`: a source may get the token as the caller's own."""

    token_is_credential: bool

    def person(self, token: bytes) -> Caller | None:
        """The person whom the bearer token stands for; None for an unknown token."""
        ...

    def person_without_token(self) -> Caller | None:
        """The person of a request without an Authorization header; None where a token is required."""
        ...


def sign_in(auth: DemoAuth | ApiKeysAuth, people: People) -> SignIn:
    """The configured mode."""
    match auth:
        case DemoAuth():
            return DemoSignIn(auth, people)
        case ApiKeysAuth():
            return ApiKeySignIn(auth, people)


class Authenticator:
    """Keeps the people of the last `KEPT_CALLERS` headers that were accepted; a refused header is never kept."""

    def __init__(self, method: SignIn) -> None:
        self._method = method
        self._kept: LRUCache[bytes, Caller] = LRUCache(maxsize=KEPT_CALLERS)

    def caller(self, headers: Headers) -> Caller:
        """The person who sent `headers`; UnauthenticatedCallerError without a known one."""
        sent = _authorization(headers)
        if not sent:
            caller = self._method.person_without_token()
            if caller is None:
                raise UnauthenticatedCallerError("Sign in with Authorization: Bearer <api key>.", is_token_bad=False)
            return caller
        if len(sent) > 1:
            # A proxy in between may have checked the other one.
            raise UnauthenticatedCallerError("Send one Authorization header.", is_token_bad=True)
        kept = self._kept.get(sent[0])
        if kept is None:
            kept = self._kept[sent[0]] = self._resolved(sent[0])
        return kept

    def token(self, headers: Headers) -> str | None:
        """The caller's token, for sources with `acts_as` viewer or exchange; None where the token is no credential."""
        sent = _authorization(headers)
        if not self._method.token_is_credential or len(sent) != 1:
            return None
        return sent[0].partition(b" ")[2].strip().decode("latin-1")

    def _resolved(self, header: bytes) -> Caller:
        scheme, _, token = header.partition(b" ")
        if scheme.lower() != b"bearer" or len(header) > MAX_HEADER_BYTES:
            raise UnauthenticatedCallerError("Sign in with Authorization: Bearer <token>.", is_token_bad=True)
        caller = self._method.person(token.strip())
        if caller is None:
            raise UnauthenticatedCallerError("The bearer token is unknown.", is_token_bad=True)
        return caller


def _authorization(headers: Headers) -> list[bytes]:
    return [value for name, value in headers if name == b"authorization"]
