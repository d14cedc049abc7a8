"""A program that runs for several tests: each sends a line of JSON and reads the line that answers it."""

import os
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import anyio
import orjson

PATIENCE_S = 600


class Conversation:
    """Starts the program at once, and ends it at the end of the block. Its requests to this machine use no proxy."""

    def __init__(self, command: Sequence[str | Path], folder: Path) -> None:
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 closed by __exit__
        self._process = subprocess.Popen(
            [str(word) for word in command],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            env={**os.environ, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with self._process, self._complaints:
            assert self._process.stdin is not None
            self._process.stdin.close()
            try:
                self._process.wait(timeout=PATIENCE_S)
            except subprocess.TimeoutExpired:
                self._process.kill()

    async def told(self, question: object) -> Any:
        """The program's answer. Fails if it writes a text that is no JSON, or ends."""
        with anyio.fail_after(PATIENCE_S):
            line = await anyio.to_thread.run_sync(self._exchange, orjson.dumps(question), abandon_on_cancel=True)
        try:
            return orjson.loads(line)
        except ValueError:
            self._complaints.seek(0)
            raise AssertionError(line.decode() + self._complaints.read().decode()) from None

    def _exchange(self, question: bytes) -> bytes:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(question + b"\n")
        self._process.stdin.flush()
        return self._process.stdout.readline()
