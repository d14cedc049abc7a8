"""An application that this process serves."""

import asyncio
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any

from gateway.cli.failure import fail

if TYPE_CHECKING:
    import socket

    from gateway.http import ConnectionBounds
    from gateway.settings import ConnectionLimits, GatewaySettings

# Seconds: that accepted requests have to end; for writes less, so that they are still answered; in which connections that
# are open may bring a last request.
SHUTDOWN_S = 8
WRITES_S = 7
LINGER_S = 0.2
POLL_S = 0.005
LARGEST_MESSAGE = 256 * 1024
CLOSING = (b"connection", b"close")


def bound(host: str, port: int, *, advice: str = "choose another --port") -> "socket.socket":
    """A socket at this address, for an `AsgiServer`. Fails the command, with this advice, if the port is taken."""
    import socket

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((host, port))
    except OSError as error:
        made.close()
        fail(f"the gateway cannot listen on {host}:{port}: {error.strerror}; {advice}")
    return made


def _bounds(limits: "ConnectionLimits", proxies: "Sequence[str]") -> "ConnectionBounds":
    from gateway.http import ConnectionBounds

    return ConnectionBounds(
        head_bytes=limits.head_bytes,
        headers=limits.headers,
        head_seconds=limits.head_seconds,
        body_seconds=limits.body_seconds,
        answer_seconds=limits.answer_seconds,
        total=limits.total,
        per_address=limits.per_address,
        proxies=proxies,
    )


class AsgiServer:
    """Serves `application` on the bound socket until the block ends. Fails the command if the start goes wrong.

    At the end the listener closes first. Requests that were accepted are answered, each with the end of its connection; for
    a moment connections that were kept open may bring a last one. The application's `state.drain`, if there is one, is told
    how long its writes may still run.
    """

    def __init__(
        self, application: Callable[..., Any], address: "socket.socket", gateway: "GatewaySettings | None" = None
    ) -> None:
        """`gateway` has the bounds of connections; without it they are the defaults."""
        import contextlib

        import uvicorn

        from gateway.cli.listener import Listener
        from gateway.http import bounded_protocol
        from gateway.settings import ConnectionLimits

        limits = ConnectionLimits() if gateway is None else gateway.connections
        self._proxies = () if gateway is None else gateway.trusted_proxies
        self._connection = bounded_protocol(_bounds(limits, self._proxies))
        refusal = self._connection.connections_open.refusal

        class Embedded(uvicorn.Server):
            """Leaves SIGINT and SIGTERM to the command."""

            def capture_signals(self) -> Any:
                return contextlib.nullcontext()

            async def startup(self, sockets: "list[socket.socket] | None" = None) -> None:
                await super().startup([])
                self.listeners = [Listener(each, self._connected, refusal) for each in sockets or []]

            async def shutdown(self, sockets: "list[socket.socket] | None" = None) -> None:
                self.server_state.default_headers = [*self.server_state.default_headers, CLOSING]
                for listener in self.listeners:
                    await listener.close()
                await asyncio.sleep(LINGER_S)
                await super().shutdown([])

            def _connected(self) -> asyncio.Protocol:
                return self.config.http_protocol_class(  # type: ignore[call-arg]
                    config=self.config, server_state=self.server_state, app_state=self.lifespan.state
                )

        self._socket = address
        self._server = Embedded(
            uvicorn.Config(
                application,
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=SHUTDOWN_S,
                http=self._connection,
                ws="websockets-sansio",
                # Messages have the bound of bodies; before sign-in a lower one.
                ws_max_size=LARGEST_MESSAGE if gateway is None else gateway.max_body_bytes,
                ws_per_message_deflate=False,
                timeout_keep_alive=limits.keep_alive_seconds,
                proxy_headers=bool(self._proxies),
                forwarded_allow_ips=list(self._proxies),
            )
        )
        self._drain: Callable[[float], None] | None = getattr(getattr(application, "state", None), "drain", None)
        self._running: asyncio.Task[None] | None = None

    def change(self, gateway: "GatewaySettings") -> None:
        """From now on these bounds hold. The trusted proxies stay: uvicorn asks for them once."""
        from gateway.http import change_bounds

        change_bounds(self._connection, _bounds(gateway.connections, self._proxies))
        self._server.config.ws_max_size = gateway.max_body_bytes
        self._server.config.timeout_keep_alive = gateway.connections.keep_alive_seconds

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
