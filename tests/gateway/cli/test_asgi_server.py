"""The end of a server: the listener closes first, and what was accepted is answered."""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gateway.cli.asgi_server import WRITES_S, AsgiServer, bound
from gateway.settings import ConnectionLimits, GatewaySettings
from tests.effort import sized

pytestmark = pytest.mark.server

HOST = "127.0.0.1"

REQUEST = b"GET / HTTP/1.1\r\nhost: gateway.test\r\n\r\n"


class Application:
    """Answers when `go` is set."""

    def __init__(self) -> None:
        self.go, self.asked = asyncio.Event(), asyncio.Event()
        self.drained: list[float] = []
        self.count = 0
        self.state = SimpleNamespace(drain=self.drained.append)

    async def __call__(
        self, scope: dict[str, Any], receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]
    ) -> None:
        if scope["type"] == "lifespan":
            for done in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{done}.complete"})
            return
        self.asked.set()
        self.count += 1
        await self.go.wait()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})


def settings(per_address: int) -> GatewaySettings:
    return GatewaySettings(journal=Path("journal.sqlite3"), connections=ConnectionLimits(per_address=per_address))


def free_port() -> int:
    with socket.socket() as found:
        found.bind((HOST, 0))
        return int(found.getsockname()[1])


async def refuses(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(HOST, port)
    except ConnectionError:  # reset, if the listener closes at that moment
        return True
    await closed(writer)
    return False


async def closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


async def test_what_was_accepted_is_answered_and_nothing_new_is_accepted() -> None:
    """Also the request that an open connection brings as the server ends. Each answer ends its connection."""
    application, port = Application(), free_port()
    server = AsgiServer(application, bound(HOST, port))
    await server.__aenter__()
    connections = [await asyncio.open_connection(HOST, port) for _ in range(2)]
    (first, to_first), (late, to_late) = connections
    to_first.write(REQUEST)
    async with asyncio.timeout(5):
        await application.asked.wait()
        ending = asyncio.create_task(server.__aexit__(None, None, None))
        while not await refuses(port):
            pass
        to_late.write(REQUEST)
        application.go.set()
        # They end because the server closes the connections.
        answers = [await each.read() for each in (first, late)]
        await ending
    for _, writer in connections:
        await closed(writer)

    assert [WRITES_S] == application.drained
    assert [True, True] == [answer.startswith(b"HTTP/1.1 200 OK") and answer.endswith(b"ok") for answer in answers]


async def answered_once(port: int, *, waits: float) -> bool | None:
    """Whether a request over its own connection was answered; None where the gateway did not accept it."""
    try:
        reader, writer = await asyncio.open_connection(HOST, port)
    except OSError:
        return None
    await asyncio.sleep(waits)
    try:
        writer.write(REQUEST)
        return (await reader.read()).endswith(b"ok")
    except ConnectionError:
        return False
    finally:
        writer.close()


async def test_no_connected_client_is_lost() -> None:
    """Clients connect and ask without a pause while the server ends, over and over."""
    lost = asked = 0
    for number in range(sized(50, 3)):
        application, port = Application(), free_port()
        application.go.set()
        server = AsgiServer(application, bound(HOST, port))
        await server.__aenter__()

        async def client(waits: float, port: int = port) -> None:
            nonlocal lost, asked
            while (found := await answered_once(port, waits=waits)) is not None:
                asked += 1
                lost += not found

        clients = [asyncio.create_task(client(waits)) for waits in (0.0, 0.0, 0.001, 0.01)]
        await asyncio.sleep(0.01 + number % 5 / 1_000)
        async with asyncio.timeout(10):
            await server.__aexit__(None, None, None)
            await asyncio.gather(*clients)

    assert asked
    assert lost == 0


async def test_a_client_whose_connection_was_not_accepted_yet_is_answered() -> None:
    """The system accepted it. The server had no turn of its loop since."""
    application, port = Application(), free_port()
    application.go.set()
    server = AsgiServer(application, bound(HOST, port))
    await server.__aenter__()
    with socket.create_connection((HOST, port)) as client:
        client.sendall(REQUEST)
        await server.__aexit__(None, None, None)
        answer = client.recv(1_000)

    assert answer.startswith(b"HTTP/1.1 200 OK")


async def test_connections_are_accepted_many_at_a_time() -> None:
    """Also by a loop that has few turns a second."""
    application, port = Application(), free_port()
    application.go.set()
    async with AsgiServer(application, bound(HOST, port)):
        clients = [socket.create_connection((HOST, port)) for _ in range(40)]
        for client in clients:
            client.sendall(REQUEST)
        turns = 0
        while application.count < len(clients):
            await asyncio.sleep(0)
            turns += 1
        for client in clients:
            client.close()

    assert turns < 20


async def answer_to(port: int) -> bytes:
    reader, writer = await asyncio.open_connection(HOST, port)
    writer.write(REQUEST)
    found = await reader.readuntil(b"\r\n\r\n")
    writer.close()
    return found


async def test_a_client_beyond_the_bound_of_its_address_reads_why_until_the_bound_is_another() -> None:
    """It gets neither a protocol nor a transport. The bound may change while the server runs."""
    application, port = Application(), free_port()
    application.go.set()
    server = AsgiServer(application, bound(HOST, port), settings(1))
    async with server:
        _, first = await asyncio.open_connection(HOST, port)
        first.write(REQUEST)
        await application.asked.wait()
        refused = [await answer_to(port) for _ in range(2)]
        server.change(settings(2))
        answered = await answer_to(port)
        first.close()

    assert all(each.startswith(b"HTTP/1.1 503 ") and b"retry-after: 1\r\n" in each for each in refused)
    assert answered.startswith(b"HTTP/1.1 200 OK")
    assert 2 == application.count
