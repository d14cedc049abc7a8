"""A transport that fails on demand, and the failures that every connector must tell apart."""

import json
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
        self._rows: _Replacement | None = None
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

    @contextmanager
    def replacing_a_row(self, value: object) -> Iterator[list[object]]:
        """In the first answer with a list of at least two objects, `value` takes the place of the first of them.

        Gives the rows that were replaced: none until there is such an answer.
        """
        replaced: list[object] = []
        self._rows = _Replacement(value, replaced)
        try:
            yield replaced
        finally:
            self._rows = None

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        if self._fault is None:
            response = await self._inner.handle_async_request(request)
            return response if self._rows is None else await self._rows.changed(response)
        if isinstance(self._fault, Reply):
            return self._fault.response()
        raise self._fault("planted", request=request)

    async def aclose(self) -> None:
        await self._inner.aclose()


class _Replacement:
    """Puts `value` in the place of one row, once; `replaced` gets that row."""

    def __init__(self, value: object, replaced: list[object]) -> None:
        self._value = value
        self._replaced = replaced

    async def changed(self, response: httpx2.Response) -> httpx2.Response:
        body = await response.aread()
        headers = {"Content-Type": response.headers.get("content-type", "application/json")}
        return Reply(response.status_code, headers, self._with_row(body)).response()

    def _with_row(self, body: bytes) -> bytes:
        try:
            answer = json.loads(body)
        except ValueError:
            return body
        rows = None if self._replaced else _rows_in(answer)
        if rows is None:
            return body
        self._replaced.append(rows[0])
        rows[0] = self._value
        return json.dumps(answer).encode()


def _rows_in(answer: object) -> list[object] | None:
    """The outermost list of at least two objects."""
    if isinstance(answer, list):
        return answer if len(answer) > 1 and isinstance(answer[0], dict) else None
    members = list(answer.values()) if isinstance(answer, dict) else []
    lists = [found for each in members if isinstance(each, list) and (found := _rows_in(each)) is not None]
    nested = [found for each in members if isinstance(each, dict) and (found := _rows_in(each)) is not None]
    return next(iter([*lists, *nested]), None)


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
    (Reply(401, {"WWW-Authenticate": "Bearer"}), UnauthenticatedError, False),
    (Reply(429, {"Retry-After": "7"}), RateLimitedError, False),
    (Reply(500), UnavailableError, True),
    (Reply(502, {"Content-Type": "text/html"}, b"<html>Bad Gateway</html>"), UnavailableError, True),
    (Reply(503), UnavailableError, True),
    (Reply(504), UpstreamTimeoutError, True),
    (Reply(302, {"Location": "https://evil.test/"}), MalformedResponseError, True),
    (Reply(307, {"Location": "/elsewhere"}), MalformedResponseError, True),
)

# Refusals of reads, without a body. For a write only the vendor's own form counts.
READ_REFUSALS: tuple[tuple[Fault, type[ConnectorError], bool], ...] = (
    (Reply(400), RejectedError, False),
    (Reply(403), ForbiddenError, False),
    (Reply(409), RejectedError, False),
)

# What no message may show, and a vendor's text that holds it.
PLANTED = (
    "eyJhbGciOi",
    "SECRETXYZ",
    "ZGVtbzpkZW1v",
    "10.0.0.7",
    "db.internal",
    "svc",
    "ES9121000418450200051332",
    "<script>",
)
_TEXT = (
    "Bearer eyJhbGciOi.SECRETXYZ Basic ZGVtbzpkZW1v is not known to http://10.0.0.7:9200/index at db.internal for user=svc "
    "password=SECRETXYZ <script>, expected a number but got 'ES9121000418450200051332'"
)


def _with_secrets(status: int) -> Iterator[Reply]:
    """In the members that the refusals of vendors have, in two forms."""
    known = {"title": _TEXT, "detail": _TEXT, "message": _TEXT, "status": status, "type": _TEXT, "success": False}
    yield Reply.json({**known, "error": _TEXT, "errorCode": 1000}, status=status)
    yield Reply.json(
        {**known, "type": "Exception", "error": {"code": "VALIDATION_ERROR", "message": _TEXT}}, status=status
    )


REFUSALS_WITH_SECRETS = tuple(each for status in (400, 403, 404, 409, 422, 500) for each in _with_secrets(status))

_PAGE = {"Content-Type": "text/html"}
_SIGN_IN = b"<html><body>Sign in</body></html>"

# Answers of something between the gateway and the vendor: they leave open what became of a write.
IN_BETWEEN: tuple[Reply, ...] = (
    Reply(200),
    Reply(200, _PAGE, _SIGN_IN),
    Reply(200, _PAGE, b'{"id": 1}'),
    Reply.json({"signIn": "https://sso.test/"}),
    Reply(201, _PAGE, _SIGN_IN),
    Reply(202),
    Reply.json({}, status=202),
    Reply(203, _PAGE, _SIGN_IN),
    Reply(206),
    Reply(207, _PAGE, _SIGN_IN),
    Reply(400, _PAGE, _SIGN_IN),
    Reply(401),
    Reply(401, {**_PAGE, "WWW-Authenticate": "Basic"}, _SIGN_IN),
    Reply(403, _PAGE, _SIGN_IN),
    Reply(403, _PAGE),
    Reply(404, _PAGE, _SIGN_IN),
    Reply(404, _PAGE),
    Reply(408, _PAGE, _SIGN_IN),
    Reply(409, _PAGE, _SIGN_IN),
    Reply(413),
    Reply(425),
    Reply(429),
    Reply(429, {**_PAGE, "Retry-After": "1"}, _SIGN_IN),
    Reply(499),
)
