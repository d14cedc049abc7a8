"""Subscriptions as server-sent events and as multipart, on the URL of all other requests."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Self

import httpx2
import pytest

from gateway.http import streamed_answer
from gateway.http.streamed_answer import EventStream, Multipart, StreamedAnswer
from tests.gateway.conftest import OpenClient
from tests.gateway.http.test_graphql_route import KEYED

SSE, MULTIPART, JSON = "text/event-stream", "multipart/mixed", "application/json"
URQL = (
    "application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed"
)
APOLLO = "multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/json"
WAITING = "subscription { sourceStatusChanged { key } }"
TYPENAME = "{ __typename }"


class Exchange:
    """One request to the application, whose answer is read while it is written."""

    def __init__(self, client: httpx2.AsyncClient, query: str, accept: str, **headers: str) -> None:
        self._app: Any = client._transport.app  # type: ignore[attr-defined]
        sent = {"host": "gateway", "accept": accept, "content-type": JSON, **headers}
        self._scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": "/graphql",
            "raw_path": b"/graphql",
            "root_path": "",
            "query_string": b"",
            "headers": [(name.lower().encode(), value.encode()) for name, value in sent.items()],
            "client": ("127.0.0.1", 1),
            "server": ("gateway", 80),
            "state": {},
        }
        self._inward: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._inward.put_nowait(
            {"type": "http.request", "body": json.dumps({"query": query}).encode(), "more_body": False}
        )
        self._outward: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.status = 0
        self.headers: dict[str, str] = {}

    async def next(self) -> dict[str, Any]:
        return await asyncio.wait_for(self._outward.get(), 5)

    async def text(self) -> str:
        """All that is written from now on."""
        written: bytes = b""
        while True:
            message = await self.next()
            written += message["body"]
            if not message.get("more_body"):
                return str(written, "utf-8")

    def leave(self) -> None:
        self._inward.put_nowait({"type": "http.disconnect"})

    async def __aenter__(self) -> Self:
        self._running = asyncio.create_task(self._app(self._scope, self._inward.get, self._outward.put))
        start = await self.next()
        self.status = start["status"]
        self.headers = {name.decode().lower(): value.decode() for name, value in start["headers"]}
        return self

    async def __aexit__(self, *error: object) -> None:
        self.leave()
        await asyncio.wait_for(self._running, 5)


@asynccontextmanager
async def told(client: httpx2.AsyncClient, query: str, accept: str, **headers: str) -> AsyncIterator[Exchange]:
    async with Exchange(client, query, accept, **headers) as exchange:
        yield exchange


async def test_a_query_as_events_is_one_event(client: httpx2.AsyncClient) -> None:
    async with told(client, TYPENAME, SSE) as exchange:
        assert (exchange.status, exchange.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
        assert (
            await exchange.text()
            == ':\n\nevent: next\ndata: {"data":{"__typename":"Query"}}\n\nevent: complete\ndata:\n\n'
        )


async def test_what_cannot_run_is_an_event_where_the_client_takes_nothing_else(client: httpx2.AsyncClient) -> None:
    for query in ("{", "{ nothing }", 'subscription { sourceStatusChanged(ids: ["x"]) { key } }'):
        async with told(client, query, SSE) as exchange:
            text = await exchange.text()
            assert text.startswith(':\n\nevent: next\ndata: {"errors":[')
            assert text.endswith("event: complete\ndata:\n\n")


async def test_a_client_that_takes_all_gets_json_for_queries_and_a_stream_for_subscriptions(
    client: httpx2.AsyncClient,
) -> None:
    for accept, media in ((URQL, "text/event-stream; charset=utf-8"), (APOLLO, Multipart.media_type)):
        async with told(client, TYPENAME, accept) as exchange:
            assert "json" in exchange.headers["content-type"]
        async with told(client, "subscription { nothing }", accept) as exchange:
            assert "json" in exchange.headers["content-type"]
        async with told(client, WAITING, accept) as exchange:
            assert exchange.headers["content-type"] == media
            assert exchange.headers["content-encoding"] == "identity"


async def test_a_subscription_without_a_stream_is_refused(client: httpx2.AsyncClient) -> None:
    for accept in (JSON, "*/*", "application/graphql-response+json"):
        answer = await client.post("/graphql", json={"query": WAITING}, headers={"Accept": accept})
        assert answer.json()["errors"][0]["extensions"]["code"] == "NOT_A_STREAM"
    answer = await client.post("/graphql", json={"query": TYPENAME}, headers={"Accept": MULTIPART})
    assert answer.status_code == 406


async def test_a_stream_needs_sign_in(open_client: OpenClient) -> None:
    async with open_client(auth=KEYED) as client, told(client, WAITING, SSE) as exchange:
        assert exchange.status == 401


async def test_multipart_begins_and_ends_as_its_readers_expect(client: httpx2.AsyncClient) -> None:
    query = 'subscription { sourceStatusChanged(ids: ["x"]) { key } }'
    async with told(client, query, MULTIPART) as exchange:
        text = await exchange.text()
    opening, part, end = text.split("--graphql")
    assert (opening, end) == ("\r\n", "--\r\n")
    head, body = part.split("\r\n\r\n")
    assert head == "\r\nContent-Type: application/json"
    payload = json.loads(body)
    assert payload["payload"] is None
    assert payload["errors"][0]["extensions"]["code"] == "VALIDATION_FAILED"


async def test_a_client_that_leaves_ends_the_subscription(client: httpx2.AsyncClient) -> None:
    tasks = len(asyncio.all_tasks())
    for accept in (SSE, MULTIPART):
        async with told(client, WAITING, accept) as exchange:
            await exchange.next()
    await asyncio.sleep(0)
    assert len(asyncio.all_tasks()) <= tasks


async def test_the_end_of_the_gateway_cuts_streams_off(open_client: OpenClient) -> None:
    async with open_client() as client:
        for accept in (SSE, MULTIPART):
            async with told(client, WAITING, accept) as exchange:
                client._transport.app.state.drain(1.0)  # type: ignore[attr-defined]
                text = await exchange.text()
                assert "complete" not in text
                assert not text.endswith("--\r\n")


@pytest.mark.parametrize("framing", [EventStream(), Multipart()])
async def test_a_stream_is_kept_alive_and_ends_with_its_token(
    framing: EventStream | Multipart, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streamed_answer, "PING_SECONDS", 0.01)
    sent: list[dict[str, Any]] = []

    async def silence() -> AsyncIterator[tuple[dict[str, Any], bool]]:
        yield {"data": {"a": "\n"}}, True
        await asyncio.Event().wait()

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> dict[str, Any]:
        await asyncio.Event().wait()
        return {}

    answer = StreamedAnswer(framing, silence(), ending=asyncio.Event(), expires_at=time.time() + 0.05)  # type: ignore[arg-type]
    await asyncio.wait_for(answer({}, receive, send), 5)

    bodies = [message["body"] for message in sent[1:]]
    assert bodies[0] == framing.opening
    assert bodies[1] == framing.frame({"data": {"a": "\n"}}, ran=True)
    assert bodies[1].count(b"\n\n") + bodies[1].count(b"\r\n--") == 1
    assert framing.ping in bodies
    assert bodies[-1] == b""
