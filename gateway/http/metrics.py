"""/metrics for Prometheus: requests and GraphQL operations, writes, upstream requests, the sources as the graph shows them,
and the process.
"""

import platform
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version

from fastapi import APIRouter
from fastapi.responses import Response
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from gateway.audit import AuditLine
from gateway.federation.live import Live
from gateway.federation.traffic import UpstreamRequestRecord
from gateway.federation.writes import OpenWrites
from gateway.http.load_limit import LoadView
from gateway.http.operation_record import OperationNames, OperationRecord
from schema.ports import SourceInfo, SourceStatus

# Seconds. The last one is longer than a query's default deadline.
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0)
PATHS = frozenset({"/", "/graphql", "/livez", "/readyz", "/metrics"})


class Metrics:
    """`sources` and `open_writes` are called at each scrape. `keys` gives those of the sources.

    Labels are names from the configuration or the code. Of a request only the names of operations are, a bounded number.
    """

    media_type = CONTENT_TYPE_LATEST

    def __init__(
        self,
        *,
        sources: Callable[[], Sequence[SourceInfo]],
        open_writes: Callable[[], Mapping[str, OpenWrites]] = dict,
        keys: Callable[[], Collection[str]] = tuple,
        load: Callable[[], LoadView] | None = None,
        live: Callable[[], Live | None] | None = None,
    ) -> None:
        self._registry = CollectorRegistry()
        self._keys = keys
        self._names = OperationNames()
        self._operations = Histogram(
            "taskgate_graphql_operation_seconds",
            "GraphQL operations that ran, by name; result is errors if the answer has any.",
            ("operation", "kind", "result"),
            buckets=BUCKETS,
            registry=self._registry,
        )
        # As many as the registry has: their labels are bounded.
        self._children: dict[tuple[Histogram, tuple[str, ...]], Histogram] = {}
        self._errors = Counter(
            "taskgate_graphql_errors",
            "Answers of /graphql with an error, by its code; refusals too. Problems of writes are in taskgate_writes.",
            ("code",),
            registry=self._registry,
        )
        self._writes = Counter(
            "taskgate_writes",
            "Lines of the audit: writes when they end, and what became known of them later.",
            ("source", "action", "status", "kind"),
            registry=self._registry,
        )
        self._requests = Histogram(
            "taskgate_http_request_seconds",
            "Requests to the gateway.",
            ("method", "path", "status"),
            buckets=BUCKETS,
            registry=self._registry,
        )
        self._calls = Histogram(
            "taskgate_upstream_call_seconds",
            "Requests sent to a source, by what became of them.",
            ("source", "kind", "outcome"),
            buckets=BUCKETS,
            registry=self._registry,
        )
        self._waits = Histogram(
            "taskgate_upstream_wait_seconds",
            "Waits for a source's limit, of requests that were sent.",
            ("source", "priority"),
            buckets=BUCKETS,
            registry=self._registry,
        )
        self._refusals = Counter(
            "taskgate_upstream_refusals",
            "Requests that were not sent: no budget within the deadline, or the source is away.",
            ("source", "kind", "outcome"),
            registry=self._registry,
        )
        self._settled = Counter(
            "taskgate_writes_settled",
            "Writes without a clear answer, by what became known of them later.",
            ("source", "result"),
            registry=self._registry,
        )
        self._webhooks = Counter(
            "taskgate_webhooks",
            "Webhooks to sources that take them, by what became of them.",
            ("source", "result"),
            registry=self._registry,
        )
        self._registry.register(_Sources(sources))
        if live is not None:
            self._registry.register(_Live(live))
        self._registry.register(_OpenWrites(sources, open_writes))
        if load is not None:
            self._registry.register(_Load(load))
        ProcessCollector(registry=self._registry)
        built = Gauge("taskgate_build_info", "1, with versions.", ("version", "python"), registry=self._registry)
        built.labels(version("taskgate"), platform.python_version()).set(1)

    def observe(self, record: UpstreamRequestRecord) -> None:
        kind = "write" if record.is_write else "read"
        if not record.sent:
            self._refusals.labels(record.source, kind, record.outcome).inc()
            return
        self._calls.labels(record.source, kind, record.outcome).observe(record.seconds)
        self._waits.labels(record.source, record.priority.name.lower()).observe(record.waited)

    def observe_settled(self, source: str, result: str) -> None:
        """`result`: APPLIED, REJECTED, or UNRESOLVED if it was never found out."""
        self._settled.labels(source, result).inc()

    def observe_webhook(self, source: str, result: str) -> None:
        """`source` is configured; `result`: looked, repeated, ignored or refused."""
        self._webhooks.labels(source, result).inc()

    def observe_write(self, line: AuditLine) -> None:
        """A source that is not configured is a client's own text, or that of a write of an earlier configuration."""
        source = line.source if line.source in self._keys() else "other" if line.source else "none"
        self._writes.labels(source, line.action, line.status, line.kind).inc()

    def observe_operation(self, record: OperationRecord) -> None:
        for code in record.codes:
            self._errors.labels(code).inc()
        if record.kind is not None:
            result = "errors" if record.codes else "ok"
            self._child(self._operations, self._names.label(record.name), record.kind, result).observe(record.seconds)

    def observe_request(self, method: str, path: str, status: int, seconds: float) -> None:
        """Unknown paths and methods share one label each: clients could invent any number of them."""
        known = path if path in PATHS else "other"
        verb = method if method in {"GET", "POST", "OPTIONS", "HEAD"} else "other"
        self._child(self._requests, verb, known, str(status)).observe(seconds)

    def _child(self, histogram: Histogram, *labels: str) -> Histogram:
        """As `labels`, which checks its arguments and takes a lock each time."""
        key = histogram, labels
        found = self._children.get(key)
        if found is None:
            found = self._children[key] = histogram.labels(*labels)
        return found

    def exposition(self) -> bytes:
        return generate_latest(self._registry)


def metrics_routes(metrics: Metrics) -> APIRouter:
    router = APIRouter()

    @router.get("/metrics")
    async def exposition() -> Response:
        return Response(metrics.exposition(), media_type=metrics.media_type)

    return router


class _Sources(Collector):
    def __init__(self, sources: Callable[[], Sequence[SourceInfo]]) -> None:
        self._sources = sources

    def collect(self) -> Iterable[Metric]:
        status = GaugeMetricFamily("taskgate_source_status", "1 for the status it has.", labels=("source", "status"))
        limit = GaugeMetricFamily("taskgate_source_limit", "Requests within a window.", labels=("source", "name"))
        left = GaugeMetricFamily("taskgate_source_limit_remaining", "Requests left.", labels=("source", "name"))
        entries = GaugeMetricFamily("taskgate_cache_entries", "Answers kept.", labels=("source",))
        hits = GaugeMetricFamily("taskgate_cache_hit_ratio", "Share of questions without a call.", labels=("source",))
        for source in self._sources():
            for each in SourceStatus:
                status.add_metric((source.key, each.value), float(source.status is each))
            for bucket in source.rate_limits:
                if bucket.limit is not None and bucket.remaining is not None:
                    limit.add_metric((source.key, bucket.name), bucket.limit)
                    left.add_metric((source.key, bucket.name), bucket.remaining)
            if source.cache is not None:
                cache = source.cache()
                entries.add_metric((source.key,), cache.entries)
                if cache.hit_ratio is not None:
                    hits.add_metric((source.key,), cache.hit_ratio)
        return (status, limit, left, entries, hits)


class _Live(Collector):
    def __init__(self, live: Callable[[], Live | None]) -> None:
        self._live = live

    def collect(self) -> Iterable[Metric]:
        live = self._live()
        subscribers = GaugeMetricFamily("taskgate_subscribers", "Subscriptions that run.")
        subscribers.add_metric((), 0 if live is None else live.subscribers)
        observers = GaugeMetricFamily("taskgate_observers", "What looks at sources for them: one for each credential.")
        observers.add_metric((), 0 if live is None else live.observers)
        return (subscribers, observers)


class _Load(Collector):
    def __init__(self, load: Callable[[], LoadView]) -> None:
        self._load = load

    def collect(self) -> Iterable[Metric]:
        view = self._load()
        in_work = GaugeMetricFamily("taskgate_requests_in_work", "GraphQL requests that are carried out.")
        in_work.add_metric((), view.in_work)
        waiting = GaugeMetricFamily("taskgate_requests_waiting", "GraphQL requests that wait for their turn.")
        waiting.add_metric((), view.waiting)
        lag = GaugeMetricFamily("taskgate_event_loop_lag_seconds", "How late the event loop was while requests ran.")
        lag.add_metric((), view.lag)
        return (in_work, waiting, lag)


class _OpenWrites(Collector):
    def __init__(
        self, sources: Callable[[], Sequence[SourceInfo]], open_writes: Callable[[], Mapping[str, OpenWrites]]
    ) -> None:
        self._sources = sources
        self._open_writes = open_writes

    def collect(self) -> Iterable[Metric]:
        """A source without open writes has 0; "other" stands for sources that are configured no more."""
        count = GaugeMetricFamily(
            "taskgate_writes_open", "Writes without a clear answer that are still looked up.", labels=("source",)
        )
        age = GaugeMetricFamily(
            "taskgate_writes_open_oldest_seconds", "Age of the oldest of them; it ends after 900.", labels=("source",)
        )
        now = datetime.now(UTC)
        totals = {source.key: (0, 0.0) for source in self._sources()}
        for key, writes in self._open_writes().items():
            label = key if key in totals else "other"
            number, oldest = totals.get(label, (0, 0.0))
            totals[label] = (number + writes.count, max(oldest, (now - writes.oldest).total_seconds()))
        for label, (number, oldest) in totals.items():
            count.add_metric((label,), number)
            age.add_metric((label,), oldest)
        return (count, age)
