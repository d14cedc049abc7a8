"""One log line for each HTTP request, and the id that all log lines of a request share."""

import re
import secrets
import time
from collections.abc import Callable
from typing import Any

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bind_contextvars

from gateway.http.request import header

LOGGED = "taskgate.logged"
"""Key of the ASGI scope: a dict of what a route adds to the line of its request."""

LONGEST = 200
"""Characters of a path or of an operation's name that a log line has."""

_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?")

log = structlog.get_logger("taskgate.http")


class AccessLog:
    """Middleware: logs method, path, status, time, and what the route adds (caller, operation).

    Never logs the query string, headers or the body. Every line of a request carries `request`, its request id.
    `observe` gets method, path, status and seconds of each request.
    """

    def __init__(self, app: ASGIApp, *, observe: Callable[[str, str, int, float], None]) -> None:
        self._app = app
        self._observe = observe

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 0
        logged: dict[str, Any] = {}
        scope[LOGGED] = logged
        bind_contextvars(request=request_id(header(scope, b"traceparent")))

        async def send_noting_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_noting_status)
        finally:
            seconds = time.perf_counter() - began
            self._observe(scope["method"], scope["path"], status, seconds)
            log.info(
                "request",
                method=scope["method"],
                path=scope["path"][:LONGEST],
                status=status,
                ms=round(seconds * 1000, 1),
                **logged,
            )


def request_id(traceparent: str | None) -> str:
    """The trace id of a valid `traceparent` (https://www.w3.org/TR/trace-context/), else a random id."""
    found = _TRACEPARENT.fullmatch(traceparent or "")
    return found[1] if found is not None and found[1].strip("0") else secrets.token_hex(8)
