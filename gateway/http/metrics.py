"""/metrics for Prometheus: requests to the gateway, upstream requests, and the sources as the graph shows them."""

from collections.abc import Callable, Iterable, Sequence

from fastapi import APIRouter
from fastapi.responses import Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from gateway.federation.traffic import UpstreamRequestRecord
from schema.ports import SourceInfo, SourceStatus

# Seconds. The last one is longer than a query's default deadline.
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0)
PATHS = frozenset({"/", "/graphql", "/livez", "/readyz", "/metrics"})


class Metrics:
    """`sources` is called at each scrape. Labels are names from the configuration or the code, never from a request."""

    media_type = CONTENT_TYPE_LATEST

    def __init__(self, *, sources: Callable[[], Sequence[SourceInfo]]) -> None:
        self._registry = CollectorRegistry()
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
        self._registry.register(_Sources(sources))

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

    def observe_request(self, method: str, path: str, status: int, seconds: float) -> None:
        """Unknown paths and methods share one label each: clients could invent any number of them."""
        known = path if path in PATHS else "other"
        verb = method if method in {"GET", "POST", "OPTIONS", "HEAD"} else "other"
        self._requests.labels(verb, known, str(status)).observe(seconds)

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
