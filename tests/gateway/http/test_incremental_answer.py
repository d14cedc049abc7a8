"""Answers in parts over HTTP: multipart as Apollo Client and urql read it, server-sent events, and who gets neither."""

import json
from typing import Any

import httpx2
import pytest

from tests.gateway.configuration import GATEWAY
from tests.gateway.conftest import OpenClient
from tests.gateway.http.socket_client import Socket
from tests.gateway.http.test_streamed_answer import APOLLO, JSON, MULTIPART, SSE, URQL, told

DEFERRED = '{ __typename ... @defer(label: "who") { viewer { user { displayName } } } }'
SWITCHED = "query($on: Boolean = false) { __typename ... @defer(if: $on) { viewer { user { displayName } } } }"
PARTS = [
    {"data": {"__typename": "Query"}, "pending": [{"id": "0", "path": [], "label": "who"}], "hasNext": True},
    {
        "incremental": [
            {"id": "0", "data": {"viewer": {"user": {"displayName": "Alice Moreno"}}}, "path": [], "label": "who"}
        ],
        "completed": [{"id": "0"}],
        "hasNext": False,
    },
]


def multipart(text: str) -> list[dict[str, Any]]:
    """The parts, if the text is what RFC 2046 asks for and each has its media type."""
    opening, *parts, end = text.split("--graphql")
    assert (opening, end) == ("\r\n", "--\r\n")
    found = []
    for part in parts:
        head, body = part.split("\r\n\r\n")
        assert head == "\r\nContent-Type: application/json"
        assert body.endswith("\r\n")
        found.append(json.loads(body))
    return found


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        (MULTIPART, "multipart/mixed; boundary=graphql"),
        (
            "multipart/mixed;deferSpec=20220824,application/graphql-response+json,application/json;q=0.9",
            "multipart/mixed; boundary=graphql; deferSpec=20220824",
        ),
        (
            "multipart/mixed; incrementalSpec=v0.2, application/json",
            "multipart/mixed; boundary=graphql; incrementalSpec=v0.2",
        ),
        ('multipart/mixed; incrementalSpec="v9", application/json', "multipart/mixed; boundary=graphql"),
    ],
)
async def test_multipart(client: httpx2.AsyncClient, accept: str, media: str) -> None:
    async with told(client, DEFERRED, accept) as exchange:
        assert (exchange.status, exchange.headers["content-type"]) == (200, media)
        assert multipart(await exchange.text()) == PARTS


async def test_each_part_is_sent_when_it_is_there(client: httpx2.AsyncClient) -> None:
    async with told(client, DEFERRED, MULTIPART) as exchange:
        opening, *bodies = [(await exchange.next())["body"] for _ in range(3)]
    assert opening == b"\r\n--graphql"
    # With the boundary that follows: a client may read the part at once.
    assert all(body.endswith(b"\r\n--graphql") for body in bodies)


async def test_events(client: httpx2.AsyncClient) -> None:
    for accept in (SSE, URQL):
        async with told(client, DEFERRED, accept) as exchange:
            assert exchange.headers["content-type"] == "text/event-stream; charset=utf-8"
            opening, *events, end = (await exchange.text()).split("\n\n")
        assert (opening, end) == (":", "")
        assert events.pop() == "event: complete\ndata:"
        assert [json.loads(event.removeprefix("event: next\ndata: ")) for event in events] == PARTS


async def test_a_client_that_takes_one_answer_only_is_refused(client: httpx2.AsyncClient) -> None:
    for accept in (JSON, "*/*", "application/graphql-response+json"):
        answer = await client.post("/graphql", json={"query": DEFERRED}, headers={"Accept": accept})
        assert answer.status_code == 406
        (error,) = answer.json()["errors"]
        assert error["extensions"]["code"] == "NOT_ACCEPTABLE"
        assert "multipart/mixed" in error["message"]
        answer = await client.post("/graphql", json={"query": SWITCHED}, headers={"Accept": accept})
        assert answer.status_code == 200
        assert answer.json()["data"]["viewer"]["user"]["displayName"] == "Alice Moreno"


async def test_what_has_one_part_is_one_answer(client: httpx2.AsyncClient) -> None:
    """The fragment may turn out not to be there; a request that cannot run has no parts either."""
    nothing = "{ __typename ... on Query @skip(if: true) { ... @defer { viewer { user { displayName } } } } }"
    invalid = "query($ids: [ID!]!) { nodes(ids: $ids) { id } ... @defer { __typename } }"
    for query, code in ((nothing, None), (invalid, "BAD_USER_INPUT")):
        for accept, is_stream in ((APOLLO, False), (MULTIPART, True), (SSE, True)):
            async with told(client, query, accept) as exchange:
                text = await exchange.text()
            assert ("json" not in exchange.headers["content-type"]) is is_stream
            if accept == MULTIPART:
                (written,) = multipart(text)
                assert written.pop("hasNext") is False
            elif accept == APOLLO:
                written = json.loads(text)
                assert "hasNext" not in written
            else:
                assert '"hasNext":false' in text
                continue
            codes = [error["extensions"]["code"] for error in written.get("errors", ())]
            assert codes == ([] if code is None else [code])


async def test_an_internal_error_of_a_part_names_the_request(
    client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret words")

    monkeypatch.setattr("gateway.federation.service.FederatedSources.list_task_definitions", broken)
    query = "{ __typename ... @defer { taskDefinitions { nodes { key } } } }"
    async with told(client, query, MULTIPART) as exchange:
        parts = multipart(await exchange.text())

    (error,) = parts[-1]["completed"][0]["errors"]
    assert error["extensions"]["code"] == "INTERNAL"
    assert error["extensions"]["requestId"] == exchange.headers["x-request-id"]
    assert "secret" not in json.dumps(parts)


async def test_a_socket_refuses_parts_and_stays_open(client: httpx2.AsyncClient) -> None:
    async with Socket(client) as opened:
        await opened.open("alice")
        opened.subscribe("1", DEFERRED)
        told = await opened.receive()
        assert (told["type"], told["id"]) == ("error", "1")
        assert told["payload"][0]["extensions"]["code"] == "NOT_ACCEPTABLE"
        opened.subscribe("1", SWITCHED)
        assert (await opened.receive())["payload"]["data"]["__typename"] == "Query"


async def test_the_switch(open_client: OpenClient) -> None:
    async with open_client(gateway=GATEWAY + "incremental = false\n") as client:
        answer = await client.post("/graphql", json={"query": DEFERRED}, headers={"Accept": MULTIPART + "," + JSON})
    assert answer.json()["errors"][0]["message"] == "Unknown directive '@defer'."
