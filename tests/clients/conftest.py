"""The gateway on a real socket, and other programs that are run against it."""

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any

import anyio
import orjson
import pytest
import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.conversation import Conversation
from tests.world import World

HERE = Path(__file__).parent
PATIENCE_S = 600


class EmbeddedServer(uvicorn.Server):
    """Leaves the process's signals to pytest."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def on_a_socket(app: ASGIApp) -> AsyncIterator[str]:
    """Serve until the block ends. Gives the address without a path. The caller manages the application's lifespan."""
    server = EmbeddedServer(
        uvicorn.Config(
            app,
            host="127.0.0.1",
            port=0,
            lifespan="off",
            ws="websockets-sansio",
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=1,
        )
    )
    async with anyio.create_task_group() as group:
        group.start_soon(server.serve)
        while not server.started:  # noqa: ASYNC110 it has no event for that
            await anyio.sleep(0.001)
        port = server.servers[0].sockets[0].getsockname()[1]
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.should_exit = True


class Seen:
    """Method, status and media type of each request to the gateway, in order."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.requests: list[tuple[str, int, str]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = dict(message["headers"])
                media = headers.get(b"content-type", b"").decode().partition(";")[0]
                self.requests.append((scope["method"], message["status"], media))
            await send(message)

        await self._app(scope, receive, noted)


@pytest.fixture
def seen(world: World) -> Seen:
    return Seen(world.app)


@pytest.fixture
async def address(seen: Seen) -> AsyncIterator[str]:
    """The address of the gateway: http, host and port."""
    async with on_a_socket(seen) as url:
        yield url


@pytest.fixture(scope="session")
def node() -> str:
    """The path of Node.js, which runs the packages of package.json. Without them the tests fail in CI; elsewhere they
    are skipped.
    """
    found = shutil.which("node")
    if found is None:
        pytest.skip("JavaScript clients need Node.js 20 or newer, which is not on this machine")
    stamp = HERE / "node_modules" / ".installed"
    if not stamp.exists() or stamp.stat().st_mtime < (HERE / "package.json").stat().st_mtime:
        missing = "the packages of tests/clients/package.json are not installed: run make test, which installs them"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    return found


async def printed(*command: str | Path, folder: Path) -> str:
    """The output of a program that ends with exit code 0. Its requests to this machine use no proxy."""
    with anyio.fail_after(PATIENCE_S):
        done = await anyio.run_process(
            [str(word) for word in command],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            check=False,
            env={**os.environ, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"},
        )

    assert 0 == done.returncode, done.stderr.decode() + done.stdout.decode()
    return done.stdout.decode()


async def told_by_node(node: str, script: str, argument: str) -> Any:
    """The JSON that a script in this folder prints."""
    return orjson.loads(await printed(node, script, argument, folder=HERE))


@pytest.fixture(scope="session")
def steps_of(request: pytest.FixtureRequest) -> Iterator[Callable[[str], Conversation]]:
    """Gives the running program of a client, `with_*`, which takes the steps of one test after the other. Warnings of Python
    programs are errors.
    """
    with ExitStack() as running:

        @cache
        def started(script: str) -> Conversation:
            if script.endswith(".mjs"):
                return running.enter_context(Conversation([request.getfixturevalue("node"), script], HERE))
            module = f"tests.clients.{script.removesuffix('.py')}"
            return running.enter_context(
                Conversation([sys.executable, "-W", "error", "-m", module], folder=HERE.parents[1])
            )

        yield started
