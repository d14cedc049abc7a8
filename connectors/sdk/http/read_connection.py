"""One connection for reads: HTTP/1.1, one request at a time, over asyncio and httptools."""

import asyncio
import select
from collections import deque
from collections.abc import AsyncIterator
from typing import cast

import httptools
import httpx2

LONGEST_HEAD = 100 * 1024
"""Bytes of a head, as the client for writes has it; of trailers and the heads of chunks between two parts of a body too."""
HELD = 256 * 1024
"""Bytes of a body that wait here; then the server has to wait."""

_SWITCHING = 101
_FIRST_FINAL = 200


class ReadConnection(asyncio.Protocol):
    """`begin` sends a request, `head` waits for the head of its answer, `pieces` gives the body as it comes.

    Errors are those of httpx2's transports. After one the connection is closed, and so it must be after `begin` unless
    `is_reusable`.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.idle_since = 0.0
        self._transport: asyncio.Transport
        self._poll = select.poll()
        self._is_closed = False
        self._turn: asyncio.Future[None] | None = None
        self._is_paused = False
        self._is_odd = False
        self._reset()
        self._is_complete = True

    def _reset(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        # What the client for writes bears too, and servers do: both kinds of length, padded sizes of chunks, bare line feeds.
        self._parser.set_dangerous_leniencies(
            lenient_chunked_length=True, lenient_spaces_after_chunk_size=True, lenient_optional_cr_before_lf=True
        )
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self._pieces: deque[bytes] = deque()
        self._held = 0
        # Bytes since the last part of a body.
        self._without_body = 0
        self._has_head = self._is_complete = self._is_informational = self._is_kept = False
        self._fault: httpx2.TransportError | None = None

    @property
    def is_stale(self) -> bool:
        """Whether the server has closed the connection, or has sent something unasked. For one that waits."""
        return self._is_closed or self._is_odd or self._transport.is_closing() or bool(self._poll.poll(0))

    @property
    def is_reusable(self) -> bool:
        """Whether the answer came whole and the server keeps the connection."""
        return (
            self._is_complete
            and not (self._is_closed or self._is_odd or self._is_paused)
            and self._is_kept
            and not self._transport.is_closing()
        )

    def begin(self, request: bytes) -> None:
        self._reset()
        if self._is_closed or self._is_odd:
            # Between the making of the connection and now.
            self._fault = httpx2.RemoteProtocolError("the server closed the connection")
        else:
            self._transport.write(request)

    async def head(self) -> None:
        """Until `status` and `headers` are known."""
        while not self._has_head:
            await self._progress()

    def whole(self, most: int) -> bytes | None:
        """The body, if all of it is here and it has at most so many bytes."""
        return b"".join(self._pieces) if self._is_complete and self._held <= most else None

    async def pieces(self) -> AsyncIterator[bytes]:
        while True:
            while self._pieces:
                piece = self._pieces.popleft()
                self._held -= len(piece)
                yield piece
            if self._is_complete:
                return
            if self._is_paused and not self._is_closed:
                self._is_paused = False
                self._transport.resume_reading()
            await self._progress()

    def rest(self, now: float) -> None:
        """Wait for the next request, without the answer."""
        self.idle_since = now
        self._pieces.clear()
        self.headers = []

    def close(self) -> None:
        """At once: what is still on its way is dropped, and an answer that is awaited is an error."""
        self._is_closed = True
        if self._is_awaited():
            self._fail(httpx2.ReadError("the connection was closed here"))
        self._transport.abort()

    async def _progress(self) -> None:
        if self._fault is not None:
            raise self._fault
        self._turn = self._loop.create_future()
        await self._turn

    def _wake(self) -> None:
        if self._turn is not None and not self._turn.done():
            self._turn.set_result(None)

    def _fail(self, fault: httpx2.TransportError) -> None:
        self._fault = self._fault or fault
        self._wake()

    # What the event loop tells.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's is no asyncio.Transport, and has all of its methods.
        self._transport = cast("asyncio.Transport", transport)
        self._poll.register(transport.get_extra_info("socket").fileno(), select.POLLIN)

    def data_received(self, data: bytes) -> None:
        if self._is_complete:
            # Nothing was asked: what comes now must not be taken for the next answer.
            self._is_odd = True
            return
        self._without_body += len(data)
        self._parse(data)
        if self._without_body > LONGEST_HEAD:
            self._break("the head of the answer is too long")
        if self._held > HELD and not self._is_paused and self._is_awaited():
            self._is_paused = True
            self._transport.pause_reading()

    def _is_awaited(self) -> bool:
        return not self._is_complete

    def _parse(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._break("the server changed the protocol")
        except httptools.HttpParserError as error:
            # After the end of the answer it only means that the connection cannot be used again.
            self._break(type(error).__name__)

    def _break(self, why: str) -> None:
        self._is_odd = True
        if self._is_awaited():
            self._fail(httpx2.RemoteProtocolError(why))

    def connection_lost(self, exc: Exception | None) -> None:
        self._is_closed = True
        if self._is_complete:
            return
        if exc is None and self._fault is None and self._has_head and not self._tells_its_end():
            self._is_complete = True
            self._wake()
            return
        self._fail(
            httpx2.RemoteProtocolError("the server closed the connection")
            if exc is None
            else httpx2.ReadError("the connection broke")
        )

    def _tells_its_end(self) -> bool:
        return any(name.lower() in {b"content-length", b"transfer-encoding"} for name, _ in self.headers)

    # What the parser tells.

    def on_message_begin(self) -> None:
        if self._is_complete:
            self._is_odd = True

    def on_header(self, name: bytes, value: bytes) -> None:
        # Trailers are dropped.
        if not self._has_head and not self._is_complete:
            self.headers.append((name, value.rstrip(b" \t")))

    def on_headers_complete(self) -> None:
        if self._is_complete:
            return
        status: int = self._parser.get_status_code()
        if 100 <= status < 200 and status != _SWITCHING:
            self._is_informational = True
            return
        if status < _FIRST_FINAL:
            self._break("the status is none")
            return
        codings = [value.lower() for name, value in self.headers if name.lower() == b"transfer-encoding"]
        if codings and codings != [b"chunked"]:
            # The body would be taken for the answer as it was coded.
            self._break("the answer has an unknown transfer coding")
            return
        # With both lengths, something in between may take another one: what follows is not trusted.
        self._is_odd |= bool(codings) and any(name.lower() == b"content-length" for name, _ in self.headers)
        self.status = status
        self._has_head = True
        self._wake()

    def on_body(self, body: bytes) -> None:
        if self._is_complete or self._fault is not None:
            return
        self._without_body = 0
        self._pieces.append(body)
        self._held += len(body)
        self._wake()

    def on_message_complete(self) -> None:
        if self._is_complete or self._fault is not None:
            return
        if self._is_informational:
            self._is_informational = False
            self.headers = []
            return
        # The parser forgets it after this call.
        self._is_kept = bool(self._parser.should_keep_alive())
        self._is_complete = True
        self._wake()
