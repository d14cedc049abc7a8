"""Credentials of a source, as request headers. Those that expire are renewed once after a 401."""

import base64
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, ClassVar, Protocol
from urllib.parse import urlencode

import anyio

from connectors.sdk.errors import BrokenError, RateLimitedError, UnauthenticatedError, UnavailableError
from connectors.sdk.http.retry_after import retry_at
from connectors.sdk.http.token import Token, token_of
from connectors.sdk.settings import (
    BasicCredentials,
    BearerCredentials,
    HeaderCredentials,
    NoCredentials,
    OAuthCredentials,
)

if TYPE_CHECKING:
    from connectors.sdk.http.answer import Answer


class Exchange(Protocol):
    """The part of an upstream that credentials use: a request without credentials."""

    async def exchange(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str | int] | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        is_write: bool = False,
    ) -> "Answer": ...

    def url(self, path: str, *ids: str) -> str: ...


class Credentials(ABC):
    """`is_person`: they are those of the person of the call, and not of an account of the source."""

    is_person: ClassVar[bool] = False

    @abstractmethod
    async def headers(self, upstream: Exchange) -> Mapping[str, str]:
        """The headers for a request that is sent now. ConnectorError if they cannot be obtained."""

    def renew(self, refused: Mapping[str, str]) -> bool:
        """Called after a 401 to a request with the headers `refused`. True if new headers may be accepted."""
        return False


class NoAuthorisation(Credentials):
    async def headers(self, upstream: Exchange) -> Mapping[str, str]:
        return {}


class FixedHeaders(Credentials):
    """Basic, bearer and API-key credentials: headers that do not change."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = dict(headers)

    async def headers(self, upstream: Exchange) -> Mapping[str, str]:
        return self._headers


class TokenCredentials(Credentials):
    """A token that is fetched, kept until shortly before its end, and fetched by one request at a time.

    `fetch` raises ConnectorError if the issuer refuses. `fixed` are further headers of every request. A token without a
    lifetime is kept for an hour.
    """

    # A token counts as expired this many seconds before its end: clocks differ, and requests take time.
    EARLY = 30.0

    def __init__(
        self,
        fetch: Callable[[Exchange], Awaitable[Token]],
        *,
        fixed: Mapping[str, str] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fetch = fetch
        self._fixed = dict(fixed or {})
        self._monotonic = monotonic
        self._lock = anyio.Lock()
        self._token: str | None = None
        self._until = 0.0

    async def headers(self, upstream: Exchange) -> Mapping[str, str]:
        async with self._lock:
            if self._token is None or self._monotonic() >= self._until:
                token = await self._fetch(upstream)
                self._token = token.value
                lifetime = 3600.0 if token.lifetime is None else token.lifetime
                self._until = self._monotonic() + lifetime - min(self.EARLY, lifetime / 2)
            return {**self._fixed, "Authorization": f"Bearer {self._token}"}

    def renew(self, refused: Mapping[str, str]) -> bool:
        if refused.get("Authorization") == f"Bearer {self._token}":
            self._token = None
        return True


AnyCredentials = NoCredentials | BasicCredentials | BearerCredentials | HeaderCredentials | OAuthCredentials


def from_settings(settings: AnyCredentials) -> Credentials:
    """Credentials of the kinds that vendors share. A vendor with a login of its own builds TokenCredentials."""
    match settings:
        case NoCredentials():
            return NoAuthorisation()
        case BasicCredentials():
            pair = f"{settings.username}:{settings.password.get_secret_value()}"
            return FixedHeaders({"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"})
        case BearerCredentials():
            return FixedHeaders({"Authorization": f"Bearer {settings.token.get_secret_value()}"})
        case HeaderCredentials():
            return FixedHeaders({name: value.get_secret_value() for name, value in settings.headers.items()})
        case OAuthCredentials():
            return TokenCredentials(_client_credentials(settings))


def no_token_endpoint(answer: "Answer") -> BrokenError:
    """For a status that OAuth does not have (RFC 6749, section 5.2), such as 404: the address is another one."""
    return BrokenError(
        f"the token endpoint answered with status {answer.status}; check token_url", native_status=answer.status
    )


def _client_credentials(settings: OAuthCredentials) -> Callable[[Exchange], Awaitable[Token]]:
    form = {
        "grant_type": "client_credentials",
        "client_id": settings.client_id,
        "client_secret": settings.client_secret.get_secret_value(),
        "audience": settings.audience,
        "scope": settings.scope,
    }
    content = urlencode({name: value for name, value in form.items() if value is not None}).encode()

    async def fetch(upstream: Exchange) -> Token:
        answer = await upstream.exchange(
            "POST",
            settings.token_url,
            content=content,
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )
        if answer.status == 429:
            at = retry_at(answer.headers.get("retry-after"))
            raise RateLimitedError("the token endpoint was called too often", retry_at=at, native_status=429)
        if answer.status >= 500:
            raise UnavailableError("the token endpoint failed", native_status=answer.status)
        if answer.status not in {400, 401, 403} and not answer.ok:
            raise no_token_endpoint(answer)
        if not answer.ok:
            raise UnauthenticatedError(
                f"the token endpoint refused our client (status {answer.status}); check client_id, client_secret and token_url",
                native_status=answer.status,
            )
        return token_of(answer)

    return fetch
