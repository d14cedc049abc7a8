"""Compresses the answers of the GraphQL route by gzip, for clients that ask for it.

Compression tells by its size whether a text that an attacker chose stands in an answer beside a secret (BREACH). That needs a
page of the attacker that makes a person's browser send requests with the person's credentials. There are none that a browser
would add: no cookies, only an Authorization header, which a page of another origin may send for itself alone. Answers hold
no tokens and no secrets of the gateway.

What is answered without sign-in is small, so that compressing costs a stranger's request next to nothing.
"""

from collections.abc import Callable, Iterable

from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.http.request import header

SMALLEST = 1024
"""Bytes of the smallest answer that is compressed: a smaller one fits into one packet anyway."""
# Rows of JSON are hardly smaller above it, and take twice as long at 9.
LEVEL = 5

_ACCEPT = b"accept-encoding"


class Compression:
    """Middleware. Answers of 128 kB and more are compressed in a thread.

    Answers to clients that do not take gzip go past the library while `is_direct` is True, with the same headers.
    """

    def __init__(self, app: ASGIApp, *, is_direct: Callable[[], bool] = lambda: True) -> None:
        self._plain = app
        self._is_direct = is_direct
        self._app = GZipMiddleware(app, minimum_size=SMALLEST, compresslevel=LEVEL)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        taken = [(_ACCEPT, b"gzip")] if takes_gzip(header(scope, _ACCEPT)) else []
        if not taken and self._is_direct():
            await self._plain(scope, receive, _Varying(send))
            return
        # The library looks for the word alone: it would not find `GZIP`.
        others = [each for each in scope["headers"] if each[0] != _ACCEPT]
        await self._app({**scope, "headers": [*others, *taken]}, receive, send)


class _Varying:
    """Sends an answer as it is, and tells caches where another client would get it compressed, as the library does."""

    __slots__ = ("_send", "_start")

    def __init__(self, send: Send) -> None:
        self._send = send
        self._start: Message | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and not _is_never_compressed(message):
            # Whether it is large is told by the next message.
            self._start = message
            return
        start, self._start = self._start, None
        if start is not None:
            if message.get("more_body", False) or len(message.get("body", b"")) >= SMALLEST:
                start["headers"] = _varied(start["headers"])
            await self._send(start)
        await self._send(message)


def _is_never_compressed(start: Message) -> bool:
    return any(
        name == b"content-encoding" or (name == b"content-type" and value.startswith(b"text/event-stream"))
        for name, value in start["headers"]
    )


def _varied(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    others = [each for each in headers if each[0] != b"vary"]
    named = [value for name, value in headers if name == b"vary"]
    return [*others, (b"vary", b", ".join([*named, b"Accept-Encoding"]))]


def takes_gzip(accept_encoding: str | None) -> bool:
    """Whether gzip is named and not refused. A quality that is no number counts as a refusal, and `*` names nothing."""
    for each in (accept_encoding or "").split(","):
        name, _, quality = each.partition(";")
        if name.strip().lower() != "gzip":
            continue
        key, _, value = quality.partition("=")
        try:
            return not quality.strip() or (key.strip().lower() == "q" and float(value) > 0)
        except ValueError:
            return False
    return False
