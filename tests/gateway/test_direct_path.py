"""A gateway whose requests take the direct path answers, logs and counts as one whose requests pass all layers."""

import json
import re
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from structlog.testing import capture_logs

from gateway.app import create_app
from gateway.http import CallerBudgets
from gateway.http.compression import SMALLEST
from gateway.settings import load
from gateway.telemetry.open_telemetry import OpenTelemetry
from tests.gateway.configuration import write_configuration

SETTINGS = """
[gateway]
secret = "cursor-secret-of-tests"
cors_origins = ["https://inbox.example"]
max_body_bytes = 4096
callers = { requests = 150, cost = 100000 }
"""
SMALL = "{ __typename }"
NAMED = "query Who { viewer { user { id displayName } } }"
LARGE = "{ viewer { user { " + " ".join(f"name{number}: displayName" for number in range(60)) + " } } }"
FAULTY = "{ nothing }"
ORIGIN = {"Origin": "https://inbox.example"}
# Of the time that passed.
MEASURED = re.compile(rb'"(waitedMs|ms)":[^,}]*')
NONCE = re.compile(rb"nonce(?:&quot;|\W)+[\w-]+")
SECONDS = re.compile(r"_(sum|created|bucket)[ {]|^(process|python)_|lag")


class Sent(NamedTuple):
    """`body` is JSON or bytes as they are; without it the request is a GET."""

    name: str
    body: Any = None
    query: str = ""
    headers: dict[str, str] = {}  # noqa: RUF012 it is never changed
    person: str | None = "alice"
    method: str | None = None
    path: str = "/graphql"


def url_of(query: str) -> str:
    return str(httpx2.QueryParams({"query": query}))


REQUESTS = [
    Sent("a query", {"query": NAMED}),
    Sent("a large answer", {"query": LARGE}),
    Sent("a large answer, compressed", {"query": LARGE}, headers={"Accept-Encoding": "gzip"}),
    Sent("an answer of a media type", {"query": NAMED}, headers={"Accept": "application/graphql-response+json"}),
    Sent("an answer for a page", {"query": LARGE}, headers=ORIGIN),
    Sent("another origin", {"query": LARGE}, headers={"Origin": "https://other.example"}),
    Sent("by GET", query=url_of(LARGE)),
    Sent("by GET, of a page", query=url_of(NAMED), headers=ORIGIN),
    Sent("by GET, compressed", query=url_of(LARGE), headers={"Accept-Encoding": "gzip"}),
    Sent("any known answer", query=url_of(NAMED), headers={"If-None-Match": "*"}),
    Sent("an unknown answer", query=url_of(NAMED), headers={"If-None-Match": '"x"'}),
    Sent("a head", query=url_of(NAMED), method="HEAD"),
    Sent("another person", {"query": NAMED}, person="bob"),
    Sent("an unknown person", {"query": NAMED}, person="mallory"),
    Sent("no sign-in", {"query": NAMED}, person=None),
    Sent("no sign-in, of a page", {"query": NAMED}, person=None, headers=ORIGIN),
    Sent("a fault", {"query": FAULTY}),
    Sent("no JSON", b"{"),
    Sent("a batch", [{"query": SMALL}]),
    Sent("variables of another type", {"query": SMALL, "variables": []}),
    Sent("a body of another type", {"query": SMALL}, headers={"Content-Type": "text/plain"}),
    Sent("a body that is too large", b"x" * 5000),
    Sent("an address that is too long", query="query=" + "x" * 5000),
    Sent("no query"),
    Sent("a mutation by GET", query=url_of("mutation { __typename }")),
    Sent("no media type", {"query": SMALL}, headers={"Accept": "image/png"}),
    Sent("a subscription's media type", {"query": SMALL}, headers={"Accept": "text/event-stream"}),
    Sent("the page", headers={"Accept": "text/html"}),
    Sent("a preflight", method="OPTIONS", headers={**ORIGIN, "Access-Control-Request-Method": "POST"}),
    Sent("a refused preflight", method="OPTIONS", headers={"Origin": "x", "Access-Control-Request-Method": "POST"}),
    Sent("a wrong method", {"query": SMALL}, method="PUT"),
    Sent("a slash more", {"query": SMALL}, path="/graphql/"),
    Sent("another path", {"query": SMALL}, path="/graphqls"),
    Sent("an escaped path", {"query": SMALL}, path="/%67raphql"),
]


class Gateway:
    """Each request is sent with an id and a trace of its own, the same in both gateways."""

    def __init__(self, client: httpx2.AsyncClient, spans: InMemorySpanExporter) -> None:
        self.client, self.spans = client, spans

    async def told(self, sent: Sent, number: int) -> dict[str, Any]:
        """The answer as it was sent, the log lines, and what the trace has of the request."""
        headers = {
            "X-Request-Id": f"request-{number}",
            "traceparent": f"00-4bf92f3577b34da6a3ce929d0e0e{number:04x}-00f067aa0ba902b7-01",
            "Accept": "application/json",
            **({} if sent.body is None else {"Content-Type": "application/json"}),
            **({} if sent.person is None else {"Authorization": f"Bearer {sent.person}"}),
            **sent.headers,
        }
        body = sent.body if isinstance(sent.body, bytes | None) else json.dumps(sent.body).encode()
        request = self.client.build_request(
            sent.method or ("GET" if body is None else "POST"),
            f"{sent.path}?{sent.query}" if sent.query else sent.path,
            content=body,
            headers=headers,
        )
        if "Accept-Encoding" not in sent.headers:
            del request.headers["accept-encoding"]
        with capture_logs() as logs:
            answer = await self.client.send(request, stream=True)
            raw = b"".join([part async for part in answer.aiter_raw()])
        spans = [
            (span.name, dict(span.attributes or {}), span.status.status_code)
            for span in self.spans.get_finished_spans()
            if (span.attributes or {}).get("taskgate.request_id") == f"request-{number}"
        ]
        self.spans.clear()
        return {
            "status": answer.status_code,
            "headers": sorted((name, NONCE.sub(b"", value)) for name, value in answer.headers.raw),
            "body": raw if "content-encoding" in answer.headers else NONCE.sub(b"", MEASURED.sub(b"", raw)),
            # Sources are looked at in the background.
            "logs": [
                {key: value for key, value in line.items() if key not in {"ms", "waited_ms"}}
                for line in logs
                if line["event"] == "request"
            ],
            "spans": spans,
        }

    async def counted(self) -> list[str]:
        """The metrics of requests, without their times."""
        text = (await self.client.get("/metrics")).text
        return [line for line in text.splitlines() if not SECONDS.search(line) and "source" not in line]


@pytest.fixture
async def pair(tmp_path: Path) -> AsyncIterator[tuple[Gateway, Gateway]]:
    """One with the direct path and kept answers, one with neither."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gateway.generations.FIRST_LOOK", 0.0)
        # Budgets are not filled up while the test runs.
        patch.setattr("gateway.app.CallerBudgets", partial(CallerBudgets, monotonic=lambda: 0.0))
        made = []
        for name, more in (("direct", ""), ("layers", "fast_paths = { direct_path = false, kept_answers = false }\n")):
            folder = tmp_path / name
            folder.mkdir()
            exporter = InMemorySpanExporter()
            app = create_app(
                load(write_configuration(folder, gateway=SETTINGS + more)), tracing=OpenTelemetry(exporter)
            )
            made.append(
                (app, Gateway(httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://g"), exporter))
            )
        async with (
            made[0][0].router.lifespan_context(made[0][0]),
            made[1][0].router.lifespan_context(made[1][0]),
            made[0][1].client,
            made[1][1].client,
        ):
            for _, each in made:
                each.spans.clear()
            yield made[0][1], made[1][1]


async def test_answers_headers_logs_traces_and_metrics_are_alike(pair: tuple[Gateway, Gateway]) -> None:
    """Four times each: made anew, then kept, then given again."""
    direct, layers = pair
    for number, sent in enumerate(REQUESTS * 4):
        expected = await layers.told(sent, number)

        assert await direct.told(sent, number) == expected, sent.name
    assert await direct.counted() == await layers.counted()


async def test_a_client_that_has_a_kept_answer_is_told_so(pair: tuple[Gateway, Gateway]) -> None:
    sent = Sent("by GET", query=url_of(NAMED))
    for each in pair:
        tags = {dict((await each.told(sent, number))["headers"])[b"etag"] for number in range(4)}
        assert len(tags) == 1
        known = await each.told(sent._replace(headers={"If-None-Match": tags.pop().decode()}), 5)

        assert (known["status"], known["body"]) == (304, b"")


async def test_the_requests_of_the_comparison_differ_in_what_they_try(pair: tuple[Gateway, Gateway]) -> None:
    """The comparison would say nothing if all of them were refused, or no answer were large."""
    told = [await pair[0].told(sent, number) for number, sent in enumerate(REQUESTS)]

    assert {each["status"] for each in told} >= {200, 304, 400, 401, 404, 405, 406, 413, 414, 415}
    assert max(len(each["body"]) for each in told) > SMALLEST


async def test_budgets_end_alike(pair: tuple[Gateway, Gateway]) -> None:
    """Kept answers take from them, too."""
    sent = Sent("a query", {"query": NAMED})
    for number in range(151):
        expected, answer = [await each.told(sent, number) for each in (pair[1], pair[0])]
        assert answer == expected, number

    assert answer["status"] == 429
