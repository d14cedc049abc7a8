"""HTTP connections with bounds that hold before a request reaches the application.

uvicorn has none for them: one header without end, heads and bodies that never arrive whole, and connections without
number would hold the process.
"""

import asyncio
import contextlib
import socket
from collections import Counter, OrderedDict
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from os import dup
from typing import Any

import httptools
from msgspec import Struct
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from gateway.http.hanging_up import HUNG_UP

LAST_SECONDS = 2.0
"""How long a request that has begun to arrive may take when the server ends."""
LINGER_SECONDS = 1.0
HTTP_FULL = 503
MOST_PIPELINED = 16
"""Requests that a connection may send before the first is answered."""


def _answer(status: int, text: str, more: bytes = b"") -> bytes:
    body = text.encode()
    head = b"content-type: text/plain; charset=utf-8\r\nconnection: close\r\ncontent-length: %d\r\n" % len(body)
    return bytes(STATUS_LINE[status]) + head + more + b"\r\n" + body


REFUSAL = _answer(HTTP_FULL, "Too many connections are open.", b"retry-after: 1\r\n")
"""For a client that gets no connection."""


class ConnectionBounds(Struct, frozen=True, kw_only=True):
    """Bytes, counts and seconds; see `[gateway.connections]`. `proxies` are addresses and networks without their own limit."""

    head_bytes: int
    headers: int
    head_seconds: float
    body_seconds: float
    answer_seconds: float
    total: int
    per_address: int
    proxies: Sequence[str] = ()


class OpenConnections:
    """The connections of a server. Those that wait for a request are closed first where there is no place left."""

    def __init__(self, bounds: ConnectionBounds) -> None:
        self._bounds = bounds
        self._open: dict[BoundedProtocol, str] = {}
        self._by_address: Counter[str] = Counter()
        self._waiting: OrderedDict[BoundedProtocol, None] = OrderedDict()
        self._networks: list[IPv4Network | IPv6Network] = [ip_network(each, strict=False) for each in bounds.proxies]

    def change(self, bounds: ConnectionBounds) -> None:
        """From now on these hold. Connections that are open stay."""
        self._bounds = bounds
        self._networks = [ip_network(each, strict=False) for each in bounds.proxies]

    def refusal(self, address: str) -> bytes | None:
        """The whole answer to a client at this address if there is no place for it."""
        return None if self._has_place(address) else REFUSAL

    def admit(self, connection: "BoundedProtocol", address: str) -> bool:
        """Whether there is a place for it; the connection that has waited longest may lose its own."""
        if not self._has_place(address):
            return False
        if len(self._open) >= self._bounds.total:
            longest, _ = self._waiting.popitem(last=False)
            self.drop(longest)
            longest.abort()
        self._open[connection] = address
        self._by_address[address] += 1
        return True

    def drop(self, connection: "BoundedProtocol") -> None:
        """It is closed."""
        self._waiting.pop(connection, None)
        address = self._open.pop(connection, None)
        if address is not None:
            self._by_address[address] -= 1
            if not self._by_address[address]:
                del self._by_address[address]

    def waits(self, connection: "BoundedProtocol") -> None:
        """It has no request that is read whole and not answered."""
        if connection in self._open:
            self._waiting[connection] = None

    def works(self, connection: "BoundedProtocol") -> None:
        self._waiting.pop(connection, None)

    def _has_place(self, address: str) -> bool:
        if self._by_address.get(address, 0) >= self._bounds.per_address and not self._is_proxy(address):
            return False
        return len(self._open) < self._bounds.total or bool(self._waiting)

    def _is_proxy(self, address: str) -> bool:
        if not self._networks:
            return False
        try:
            found = ip_address(address)
        except ValueError:
            return False
        return any(found in network for network in self._networks)


class _ExcessError(Exception):
    """Ends the parsing of a head."""


# What uvicorn raises where the target of a request has no path (CONNECT), or one that is not ASCII.
_NO_PATH = (AttributeError, UnicodeError, httptools.HttpParserInvalidURLError)


class BoundedProtocol(HttpToolsProtocol):
    """One connection. A refusal is one short answer, and the end of the connection.

    The scope has `HUNG_UP`: whether the client closed the connection.
    """

    bounds: ConnectionBounds
    connections_open: OpenConnections

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        # Runs while a part of a request is here and the rest is not.
        self._timer: asyncio.TimerHandle | None = None
        # Runs while the client does not read.
        self._unread_timer: asyncio.TimerHandle | None = None
        self._is_in_body = False
        self._is_refused = False
        self._is_last = False
        # Bytes of the present head, as far as known, and of what is being read; whether a request ended in that.
        self._head_bytes = 0
        self._chunk = 0
        self._has_ended = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)  # type: ignore[arg-type]
        address = self.client[0] if self.client else ""
        if not self.connections_open.admit(self, address):
            self._is_refused = True
            self.transport.write(REFUSAL)
            self.transport.close()
            return
        self.connections_open.waits(self)
        self._start(self.bounds.head_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop()
        self._stop_unread()
        self.connections_open.drop(self)
        super().connection_lost(exc)

    def abort(self) -> None:
        """Close the connection without an answer."""
        self._is_refused = True
        self._stop()
        self.transport.abort()

    def data_received(self, data: bytes) -> None:
        if self._is_refused:
            return
        self._unset_keepalive_if_required()
        self._chunk = len(data)
        self._has_ended = False
        if not self._is_in_body:
            self._head_bytes += len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            if self._should_upgrade():
                self._stop()
                self.handle_websocket_upgrade()
            return
        except httptools.HttpParserCallbackError as error:
            if isinstance(error.__context__, _ExcessError):
                self._refuse_head()
            elif isinstance(error.__context__, _NO_PATH):
                self._refuse(400, "This is not an HTTP request.")
            else:
                raise
        except httptools.HttpParserError:
            self._refuse(400, "This is not an HTTP request.")
        else:
            if not self._is_in_body and self._head_bytes > self.bounds.head_bytes:
                self._refuse_head()
            elif self._timer is None and (self._is_in_body or self._head_bytes):
                in_time = self.bounds.body_seconds if self._is_in_body else self.bounds.head_seconds
                self._start(LAST_SECONDS if self._is_last else in_time)

    def handle_websocket_upgrade(self) -> None:
        """The connection becomes a socket. It keeps its place until it is closed."""
        self.connections_open.works(self)
        super().handle_websocket_upgrade()
        socket_protocol: Any = self.transport.get_protocol()
        if socket_protocol is self:
            return
        if not socket_protocol.handshake_initiated:
            # One with a body, say: the library would neither answer nor close the connection.
            self.transport.write(_answer(400, "This is no request for a WebSocket."))
            self.transport.close()
        lost = socket_protocol.connection_lost

        def connection_lost(exc: Exception | None) -> None:
            self.connections_open.drop(self)
            lost(exc)

        socket_protocol.connection_lost = connection_lost

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {HUNG_UP: {"is_closing": self.transport.is_closing}}
        # Where a request ended in the same bytes, it is not known how many of them belong to this one.
        self._head_bytes = 1 if self._has_ended else self._head_bytes

    def on_header(self, name: bytes, value: bytes) -> None:
        super().on_header(name, value)
        if len(self.headers) > self.bounds.headers:
            raise _ExcessError

    def on_headers_complete(self) -> None:
        size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        if size > self.bounds.head_bytes or len(self.pipeline) >= MOST_PIPELINED:
            raise _ExcessError
        self._stop()
        self._is_in_body = True
        self._head_bytes = 0
        super().on_headers_complete()
        if self._is_last and self._present is not None:
            self._present.keep_alive = False

    def on_message_complete(self) -> None:
        self._stop()
        self._is_in_body, self._has_ended = False, True
        super().on_message_complete()
        if self._is_answering():
            self.connections_open.works(self)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self.pipeline:
            self.connections_open.waits(self)

    def pause_writing(self) -> None:
        """The client does not read the answer: the process holds it."""
        super().pause_writing()
        self._stop_unread()
        self._unread_timer = self.loop.call_later(self.bounds.answer_seconds, self.abort)

    def resume_writing(self) -> None:
        self._stop_unread()
        super().resume_writing()

    def _stop_unread(self) -> None:
        if self._unread_timer is not None:
            self._unread_timer.cancel()
            self._unread_timer = None

    def shutdown(self) -> None:
        """The server ends: a request that is here, or is on its way in, is still answered."""
        self._is_last = True
        has_begun = self._is_in_body or self._head_bytes > 0
        if self._is_refused or not (has_begun or self._is_answering() or self._has_unread()):
            self._stop()
            super().shutdown()
            return
        if self._present is not None and self._is_answering():
            self._present.keep_alive = False
        if has_begun or not self._is_answering():
            self._start(LAST_SECONDS)

    @property
    def _present(self) -> RequestResponseCycle | None:
        """The request that was read last."""
        return self.cycle

    def _is_answering(self) -> bool:
        return self._present is not None and not self._present.response_complete

    def _has_unread(self) -> bool:
        """Whether the system holds bytes that were not read yet: closing now would lose them."""
        channel = self.transport.get_extra_info("socket")
        with (
            contextlib.suppress(OSError, ValueError, AttributeError),
            socket.socket(fileno=dup(channel.fileno())) as peek,
        ):
            return bool(peek.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT))
        return False

    def _start(self, seconds: float) -> None:
        self._stop()
        self._timer = self.loop.call_later(seconds, self._out_of_time)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _out_of_time(self) -> None:
        self._timer = None
        present = self._present
        if self._is_in_body:
            is_unanswered = present is not None and not present.response_started and not self.pipeline
            if is_unanswered:
                self._end(408, "The request did not arrive in time.")
            else:
                self.abort()
        elif present is not None and self._is_answering():
            # The next request on this connection does not come; the one before it is answered.
            self._is_refused = True
            present.keep_alive = False
        elif self._head_bytes:
            self._end(408, "The request did not arrive in time.")
        else:
            self._is_refused = True
            self.transport.close()

    def _refuse_head(self) -> None:
        self._refuse(
            431,
            f"The request line and the headers have more than {self.bounds.head_bytes} bytes, or there are more than "
            f"{self.bounds.headers} headers.",
        )

    def _refuse(self, status: int, text: str) -> None:
        """Instead of reading on. An answer to an earlier request is cut off: it cannot be told from the refusal."""
        if self._is_answering():
            self.abort()
        else:
            self._end(status, text)

    def _end(self, status: int, text: str) -> None:
        """A short answer, written at once. Nothing is logged: a line for each would be another attack."""
        self._is_refused = True
        self._stop()
        if self.transport.is_closing():
            return
        self.transport.write(_answer(status, text))
        # A client that is still sending would see a reset, not the answer: what it sends is dropped for a moment.
        self.transport.write_eof()
        self._timer = self.loop.call_later(LINGER_SECONDS, self.transport.close)


def change_bounds(protocol: type[BoundedProtocol], bounds: ConnectionBounds) -> None:
    """Other bounds for the connections of a protocol that `bounded_protocol` made: those that are open too."""
    protocol.bounds = bounds
    protocol.connections_open.change(bounds)


def bounded_protocol(bounds: ConnectionBounds) -> type[BoundedProtocol]:
    """The protocol of one server (`uvicorn.Config(http=...)`), which counts its connections."""
    return type(
        "BoundedConnection", (BoundedProtocol,), {"bounds": bounds, "connections_open": OpenConnections(bounds)}
    )
