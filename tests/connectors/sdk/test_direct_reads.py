"""Reads past the HTTP client answer as reads by it, and never with the answer to another request."""

import asyncio
import socket
import ssl
import struct
import zlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import anyio
import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.sdk.errors import ConnectorError, UnavailableError
from connectors.sdk.http import Upstream
from connectors.sdk.http.direct_reads import DirectReads
from connectors.sdk.http.read_connection import HELD, LONGEST_HEAD
from tests.certificates import issued
from tests.connectors.sdk.test_upstream import Serve, settings

pytestmark = pytest.mark.server

CLOSE, RESET = b"<close>", b"<reset>"
OK = b"HTTP/1.1 200 OK\r\n"
HERE = DirectReads("https://here.test", headers={}, certificates=ssl.create_default_context)


def sized(body: bytes, *more: bytes) -> bytes:
    return OK + b"".join(line + b"\r\n" for line in (b"Content-Length: %d" % len(body), *more)) + b"\r\n" + body


def packed(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=16 + zlib.MAX_WBITS)
    return packer.compress(body) + packer.flush()


class Script:
    """A server: each request is answered by the next pieces, each sent by itself. `connections` has the heads that came."""

    def __init__(self, answers: Sequence[Sequence[bytes]]) -> None:
        self.answers = list(answers)
        self.connections: list[list[bytes]] = []
        self.bodies: list[bytes] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads: list[bytes] = []
        self.connections.append(heads)
        try:
            while self.answers:
                heads.append(await reader.readuntil(b"\r\n\r\n"))
                length = heads[-1].lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
                self.bodies.append(await reader.readexactly(int(length or b"0")))
                for piece in self.answers.pop(0):
                    if piece == RESET:
                        connection: socket.socket = writer.get_extra_info("socket")
                        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    if piece in {RESET, CLOSE}:
                        return
                    writer.write(piece)
                    await writer.drain()
                    await asyncio.sleep(0)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def served(script: Serve, *, is_direct: bool, read_timeout: float = 5.0) -> AsyncIterator[Upstream]:
    answering: set[asyncio.Task[None] | None] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answering.add(asyncio.current_task())
        await script(reader, writer)

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    upstream = Upstream(settings(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/api", read_timeout))
    upstream.read_directly(is_on=is_direct)
    try:
        yield upstream
    finally:
        await upstream.aclose()
        server.close()
        await asyncio.gather(*filter(None, answering))


class Told(NamedTuple):
    """What became of a read: an answer, or an error with its words."""

    status: int = 0
    body: bytes = b""
    headers: frozenset[tuple[str, str]] = frozenset()
    error: str = ""


async def told(upstream: Upstream, number: int = 0) -> Told:
    try:
        answer = await upstream.read("GET", "/things/{}", str(number))
    except ConnectorError as error:
        return Told(error=f"{type(error).__name__} {error} {error.maybe_applied}")
    return Told(answer.status, answer.body, frozenset(answer.headers.items()))


ANSWERS: Mapping[str, Sequence[Sequence[bytes]]] = {
    "whole": [[sized(b"[1]")], [sized(b"[2]")]],
    "empty": [[sized(b"")], [OK + b"Content-Length: 0\r\n\r\n"]],
    "in pieces": [[b"HTT", b"P/1.1 200", b" OK\r\nCont", b"ent-Length: 3\r", b"\n\r\n[", b"1]"], [sized(b"[2]")]],
    "in chunks": [
        [OK + b"Transfer-Encoding: chunked\r\n\r\n2;x=y\r\n[1\r\n", b"1\r\n]\r\n0\r\nTrailer: x\r\n\r\n"],
        [sized(b"[2]")],
    ],
    "to the end": [[OK + b"\r\n[1", b"]", CLOSE], [sized(b"[2]")]],
    "of HTTP 1.0": [[b"HTTP/1.0 200 OK\r\n\r\n[1]", CLOSE], [sized(b"[2]")]],
    "of HTTP 1.0, kept": [
        [b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\n[1]"],
        [sized(b"2")],
    ],
    "closing": [[sized(b"[1]", b"Connection: close"), CLOSE], [sized(b"[2]")]],
    "closed afterwards": [[sized(b"[1]"), CLOSE], [sized(b"[2]")]],
    "after hints": [[b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\n", sized(b"[1]")], [sized(b"[2]")]],
    "after a hint in one piece": [[b"HTTP/1.1 100 Go on\r\n\r\n" + sized(b"[1]")], [sized(b"[2]")]],
    "no content": [[b"HTTP/1.1 204 No Content\r\n\r\n"], [sized(b"[2]")]],
    "compressed": [[sized(packed(b"[1]"), b"Content-Encoding: gzip")], [sized(b"[2]")]],
    "compressed, in chunks": [
        [
            OK + b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n" % len(packed(b"[1]")),
            packed(b"[1]"),
            b"\r\n0\r\n\r\n",
        ],
        [sized(b"[2]")],
    ],
    "compressed badly": [[sized(b"[1]", b"Content-Encoding: gzip")], [sized(b"[2]")]],
    "compressed unknown": [[sized(b"[1]", b"Content-Encoding: br")], [sized(b"[2]")]],
    "with a mark": [[sized(b"\xef\xbb\xbf[1]")], [sized(b"[2]")]],
    "with two headers": [[sized(b"[1]", b"X-A: 1", b"x-a: 2")], [sized(b"[2]")]],
    "as large as may be": [[sized(b" " * 64 * 1024)], [sized(b"[2]")]],
    "too large": [[sized(b" " * 64 * 1024 + b" ")], [sized(b"[2]")]],
    "too large by its head": [[OK + b"Content-Length: 99999999\r\n\r\n "], [sized(b"[2]")]],
    "too large in chunks": [
        [OK + b"Transfer-Encoding: chunked\r\n\r\n", *[b"8000\r\n" + b" " * 0x8000 + b"\r\n"] * 3],
        [sized(b"[2]")],
    ],
    "a failure": [[b"HTTP/1.1 503 No\r\nContent-Length: 2\r\n\r\n{}"], [sized(b"[2]")]],
    "a redirect": [[b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n"], [sized(b"[2]")]],
    "closed before": [[CLOSE], [sized(b"[2]")]],
    "reset before": [[RESET], [sized(b"[2]")]],
    "closed within": [[OK + b"Content-Length: 100\r\n\r\n{", CLOSE], [sized(b"[2]")]],
    "closed within the head": [[b"HTTP/1.1 200 OK\r\nContent-", CLOSE], [sized(b"[2]")]],
    "closed within chunks": [[OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\n[1", CLOSE], [sized(b"[2]")]],
    "no HTTP": [[b"this is no HTTP\r\n\r\n"], [sized(b"[2]")]],
    "lengths that differ": [[OK + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\n[1]"], [sized(b"[2]")]],
    "no length": [[OK + b"Content-Length: x\r\n\r\n[1]", CLOSE], [sized(b"[2]")]],
    "with spaces after values": [
        [OK + b"Content-Length: 3 \r\nContent-Type: a/b \t\r\nX-Empty:\r\nX-Blank: \r\n\r\n[1]"],
        [sized(b"[2]")],
    ],
    "a padded size of a chunk": [
        [OK + b"Transfer-Encoding: chunked\r\n\r\n3  \r\n[1]\r\n0\r\n\r\n"],
        [sized(b"[2]")],
    ],
    "bare line feeds": [[b"HTTP/1.1 200 OK\nContent-Length: 3\n\n[1]"], [sized(b"[2]")]],
    "two kinds of length": [
        [OK + b"Content-Length: 30\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n[1]\r\n0\r\n\r\n", CLOSE],
        [sized(b"[2]")],
    ],
    "a length in the trailers": [
        [OK + b"Transfer-Encoding: chunked\r\n\r\n3\r\n[1]\r\n0\r\nContent-Length: 9\r\n\r\n"],
        [sized(b"[2]")],
    ],
    "another protocol": [[b"HTTP/1.1 101 Go\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n[1]"], [sized(b"[2]")]],
    "no status": [[b"HTTP/1.1 000 OK\r\nContent-Length: 3\r\n\r\n[1]"], [sized(b"[2]")]],
    "a coding of the transfer": [
        [OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n3\r\n[1]\r\n0\r\n\r\n"],
        [sized(b"[2]")],
    ],
    "a coding of the transfer, to the end": [[OK + b"Transfer-Encoding: gzip\r\n\r\n[1]", CLOSE], [sized(b"[2]")]],
    "an endless head": [[OK + b"X: " + b"x" * LONGEST_HEAD + b"\r\n" * 5000, CLOSE], [sized(b"[2]")]],
}


@pytest.mark.parametrize("name", ANSWERS)
async def test_answers_and_errors_are_those_of_the_client(name: str) -> None:
    """Two reads, one after the other; the answer to the second is its own."""
    found = []
    for is_direct in (False, True):
        async with served(Script(ANSWERS[name]), is_direct=is_direct) as upstream:
            found.append([await told(upstream), await told(upstream)])

    assert found[0] == found[1]
    assert found[1][1].body.strip(b"[]") in {b"2", b""}


@pytest.mark.parametrize("is_direct", [False, True])
async def test_requests_are_those_of_the_client(is_direct: bool) -> None:
    script = Script([[sized(b"1")], [sized(b"2")], [sized(b"3")]])
    async with served(script, is_direct=is_direct) as upstream:
        await upstream.read("GET", "/things/{}", "a b/ü", params={"q": "x y&z=ü+~", "n": 3}, headers={"accept": "a/b"})
        await upstream.read("POST", "/search", json={"a": "ü"}, headers={"X-Mark": "1"})
        await upstream.read("POST", "/search")
    port = upstream.settings.base_url.rpartition(":")[2].partition("/")[0].encode()

    assert [set(head.rstrip().lower().split(b"\r\n")) for heads in script.connections for head in heads] == [
        {
            line.lower()
            for line in (*lines, b"Host: 127.0.0.1:" + port, b"Accept-Encoding: gzip", b"User-Agent: taskgate")
        }
        | {b"connection: keep-alive"}
        for lines in (
            [b"GET /api/things/a%20b%2F%C3%BC?q=x+y%26z%3D%C3%BC%2B~&n=3 HTTP/1.1", b"Accept: a/b"],
            [
                b"POST /api/search HTTP/1.1",
                b"Accept: application/json",
                b"Content-Type: application/json",
                b"X-Mark: 1",
                b"Content-Length: 10",
            ],
            [b"POST /api/search HTTP/1.1", b"Accept: application/json", b"Content-Length: 0"],
        )
    ]
    assert script.bodies == [b"", b'{"a":"\xc3\xbc"}', b""]
    assert len(script.connections) == 1


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=8) | st.integers(), max_size=4))
def test_a_query_is_written_as_the_client_writes_it(params: dict[str, str | int]) -> None:
    """Or the client writes it: a text that is no text, for example."""
    url = "https://here.test/api/things"
    try:
        expected = httpx2.URL(url, params=params).raw_path.decode()
    except UnicodeEncodeError:
        return
    assert HERE.target("GET", url, params) in {expected, expected.removesuffix("?")}


@pytest.mark.parametrize(
    ("method", "url", "params"),
    [
        ("PUT", "https://here.test/x", None),
        ("HEAD", "https://here.test/x", None),
        ("GET", "https://here.test.evil/x", None),
        ("GET", "https://here.test@evil/x", None),
        ("GET", "https://here.test:444/x", None),
        ("GET", "http://here.test/x", None),
        ("GET", "https://here.test", None),
        ("GET", "https://here.test/x?a=1", {"b": 2}),
        ("GET", "https://here.test/x#a", None),
        ("GET", "https://here.test/x y", None),
        ("GET", "https://here.test/x\r\nHost: evil", None),
        ("GET", "https://here.test/ü", None),
        ("GET", "https://here.test/x", {"a": True}),
        ("GET", "https://here.test/x", {"a": 1.5}),
    ],
)
def test_what_is_in_doubt_goes_to_the_client(method: str, url: str, params: dict[str, str | int] | None) -> None:
    assert HERE.target(method, url, params) is None


@pytest.mark.parametrize("value", ["a\r\nX: y", "a\nb", "a\x00", " a", "a ", "ü", "\ud800"])
@pytest.mark.parametrize("is_direct", [False, True])
async def test_no_header_makes_another_one(value: str, is_direct: bool) -> None:
    """A credential with such characters is told as one."""
    script = Script([[sized(b"[1]")]])
    async with served(script, is_direct=is_direct) as upstream:
        for headers in ({"Authorization": value}, {value: "x"}):
            with pytest.raises(ConnectorError, match="header cannot be sent"):
                await upstream.read("GET", "/x", headers=headers)

    assert not any(script.connections)


@pytest.mark.parametrize(
    "odd",
    [
        sized(b"[1]") + sized(b"[foreign]"),
        sized(b"[1]") + b"foreign",
        OK + b"Transfer-Encoding: chunked\r\n\r\n3\r\n[1]\r\n0\r\n\r\n" + sized(b"[foreign]"),
        # Something in between may have taken the other length: the connection is not used again.
        OK + b"Content-Length: 99\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n[1]\r\n0\r\n\r\n",
    ],
)
async def test_what_came_unasked_is_no_answer_to_the_next_read(odd: bytes) -> None:
    script = Script([[odd], [sized(b"[2]")]])
    async with served(script, is_direct=True) as upstream:
        assert [(await told(upstream)).body, (await told(upstream)).body] == [b"[1]", b"[2]"]

    assert 2 == len(script.connections)


async def test_what_came_late_and_unasked_is_no_answer_to_the_next_read() -> None:
    script = Script([[sized(b"[1]"), sized(b"[foreign]")], [sized(b"[2]")]])
    async with served(script, is_direct=True) as upstream:
        first = await told(upstream)
        await anyio.wait_all_tasks_blocked()

        assert [first.body, (await told(upstream)).body] == [b"[1]", b"[2]"]


async def test_a_read_that_was_given_up_leaves_no_answer_to_the_next_one() -> None:
    """Its connection ends with it."""
    is_asked, may_answer = anyio.Event(), anyio.Event()

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if b"/things/1 " in head:
            is_asked.set()
            await may_answer.wait()
        writer.write(sized(head.split(b" ")[1]))
        await writer.drain()
        await reader.read()
        writer.close()

    async with served(slow, is_direct=True) as upstream:
        async with anyio.create_task_group() as group:
            group.start_soon(told, upstream, 1)
            await is_asked.wait()
            group.cancel_scope.cancel()
        may_answer.set()
        assert (await told(upstream, 2)).body == b"/api/things/2"


@given(st.lists(st.integers(1, 30), max_size=20), st.sampled_from(sorted(ANSWERS)))
async def test_pieces_of_any_size_give_the_same_answer(sizes: list[int], name: str) -> None:
    pieces = [b"".join(each for each in answer if each not in {CLOSE, RESET}) for answer in ANSWERS[name]]
    if len(pieces[0]) > 500 or RESET in ANSWERS[name][0]:
        return
    end = [CLOSE] if CLOSE in ANSWERS[name][0] else []
    cuts, rest = [], pieces[0]
    for size in sizes:
        cuts.append(rest[:size])
        rest = rest[size:]
    answers = [[each for each in (*cuts, rest) if each] + end, [pieces[1]]]
    async with served(Script(ANSWERS[name]), is_direct=True) as upstream:
        expected = await told(upstream)
    async with served(Script(answers), is_direct=True) as upstream:
        assert await told(upstream) == expected


async def test_a_server_is_slowed_down_while_its_answer_waits() -> None:
    """An answer that is large is not held whole beside the part that was decoded."""
    held: list[int] = []
    script = Script([[OK + b"Content-Length: %d\r\n\r\n" % (HELD * 8), *[b" " * HELD] * 8]])
    async with served(script, is_direct=True) as upstream:
        assert upstream._reads is not None
        url = f"{upstream._base}/x"
        target = upstream._reads.target("GET", url, None)
        assert target is not None
        async with upstream._reads.answer("GET", target, headers={}, content=None, connecting=5) as connection:
            total = 0
            async for piece in connection.pieces():
                held.append(connection._held)
                total += len(piece)

    assert total == HELD * 8
    assert max(held) < HELD * 4


async def test_reads_wait_for_a_place() -> None:
    """As with the client, there are so many connections and no more."""
    script = Script([[sized(b"[1]")]] * 6)
    async with served(script, is_direct=True) as upstream:
        upstream._reads = DirectReads(
            upstream._base.removesuffix("/api"), headers={}, certificates=ssl.create_default_context, most=2
        )
        async with anyio.create_task_group() as group:
            for _ in range(6):
                group.start_soon(told, upstream)

    assert 6 == sum(map(len, script.connections))
    assert 2 >= len(script.connections)


async def test_a_place_that_does_not_come_is_told() -> None:
    reads = DirectReads("http://127.0.0.1:9", headers={}, certificates=ssl.create_default_context, most=1)
    reads._places.acquire_nowait()
    with pytest.raises(httpx2.PoolTimeout):
        async with reads.answer("GET", "/x", headers={}, content=None, connecting=0.01):
            pass


async def test_a_refused_connection_is_told_as_one() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        upstream = Upstream(settings(f"http://127.0.0.1:{closed.getsockname()[1]}"))
        upstream.read_directly(is_on=True)
        with pytest.raises(UnavailableError, match="refused the connection; check base_url"):
            await upstream.read("GET", "/x")
        await upstream.aclose()


async def test_connections_of_a_kept_source_end_with_it() -> None:
    script = Script([[sized(b"[1]")], [sized(b"[2]")]])
    async with served(script, is_direct=True) as upstream:
        await told(upstream)
        upstream.read_directly(is_on=False)
        answer = await told(upstream)
        reads = upstream._reads

    assert answer.body == b"[2]"
    assert 2 == len(script.connections)
    assert reads is not None
    assert not reads._waiting


@pytest.mark.parametrize("is_direct", [False, True])
async def test_an_answer_that_was_cut_by_the_end_of_the_source_is_an_error(is_direct: bool) -> None:
    """One without a length has no other end than that of its connection."""
    has_begun = anyio.Event()

    async def begun(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK + b"\r\n[1")
        await writer.drain()
        has_begun.set()
        await reader.read()
        writer.close()

    found: list[Told] = []
    async with served(begun, is_direct=is_direct) as upstream:

        async def ask() -> None:
            found.append(await told(upstream))

        async with anyio.create_task_group() as group:
            group.start_soon(ask)
            await has_begun.wait()
            await anyio.wait_all_tasks_blocked()
            await upstream.aclose()

    assert ["UnavailableError cut the connection False"] == [each.error for each in found]


async def test_no_connection_is_left_by_a_read_that_outlives_its_source() -> None:
    """It was looking for the address when the source ended."""
    script = Script([[sized(b"[1]")], [sized(b"[2]")]])
    async with served(script, is_direct=True) as upstream:
        async with anyio.create_task_group() as group:
            group.start_soon(told, upstream)
            await anyio.lowlevel.checkpoint()
            await upstream.aclose()
        assert upstream._reads is not None
        assert not upstream._reads._waiting


async def test_a_name_that_cannot_be_is_told_as_one_that_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """One with an empty label: what looks names up gets it as a text, and does not encode it."""

    def encoded(host: str, *_: object, **__: object) -> bytes:
        return host.encode("idna")

    monkeypatch.setattr(socket, "getaddrinfo", encoded)
    upstream = Upstream(settings("http://a..b.test"))
    upstream.read_directly(is_on=True)
    with pytest.raises(UnavailableError, match="there is no such name; check base_url"):
        await upstream.read("GET", "/x")
    await upstream.aclose()


@pytest.mark.parametrize("is_known", [True, False])
async def test_certificates_are_checked(tmp_path: Path, is_known: bool) -> None:
    """By the same context as the client's."""
    certificate = issued(tmp_path, "127.0.0.1")
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(certificate)
    trusting = ssl.create_default_context(cafile=certificate if is_known else None)
    script = Script([[sized(b"[1]")], [sized(b"[2]")]])
    server = await asyncio.start_server(script, "127.0.0.1", 0, ssl=serving)
    address = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    upstream = Upstream(settings(address))
    upstream.read_directly(is_on=True)
    upstream._reads = DirectReads(address, headers={}, certificates=lambda: trusting)
    found = [await told(upstream), await told(upstream)]
    await upstream.aclose()
    server.close()
    await server.wait_closed()

    if is_known:
        assert [each.body for each in found] == [b"[1]", b"[2]"]
        assert 1 == len(script.connections)
    else:
        assert all(
            "cannot be trusted: TLS says that its certificate is signed by itself" in each.error for each in found
        )
