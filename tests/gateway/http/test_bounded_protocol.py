"""Connections have bounds before a request reaches the application. Without sockets: bytes in, bytes out, timers by hand."""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable
from typing import Any, Literal

import pytest
import uvicorn
from msgspec import structs
from uvicorn.server import ServerState

from gateway.http import ConnectionBounds, bounded_protocol
from gateway.http.bounded_protocol import LAST_SECONDS, LINGER_SECONDS, BoundedProtocol
from gateway.http.hanging_up import hung_up

BOUNDS = ConnectionBounds(
    head_bytes=8_192,
    headers=20,
    head_seconds=10.0,
    body_seconds=30.0,
    answer_seconds=20.0,
    total=4,
    per_address=2,
    proxies=("10.0.0.0/8",),
)
GET = b"GET / HTTP/1.1\r\nhost: gateway.test\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nhost: gateway.test\r\ncontent-length: 4\r\n\r\n"


class Timer:
    def __init__(self, seconds: float, callback: Callable[[], None]) -> None:
        self.seconds, self._callback = seconds, callback
        self.is_over = False

    def cancel(self) -> None:
        self.is_over = True

    def fire(self) -> None:
        assert not self.is_over
        self.is_over = True
        self._callback()


class Loop:
    """The running loop, with timers that go off when a test says so."""

    def __init__(self) -> None:
        self._timers: list[Timer] = []
        self.create_task = asyncio.get_running_loop().create_task

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        self._timers.append(Timer(seconds, callback))
        return self._timers[-1]

    @property
    def timers(self) -> list[Timer]:
        return [timer for timer in self._timers if not timer.is_over]


class Transport(asyncio.Transport):
    def __init__(self, address: str, channel: socket.socket | None = None) -> None:
        super().__init__()
        self.written = b""
        self.is_reset = self.is_over = self.has_ended = False
        self._known = {"peername": (address, 4711), "sockname": ("192.0.2.1", 8000), "socket": channel}

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._known.get(name, default)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += bytes(data)

    def write_eof(self) -> None:
        self.has_ended = True

    def is_closing(self) -> bool:
        return self.is_over

    def close(self) -> None:
        self.is_over = True

    def abort(self) -> None:
        self.is_over = self.is_reset = True

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._protocol = protocol

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self._protocol

    @property
    def status(self) -> str:
        return self.written.split(b" ")[1].decode() if self.written else ""


class Application:
    """Reads the body and answers, if `go` is set."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.go.set()
        self.bodies: list[bytes] = []
        self.scopes: list[Any] = []

    async def __call__(
        self, scope: Any, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]
    ) -> None:
        self.scopes.append(scope)
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body", False):
                break
        self.bodies.append(body)
        await self.go.wait()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})


class Door:
    """One server, without a listener."""

    def __init__(self, bounds: ConnectionBounds = BOUNDS, ws: Literal["none", "websockets-sansio"] = "none") -> None:
        self.application = Application()
        self.loop = Loop()
        self._config = uvicorn.Config(self.application, http=bounded_protocol(bounds), log_config=None, ws=ws)
        self._config.load()
        self._state = ServerState()

    def connected(
        self, address: str = "192.0.2.7", channel: socket.socket | None = None
    ) -> tuple[BoundedProtocol, Transport]:
        made = self._config.http_protocol_class(self._config, self._state, {}, self.loop)  # type: ignore[call-arg]
        assert isinstance(made, BoundedProtocol)
        transport = Transport(address, channel)
        made.connection_made(transport)
        return made, transport

    async def turns(self) -> None:
        """Lets the application run."""
        for _ in range(10):
            await asyncio.sleep(0)


async def test_a_request_is_answered_and_leaves_only_the_timer_of_the_open_connection() -> None:
    door = Door()
    connection, transport = door.connected()

    connection.data_received(GET)
    await door.turns()

    assert transport.status == "200"
    assert [timer.seconds for timer in door.loop.timers] == [5]
    assert hung_up(door.application.scopes[0])() is False
    transport.close()
    assert hung_up(door.application.scopes[0])() is True


@pytest.mark.parametrize(
    ("start", "piece"),
    [
        (b"GET / HTTP/1.1\r\nx: ", b"a" * 1_000),
        (b"GET / HTTP/1.1\r\n", b"x: y\r\n"),
        (b"GET /", b"a" * 1_000),
        (b"GET / HTTP/1.1\r\n" + b"".join(b"h%d: y\r\n" % n for n in range(21)) + b"\r\n", b""),
        (b"GET / HTTP/1.1\r\nx: " + b"a" * 9_000 + b"\r\n\r\n", b""),
        (GET.replace(b"\r\n\r\n", b"\r\nx: ") + b"a" * 250_000, b""),
    ],
    ids=["a long value", "many headers", "a long line", "many headers at once", "a whole head", "a large piece"],
)
async def test_a_head_beyond_the_bounds_is_refused(start: bytes, piece: bytes) -> None:
    """431 can be read: the connection stays half open for a moment, and drops what still comes."""
    door = Door()
    connection, transport = door.connected()

    connection.data_received(start)
    for _ in range(40 if piece else 0):
        connection.data_received(piece)

    assert transport.status == "431"
    assert b"8192 bytes" in transport.written
    assert transport.has_ended
    assert not transport.is_closing()
    (timer,) = door.loop.timers
    assert timer.seconds == LINGER_SECONDS
    timer.fire()
    assert transport.is_closing()
    assert door.application.scopes == []


async def test_a_head_counts_from_its_own_start() -> None:
    """Bodies, and heads of requests before it on the connection, do not count."""
    door = Door()
    connection, transport = door.connected()

    for _ in range(3):
        connection.data_received(POST.replace(b"4", b"60000") + b"a" * 60_000 + GET[:20])
        connection.data_received(GET[20:])
        await door.turns()

    assert transport.written.count(b"HTTP/1.1 200") == 6
    assert {len(body) for body in door.application.bodies} == {0, 60_000}


@pytest.mark.parametrize(
    ("sent", "seconds", "status"), [(b"", 10.0, ""), (GET[:-2], 10.0, "408"), (POST + b"ab", 30.0, "408")]
)
async def test_what_does_not_arrive_in_time_ends_the_connection(sent: bytes, seconds: float, status: str) -> None:
    """Silence is not answered. Further bytes do not give more time."""
    door = Door()
    connection, transport = door.connected()
    for at in range(len(sent)):
        connection.data_received(sent[at : at + 1])
    await door.turns()

    (timer,) = door.loop.timers
    assert timer.seconds == seconds
    timer.fire()

    assert transport.status == status
    assert transport.is_over or transport.has_ended


async def test_a_client_that_does_not_read_loses_its_answer() -> None:
    """One that goes on reading has its time again."""
    door = Door()
    door.application.go.clear()
    connection, transport = door.connected()
    connection.data_received(GET)
    connection.pause_writing()
    connection.resume_writing()
    assert door.loop.timers == []

    connection.pause_writing()
    (timer,) = door.loop.timers
    assert timer.seconds == 20.0
    timer.fire()
    connection.connection_lost(None)
    door.application.go.set()
    await door.turns()

    assert transport.is_reset
    assert door.loop.timers == []


async def test_the_answer_to_one_request_outlives_the_next_one_that_does_not_come() -> None:
    door = Door()
    door.application.go.clear()
    connection, transport = door.connected()
    connection.data_received(GET + GET[:-2])
    await door.turns()
    (timer,) = door.loop.timers

    timer.fire()
    door.application.go.set()
    await door.turns()

    assert transport.written.count(b"HTTP/1.1 200") == 1
    assert transport.is_over


async def test_one_address_has_a_share_of_the_connections() -> None:
    """A trusted proxy has more. A connection that is closed gives its place back."""
    door = Door()
    (first, transport), (_, second) = door.connected(), door.connected()
    refused = door.connected()[1]
    proxied = [door.connected("10.1.2.3")[1] for _ in range(2)]

    first.connection_lost(None)
    later = door.connected()[1]

    assert refused.status == "503"
    assert b"retry-after: 1" in refused.written
    assert refused.is_over
    assert not any(each.written for each in (transport, second, *proxied, later))


async def test_the_connection_that_waited_longest_makes_room() -> None:
    """Where all have requests, a new one is refused."""
    door = Door()
    door.application.go.clear()
    opened = [door.connected(f"192.0.2.{number}") for number in range(4)]
    opened[0][0].data_received(GET)
    await door.turns()

    newcomers = [door.connected(f"198.51.100.{number}") for number in range(3)]
    for connection, _ in newcomers:
        connection.data_received(GET)
    await door.turns()
    refused = door.connected("198.51.100.9")[1]
    door.application.go.set()
    await door.turns()

    assert [transport.is_reset for _, transport in opened] == [False, True, True, True]
    assert opened[0][1].status == "200"
    assert {transport.status for _, transport in newcomers} == {"200"}
    assert refused.status == "503"


async def test_requests_that_are_sent_at_once_are_few() -> None:
    door = Door()
    connection, transport = door.connected()

    connection.data_received(GET * 10_000)
    await door.turns()

    assert transport.is_reset
    assert len(door.application.scopes) <= 1


UPGRADE = b"connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n"


@pytest.mark.parametrize("body", [b"content-length: 4\r\n\r\nabcd", b"transfer-encoding: chunked\r\n\r\n0\r\n\r\n"])
async def test_a_request_for_a_socket_that_has_a_body_does_not_hold_its_connection(body: bytes) -> None:
    door = Door(ws="websockets-sansio")
    connection, transport = door.connected()

    connection.data_received(b"GET /graphql HTTP/1.1\r\nhost: gateway.test\r\n" + UPGRADE + body)

    assert (transport.status, transport.is_over) == ("400", True)


@pytest.mark.parametrize("line", [b"CONNECT evil.test:80", b"GET /\xff", b"GET *", b"GET a:b:c"])
async def test_a_target_without_a_path_is_no_fault_of_the_server(line: bytes) -> None:
    """Whatever the application says of those that are paths."""
    door = Door()
    connection, transport = door.connected()

    connection.data_received(line + b" HTTP/1.1\r\nhost: gateway.test\r\n\r\n")
    await door.turns()

    assert transport.status in ("400", "200")


async def test_noise_is_refused_without_a_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """A line for each would be another way to fill a disk."""
    caplog.set_level(logging.DEBUG)
    door = Door()
    connection, transport = door.connected()

    connection.data_received(b"\x16\x03\x01" + bytes(range(256)))
    connection.data_received(GET)

    assert transport.status == "400"
    assert caplog.records == []


async def test_at_the_end_what_has_begun_is_answered() -> None:
    """Also a request of which the system holds the first bytes. Idle connections are closed."""
    door = Door(structs.replace(BOUNDS, total=100, per_address=100))
    ours, client = socket.socketpair()
    door.application.go.clear()
    begun = {name: door.connected() for name in ("asked", "head", "body", "idle")}
    begun["unread"] = door.connected(channel=ours)
    begun["asked"][0].data_received(GET)
    begun["head"][0].data_received(GET[:20])
    begun["body"][0].data_received(POST)
    client.send(GET)

    for connection, _ in begun.values():
        connection.shutdown()
    assert begun["idle"][1].is_over
    assert [timer.seconds for timer in door.loop.timers] == [LAST_SECONDS] * 3
    begun["head"][0].data_received(GET[20:])
    begun["body"][0].data_received(b"abcd")
    begun["unread"][0].data_received(ours.recv(100))
    door.application.go.set()
    await door.turns()

    ours.close()
    client.close()
    answered = [begun[name][1] for name in ("asked", "head", "body", "unread")]
    assert {transport.status for transport in answered} == {"200"}
    assert all(transport.is_over for transport in answered)
