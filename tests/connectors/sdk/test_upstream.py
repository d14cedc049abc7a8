"""Requests over mock transports and real loopback sockets: sent once, with bounds, and below their path."""

import asyncio
import socket
import struct
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import anyio
import httpx2
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connectors.sdk.errors import (
    ConnectorError,
    MalformedResponseError,
    NotFoundError,
    RejectedError,
    UnavailableError,
    UpstreamTimeoutError,
)
from connectors.sdk.http import (
    JSON_CREATED,
    JSON_OK,
    NO_CONTENT,
    STEP,
    CorruptBodyError,
    Success,
    TooLargeError,
    Upstream,
    UpstreamCall,
    in_call,
    read_bounded,
)
from connectors.sdk.settings import SourceSettings
from connectors.sdk.testing import FAULTS, IN_BETWEEN, Fault, FaultyTransport, Reply
from tests.effort import sized

pytestmark = pytest.mark.server

LIMIT = 64 * 1024
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Count:
    """Counts requests, and notes of each write whether it has the person's credentials."""

    def __init__(self) -> None:
        self.value = 0
        self.writers: list[bool] = []

    def note_writer(self, *, is_person: bool) -> None:
        self.writers.append(is_person)

    def count_request(self) -> None:
        self.value += 1


def settings(base_url: str = "https://here.test/api", read_timeout: float = 5.0) -> SourceSettings:
    return SourceSettings(
        key="here",
        name="Here",
        vendor="memory",
        base_url=base_url,
        read_timeout=read_timeout,
        write_timeout=read_timeout,
        max_response_bytes=LIMIT,
    )


def faulty(reply: Reply = Reply(200)) -> FaultyTransport:  # noqa: B008 it is frozen
    return FaultyTransport(httpx2.MockTransport(lambda request: reply.response()))


class Served:
    """Requests as a server on this machine saw them."""

    def __init__(self) -> None:
        self.heads: list[bytes] = []
        self.port = 0


@asynccontextmanager
async def serving(answer: Serve) -> AsyncIterator[tuple[Served, Upstream]]:
    """A server that reads a request and then calls `answer`, and an upstream to it."""
    served = Served()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.heads.append(await reader.readuntil(b"\r\n\r\n"))
        try:
            await answer(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    served.port = server.sockets[0].getsockname()[1]
    upstream = Upstream(settings(f"http://127.0.0.1:{served.port}", read_timeout=0.2))
    try:
        yield served, upstream
    finally:
        await upstream.aclose()
        server.close()
        await server.wait_closed()


async def _close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """End the connection without an answer."""


async def _reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    connection: socket.socket = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


async def _truncate(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
    await writer.drain()


async def _babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"this is no HTTP\r\n\r\n")
    await writer.drain()


async def _stay_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (_close, UnavailableError),
        (_reset, UnavailableError),
        (_truncate, UnavailableError),
        (_babble, UnavailableError),
        (_stay_silent, UpstreamTimeoutError),
    ],
)
async def test_a_write_that_fails_after_sending_may_be_applied(answer: Serve, expected: type[ConnectorError]) -> None:
    """A read may not. Each is sent once."""
    async with serving(answer) as (served, upstream):
        with pytest.raises(expected) as write:
            await upstream.write("POST", "/x", success=JSON_OK, json={"a": 1})
        with pytest.raises(expected) as read:
            await upstream.read("GET", "/x")

    assert (expected, True) == (type(write.value), write.value.maybe_applied)
    assert (expected, False) == (type(read.value), read.value.maybe_applied)
    assert [b"POST /x", b"GET /x"] == [head.split(b" HTTP")[0] for head in served.heads]


async def test_a_refused_connection_applies_nothing() -> None:
    """No server listens on this port."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        upstream = Upstream(settings(f"http://127.0.0.1:{closed.getsockname()[1]}"))
        with pytest.raises(UnavailableError) as caught:
            await upstream.write("POST", "/x", success=JSON_OK)
        await upstream.aclose()

    assert caught.value.maybe_applied is False


@pytest.mark.parametrize(("fault", "kind", "maybe_applied"), FAULTS)
async def test_each_failure_has_its_error_and_one_request(
    fault: Fault, kind: type[ConnectorError], maybe_applied: bool
) -> None:
    """Each request is counted once, for reads and for writes. Of a write it is noted whose credentials it has."""
    transport = faulty()
    upstream = Upstream(settings(), transport=transport)
    count = Count()
    with in_call(UpstreamCall(counters=(count,))), transport.failing(fault) as requests:
        with pytest.raises(kind) as write:
            await upstream.write("POST", "/x", success=JSON_OK)
        with pytest.raises(kind) as read:
            await upstream.read("GET", "/x")
    await upstream.aclose()

    assert (maybe_applied, False) == (write.value.maybe_applied, read.value.maybe_applied)
    assert ["POST", "GET"] == [request.method for request in requests]
    assert (2, [False]) == (count.value, count.writers)


async def test_neither_a_proxy_of_the_environment_nor_a_redirect_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """The credentials go only to the configured origin."""
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")

    async def redirect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()

    async with serving(redirect) as (served, upstream):
        with pytest.raises(MalformedResponseError, match="redirects are not followed"):
            await upstream.read("GET", "/x")

    assert 1 == len(served.heads)


def test_the_test_suite_reaches_no_other_machine() -> None:
    """Neither by address nor by name. Code under test does not take the error for an unavailable upstream."""
    with socket.socket() as connection:
        for connect in (connection.connect, connection.connect_ex):
            with pytest.raises(RuntimeError, match="tests reach no other machine"):
                connect(("192.0.2.1", 80))
    with pytest.raises(RuntimeError, match="tests look up no names"):
        socket.create_connection(("example.test", 80))


def _gzip(plain: bytes) -> bytes:
    packer = zlib.compressobj(wbits=16 + zlib.MAX_WBITS)
    return packer.compress(plain) + packer.flush()


@pytest.mark.parametrize(
    ("headers", "body", "expected"),
    [
        ({}, b"[1]", b"[1]"),
        ({"Content-Encoding": "identity"}, b"[1]", b"[1]"),
        ({"Content-Encoding": "gzip"}, _gzip(b"[1]"), b"[1]"),
        ({"Content-Encoding": "GZIP"}, _gzip(b" " * LIMIT), b" " * LIMIT),
        ({"Content-Encoding": "deflate"}, zlib.compress(b"[1]"), b"[1]"),
        ({}, b" " * LIMIT, b" " * LIMIT),
    ],
)
async def test_a_body_up_to_the_bound_is_read_completely(headers: dict[str, str], body: bytes, expected: bytes) -> None:
    """It is decoded as its header says."""
    upstream = Upstream(settings(), transport=faulty(Reply(200, headers, body)))
    answer = await upstream.read("GET", "/x")
    await upstream.aclose()

    assert expected == answer.body


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({}, b" " * (LIMIT + 1)),
        ({"Content-Encoding": "gzip"}, _gzip(b" " * (LIMIT + 1))),
        ({"Content-Encoding": "gzip"}, b"[1]"),
        ({"Content-Encoding": "gzip"}, _gzip(b"[1, 2, 3]")[:-9]),
        ({"Content-Encoding": "br"}, b"[1]"),
        ({"Content-Encoding": "gzip, gzip"}, _gzip(_gzip(b"[1]"))),
    ],
    ids=["too large", "too large decoded", "no gzip", "cut gzip", "unknown encoding", "twice"],
)
async def test_a_body_beyond_the_bound_or_damaged_is_malformed(headers: dict[str, str], body: bytes) -> None:
    """After a write it is unknown whether the write was applied."""
    upstream = Upstream(settings(), transport=faulty(Reply(200, headers, body)))
    with pytest.raises(MalformedResponseError) as read:
        await upstream.read("GET", "/x")
    with pytest.raises(MalformedResponseError) as write:
        await upstream.write("POST", "/x", success=JSON_OK)
    await upstream.aclose()

    assert (False, True) == (read.value.maybe_applied, write.value.maybe_applied)


async def test_a_gzip_bomb_does_not_fill_the_memory() -> None:
    """Of 32 MB in one chunk, in a long run of 256 MB, little more than the bound is decoded."""
    packer = zlib.compressobj(wbits=16 + zlib.MAX_WBITS)
    bomb = b"".join(packer.compress(bytes(1 << 20)) for _ in range(sized(256, 32))) + packer.flush()

    async def chunks() -> AsyncIterator[bytes]:
        yield bomb

    tracemalloc.start()
    with pytest.raises(TooLargeError):
        await read_bounded(chunks(), encoding="gzip", limit=LIMIT)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 4 * (LIMIT + STEP + len(bomb))


@given(st.binary(max_size=200), st.sampled_from(["gzip", "deflate", "", "x-gzip"]), st.integers(1, 50))
async def test_any_bytes_are_a_body_or_damaged(data: bytes, encoding: str, size: int) -> None:
    """There is no other exception, for chunks of any size."""

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(data), size):
            yield data[start : start + size]

    try:
        body = await read_bounded(chunks(), encoding=encoding, limit=100)
    except (TooLargeError, CorruptBodyError):
        return

    assert len(body) <= 100


# Only builds URLs and sends nothing.
HERE = Upstream(settings(), transport=faulty())


@given(st.text(max_size=30))
@example("..")
@example("../users")
@example("%2e%2e%2f")
@example("a/../../b")
@example("//evil.test")
@example("@evil.test")
@example("\\..\\")
@example("{0}")
@example("x?y#z")
def test_no_id_changes_the_rest_of_the_path(native_id: str) -> None:
    """It is one segment of the path, or NotFoundError."""
    try:
        url = httpx2.URL(HERE.url("/tasks/{}/claim", native_id))
    except NotFoundError:
        return
    path = url.raw_path.decode()

    assert ("https", "here.test") == (url.scheme, url.host)
    assert path.startswith("/api/tasks/")
    assert path.endswith("/claim")
    assert 5 == len(path.split("/"))
    assert path.split("/")[3] not in {"", ".", ".."}
    assert "?" not in path


@given(st.text(st.sampled_from("ab./\\%2eEfF?#@:{}\x00\n "), max_size=12))
def test_two_ids_have_different_urls(native_id: str) -> None:
    """Decoding the URL gives the id."""
    try:
        url = httpx2.URL(HERE.url("/tasks/{}", native_id))
    except NotFoundError:
        return

    assert f"/api/tasks/{native_id}" == url.path


@pytest.mark.parametrize(
    "native_id",
    [
        *("", ".", "..", "\x00", "a\nb", "\x7f", "\ud800", "9" * 513),
        *("..%2F..%2Fusers", "a/../b", "%252e%252e/x", "..\\x", "x/."),
    ],
)
async def test_an_impossible_id_needs_no_request(native_id: str) -> None:
    """It is NotFoundError, also for a write."""
    transport = faulty()
    upstream = Upstream(settings(), transport=transport)
    with pytest.raises(NotFoundError):
        await upstream.write("POST", "/tasks/{}", native_id, success=JSON_OK)
    await upstream.aclose()

    assert [] == transport.requests


async def _trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, part: bytes) -> None:
    """The part again and again, until the other side has enough."""
    while True:
        with suppress(TimeoutError):
            async with asyncio.timeout(0.02):
                await reader.read()
                return
        writer.write(part)


async def _drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 50000\r\n\r\n")
    with suppress(ConnectionError):
        await _trickle(reader, writer, b" ")


async def _drip_headers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    with suppress(ConnectionError):
        await _trickle(reader, writer, b"x-more: 1\r\n")


@pytest.mark.parametrize("answer", [_drip, _drip_headers])
async def test_the_timeouts_are_for_the_whole_answer(answer: Serve) -> None:
    """One that drips is cut, too. A write may have been applied; a read, as that of a token, may not."""
    async with serving(answer) as (served, upstream):
        with anyio.fail_after(10):
            with pytest.raises(UpstreamTimeoutError) as write:
                await upstream.write("POST", "/x", success=JSON_OK)
            with pytest.raises(UpstreamTimeoutError) as read:
                await upstream.exchange("POST", upstream.url("/token"), content=b"grant")

    assert (True, False) == (write.value.maybe_applied, read.value.maybe_applied)
    assert 2 == len(served.heads)


@pytest.mark.parametrize("answer", IN_BETWEEN)
@pytest.mark.parametrize("success", [JSON_CREATED, NO_CONTENT])
async def test_an_answer_that_is_not_documented_leaves_a_write_open(answer: Reply, success: Success) -> None:
    """Neither a success nor a refusal. A read takes any 2xx answer, and refusals in any form."""
    upstream = Upstream(settings(), transport=faulty(answer))
    with pytest.raises(MalformedResponseError) as write:
        await upstream.write("POST", "/x", success=success)
    if answer.status < 300:
        assert (await upstream.read("GET", "/x")).ok
    else:
        with pytest.raises(ConnectorError):
            await upstream.read("GET", "/x")
    await upstream.aclose()

    assert (True, answer.status) == (write.value.maybe_applied, write.value.native_status)


@pytest.mark.parametrize(
    ("success", "answer"),
    [
        (JSON_OK, Reply.json({})),
        (JSON_OK, Reply(200, {}, b"[]")),
        (JSON_OK, Reply(200, {"Content-Type": "application/problem+json; charset=utf-8"}, b"{}")),
        (JSON_CREATED, Reply.json({}, status=201)),
        (NO_CONTENT, Reply(204)),
        (Success(200, has_body=False), Reply(200, {"Content-Type": "text/html"})),
    ],
)
async def test_the_documented_answer_is_a_success(success: Success, answer: Reply) -> None:
    upstream = Upstream(settings(), transport=faulty(answer))
    assert answer.status == (await upstream.write("POST", "/x", success=success)).status
    await upstream.aclose()


async def test_a_refusal_in_the_vendors_own_form_counts() -> None:
    """Every JSON object, unless the vendor says more."""
    refusal = Reply.json({"code": "closed"}, status=409)
    cases: list[tuple[dict[str, Any], type[ConnectorError]]] = [
        ({}, RejectedError),
        ({"is_refusal": lambda answer: b"taken" in answer.body}, MalformedResponseError),
    ]
    for arguments, kind in cases:
        upstream = Upstream(settings(), transport=faulty(refusal), **arguments)
        with pytest.raises(kind) as caught:
            await upstream.write("POST", "/x", success=JSON_OK)
        await upstream.aclose()

        assert caught.value.maybe_applied is (kind is MalformedResponseError)
