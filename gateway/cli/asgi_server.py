"""An application that this process serves."""

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any

from gateway.cli.failure import fail

if TYPE_CHECKING:
    import socket

# Seconds: that accepted requests have to end; for writes less, so that they are still answered; in which connections that
# are open may bring a last request.
SHUTDOWN_S = 8
WRITES_S = 7
LINGER_S = 0.2
POLL_S = 0.005
CLOSING = (b"connection", b"close")


def bound(host: str, port: int) -> "socket.socket":
    """A socket at this address, for an `AsgiServer`. Fails the command if the port is taken."""
    import socket

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((host, port))
    except OSError as error:
        made.close()
        fail(f"the gateway cannot listen on {host}:{port}: {error.strerror}; choose another --port")
    return made


class AsgiServer:
    """Serves `application` on the bound socket until the block ends. Fails the command if the start goes wrong.

    At the end the listener closes first. Requests that were accepted are answered, each with the end of its connection; for
    a moment connections that were kept open may bring a last one. The application's `state.drain`, if there is one, is told
    how long its writes may still run.
    """

    def __init__(self, application: Callable[..., Any], address: "socket.socket") -> None:
        import contextlib

        import uvicorn

        class Embedded(uvicorn.Server):
            """Leaves SIGINT and SIGTERM to the command."""

            def capture_signals(self) -> Any:
                return contextlib.nullcontext()

            async def shutdown(self, sockets: "list[socket.socket] | None" = None) -> None:
                for server in self.servers:
                    server.close()
                self.server_state.default_headers = [*self.server_state.default_headers, CLOSING]
                await asyncio.sleep(LINGER_S)
                await super().shutdown(sockets)

        self._socket = address
        self._server = Embedded(
            uvicorn.Config(
                application,
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=SHUTDOWN_S,
            )
        )
        self._drain: Callable[[float], None] | None = getattr(getattr(application, "state", None), "drain", None)
        self._running: asyncio.Task[None] | None = None

    async def __aenter__(self) -> None:
        self._running = asyncio.create_task(self._server.serve(sockets=[self._socket]))
        while not self._server.started:
            if self._running.done():
                self._running.result()
                fail("the gateway could not start")
            await asyncio.sleep(POLL_S)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._drain is not None:
            self._drain(WRITES_S)
        self._server.should_exit = True
        if self._running is not None:
            await self._running
        self._socket.close()
