"""A6 over real sockets: clients that disconnect at any time do not affect others and leave nothing behind."""

import asyncio
import json
import random
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI

from tests.effort import sized
from tests.gateway.test_traffic import WHOLE
from tests.world import World

pytestmark = pytest.mark.server

DISCONNECTS = sized(1000, 100)
ROUND = 50
# Both ends of the idle connections to one stand-in that are kept for the next request.
SPARE = 2 * 16
FILES = Path("/proc/self/fd")


class Server(uvicorn.Server):
    """Leaves signals to the tests."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[int]:
    """The port of a server for the gateway. The caller manages the gateway's lifespan."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Server(uvicorn.Config(app, lifespan="off", log_config=None, access_log=False))
        running = asyncio.create_task(server.serve(sockets=[listener]))
        yield listener.getsockname()[1]
        server.should_exit = True
        await running


def asking(rows: int) -> bytes:
    body = json.dumps({"query": WHOLE.replace("first: 100", f"first: {rows}")}).encode()
    head = (
        "POST /graphql HTTP/1.1",
        "Host: gateway.test",
        "Authorization: Bearer bob",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
    )
    return "\r\n".join((*head, "", "")).encode() + body


async def hang_up(port: int, chance: random.Random) -> None:
    """Disconnect after a part of the request, before the answer, within it or after it; by a reset or a normal close."""
    request = asking(chance.randrange(1, 101))
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request[: chance.choice([len(request), len(request), chance.randrange(len(request))])])
    await writer.drain()
    await asyncio.sleep(chance.uniform(0, 0.1))
    if chance.random() < 0.3:
        try:
            await asyncio.wait_for(reader.read(chance.choice([1, 100, 100_000])), timeout=0.2)
        except TimeoutError:
            pass
    if chance.random() < 0.5:
        writer.transport.abort()
    writer.close()


def sockets() -> int:
    """The number of open sockets, as the system reports it."""
    return sum(1 for file in FILES.iterdir() if file.is_symlink() and file.readlink().name.startswith("socket:"))


async def settled(tasks: int, open_sockets: int) -> tuple[int, int]:
    """The numbers of asyncio tasks and sockets, as soon as they are at most these, or after some seconds."""
    for _ in range(100):
        left = len(asyncio.all_tasks()), sockets()
        if left[0] <= tasks and left[1] <= open_sockets:
            break
        await asyncio.sleep(0.05)
    return left


def rows(data: dict[str, Any]) -> list[str]:
    """The sources of an inbox's rows, without those of GEOtareas."""
    keys = [node["source"]["key"] for node in data["viewer"]["inbox"]["nodes"]]
    return [key for key in keys if key != "geotareas"]


@pytest.mark.skipif(not FILES.exists(), reason="the system does not list open files in /proc/self/fd")
async def test_many_disconnects_leave_no_task_and_no_socket(world: World) -> None:
    """Some disconnect during a read that other clients wait for too. Clients that stay always get the rows.

    On a slow machine these may be older rows, and rows of GEOtareas may be missing: refreshes may use up its limit.
    """
    chance = random.Random(7)
    async with served(world.app) as port:
        before = rows(await world.data(WHOLE))
        tasks, open_sockets = len(asyncio.all_tasks()), sockets()
        answers = []
        for _ in range(DISCONNECTS // ROUND):
            staying = asyncio.create_task(world.data(WHOLE))
            await asyncio.gather(*(hang_up(port, chance) for _ in range(ROUND)))
            answers.append(rows(await staying))
        left = await settled(tasks, open_sockets + SPARE * len(world.urls))

    assert before
    assert [before] * len(answers) == answers
    assert left[0] <= tasks
    assert left[1] <= open_sockets + SPARE * len(world.urls)
