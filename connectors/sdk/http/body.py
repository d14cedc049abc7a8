"""Response bodies, with an upper bound on their decoded size."""

import re
import zlib
from codecs import BOM_UTF8
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack

import anyio

# Bytes that one step of decompression may add before the bound is checked again.
STEP = 64 * 1024
# Bytes of a body that are read without waiting for other large bodies of the same source.
SMALL = 256 * 1024

_LENGTH = re.compile(r"[0-9]{1,18}", re.ASCII)


class TooLargeError(Exception):
    """The decoded body is larger than the bound."""


class CorruptBodyError(Exception):
    """The body does not fit its Content-Encoding."""


def small_body(whole: Callable[[int], bytes | None], *, encoding: str, limit: int) -> bytes | None:
    """As `read_bounded`, for a body that is here already and is not compressed; None for any other one.

    `whole` gives the body if all of it is here and it has at most so many bytes.
    """
    body = None if encoding else whole(min(limit, SMALL))
    return None if body is None else body.removeprefix(BOM_UTF8)


async def read_bounded(
    chunks: AsyncIterator[bytes],
    *,
    encoding: str,
    limit: int,
    length: str | None = None,
    turn: anyio.Semaphore | None = None,
) -> bytes:
    """The decoded body, of at most `limit` bytes, without a byte order mark before its text.

    A body whose Content-Length is beyond the bound is not read. Any other one, a gzip bomb too, is stopped at most `STEP`
    bytes beyond it. A body that is larger than `SMALL` is read on in `turn`: bodies that wait hold no more than that.
    """
    if length is not None and _LENGTH.fullmatch(length) and int(length) > limit:
        raise TooLargeError
    body = bytearray()
    inflate = _inflater(encoding)
    async with AsyncExitStack() as held:
        async for chunk in chunks:
            for part in _decoded(chunk, inflate, encoding):
                body += part
                if len(body) > limit:
                    raise TooLargeError
            if turn is not None and len(body) > SMALL:
                await held.enter_async_context(turn)
                turn = None
    if inflate is not None and body and not inflate.eof:
        raise CorruptBodyError(encoding)
    return bytes(body.removeprefix(BOM_UTF8))


def _decoded(chunk: bytes, inflate: "zlib._Decompress | None", encoding: str) -> Iterator[bytes]:
    """The decoded parts of a chunk, each of at most `STEP` bytes where it is compressed."""
    if inflate is None:
        yield chunk
        return
    rest = chunk
    while rest:
        try:
            yield inflate.decompress(rest, STEP)
        except zlib.error as error:
            raise CorruptBodyError(encoding) from error
        rest = inflate.unconsumed_tail


def _inflater(encoding: str) -> "zlib._Decompress | None":
    match encoding.strip().lower():
        case "" | "identity":
            return None
        case "gzip" | "x-gzip":
            return zlib.decompressobj(16 + zlib.MAX_WBITS)
        case "deflate":
            return zlib.decompressobj()
        case other:
            raise CorruptBodyError(other)
