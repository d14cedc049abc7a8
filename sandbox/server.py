"""Serves stand-ins on sockets, within the current process."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import cast

import orjson
import uvicorn
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from sandbox.control import CUT, Control
from sandbox.issuer import SmallIssuer
from sandbox.ports import port_of
from sandbox.stand_in import StandIn

BACKLOG = 2048
GRACE_S = 1
# As usual for servers, and longer than clients keep a connection: none is closed while a request is on its way.
KEEP_ALIVE_S = 75


class PortTakenError(OSError):
    """A port of the sandbox is not free. The text is one line for the terminal."""


class _CuttableProtocol(HttpToolsProtocol):
    """Lets an application close or reset its connection; ASGI has no message for that."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        # ASGI requires a mapping for each extension. This one is a function, because only the sandbox uses it.
        self.scope["extensions"] = cast("dict[str, dict[object, object]]", {CUT: self._cut})

    def _cut(self, reset: bool) -> None:  # noqa: FBT001
        if not reset:
            self.transport.close()
            return
        connection = self.transport.get_extra_info("socket")
        # Lingering for zero seconds makes the kernel send a reset instead of an orderly end.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()


class _EmbeddedServer(uvicorn.Server):
    """Installs no signal handlers: the process around it has its own."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _Overview:
    """Answers `/` of the base port with the list of stand-ins."""

    def __init__(self, urls: Mapping[str, str]) -> None:
        self._urls = urls

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/":
            listed = [{"vendor": vendor, "base_url": url} for vendor, url in self._urls.items()]
            response = Response(orjson.dumps(listed), media_type="application/json")
        else:
            response = Response(status_code=404)
        await response(scope, receive, send)


def _listening(host: str, port: int, who: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise PortTakenError(f"{who} of the sandbox cannot listen on {host}:{port}: {error.strerror}") from None
    listener.setblocking(False)  # noqa: FBT003
    return listener


def _server(app: ASGIApp) -> _EmbeddedServer:
    config = uvicorn.Config(
        app,
        http=_CuttableProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
        timeout_keep_alive=KEEP_ALIVE_S,
    )
    return _EmbeddedServer(config)


@contextlib.asynccontextmanager
async def serve(
    stand_ins: Sequence[StandIn], *, host: str, base_port: int, latency_ms: float = 0
) -> AsyncIterator[Mapping[str, str]]:
    """Serve until the block ends; yields the base URLs by vendor.

    Base port 0 takes free ports. Raises `PortTakenError` before anything is served.
    """
    shown = f"[{host}]" if ":" in host else host
    with contextlib.ExitStack() as sockets:
        urls: dict[str, str] = {}
        listeners = [sockets.enter_context(_listening(host, base_port, "the overview"))]
        for each in stand_ins:
            port = port_of(each.vendor, base_port) if base_port else 0
            listener = sockets.enter_context(_listening(host, port, f"the stand-in for {each.vendor}"))
            listeners.append(listener)
            urls[each.vendor] = f"http://{shown}:{listener.getsockname()[1]}"
        apps: list[ASGIApp] = [_Overview(urls), *(Control(each, latency_ms=latency_ms) for each in stand_ins)]
        async with _running(apps, listeners):
            yield urls


@contextlib.asynccontextmanager
async def serve_issuer(issuer: SmallIssuer, *, host: str, port: int) -> AsyncIterator[str]:
    """Serve the identity provider until the block ends; yields its `iss`. Port 0 takes a free port."""
    shown = f"[{host}]" if ":" in host else host
    with contextlib.closing(_listening(host, port, "the identity provider")) as listener:
        issuer.base_url = f"http://{shown}:{listener.getsockname()[1]}"
        async with _running([issuer], [listener]):
            yield issuer.address


@contextlib.asynccontextmanager
async def _running(apps: Sequence[ASGIApp], listeners: Sequence[socket.socket]) -> AsyncIterator[None]:
    servers = [_server(app) for app in apps]
    running = [
        asyncio.ensure_future(server.serve(sockets=[listener]))
        for server, listener in zip(servers, listeners, strict=True)
    ]
    try:
        # The sockets listen already: the kernel queues requests that arrive before the servers have started.
        while not all(server.started or task.done() for server, task in zip(servers, running, strict=True)):  # noqa: ASYNC110
            await asyncio.sleep(0.001)
        yield
    finally:
        for server in servers:
            server.should_exit = True
        await asyncio.gather(*running)
