"""Cursors of a connector's own lists, and loops over a vendor's pages.

A cursor is text that only the connector that made it reads; the gateway signs what its clients see. A text that is not
one of the connector's is `foreign_cursor()`.

`OffsetCursor`    the vendor counts rows, perhaps in several lists that are read one after the other
`KeysetCursor`    the vendor gives the rows behind an id
`write_cursor`, `read_cursor`    any other state, as a Struct
"""

import base64
import re
from collections.abc import Awaitable, Callable, Hashable, Iterable, Sequence
from typing import TypeVar

import msgspec
from msgspec import Struct

from connectors.sdk.errors import ValidationFailedError

T = TypeVar("T")
C = TypeVar("C")
K = TypeVar("K", bound=Hashable)

_OFFSET = re.compile(r"(?:([A-Za-z0-9_]{1,40}):)?([0-9]{1,9})")
_KEY = re.compile(r"([1-9][0-9]{0,18})")


def foreign_cursor() -> ValidationFailedError:
    return ValidationFailedError("the cursor is not one of this list", field=("after",))


class OffsetCursor(Struct, frozen=True):
    """`offset` rows from the start of `stream`. A list that is a single stream calls it "".

    The text is `<offset>`, or `<stream>:<offset>`.
    """

    offset: int = 0
    stream: str = ""

    @classmethod
    def parse(cls, after: str | None, streams: Sequence[str] = ("",)) -> "OffsetCursor":
        """Where the page begins: at the start of the first stream without a cursor. `foreign_cursor` for another text."""
        if after is None:
            return cls(0, streams[0])
        match = _OFFSET.fullmatch(after)
        if match is None or (match[1] or "") not in streams:
            raise foreign_cursor()
        return cls(int(match[2]), match[1] or "")

    def following(self, rows: int, *, total: int | None, streams: Sequence[str] = ("",)) -> str | None:
        """The cursor behind a page of `rows` rows: in the same stream, at the start of the next one, or None at the end.

        `total` is the vendor's count of the stream. Without it only an empty page shows the end of the stream.
        """
        end = self.offset + rows
        if rows and (total is None or end < total):
            return str(OffsetCursor(end, self.stream))
        rest = streams[streams.index(self.stream) + 1 :]
        return str(OffsetCursor(0, rest[0])) if rest else None

    def __str__(self) -> str:
        return f"{self.stream}:{self.offset}" if self.stream else str(self.offset)


class KeysetCursor(Struct, frozen=True):
    """Behind the row with the numeric id `last` (above 0, up to 63 bits); `last` 0 is the start. The text is the id."""

    last: int = 0

    @classmethod
    def parse(cls, after: str | None) -> "KeysetCursor":
        """`foreign_cursor` for a text that is no id."""
        if after is None:
            return cls()
        match = _KEY.fullmatch(after)
        if match is None or int(match[1]) >= 1 << 63:
            raise foreign_cursor()
        return cls(int(match[1]))

    def __str__(self) -> str:
        return str(self.last)


def write_cursor(state: object) -> str:
    """A cursor that carries `state`: a Struct, or a list of them."""
    return base64.urlsafe_b64encode(msgspec.json.encode(state)).decode()


def read_cursor(after: str, type_: type[T]) -> T:
    """The state in a cursor that `write_cursor` made; `foreign_cursor` for another text."""
    try:
        return msgspec.json.decode(base64.b64decode(after, altchars=b"-_", validate=True), type=type_)
    except (ValueError, RecursionError):
        raise foreign_cursor() from None


async def drain(
    page: Callable[[C | None], Awaitable[tuple[Sequence[T], C | None]]], *, most_pages: int
) -> tuple[list[T], bool]:
    """The rows of up to `most_pages` pages, and whether that is all of them.

    `page` takes where a page begins (None: at the start) and gives its rows and where the next one begins (None: the end).
    """
    rows: list[T] = []
    after: C | None = None
    for _ in range(most_pages):
        more, after = await page(after)
        rows += more
        if after is None:
            return rows, True
    return rows, False


async def drain_by_offset(
    page: Callable[[int], Awaitable[Sequence[T]]], *, page_size: int, most_pages: int
) -> tuple[list[T], bool]:
    """As `drain`, for a vendor that counts rows: `page` takes the offset. A page below `page_size` rows is the last."""

    async def numbered(offset: int | None) -> tuple[Sequence[T], int | None]:
        start = offset or 0
        rows = await page(start)
        return rows, None if len(rows) < page_size else start + page_size

    return await drain(numbered, most_pages=most_pages)


def distinct(rows: Iterable[T], key: Callable[[T], K]) -> list[T]:
    """Of rows with the same key the first. Vendors repeat rows where a list changes between two pages."""
    found: dict[K, T] = {}
    for row in rows:
        found.setdefault(key(row), row)
    return list(found.values())
