"""Reads from one origin over connections of our own: a third of what the HTTP client costs, which writes keep.

Each read is sent once. What the client would do otherwise (cookies, redirects, proxies, HTTP/2, other methods, addresses that
an answer names) goes to the client.
"""

import asyncio
import re
import socket
import ssl
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from urllib.parse import urlencode

import aiohappyeyeballs
import anyio
import httpx2

from connectors.sdk.http.read_connection import ReadConnection

MOST = 32
"""Connections at once."""
KEPT = 16
"""Connections that wait for the next read."""
KEPT_SECONDS = 30.0
_NEXT_ADDRESS = 0.25
"""Seconds after which another address of the name is tried too."""

METHODS = frozenset({"GET", "POST"})
_PLAIN = re.compile(r"[!-~]+", re.ASCII)
_NAME = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_VALUE = re.compile(rb"(?:[^\x00\s](?:[^\x00\r\n\v\f]*[^\x00\s])?)?")


class DirectReads:
    """`origin` is that of all requests: `https://host`, with the port where it is not the usual one."""

    def __init__(
        self,
        origin: str,
        *,
        headers: Mapping[str, str],
        certificates: Callable[[], ssl.SSLContext],
        most: int = MOST,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        url = httpx2.URL(origin)
        self._origin = origin
        self._host, self._is_tls = url.raw_host.decode("ascii"), url.scheme == "https"
        self._port = url.port or (443 if self._is_tls else 80)
        self._certificates = certificates
        self._headers = {name.lower(): (name, value) for name, value in headers.items()}
        self._host_line = b"HTTP/1.1\r\nHost: %b\r\nConnection: keep-alive\r\n" % url.netloc
        self._places = anyio.Semaphore(most)
        self._monotonic = monotonic
        self._waiting: deque[ReadConnection] = deque()
        self._in_use: set[ReadConnection] = set()
        self._is_ended = False

    def target(self, method: str, url: str, params: Mapping[str, str | int] | None) -> str | None:
        """What stands in the first line of the request. None if the client has to send it."""
        rest = url[len(self._origin) :]
        if (
            method not in METHODS
            or not url.startswith(self._origin)
            or not rest.startswith("/")
            or "?" in rest
            or "#" in rest
            or not _PLAIN.fullmatch(rest)
        ):
            return None
        if not params:
            return rest
        if not all(type(value) is str or type(value) is int for value in params.values()):
            return None
        return f"{rest}?{urlencode(params)}"

    @asynccontextmanager
    async def answer(
        self, method: str, target: str, *, headers: Mapping[str, str], content: bytes | None, connecting: float
    ) -> AsyncIterator[ReadConnection]:
        """The connection, when it has the head of the answer; `connecting` in seconds. Raises as httpx2's transports do.

        UnicodeEncodeError and LocalProtocolError for headers that cannot be sent.
        """
        request = self._request(method, target, headers, content)
        await self._place(connecting)
        connection: ReadConnection | None = None
        try:
            connection = self._kept() or await self._connected(connecting)
            self._in_use.add(connection)
            connection.begin(request)
            await connection.head()
            yield connection
        finally:
            self._places.release()
            if connection is not None:
                self._in_use.discard(connection)
                self._give_back(connection)

    async def aclose(self) -> None:
        """What is read now is told as an error; a connection that is still being made is closed after its read."""
        self._is_ended = True
        for connection in (*self._waiting, *self._in_use):
            connection.close()
        self._waiting.clear()

    def _request(self, method: str, target: str, headers: Mapping[str, str], content: bytes | None) -> bytes:
        sent = self._headers
        if headers:
            sent = {**sent, **{name.lower(): (name, value) for name, value in headers.items()}}
        lines = [f"{method} {target} ".encode("ascii"), self._host_line]
        for name, value in sent.values():
            key, text = name.encode("ascii"), value.encode("ascii")
            if not _NAME.fullmatch(key) or not _VALUE.fullmatch(text):
                raise httpx2.LocalProtocolError("a header cannot be sent")
            lines += (key, b": ", text, b"\r\n")
        if content is not None or method == "POST":
            lines.append(b"Content-Length: %d\r\n" % len(content or b""))
        return b"".join((*lines, b"\r\n", content or b""))

    async def _place(self, seconds: float) -> None:
        try:
            self._places.acquire_nowait()
        except anyio.WouldBlock:
            try:
                with anyio.fail_after(seconds):
                    await self._places.acquire()
            except TimeoutError as error:
                raise httpx2.PoolTimeout("no free connection") from error

    def _kept(self) -> ReadConnection | None:
        """The one that was used last: those that are not needed any more are closed by their age."""
        now = self._monotonic()
        while self._waiting and now - self._waiting[0].idle_since > KEPT_SECONDS:
            self._waiting.popleft().close()
        while self._waiting:
            connection = self._waiting.pop()
            if not connection.is_stale:
                return connection
            connection.close()
        return None

    def _give_back(self, connection: ReadConnection) -> None:
        if connection.is_reusable and len(self._waiting) < KEPT and not self._is_ended:
            connection.rest(self._monotonic())
            self._waiting.append(connection)
        else:
            connection.close()

    async def _connected(self, seconds: float) -> ReadConnection:
        try:
            with anyio.fail_after(seconds):
                return await self._connect()
        except TimeoutError as error:
            raise httpx2.ConnectTimeout("no connection") from error
        except (OSError, RuntimeError) as error:
            raise httpx2.ConnectError("no connection") from error

    async def _connect(self) -> ReadConnection:
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
        except UnicodeError as error:
            # An empty label, or one of more than 63 characters.
            raise socket.gaierror(socket.EAI_NONAME, "no such name") from error
        connected = await aiohappyeyeballs.start_connection(found, happy_eyeballs_delay=_NEXT_ADDRESS)
        try:
            _, connection = await loop.create_connection(
                lambda: ReadConnection(loop),
                sock=connected,
                ssl=self._certificates() if self._is_tls else None,
                server_hostname=self._host if self._is_tls else None,
            )
        except BaseException:
            connected.close()
            raise
        return connection
