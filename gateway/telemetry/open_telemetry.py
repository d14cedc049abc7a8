"""Spans of the OpenTelemetry SDK, sent as the standard `OTEL_*` environment variables say."""

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version

import anyio
import anyio.to_thread
from opentelemetry import propagate, trace
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter, SpanExporter
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer

from gateway.telemetry.port import NO_HEADERS, CallSpan, CallTracer, RequestSpan

# Seconds for sending what is left at the end.
LAST_SECONDS = 2.0
# A client's own text, which may be of any length and kind: only such names are told.
LONGEST_NAME = 64
# Set by clients: it is not passed on to vendors.
_BAGGAGE = "baggage"


def exporters() -> list[SpanExporter]:
    """What OTEL_TRACES_EXPORTER names: otlp (the default), console, none. ValueError for others.

    OTLP goes over HTTP, or over gRPC where OTEL_EXPORTER_OTLP_PROTOCOL says so and its exporter is installed.
    """
    made: list[SpanExporter] = []
    for name in (os.environ.get("OTEL_TRACES_EXPORTER") or "otlp").split(","):
        match name.strip():
            case "otlp":
                made.append(_otlp())
            case "console":
                made.append(ConsoleSpanExporter())
            case "none":
                pass
            case _:
                raise ValueError("OTEL_TRACES_EXPORTER takes otlp, console and none")
    return made


def _otlp() -> SpanExporter:
    protocol = os.environ.get("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL") or os.environ.get("OTEL_EXPORTER_OTLP_PROTOCOL")
    if protocol == "grpc":
        try:
            from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import (  # type: ignore[import-not-found] # noqa: PLC0415 not part of the extra
                OTLPSpanExporter as OverGrpc,
            )
        except ImportError:
            raise ValueError(
                "OTEL_EXPORTER_OTLP_PROTOCOL=grpc needs the package opentelemetry-exporter-otlp-proto-grpc; http/protobuf "
                "needs nothing more"
            ) from None
        over_grpc: SpanExporter = OverGrpc()
        return over_grpc
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 costs 0.1 s

    return OTLPSpanExporter()


def _resource() -> Resource:
    """The operator's names come first."""
    named = os.environ.get("OTEL_SERVICE_NAME") or "service.name=" in os.environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
    own = {SERVICE_VERSION: version("taskgate")} | ({} if named else {SERVICE_NAME: "taskgate"})
    return Resource.create(own)


class OpenTelemetry:
    """`Tracing` over the SDK. `exporter` replaces those of the environment, and gets each span at once."""

    def __init__(self, exporter: SpanExporter | None = None) -> None:
        # Sampler, limits and OTEL_SDK_DISABLED are read from the environment by the SDK.
        self._provider = TracerProvider(resource=_resource(), shutdown_on_exit=False)
        if exporter is None:
            for each in exporters():
                self._provider.add_span_processor(BatchSpanProcessor(each))
        else:
            from opentelemetry.sdk.trace.export import SimpleSpanProcessor  # noqa: PLC0415 for tests only

            self._provider.add_span_processor(SimpleSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("taskgate", version("taskgate"))

    @contextmanager
    def request(self, method: str, path: str, headers: Mapping[str, str], request_id: str) -> Iterator[RequestSpan]:
        with self._tracer.start_as_current_span(
            f"{method} {path}",
            context=propagate.extract(headers),
            kind=SpanKind.SERVER,
            attributes={
                "http.request.method": method,
                "http.route": path,
                "taskgate.request_id": request_id,
            },
            # Its text may hold what a client sent.
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            yield _Request(span)

    def note_operation(self, kind: str | None, name: str | None, codes: tuple[str, ...]) -> None:
        span = trace.get_current_span()
        if kind is not None:
            span.set_attribute("graphql.operation.type", kind)
            told = name if name is not None and len(name) <= LONGEST_NAME else None
            if told is not None:
                span.set_attribute("graphql.operation.name", told)
            span.update_name(f"{kind} {told}" if told is not None else kind)
        if codes:
            span.set_attribute("taskgate.error_codes", list(codes))
        if "INTERNAL" in codes:
            span.set_status(Status(StatusCode.ERROR, "INTERNAL"))

    def source(self, key: str, vendor: str, *, passes_context: bool) -> CallTracer:
        return _Calls(self._tracer, key, vendor, passes_context=passes_context)

    async def aclose(self) -> None:
        """In a thread that does not keep the process: an exporter may wait long for a collector that is away."""
        ended = threading.Event()

        def shut_down() -> None:
            self._provider.shutdown()
            ended.set()

        threading.Thread(target=shut_down, daemon=True).start()
        await anyio.to_thread.run_sync(ended.wait, LAST_SECONDS)


class _Request:
    def __init__(self, span: Span) -> None:
        self._span = span
        context = span.get_span_context()
        self.trace_id = trace.format_trace_id(context.trace_id) if context.is_valid else None

    def answered(self, status: int) -> None:
        self._span.set_attribute("http.response.status_code", status)
        if status >= 500:
            self._span.set_attribute("error.type", str(status))
            self._span.set_status(Status(StatusCode.ERROR))


class _Calls:
    def __init__(self, tracer: Tracer, key: str, vendor: str, *, passes_context: bool) -> None:
        self._tracer = tracer
        self._passes_context = passes_context
        self._about = {"taskgate.source": key, "taskgate.vendor": vendor}
        self._key = key

    def begin(self, operation: str, *, is_write: bool, waited: float) -> CallSpan:
        span = self._tracer.start_span(
            f"{self._key} {operation}".rstrip(),
            kind=SpanKind.CLIENT,
            attributes={
                **self._about,
                "taskgate.operation": operation,
                "taskgate.kind": "write" if is_write else "read",
                "taskgate.waited_seconds": round(waited, 4),
            },
            record_exception=False,
            set_status_on_exception=False,
        )
        return _Call(span, _context_of(span) if self._passes_context else NO_HEADERS)


def _context_of(span: Span) -> Mapping[str, str]:
    carrier: dict[str, str] = {}
    propagate.inject(carrier, context=trace.set_span_in_context(span))
    carrier.pop(_BAGGAGE, None)
    return carrier


class _Call:
    def __init__(self, span: Span, headers: Mapping[str, str]) -> None:
        self._span = span
        self.headers = headers

    def end(self, *, outcome: str, status: int | None, sent: bool) -> None:
        span = self._span
        span.set_attribute("taskgate.outcome", outcome)
        span.set_attribute("taskgate.sent", sent)
        if status is not None:
            span.set_attribute("http.response.status_code", status)
        if outcome != "ok":
            span.set_attribute("error.type", outcome)
            span.set_status(Status(StatusCode.ERROR, outcome))
        span.end()
