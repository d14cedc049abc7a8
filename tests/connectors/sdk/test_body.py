"""Bodies: their bounds, and what many of them hold at once."""

import gzip
from collections.abc import AsyncIterator

import anyio
import anyio.lowlevel
import pytest

from connectors.sdk.http import TooLargeError, read_bounded
from connectors.sdk.http.body import SMALL

LIMIT = 1024 * 1024
CHUNK = bytes(64 * 1024)


async def parts(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


@pytest.mark.parametrize("encoding", ["", "gzip"])
async def test_a_byte_order_mark_is_no_part_of_the_text(encoding: str) -> None:
    """JSON of some servers begins with one."""
    text = b"\xef\xbb\xbf{}"
    body = gzip.compress(text) if encoding else text

    assert b"{}" == await read_bounded(parts(body[:1], body[1:]), encoding=encoding, limit=100)


async def test_a_body_that_says_it_is_too_large_is_not_read() -> None:
    """The bound holds for what its Content-Length says."""

    read: list[bytes] = []

    async def chunks() -> AsyncIterator[bytes]:
        read.append(CHUNK)
        yield CHUNK

    with pytest.raises(TooLargeError):
        await read_bounded(chunks(), encoding="", limit=100, length="101")
    assert [] == read


@pytest.mark.parametrize("length", [None, "2", "-1", "x", "9" * 40])
async def test_a_body_with_any_other_length_is_read(length: str | None) -> None:
    """A value that is not a length counts as absent."""
    assert b"{}" == await read_bounded(parts(b"{}"), encoding="", limit=100, length=length)


async def test_many_endless_bodies_hold_little_more_than_one() -> None:
    """Ten at once: one is read up to the bound, the others wait with `SMALL` bytes each."""
    held = [0] * 10
    most = 0
    refused = 0

    async def endless(number: int) -> AsyncIterator[bytes]:
        nonlocal most
        while True:
            held[number] += len(CHUNK)
            most = max(most, sum(held))
            await anyio.lowlevel.checkpoint()
            yield CHUNK

    async def read(number: int, turn: anyio.Semaphore) -> None:
        nonlocal refused
        with pytest.raises(TooLargeError):
            await read_bounded(endless(number), encoding="", limit=LIMIT, turn=turn)
        held[number] = 0
        refused += 1

    turn = anyio.Semaphore(1)
    async with anyio.create_task_group() as group:
        for number in range(10):
            group.start_soon(read, number, turn)

    assert 10 == refused
    assert most <= LIMIT + 10 * (SMALL + 2 * len(CHUNK))


async def test_a_small_body_waits_for_none() -> None:
    """While a large one is read."""
    turn = anyio.Semaphore(1)
    async with turn:
        with anyio.fail_after(1):
            assert CHUNK == await read_bounded(parts(CHUNK), encoding="", limit=LIMIT, turn=turn)
