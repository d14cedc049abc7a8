"""One log line for each HTTP request, and the request id in all its log lines and in its answer."""

import time
from collections.abc import Callable
from typing import Any

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bind_contextvars

from gateway.http.request_id import HEADER, request_id

LOGGED = "taskgate.logged"
"""Key of the ASGI scope: a dict of what a route adds to the line of its request."""

LONGEST = 200
"""Characters of a path or of an operation's name that a log line has."""

_RAW_HEADER = HEADER.lower().encode("latin-1")

log = structlog.get_logger("taskgate.http")


class AccessLog:
    """Middleware: logs method, path, status, time, and what the route adds (caller, operation).

    Never logs the query string, headers or the body. Every line of a request carries `request`, its request id; every
    answer has it as `X-Request-Id`. `observe` gets method, path, status and seconds of each request.
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
        this = request_id(scope)
        bind_contextvars(request=this)

        async def send_noting_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                others = [each for each in message.get("headers", ()) if each[0] != _RAW_HEADER]
                message["headers"] = [*others, (_RAW_HEADER, this.encode("latin-1"))]
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
