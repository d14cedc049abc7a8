"""Requests over connections that stay open, one after the other on each, and the answers."""

import asyncio
import itertools
import time
from collections.abc import Callable
from typing import Any

import orjson
from msgspec import Struct


class Question(Struct, frozen=True):
    """`variables` gives those of request number N."""

    text: str
    variables: Callable[[int], dict[str, Any]]

    def request(self, number: int) -> bytes:
        body = orjson.dumps({"query": self.text, "variables": self.variables(number)})
        head = (
            b"POST /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
            b"accept: application/json\r\ncontent-length: %d\r\n\r\n" % len(body)
        )
        return head + body


class Measured(Struct, frozen=True):
    """What came of one run: how many answers in how many seconds, and how long each took, in order of length."""

    answers: int
    seconds: float
    waits: list[float]

    def wait(self, share: float) -> float:
        return self.waits[min(len(self.waits) - 1, int(len(self.waits) * share))]


class Load:
    """Asks one gateway."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._numbers = itertools.count()

    async def answer(self, question: Question) -> Any:
        """One answer, decoded."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            writer.write(question.request(next(self._numbers)))
            return orjson.loads(await _body(reader))
        finally:
            writer.close()

    async def run(self, question: Question, *, connections: int, seconds: float) -> Measured:
        """Every connection asks without a pause. Answers that are much shorter than the first are a failure."""
        waits: list[float] = []
        began = time.perf_counter()
        until = began + seconds

        async def ask() -> None:
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
            first = 0
            try:
                while (sent := time.perf_counter()) < until:
                    writer.write(question.request(next(self._numbers)))
                    body = await _body(reader)
                    waits.append(time.perf_counter() - sent)
                    first = first or len(body)
                    if len(body) < first / 2:
                        raise SystemExit(f"an answer is wrong: {body[:300]!r}")
            finally:
                writer.close()

        await asyncio.gather(*(ask() for _ in range(connections)))
        return Measured(len(waits), time.perf_counter() - began, sorted(waits))


async def _body(reader: asyncio.StreamReader) -> bytes:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    if not head.startswith(b"http/1.1 200"):
        raise SystemExit(f"the gateway refuses: {head[:200]!r}")
    _, found, rest = head.partition(b"content-length:")
    if found:
        return await reader.readexactly(int(rest.split(b"\r\n", 1)[0]))
    chunks = []
    while size := int((await reader.readline()).strip(), 16):
        chunks.append(await reader.readexactly(size))
        await reader.readexactly(2)
    await reader.readexactly(2)
    return b"".join(chunks)
