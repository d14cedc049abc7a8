"""Response bodies, with an upper bound on their decoded size."""

import zlib
from collections.abc import AsyncIterator

# Bytes that one step of decompression may add before the bound is checked again.
STEP = 64 * 1024


class TooLargeError(Exception):
    """The decoded body is larger than the bound."""


class CorruptBodyError(Exception):
    """The body does not fit its Content-Encoding."""


async def read_bounded(chunks: AsyncIterator[bytes], *, encoding: str, limit: int) -> bytes:
    """The decoded body, of at most `limit` bytes. A gzip bomb is stopped at most `STEP` bytes beyond the bound."""
    body = bytearray()
    inflate = _inflater(encoding)
    async for chunk in chunks:
        if inflate is None:
            body += chunk
        else:
            rest = chunk
            while rest:
                try:
                    body += inflate.decompress(rest, STEP)
                except zlib.error as error:
                    raise CorruptBodyError(encoding) from error
                rest = inflate.unconsumed_tail
                if len(body) > limit:
                    raise TooLargeError
        if len(body) > limit:
            raise TooLargeError
    if inflate is not None and body and not inflate.eof:
        raise CorruptBodyError(encoding)
    return bytes(body)


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
