"""Traces: one span for each request, one for each upstream request, and nothing in them that is secret."""

import re
import sys
import threading
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from connectors.camunda import CamundaConnector
from connectors.camunda.settings import CamundaSettings
from gateway.app import create_app
from gateway.settings import load
from gateway.telemetry import NO_TRACING, open_telemetry, open_tracing, tracing_fault
from gateway.telemetry.open_telemetry import OpenTelemetry
from sandbox.camunda.stand_in import CamundaStandIn
from tests.gateway.configuration import GATEWAY, SOURCES, write_configuration

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"
QUERY = (
    "query Mine($secretVariable: String) { viewer { inbox(first: 3, filter: {text: $secretVariable}) { totalCount } } }"
)
HEADERS = {"traceparent": PARENT, "baggage": "customer=secret-baggage", "x-request-id": "request-7"}


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "OTEL_SERVICE_NAME",
        "OTEL_RESOURCE_ATTRIBUTES",
        "OTEL_TRACES_EXPORTER",
        "OTEL_EXPORTER_OTLP_PROTOCOL",
    ):
        monkeypatch.delenv(name, raising=False)


class Recording(httpx2.AsyncBaseTransport):
    def __init__(self) -> None:
        stand_in = CamundaStandIn()
        stand_in.reset(tasks=3, seed=7, now=None, scenario=None)
        self._inner = httpx2.ASGITransport(app=stand_in)
        self.requests: list[httpx2.Request] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        return await self._inner.handle_async_request(request)


@asynccontextmanager
async def traced(
    folder: Path, exporter: InMemorySpanExporter, *, more: str = ""
) -> AsyncIterator[tuple[httpx2.AsyncClient, Recording]]:
    """A gateway over Camunda's stand-in, with the requests that it sends."""
    transport = Recording()
    source = SOURCES.partition('[[sources]]\nkey = "field"')[0]
    source = source.replace(
        'username = "gateway", password = "pass-never-told"', 'username = "demo", password = "demo"'
    )
    people = '[[people]]\nkey = "alice"\nname = "Alice"\nidentities.camunda.id = "alice"\n'
    settings = load(write_configuration(folder, gateway=GATEWAY, sources=source + more, people=people))

    class Here(CamundaConnector):
        @classmethod
        def open(cls, settings: CamundaSettings, **_: Any) -> "Here":
            return super().open(settings, transport=transport)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gateway.generations.connector_types", lambda: {"camunda": Here})
        patch.setattr("gateway.generations.FIRST_LOOK", 0.0)
        app = create_app(settings, tracing=OpenTelemetry(exporter))
        async with (
            app.router.lifespan_context(app),
            httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://gateway") as client,
        ):
            transport.requests.clear()
            exporter.clear()
            yield client, transport


def attributes(span: ReadableSpan) -> Mapping[str, Any]:
    return dict(span.attributes or {})


def of_kind(exporter: InMemorySpanExporter, kind: SpanKind) -> Sequence[ReadableSpan]:
    return [span for span in exporter.get_finished_spans() if span.kind is kind]


async def test_a_query_is_one_span_with_one_below_it_for_each_upstream_request(tmp_path: Path) -> None:
    """They are in the client's trace, and the vendor gets its context. Resolvers have no spans."""
    exporter = InMemorySpanExporter()
    async with traced(tmp_path, exporter) as (client, transport):
        body = {"query": QUERY, "variables": {"secretVariable": "secret-text"}}
        answer = await client.post("/graphql", json=body, headers=HEADERS)
    [server] = of_kind(exporter, SpanKind.SERVER)
    calls = of_kind(exporter, SpanKind.CLIENT)
    own = [span for span in calls if span.parent is not None and span.context is not None]

    assert answer.json()["data"]["viewer"]["inbox"]["totalCount"] is not None
    assert "query Mine" == server.name
    assert server.context is not None
    assert server.context.trace_id == int(TRACE, 16)
    assert {
        "http.request.method": "POST",
        "http.route": "/graphql",
        "http.response.status_code": 200,
        "taskgate.request_id": "request-7",
        "graphql.operation.type": "query",
        "graphql.operation.name": "Mine",
    } == attributes(server)
    assert own
    assert {server.context.span_id} == {span.parent.span_id for span in own if span.parent is not None}
    assert {"camunda"} == {attributes(span)["taskgate.source"] for span in calls}
    carried = {request.headers.get("traceparent", "").split("-")[2] for request in transport.requests}
    assert carried <= {f"{span.context.span_id:016x}" for span in calls if span.context is not None}
    assert len(transport.requests) == len(calls)
    assert not any("baggage" in request.headers for request in transport.requests)


async def test_spans_hold_nothing_secret(tmp_path: Path) -> None:
    """No query text, variable, person, token, baggage or address, whatever becomes of the request."""
    exporter = InMemorySpanExporter()
    async with traced(tmp_path, exporter) as (client, _):
        for body in (
            {"query": QUERY, "variables": {"secretVariable": "secret-text"}},
            {"query": "query Broken { secretField }"},
            {"query": f"query {'N' * 200} {{ viewer {{ user {{ displayName }} }} }}"},
        ):
            await client.post("/graphql", json=body, headers={**HEADERS, "Authorization": "Bearer alice"})
        await client.post("/graphql", json={"query": "{a}"}, headers={"Authorization": "Bearer secret-token"})
    told = " ".join(span.to_json() for span in exporter.get_finished_spans())

    assert re.findall(r"(?i)secret|alice|127\.0\.0\.1|N{70}|displayName|bearer", told) == []
    assert "UNAUTHENTICATED" in told


async def test_a_source_may_keep_the_context_from_its_vendor(tmp_path: Path) -> None:
    """`trace_context` decides before the vendor's default does."""
    exporter = InMemorySpanExporter()
    async with traced(tmp_path, exporter, more="trace_context = false\n") as (client, transport):
        await client.post("/graphql", json={"query": "{ viewer { inbox(first: 1) { totalCount } } }"}, headers=HEADERS)

    assert transport.requests
    assert not any("traceparent" in request.headers for request in transport.requests)


async def test_health_and_metrics_have_no_spans(tmp_path: Path) -> None:
    """They are asked for all the time."""
    exporter = InMemorySpanExporter()
    async with traced(tmp_path, exporter) as (client, _):
        for path in ("/livez", "/readyz", "/metrics", "/absent"):
            await client.get(path)

    assert [] == of_kind(exporter, SpanKind.SERVER)


def test_a_failed_call_is_an_error() -> None:
    """With the code of the error, and the status if there was one."""
    exporter = InMemorySpanExporter()
    tracer = OpenTelemetry(exporter).source("a", "camunda", passes_context=False)
    tracer.begin("list tasks", is_write=False, waited=0.25).end(outcome="UPSTREAM_TIMEOUT", status=None, sent=True)
    [span] = exporter.get_finished_spans()

    assert ("a list tasks", StatusCode.ERROR) == (span.name, span.status.status_code)
    assert "UPSTREAM_TIMEOUT" == attributes(span)["error.type"]
    assert 0.25 == attributes(span)["taskgate.waited_seconds"]


@pytest.mark.parametrize(
    ("name", "value", "spans"),
    [("OTEL_SDK_DISABLED", "true", 0), ("OTEL_TRACES_SAMPLER", "always_off", 0), ("OTEL_SERVICE_NAME", "door", 1)],
)
def test_the_standard_variables_count(monkeypatch: pytest.MonkeyPatch, name: str, value: str, spans: int) -> None:
    """Those that the SDK reads."""
    monkeypatch.setenv(name, value)
    exporter = InMemorySpanExporter()
    with OpenTelemetry(exporter).request("POST", "/graphql", {}, "r"):
        pass
    found = exporter.get_finished_spans()

    assert spans == len(found)
    assert all(value == span.resource.attributes["service.name"] for span in found)


def test_the_service_has_a_name() -> None:
    """Without one of the operator."""
    exporter = InMemorySpanExporter()
    with OpenTelemetry(exporter).request("POST", "/graphql", {}, "r"):
        pass

    assert ["taskgate"] == [span.resource.attributes["service.name"] for span in exporter.get_finished_spans()]


def test_without_traces_nothing_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    """The extra need not be installed. With traces that is one line that says what to do."""
    for name in [each for each in sys.modules if each.split(".")[0] == "opentelemetry"]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delitem(sys.modules, "gateway.telemetry.open_telemetry")

    assert open_tracing(is_on=False) is NO_TRACING
    assert tracing_fault(is_on=False) is None
    assert "gateway.traces: needs OpenTelemetry: pip install 'taskgate[otel]'" == tracing_fault(is_on=True)


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("OTEL_TRACES_EXPORTER", "zipkin", "gateway.traces: OTEL_TRACES_EXPORTER takes otlp, console and none"),
        (
            "OTEL_EXPORTER_OTLP_PROTOCOL",
            "grpc",
            (
                "gateway.traces: OTEL_EXPORTER_OTLP_PROTOCOL=grpc needs the package opentelemetry-exporter-otlp-proto-grpc; "
                "http/protobuf needs nothing more"
            ),
        ),
        ("OTEL_TRACES_EXPORTER", "otlp,console", None),
        ("OTEL_TRACES_EXPORTER", "none", None),
    ],
)
def test_an_exporter_that_is_not_there_is_one_line(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, line: str | None
) -> None:
    """Before anything starts."""
    monkeypatch.setenv(name, value)

    assert line == tracing_fault(is_on=True)


async def test_the_end_does_not_wait_long_for_a_collector(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is left is lost then."""
    never = threading.Event()

    class Stuck(SpanExporter):
        def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
            return SpanExportResult.SUCCESS

        def shutdown(self) -> None:
            never.wait(30)

    monkeypatch.setattr(open_telemetry, "LAST_SECONDS", 0.01)
    await OpenTelemetry(Stuck()).aclose()
    never.set()
