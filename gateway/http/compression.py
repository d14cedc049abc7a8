"""Compresses the answers of the GraphQL route by gzip, for clients that ask for it.

Compression tells by its size whether a text that an attacker chose stands in an answer beside a secret (BREACH). That needs a
page of the attacker that makes a person's browser send requests with the person's credentials. There are none that a browser
would add: no cookies, only an Authorization header, which a page of another origin may send for itself alone. Answers hold
no tokens and no secrets of the gateway.

What is answered without sign-in is small, so that compressing costs a stranger's request next to nothing.
"""

from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.http.request import header

SMALLEST = 1024
"""Bytes of the smallest answer that is compressed: a smaller one fits into one packet anyway."""
# Rows of JSON are hardly smaller above it, and take twice as long at 9.
LEVEL = 5

_ACCEPT = b"accept-encoding"


class Compression:
    """Middleware. Answers of 128 kB and more are compressed in a thread."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = GZipMiddleware(app, minimum_size=SMALLEST, compresslevel=LEVEL)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # The library looks for the word alone: `gzip;q=0` would be a yes, and `GZIP` a no.
        accepted = [(_ACCEPT, b"gzip")] if takes_gzip(header(scope, _ACCEPT)) else []
        others = [each for each in scope["headers"] if each[0] != _ACCEPT]
        await self._app({**scope, "headers": others + accepted}, receive, send)


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
