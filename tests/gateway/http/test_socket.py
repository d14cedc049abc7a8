"""GraphQL over WebSocket, as https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md says."""

import asyncio
import base64
import json
import time

import httpx2
import pytest

from gateway.http import socket
from tests.gateway.conftest import OpenClient
from tests.gateway.http.socket_client import Socket
from tests.gateway.http.test_graphql_route import KEYED

TYPENAME = "{ __typename }"
WAITING = "subscription { sourceStatusChanged { key } }"


async def test_a_query_gives_one_answer(client: httpx2.AsyncClient) -> None:
    async with Socket(client) as opened:
        await opened.open("bob")
        opened.subscribe("1", "{ viewer { user { displayName } } }")

        assert await opened.receive() == {
            "id": "1",
            "type": "next",
            "payload": {"data": {"viewer": {"user": {"displayName": "Bob Keller"}}}},
        }
        assert await opened.receive() == {"id": "1", "type": "complete"}


async def test_the_person_is_that_of_connection_init(open_client: OpenClient) -> None:
    """The token may stand in the handshake, too. Without one that is known the socket is closed."""
    query = "{ viewer { user { displayName } } }"
    async with open_client(auth=KEYED) as client:
        for headers, payload in (
            ({"Authorization": "Bearer key"}, None),
            ({}, {"Authorization": "Bearer key"}),
            ({}, {"headers": {"authorization": "bearer key"}}),
        ):
            async with Socket(client, headers=headers) as opened:
                await opened.accepted()
                opened.send({"type": "connection_init", **({} if payload is None else {"payload": payload})})
                assert await opened.receive() == {"type": "connection_ack"}
                opened.subscribe("1", query)
                assert (await opened.receive())["payload"]["data"]["viewer"]["user"]["displayName"] == "Bob Keller"
        for payload in (None, {"Authorization": "Bearer wrong"}, {"Authorization": ""}):
            async with Socket(client) as opened:
                await opened.accepted()
                opened.send({"type": "connection_init", **({} if payload is None else {"payload": payload})})
                assert await opened.closed() == 4403


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("{", 4400),
        ("[]", 4400),
        ("5", 4400),
        ("null", 4400),
        ("{}", 4400),
        ('{"type": "start"}', 4400),
        ('{"type": 5}', 4400),
        ('{"type": "connection_init"}', 4429),
        ('{"type": "connection_init", "payload": 5}', 4400),
        ('{"type": "ping", "payload": []}', 4400),
        ('{"type": "subscribe", "payload": {"query": "{ __typename }"}}', 4400),
        ('{"type": "subscribe", "id": "", "payload": {"query": "{ __typename }"}}', 4400),
        ('{"type": "subscribe", "id": 1, "payload": {"query": "{ __typename }"}}', 4400),
        ('{"type": "subscribe", "id": "1"}', 4400),
        ('{"type": "subscribe", "id": "1", "payload": {"query": 5}}', 4400),
        ('{"type": "subscribe", "id": "1", "payload": {"query": ""}}', 4400),
        ('{"type": "subscribe", "id": "1", "payload": {"query": "{ a }", "variables": []}}', 4400),
        ('{"type": "subscribe", "id": "1", "payload": {"query": "{ a }", "operationName": 1}}', 4400),
        ('{"type": "complete"}', 4400),
        ("[" * 100_000, 4400),
        ("\ud800", 4400),
    ],
)
async def test_a_message_that_is_none_closes_the_socket(client: httpx2.AsyncClient, message: str, code: int) -> None:
    async with Socket(client) as opened:
        await opened.open()
        opened.send_text(message)

        assert await opened.closed() == code


async def test_bytes_are_no_message(client: httpx2.AsyncClient) -> None:
    async with Socket(client) as opened:
        await opened.open()
        opened.send_bytes(b'{"type": "ping"}')
        assert await opened.closed() == 4400


async def test_before_sign_in_messages_are_short_and_nothing_runs(client: httpx2.AsyncClient) -> None:
    async with Socket(client) as opened:
        await opened.accepted()
        opened.send({"type": "connection_init", "payload": {"filler": "x" * socket.UNKNOWN_BYTES}})
        assert await opened.closed() == 4400
    async with Socket(client) as opened:
        await opened.accepted()
        opened.subscribe("1", TYPENAME)
        assert await opened.closed() == 4401


async def test_the_protocol_and_the_origin_are_checked(open_client: OpenClient) -> None:
    async with open_client(gateway='[gateway]\ncors_origins = ["https://tasks.example.com"]\n') as client:
        async with Socket(client, protocols=("graphql-ws",)) as opened:
            assert await opened.accepted() is None
            assert await opened.closed() == 4406
        for origin in ("https://tasks.example.com", "http://gateway", "https://gateway"):
            async with Socket(client, headers={"Origin": origin}) as opened:
                await opened.open()
        for origin in ("https://evil.example.com", "null", "https://gateway.evil.example.com"):
            async with Socket(client, headers={"Origin": origin}) as opened:
                assert (await opened._next())["type"] == "websocket.close"


async def test_a_client_that_does_not_sign_in_is_closed(
    client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "INIT_SECONDS", 0.02)
    async with Socket(client) as opened:
        await opened.accepted()
        assert await opened.closed() == 4408


async def test_pings_are_answered_and_sent(client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    async with Socket(client) as opened:
        await opened.open()
        opened.send({"type": "ping"})
        assert await opened.receive() == {"type": "pong"}
        opened.send({"type": "ping", "payload": {"a": 1}})
        assert await opened.receive() == {"type": "pong", "payload": {"a": 1}}
    monkeypatch.setattr(socket, "PING_SECONDS", 0.02)
    async with Socket(client) as opened:
        await opened.open()
        assert await opened.receive() == {"type": "ping"}
        opened.send({"type": "pong"})
        assert await opened.receive() == {"type": "ping"}


async def test_an_operation_that_cannot_run_is_told_as_error(client: httpx2.AsyncClient) -> None:
    """The socket stays, and the id is free again."""
    async with Socket(client) as opened:
        await opened.open()
        for query in (
            "{",
            "{ nothing }",
            "query A { a: __typename } query B { b: __typename }",
            "subscription { nothing }",
        ):
            opened.subscribe("1", query)
            told = await opened.receive()
            assert (told["id"], told["type"]) == ("1", "error")
            assert told["payload"][0]["message"]
        opened.subscribe(
            "1", "subscription($ids: [ID!]) { sourceStatusChanged(ids: $ids) { key } }", variables={"ids": ["x"]}
        )
        told = await opened.receive()
        assert (told["type"], told["payload"][0]["extensions"]["code"]) == ("error", "VALIDATION_FAILED")
        opened.subscribe("1", TYPENAME)
        assert (await opened.receive())["type"] == "next"


async def test_an_id_is_of_one_operation_until_it_is_complete(client: httpx2.AsyncClient) -> None:
    async with Socket(client) as opened:
        await opened.open()
        opened.subscribe("1", WAITING)
        opened.send({"type": "complete", "id": "1"})
        opened.subscribe("1", WAITING)
        opened.send({"type": "complete", "id": "unknown"})
        opened.subscribe("2", TYPENAME)
        assert (await opened.receive())["id"] == "2"
        assert await opened.receive() == {"id": "2", "type": "complete"}
        opened.subscribe("1", WAITING)
        assert await opened.closed() == 4409


async def test_a_socket_has_a_bounded_number_of_operations(open_client: OpenClient) -> None:
    limits = "[gateway.live]\nper_connection = 2\nmost_subscribers = 3\n"
    async with open_client(gateway=limits) as client:  # noqa: SIM117 the sockets need the client
        async with Socket(client) as first, Socket(client) as second:
            await first.open()
            await second.open()
            for operation_id in ("1", "2"):
                first.subscribe(operation_id, WAITING)
            second.subscribe("1", WAITING)
            await asyncio.sleep(0.02)
            second.subscribe("2", WAITING)
            told = await second.receive()
            assert (told["type"], told["payload"][0]["extensions"]["code"]) == ("error", "TOO_MANY_SUBSCRIPTIONS")
            first.subscribe("3", WAITING)
            assert await first.closed() == 4429


async def test_the_socket_ends_with_its_token(client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    async def known(self: object, token: bytes) -> object:
        return self.person_without_token()  # type: ignore[attr-defined]

    monkeypatch.setattr("gateway.auth.demo.DemoSignIn.person", known)
    payload = base64.urlsafe_b64encode(json.dumps({"exp": time.time() + 1}).encode()).decode().rstrip("=")
    async with Socket(client) as opened:
        await opened.open(f"e30.{payload}.c2ln")
        opened.subscribe("1", WAITING)
        assert await opened.closed() == 4403


async def test_the_end_of_the_gateway_closes_sockets_without_complete(open_client: OpenClient) -> None:
    async with open_client() as client:
        async with Socket(client) as opened:
            await opened.open()
            opened.subscribe("1", WAITING)
            opened.subscribe("2", "subscription { inboxChanged { kind } }")
            await asyncio.sleep(0.02)
            client._transport.app.state.drain(1.0)  # type: ignore[attr-defined]
            message = await opened._next()
            assert (message["type"], message["code"]) == ("websocket.close", 4001)
        async with Socket(client) as late:
            assert (await late._next())["type"] == "websocket.close"


async def test_connections_leave_nothing(client: httpx2.AsyncClient) -> None:
    before = asyncio.all_tasks()
    for _ in range(100):
        async with Socket(client) as opened:
            await opened.open()
            opened.subscribe("1", WAITING)
    await asyncio.sleep(0)

    # The gateway starts tasks of its own meanwhile (the first look at a directory): far fewer than one a connection.
    assert len(asyncio.all_tasks() - before) < 10
