"""A transport that fails on demand, and the failures that every connector must tell apart."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Self

import httpx2
import msgspec
from msgspec import Struct

from connectors.sdk.errors import (
    ConnectorError,
    ForbiddenError,
    MalformedResponseError,
    RateLimitedError,
    RejectedError,
    UnauthenticatedError,
    UnavailableError,
    UpstreamTimeoutError,
)


class _Body(httpx2.AsyncByteStream):
    def __init__(self, body: bytes) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self._body), 65536):
            yield self._body[start : start + 65536]


class Reply(Struct, frozen=True):
    """An answer in place of the vendor's. `body` is sent as it is, even if it does not fit the headers."""

    status: int
    headers: dict[str, str] = {}
    body: bytes = b""

    @classmethod
    def json(cls, value: object, *, status: int = 200) -> Self:
        """An answer whose body is `value` as JSON."""
        return cls(status, {"Content-Type": "application/json"}, msgspec.json.encode(value))

    def response(self) -> httpx2.Response:
        return httpx2.Response(self.status, headers=self.headers, stream=_Body(self.body))


Fault = type[httpx2.TransportError] | Reply


class FaultyTransport(httpx2.AsyncBaseTransport):
    """Records all requests, and fails them on demand before they reach `inner`."""

    def __init__(self, inner: httpx2.AsyncBaseTransport) -> None:
        self._inner = inner
        self._fault: Fault | None = None
        self.requests: list[httpx2.Request] = []

    @contextmanager
    def failing(self, fault: Fault) -> Iterator[list[httpx2.Request]]:
        """Every request within the block fails. Gives the list of the requests that the block sends."""
        self.requests, self._fault = [], fault
        try:
            yield self.requests
        finally:
            self.requests, self._fault = [], None

    @contextmanager
    def counting(self) -> Iterator[list[httpx2.Request]]:
        """Gives the list of the requests that the block sends."""
        self.requests = []
        try:
            yield self.requests
        finally:
            self.requests = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        if self._fault is None:
            return await self._inner.handle_async_request(request)
        if isinstance(self._fault, Reply):
            return self._fault.response()
        raise self._fault("planted", request=request)

    async def aclose(self) -> None:
        await self._inner.aclose()


# The fault, the error, and whether a write may have been applied. A read never was.
FAULTS: tuple[tuple[Fault, type[ConnectorError], bool], ...] = (
    (httpx2.ConnectError, UnavailableError, False),
    (httpx2.ConnectTimeout, UnavailableError, False),
    (httpx2.PoolTimeout, UnavailableError, False),
    (httpx2.ReadTimeout, UpstreamTimeoutError, True),
    (httpx2.WriteTimeout, UpstreamTimeoutError, True),
    (httpx2.ReadError, UnavailableError, True),
    (httpx2.WriteError, UnavailableError, True),
    (httpx2.RemoteProtocolError, UnavailableError, True),
    (Reply(400), RejectedError, False),
    (Reply(401), UnauthenticatedError, False),
    (Reply(403), ForbiddenError, False),
    (Reply(409), RejectedError, False),
    (Reply(429, {"Retry-After": "7"}), RateLimitedError, False),
    (Reply(500), UnavailableError, True),
    (Reply(502, {"Content-Type": "text/html"}, b"<html>Bad Gateway</html>"), UnavailableError, True),
    (Reply(503), UnavailableError, True),
    (Reply(504), UpstreamTimeoutError, True),
    (Reply(302, {"Location": "https://evil.test/"}), MalformedResponseError, True),
    (Reply(307, {"Location": "/elsewhere"}), MalformedResponseError, True),
)
