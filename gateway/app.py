"""The application: routes, lifespan, and one line in the log for each request."""

import re
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import orjson
import structlog
from fastapi import FastAPI
from fastapi.responses import JSONResponse, Response
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bind_contextvars

from gateway.auth import Authenticator
from gateway.composition import FederatedSources, open_federation
from gateway.federation.traffic import UpstreamRequestRecord
from gateway.graphiql.page import GraphiQL
from gateway.http import ASKED, Deadlines, GraphQLRoute, Metrics, header, log_upstream_request
from gateway.settings import Settings
from schema.api import build_schema
from schema.execution import Execution
from schema.ports import SourceInfo

log = structlog.get_logger("taskgate.http")

_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?")


def create_app(settings: Settings) -> FastAPI:
    """A gateway over `settings`; its sources are opened and closed with the application's lifespan."""
    opened: list[FederatedSources] = []
    metrics = Metrics(sources=lambda: opened[0].sources() if opened else ())

    def observe(record: UpstreamRequestRecord) -> None:
        metrics.observe(record)
        log_upstream_request(record)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_federation(settings, observe=observe) as federation:
            opened.append(federation)
            try:
                yield
            finally:
                opened.clear()

    app = FastAPI(title="taskgate", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    graphiql = GraphiQL(settings) if settings.gateway.offers("graphiql") else None
    route = GraphQLRoute(
        Execution(
            build_schema(),
            settings.gateway.limits,
            introspection=settings.gateway.offers("introspection"),
            suggestions=settings.gateway.offers("suggestions"),
        ),
        authenticator=Authenticator(settings),
        federation=lambda: opened[0],
        max_body_bytes=settings.gateway.max_body_bytes,
        deadlines=Deadlines(settings.gateway.query_deadline, settings.gateway.mutation_deadline),
        page=graphiql.response if graphiql is not None else None,
    )
    # The route judges methods itself: its refusals are GraphQL answers.
    app.router.routes.append(Route("/graphql", route, methods=None))
    if graphiql is not None:
        app.router.routes.append(graphiql.route)

    @app.get("/livez")
    async def livez() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/readyz")
    async def readyz() -> Response:
        """Ready as soon as sources are open: a failing source is reported, and no reason to take the gateway away."""
        if not opened:
            return JSONResponse({"status": "starting"}, 503)
        told = {"status": "ok", "sources": {source.key: readiness(source) for source in opened[0].sources()}}
        return Response(orjson.dumps(told), media_type="application/json")

    if settings.gateway.metrics:

        @app.get("/metrics")
        async def exposed() -> Response:
            return Response(metrics.exposition(), media_type=metrics.media_type)

    app.add_middleware(RequestLog, observe=metrics.observe_request)
    if settings.gateway.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(settings.gateway.cors_origins),
            allow_methods=["GET", "POST"],
            allow_headers=["authorization", "content-type"],
        )
    return app


def readiness(source: SourceInfo) -> dict[str, Any]:
    """A source for whoever operates the gateway: the same as the graph and the metrics tell."""
    cache = source.cache
    return {
        "status": source.status,
        "reason": source.status_reason,
        "lastSuccessAt": source.last_success_at,
        "rateLimits": [
            {"name": each.name, "limit": each.limit, "remaining": each.remaining, "resetAt": each.reset_at}
            for each in source.rate_limits
        ],
        "cache": None if cache is None else {"entries": cache.entries, "hitRatio": cache.hit_ratio},
    }


class RequestLog:
    """Method, path, status, time, caller and operation of every request; never its query string, headers or body.

    All lines that a request causes carry the same `request`: the trace of its `traceparent`, or one of its own.
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
        asked: dict[str, Any] = {}
        scope[ASKED] = asked
        bind_contextvars(request=request_id(header(scope, b"traceparent")))

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            seconds = time.perf_counter() - began
            self._observe(scope["method"], scope["path"], status, seconds)
            log.info(
                "request",
                method=scope["method"],
                path=scope["path"],
                status=status,
                ms=round(seconds * 1000, 1),
                **asked,
            )


def request_id(traceparent: str | None) -> str:
    """https://www.w3.org/TR/trace-context/: version-trace-parent-flags."""
    found = _TRACEPARENT.fullmatch(traceparent or "")
    return found[1] if found is not None and found[1].strip("0") else secrets.token_hex(8)
