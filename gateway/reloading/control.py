"""The socket beside the journal by which `taskgate reload` reaches the gateways that run over it.

The folder is held by a descriptor, and the socket named below it: the path of a socket has 107 characters at most.
"""

import asyncio
import contextlib
import json
import os
import secrets
import socket
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

SUFFIX = ".control"
REQUEST = b"reload\n"
REQUEST_S = 5.0
ANSWER_S = 120.0
MOST_BYTES = 1024 * 1024


class ControlSocket:
    """Only the user that the gateway runs as may connect. `reload` gives whether it was done, and lines that say so."""

    def __init__(self, journal: Path, reload: Callable[[], Awaitable[tuple[bool, Sequence[str]]]]) -> None:
        self._path = journal.with_name(f"{journal.name}-{secrets.token_hex(4)}{SUFFIX}")
        self._reload = reload
        self._listening: socket.socket | None = None
        self._serving: set[asyncio.Task[None]] = set()

    def open(self) -> None:
        """OSError if the socket cannot be made."""
        _remove_left(self._path)
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            listening.settimeout(0)
            with _short(self._path) as name:
                listening.bind(name)
            # Before it listens: nothing can have connected.
            self._path.chmod(0o600)
            listening.listen(8)
        except OSError:
            listening.close()
            self._path.unlink(missing_ok=True)
            raise
        asyncio.get_running_loop().add_reader(listening, self._accept, listening)
        self._listening = listening

    async def close(self) -> None:
        """A reload that is under way is cut off."""
        self._path.unlink(missing_ok=True)
        if self._listening is not None:
            asyncio.get_running_loop().remove_reader(self._listening)
            self._listening.close()
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    def _accept(self, listening: socket.socket) -> None:
        with contextlib.suppress(OSError):
            accepted, _ = listening.accept()
            accepted.settimeout(0)
            task = asyncio.get_running_loop().create_task(self._serve(accepted))
            self._serving.add(task)
            task.add_done_callback(self._serving.discard)

    async def _serve(self, accepted: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        with accepted, contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(REQUEST_S):
                asked = await loop.sock_recv(accepted, len(REQUEST))
            if asked == REQUEST:
                done, lines = await self._reload()
                await loop.sock_sendall(accepted, json.dumps({"done": done, "lines": list(lines)}).encode())


def reload_running(journal: Path) -> Sequence[tuple[bool, Sequence[str]]]:
    """Asks each gateway that runs over the journal to reload: whether it did, and its lines. Empty if none runs."""
    found = []
    for path in sorted(journal.parent.glob(f"{journal.name}-*{SUFFIX}")):
        answer = _asked(path)
        if answer is not None:
            found.append(answer)
    return found


def _asked(path: Path) -> tuple[bool, Sequence[str]] | None:
    """None if nothing listens there."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
        asking.settimeout(ANSWER_S)
        try:
            with _short(path) as name:
                asking.connect(name)
        except (ConnectionRefusedError, FileNotFoundError):
            return None
        except OSError as error:
            return False, [f"{path}: cannot be reached: {error.strerror}"]
        try:
            asking.sendall(REQUEST)
            received = b""
            while (part := asking.recv(65_536)) and len(received) < MOST_BYTES:
                received += part
            told = json.loads(received)
            return bool(told["done"]), [str(line) for line in told["lines"]]
        except (OSError, ValueError, KeyError, TypeError):
            return False, [f"{path}: the gateway gave no answer; its log says whether it has reloaded"]


def _remove_left(path: Path) -> None:
    """Sockets of gateways that were killed. One that runs over the same journal keeps its own."""
    stem = path.name.rpartition("-")[0]
    for left in path.parent.glob(f"{stem}-*{SUFFIX}"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking, _short(left) as name:
            asking.settimeout(0)
            try:
                asking.connect(name)
            except ConnectionRefusedError:
                left.unlink(missing_ok=True)
            except OSError:
                continue


@contextmanager
def _short(path: Path) -> Iterator[str]:
    """A name for the path that fits into the address of a socket."""
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        short = f"/proc/self/fd/{folder}/{path.name}"
        yield short if Path(f"/proc/self/fd/{folder}").exists() else str(path)
    finally:
        os.close(folder)
