"""The ASGI application: routes, lifespan and middleware."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from weakref import WeakKeyDictionary

import anyio
from fastapi import FastAPI
from starlette.routing import Route, WebSocketRoute

from gateway.composition import Gateway, open_gateway
from gateway.documents import AutomaticDocuments, DocumentLookup
from gateway.federation.traffic import UpstreamRequestRecord
from gateway.federation.writes import Pause
from gateway.generations import Generation
from gateway.graphiql import GraphiQL, Login
from gateway.http import (
    AccessLog,
    CallerBudgets,
    Compression,
    Cors,
    Deadlines,
    DirectPath,
    GraphQLRoute,
    GraphQLSockets,
    KeptAnswers,
    LoadLimit,
    Metrics,
    OperationRecord,
    OperationStreams,
    ProtectedResource,
    Serving,
    Traced,
    Webhooks,
    front_page,
    health_routes,
    log_upstream_request,
    metrics_routes,
)
from gateway.inbox import Inbox
from gateway.reloading import Pinned, Reloaded
from gateway.settings import GatewaySettings, Settings
from gateway.telemetry import NO_TRACING, Tracing, open_tracing
from schema.api import build_schema, build_subgraph
from schema.execution import BoundedIntExecutor, Execution
from schema.ports import SourceInfo


class _PinnedServing:
    """A context manager around a request."""

    __slots__ = ("_pinned", "_servings")

    def __init__(self, servings: "Servings", pinned: Pinned[Generation]) -> None:
        self._servings = servings
        self._pinned = pinned

    def __enter__(self) -> Serving:
        generation = self._pinned.__enter__()
        try:
            return self._servings.of(generation)
        except BaseException:
            self._pinned.__exit__()
            raise

    def __exit__(self, *_raised: object) -> None:
        self._pinned.__exit__()


class Servings:
    """What requests are served with, by the generation that they begin with."""

    def __init__(
        self,
        settings: GatewaySettings,
        gateway: Callable[[], Gateway],
        observe: Callable[[OperationRecord], None],
    ) -> None:
        self._gateway, self._observe = gateway, observe
        subgraph = settings.subgraph
        self._schema = build_subgraph(subgraph.version) if subgraph.enabled else build_schema()
        # Their hashes are those of their texts, whatever the configuration is.
        self._automatic = AutomaticDocuments()
        self._made: WeakKeyDictionary[Generation, Serving] = WeakKeyDictionary()
        self._last: tuple[GatewaySettings, Serving] | None = None

    @property
    def settings(self) -> GatewaySettings:
        """The newest ones."""
        return self._gateway().generations.present.newest.settings.gateway

    def cut_streams(self) -> None:
        """Streams that run are cut off: their clients connect again."""
        for serving in self._made.values():
            serving.streams.ending.set()

    def pinned(self) -> "_PinnedServing":
        return _PinnedServing(self, self._gateway().generations.present.pinned())

    def of(self, generation: Generation) -> Serving:
        return self._made.get(generation) or self._make(generation)

    def _make(self, generation: Generation) -> Serving:
        """Known documents and budgets stay where their settings do."""
        now = generation.settings.gateway
        before, last = self._last or (None, None)
        keeps_documents = before is not None and all(
            getattr(before, name) == getattr(now, name)
            for name in ("limits", "introspection", "suggestions", "incremental", "fast_paths")
        )
        execution = (
            last.execution
            if last is not None and keeps_documents
            else Execution(
                self._schema,
                now.limits,
                introspection=now.offers("introspection"),
                suggestions=now.offers("suggestions"),
                incremental=now.incremental,
                executor=None if now.fast_paths.compiled_rows else BoundedIntExecutor,
            )
        )
        keeps_budgets = last is not None and before is not None and before.callers == now.callers
        deadlines = Deadlines(now.query_deadline, now.mutation_deadline, now.bulk_deadline)
        budgets = last.budgets if last is not None and keeps_budgets else CallerBudgets(now.callers)
        made = Serving(
            execution=execution,
            authenticator=generation.authenticator,
            federation=self._gateway().federation,
            max_body_bytes=now.max_body_bytes,
            deadlines=deadlines,
            streams=OperationStreams(
                execution,
                federation=lambda: self._gateway().federation,
                deadlines=deadlines,
                budgets=budgets,
                observe=self._observe,
                per_connection=now.live.per_connection,
            ),
            # Answers of an earlier configuration are not given again.
            kept=KeptAnswers(lambda: self._gateway().federation) if now.fast_paths.kept_answers else None,
            is_direct=now.fast_paths.direct_path,
            documents=DocumentLookup(
                generation.settings.documents,
                only_trusted=now.documents.only_trusted,
                automatic=self._automatic if now.documents.automatic else None,
            ),
            budgets=budgets,
        )
        self._made[generation] = made
        self._last = (now, made)
        return made


def create_app(settings: Settings, *, pause: Pause = anyio.sleep, tracing: Tracing | None = None) -> FastAPI:
    """A gateway over `settings`. Its parts are opened and closed with the application's lifespan.

    `pause` waits between two looks at a write whose answer was lost; tests shorten it. `tracing` replaces the one that is
    configured.
    """
    opened: list[Gateway] = []
    tracing = tracing or open_tracing(is_on=settings.gateway.traces)

    def sources() -> Sequence[SourceInfo] | None:
        return opened[0].federation.sources() if opened else None

    def journal_trouble() -> str | None:
        return opened[0].journal_trouble()

    load = LoadLimit(settings.gateway.admission)
    metrics = Metrics(
        sources=lambda: sources() or (),
        open_writes=lambda: opened[0].federation.open_writes() if opened else {},
        keys=lambda: opened[0].generations.sources if opened else (),
        load=load.view,
        live=lambda: opened[0].federation.live if opened else None,
    )

    def observe(record: UpstreamRequestRecord) -> None:
        metrics.observe(record)
        log_upstream_request(record)

    def observe_operation(record: OperationRecord) -> None:
        metrics.observe_operation(record)
        tracing.note_operation(record.kind, record.name, record.codes)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_gateway(
            settings,
            observe=observe,
            settled=metrics.observe_settled,
            wrote=metrics.observe_write,
            pause=pause,
            tracing=tracing,
        ) as gateway:
            opened.append(gateway)
            try:
                yield
            finally:
                opened.clear()
        await tracing.aclose()

    # A redirect would lead to whatever host the request names.
    app = FastAPI(
        title="taskgate",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        # Traces and metrics are those of `gateway.telemetry` and `/metrics`. FastAPI looks for its own in each request.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )

    def newest() -> GatewaySettings:
        return servings.settings if opened else settings.gateway

    def is_direct() -> bool:
        return newest().fast_paths.direct_path

    def drain(seconds: float) -> None:
        # First: what is cut off is not told as ended.
        servings.cut_streams()
        sockets.close_all(for_ever=True)
        for gateway in opened:
            gateway.federation.drain(seconds)

    def reopen_audit() -> None:
        for gateway in opened:
            gateway.reopen_audit()

    app.state.drain = drain
    app.state.reopen_audit = reopen_audit

    def logins() -> Sequence[Login]:
        return opened[0].authenticator.logins() if opened else ()

    graphiql = GraphiQL(settings, logins=logins) if settings.gateway.offers("graphiql") else None
    inbox = _inbox(settings, logins, has_graphiql=graphiql is not None)
    resource = ProtectedResource(settings.auth)
    servings = Servings(settings.gateway, lambda: opened[0], observe_operation)
    sockets = GraphQLSockets(servings.pinned, origins=lambda: servings.settings.cors_origins)
    route = GraphQLRoute(
        servings.pinned,
        load=load,
        resource_metadata=resource.metadata_address,
        page=graphiql.response if graphiql is not None else None,
        observe=observe_operation,
    )

    pages = [page for page in (graphiql, inbox) if page is not None]
    _offer_reload(app, opened, servings, sockets, load=load, resource=resource, pages=pages)
    # All methods: the route refuses the wrong ones itself, with a GraphQL answer.
    graphql = Compression(route, is_direct=is_direct)
    app.router.routes.append(Route("/graphql", graphql, methods=None))
    app.router.routes.append(WebSocketRoute("/graphql", sockets))
    app.router.routes.append(_webhooks(opened, metrics))
    _add_pages(app, pages, inbox)
    app.router.routes.extend(resource.routes())
    app.include_router(health_routes(sources, lambda: opened[0].authenticator, journal_trouble))
    if settings.gateway.metrics:
        app.include_router(metrics_routes(metrics))

    app.add_middleware(DirectPath, path="/graphql", to=graphql, is_on=is_direct)
    app.add_middleware(Cors, settings=newest)
    if tracing is not NO_TRACING:
        app.add_middleware(Traced, tracing=tracing)
    # Around all others: each answer has its request id, that to a preflight too.
    app.add_middleware(AccessLog, observe=metrics.observe_request)
    return app


def _inbox(settings: Settings, logins: Callable[[], Sequence[Login]], *, has_graphiql: bool) -> Inbox | None:
    return Inbox(settings, logins=logins, has_graphiql=has_graphiql) if settings.gateway.offers("inbox") else None


def _webhooks(opened: Sequence[Gateway], metrics: Metrics) -> Route:
    def noticed(source: str) -> None:
        opened[0].federation.live.noticed(source)

    webhooks = Webhooks(
        lambda: opened[0].generations.sources if opened else {}, noticed=noticed, observe=metrics.observe_webhook
    )
    return Route("/webhooks/{source}", webhooks, methods=None)


def _add_pages(app: FastAPI, pages: Sequence[GraphiQL | Inbox], inbox: Inbox | None) -> None:
    has_graphiql = any(isinstance(page, GraphiQL) for page in pages)
    app.router.routes.append(front_page(has_page=has_graphiql, inbox=None if inbox is None else inbox.response))
    for page in pages:
        app.router.routes.extend(page.routes)


def _offer_reload(
    app: FastAPI,
    opened: Sequence[Gateway],
    servings: Servings,
    sockets: GraphQLSockets,
    *,
    load: LoadLimit,
    resource: ProtectedResource,
    pages: Sequence[GraphiQL | Inbox],
) -> None:
    """`state.reload` takes other settings over, `state.retired` waits until no request has parts of earlier ones."""

    async def reload(wanted: Settings) -> Reloaded:
        """ReloadError if nothing was changed."""
        generations = opened[0].generations
        before = generations.present.newest
        done = await generations.reload(wanted)
        if generations.present.newest is not before:
            # In the same turn as the subscriptions end: none is told as ended for ever.
            servings.cut_streams()
            sockets.close_all()
        now = generations.present.newest.settings
        load.change(now.gateway.admission)
        resource.change(now.auth)
        for page in pages:
            page.change(now)
        return done

    async def retired() -> None:
        await opened[0].generations.retired()

    app.state.reload, app.state.retired = reload, retired
