"""Pages by offset, of a list that the vendor pages and of an answer that has all rows."""

from collections.abc import Sequence
from typing import TypeVar

from connectors.sdk import Announced, CountAccuracy, OffsetCursor, Page

T = TypeVar("T")

# Rows that one request asks for. The vendor does not document a maximum.
MOST_ROWS = 100


def nothing() -> Page[T]:
    return Page(items=(), total=0, total_accuracy=CountAccuracy.EXACT)


def page_of(items: Sequence[T], cursor: OffsetCursor, *, rows: Sequence[object], total: int | None) -> Page[T]:
    """`rows` are the vendor's rows, or what tells them apart; `items` may be fewer."""
    is_capped = total is not None and total < len(rows)
    return cursor.following(Announced(rows, total)).page(tuple(items), total=total, is_capped=is_capped)


def cut(items: Sequence[T], cursor: OffsetCursor, *, limit: int) -> Page[T]:
    """The page of `items`, which are all rows of the list."""
    page = items[cursor.offset : cursor.offset + max(limit, 1)]
    return page_of(page, cursor, rows=page, total=len(items))
