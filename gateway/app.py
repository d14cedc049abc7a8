"""The application: routes, lifespan, and one line in the log for each request."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from fastapi import FastAPI
from fastapi.responses import JSONResponse
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.auth import Authenticator
from gateway.federation import FederatedSources, open_federation
from gateway.graphiql.page import GraphiQL
from gateway.graphql_route import ASKED, GraphQLRoute
from gateway.settings import Settings
from schema.api import build_schema
from schema.execution import Execution

log = structlog.get_logger("taskgate.http")


def create_app(settings: Settings) -> FastAPI:
    """A gateway over `settings`; its sources are opened and closed with the application's lifespan."""
    opened: list[FederatedSources] = []

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_federation(settings) as federation:
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
    async def readyz() -> JSONResponse:
        """Ready as soon as sources are open: a failing source is reported, and no reason to take the gateway away."""
        if not opened:
            return JSONResponse({"status": "starting"}, 503)
        return JSONResponse({"status": "ok", "sources": {source.key: source.status for source in opened[0].sources()}})

    app.add_middleware(RequestLog)
    if settings.gateway.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(settings.gateway.cors_origins),
            allow_methods=["GET", "POST"],
            allow_headers=["authorization", "content-type"],
        )
    return app


class RequestLog:
    """Method, path, status, time, caller and operation of every request; never its query string, headers or body."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 0
        asked: dict[str, str] = {}
        scope[ASKED] = asked

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            log.info(
                "request",
                method=scope["method"],
                path=scope["path"],
                status=status,
                ms=round((time.perf_counter() - began) * 1000, 1),
                **asked,
            )
