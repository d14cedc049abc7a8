"""A listening socket whose connections are accepted many at a time.

uvloop accepts one at each turn of the event loop. A busy loop has few turns a second, so new connections, also those that
ask for /livez, would wait for seconds in the system's queue.
"""

import asyncio
import contextlib
import errno
import socket
from collections.abc import Callable

BACKLOG = 2_048
MOST_AT_ONCE = 64
"""Connections that are accepted at one turn of the loop."""
MOST_OPENED = 16
"""Those of them that are not refused: each costs as much as ten refusals."""
READ_ONCE = 65_536
PAUSE_S = 0.5
_NO_ROOM = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}


class Listener:
    """Listens on a bound socket until it is closed. `protocol` makes the protocol of a connection. `refusal` gives the bytes
    for a client at an address that gets no connection: neither a protocol nor a transport is made for it.
    """

    def __init__(
        self,
        bound: socket.socket,
        protocol: Callable[[], asyncio.Protocol],
        refusal: Callable[[str], bytes | None] = lambda _: None,
    ) -> None:
        self._socket = bound
        self._protocol = protocol
        self._refusal = refusal
        self._loop = asyncio.get_running_loop()
        self._opening: set[asyncio.Task[object]] = set()
        self._paused: asyncio.TimerHandle | None = None
        bound.setblocking(False)
        bound.listen(BACKLOG)
        self._resume()

    async def close(self) -> None:
        """Listen no more. Clients whose connections wait there have connected: they are served too."""
        self._loop.remove_reader(self._socket)
        self._accept(2 * BACKLOG, 2 * BACKLOG)
        if self._paused is not None:
            self._paused.cancel()
        self._socket.close()
        await asyncio.gather(*self._opening, return_exceptions=True)

    def _resume(self) -> None:
        self._paused = None
        self._loop.add_reader(self._socket, self._accept, MOST_AT_ONCE, MOST_OPENED)

    def _accept(self, most: int, most_opened: int) -> None:
        opened = 0
        for _ in range(most):
            try:
                accepted, address = self._socket.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                if error.errno in _NO_ROOM:
                    # They wait until others are closed; without a pause the loop would try without end.
                    self._loop.remove_reader(self._socket)
                    self._paused = self._loop.call_later(PAUSE_S, self._resume)
                return
            refusal = self._refusal(str(address[0])) if address else None
            if refusal is not None:
                _refuse(accepted, refusal)
                continue
            self._open(accepted)
            opened += 1
            if opened >= most_opened:
                return

    def _open(self, accepted: socket.socket) -> None:
        accepted.setblocking(False)
        with contextlib.suppress(OSError):
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        task: asyncio.Task[object] = self._loop.create_task(
            self._loop.connect_accepted_socket(self._protocol, accepted)
        )
        self._opening.add(task)
        task.add_done_callback(self._opened)

    def _opened(self, task: asyncio.Task[object]) -> None:
        self._opening.discard(task)
        if not task.cancelled():
            # A client that hung up meanwhile is no fault.
            task.exception()


def _refuse(accepted: socket.socket, refusal: bytes) -> None:
    with accepted, contextlib.suppress(OSError):
        accepted.setblocking(False)
        accepted.send(refusal)
        # Closed with bytes that were not read, the connection would be reset, and the client not see the answer.
        accepted.recv(READ_ONCE)
