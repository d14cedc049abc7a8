"""A span for each request to the API."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bind_contextvars

from gateway.http.request_id import request_id
from gateway.telemetry import Tracing

# Health and metrics are asked for every few seconds, and the page's files tell nothing.
TRACED = frozenset({"/graphql"})


class Traced:
    """Middleware. Every log line of a traced request carries `trace`, its trace id."""

    def __init__(self, app: ASGIApp, *, tracing: Tracing) -> None:
        self._app = app
        self._tracing = tracing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] not in TRACED:
            await self._app(scope, receive, send)
            return
        method = scope["method"] if scope["method"] in {"GET", "POST", "OPTIONS", "HEAD"} else "_OTHER"
        with self._tracing.request(method, scope["path"], Headers(scope=scope), request_id(scope)) as span:
            if span.trace_id is not None:
                bind_contextvars(trace=span.trace_id)

            async def send_noting_status(message: Message) -> None:
                if message["type"] == "http.response.start":
                    span.answered(message["status"])
                await send(message)

            await self._app(scope, receive, send_noting_status)
