"""Pages by offset, of a list that the vendor pages and of an answer that has all rows."""

from collections.abc import Sequence
from typing import TypeVar

from connectors.sdk import CountAccuracy, OddRow, OffsetCursor, Page

T = TypeVar("T")

# Rows that one request asks for. The vendor does not document a maximum.
MOST_ROWS = 100


def nothing() -> Page[T]:
    return Page(items=(), total=0, total_accuracy=CountAccuracy.EXACT)


def page_of(
    items: Sequence[T], cursor: OffsetCursor, *, rows: int, total: int | None, odd: Sequence[OddRow] = ()
) -> Page[T]:
    """A page of `rows` vendor rows. A page may be shorter than requested, so only `total` or an empty page is the end."""
    return Page(
        items=tuple(items),
        next_cursor=cursor.following(rows, total=total),
        total=total,
        total_accuracy=CountAccuracy.UNKNOWN if total is None else CountAccuracy.EXACT,
        odd=odd,
    )


def cut(items: Sequence[T], cursor: OffsetCursor, *, limit: int, odd: Sequence[OddRow] = ()) -> Page[T]:
    """The page of `items`, which are all rows of the list but those in `odd`."""
    page = items[cursor.offset : cursor.offset + max(limit, 1)]
    return page_of(page, cursor, rows=len(page), total=len(items), odd=odd)
