"""Pages of an answer that has all rows, and the vendor's numbered pages."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from connectors.sdk import Announced, CountAccuracy, OddRow, OffsetCursor, OffsetPage, Page

T = TypeVar("T")

# Rows that one request asks for, in scans as well. The vendor does not document a maximum.
MOST_ROWS = 100


def nothing() -> Page[T]:
    return Page(items=(), total=0, total_accuracy=CountAccuracy.EXACT)


async def cut(
    items: Sequence[T], cursor: OffsetCursor, *, limit: int, key: Callable[[T], str], odd: Sequence[OddRow] = ()
) -> Page[T]:
    """The page of `items`, which are all rows of the list but those in `odd`."""
    page = await cut_at(items, cursor, limit=limit, key=key)
    return page.page(page.rows, odd=odd)


async def cut_at(
    items: Sequence[T], cursor: OffsetCursor, *, limit: int, key: Callable[[T], str], streams: Sequence[str] = ("",)
) -> OffsetPage[T]:
    """The rows of `items` at the cursor. The answer may have changed since the page before."""

    async def read(offset: int, size: int) -> Announced[T]:
        return Announced(items[offset : offset + size], len(items))

    return await cursor.page(read, limit=limit, most=max(len(items), 2), key=key, streams=streams)


def numbered_page(offset: int, size: int) -> tuple[int, int]:
    """The number (from 0) and the size of a page with row `offset` and most of the `size` rows from there.

    The vendor counts pages, not rows, so a page may begin with rows before `offset`: the fewer, the better. Where more
    than one row is wanted, more than one is in the page.
    """

    def worth(page_size: int) -> tuple[bool, int, int]:
        before = offset % page_size
        wanted = min(page_size - before, size)
        return wanted > 1, wanted - 2 * before, -page_size

    best = max(range(1, MOST_ROWS + 1), key=worth)
    return offset // best, best
