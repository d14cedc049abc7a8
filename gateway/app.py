"""The ASGI application: routes, lifespan and middleware."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import anyio
from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Route

from gateway.composition import Gateway, open_gateway
from gateway.documents import AutomaticDocuments, DocumentLookup
from gateway.federation.traffic import UpstreamRequestRecord
from gateway.federation.writes import Pause
from gateway.graphiql import GraphiQL
from gateway.http import (
    REQUEST_ID_HEADER,
    AccessLog,
    CallerBudgets,
    Compression,
    Deadlines,
    GraphQLRoute,
    Metrics,
    ProtectedResource,
    front_page,
    health_routes,
    log_upstream_request,
    metrics_routes,
)
from gateway.settings import Settings
from schema.api import build_schema, build_subgraph
from schema.execution import Execution
from schema.ports import SourceInfo

# Headers that a page of another origin may send: sign-in, and what GraphQL clients and tracing add by themselves.
ALLOWED_HEADERS = (
    "authorization",
    "content-type",
    "x-request-id",
    "traceparent",
    "tracestate",
    "apollographql-client-name",
    "apollographql-client-version",
    "apollo-require-preflight",
)


def create_app(settings: Settings, *, pause: Pause = anyio.sleep) -> FastAPI:
    """A gateway over `settings`. Its parts are opened and closed with the application's lifespan.

    `pause` waits between two looks at a write whose answer was lost; tests shorten it.
    """
    opened: list[Gateway] = []

    def sources() -> Sequence[SourceInfo] | None:
        return opened[0].federation.sources() if opened else None

    metrics = Metrics(
        sources=lambda: sources() or (),
        open_writes=lambda: opened[0].federation.open_writes() if opened else {},
        keys=[source.key for source in settings.sources],
    )

    def observe(record: UpstreamRequestRecord) -> None:
        metrics.observe(record)
        log_upstream_request(record)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_gateway(
            settings, observe=observe, settled=metrics.observe_settled, wrote=metrics.observe_write, pause=pause
        ) as gateway:
            opened.append(gateway)
            try:
                yield
            finally:
                opened.clear()

    app = FastAPI(title="taskgate", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)

    def drain(seconds: float) -> None:
        for gateway in opened:
            gateway.federation.drain(seconds)

    def reopen_audit() -> None:
        for gateway in opened:
            gateway.reopen_audit()

    app.state.drain = drain
    app.state.reopen_audit = reopen_audit
    graphiql = (
        GraphiQL(settings, logins=lambda: opened[0].authenticator.logins() if opened else ())
        if settings.gateway.offers("graphiql")
        else None
    )
    resource = ProtectedResource(settings.auth)
    subgraph = settings.gateway.subgraph
    route = GraphQLRoute(
        Execution(
            build_subgraph(subgraph.version) if subgraph.enabled else build_schema(),
            settings.gateway.limits,
            introspection=settings.gateway.offers("introspection"),
            suggestions=settings.gateway.offers("suggestions"),
        ),
        authenticator=lambda: opened[0].authenticator,
        federation=lambda: opened[0].federation,
        max_body_bytes=settings.gateway.max_body_bytes,
        deadlines=Deadlines(
            settings.gateway.query_deadline, settings.gateway.mutation_deadline, settings.gateway.bulk_deadline
        ),
        budgets=CallerBudgets(settings.gateway.callers),
        documents=DocumentLookup(
            settings.documents,
            only_trusted=settings.gateway.documents.only_trusted,
            automatic=AutomaticDocuments() if settings.gateway.documents.automatic else None,
        ),
        resource_metadata=resource.metadata_address,
        page=graphiql.response if graphiql is not None else None,
        observe=metrics.observe_operation,
    )
    # All methods: the route refuses the wrong ones itself, with a GraphQL answer.
    app.router.routes.append(Route("/graphql", Compression(route), methods=None))
    app.router.routes.append(front_page(has_page=graphiql is not None))
    if graphiql is not None:
        app.router.routes.append(graphiql.route)
    app.router.routes.extend(resource.routes())
    app.include_router(health_routes(sources, lambda: opened[0].authenticator))
    if settings.gateway.metrics:
        app.include_router(metrics_routes(metrics))

    if settings.gateway.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(settings.gateway.cors_origins),
            allow_methods=["GET", "POST"],
            allow_headers=ALLOWED_HEADERS,
            # Without WWW-Authenticate a page could not read where to sign in.
            expose_headers=[REQUEST_ID_HEADER, "Retry-After", "WWW-Authenticate"],
        )
    # Around all others: each answer has its request id, that to a preflight too.
    app.add_middleware(AccessLog, observe=metrics.observe_request)
    return app
