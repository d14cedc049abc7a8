"""The end of a server: the listener closes first, and what was accepted is answered."""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import pytest

from gateway.cli.asgi_server import WRITES_S, AsgiServer, bound

pytestmark = pytest.mark.server

HOST = "127.0.0.1"
REQUEST = b"GET / HTTP/1.1\r\nhost: gateway.test\r\n\r\n"


class Application:
    """Answers when `go` is set."""

    def __init__(self) -> None:
        self.go, self.asked = asyncio.Event(), asyncio.Event()
        self.drained: list[float] = []
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
        await self.go.wait()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})


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
