"""Pages by offset, of a list that the vendor pages and of an answer that has all rows."""

from collections.abc import Sequence
from typing import TypeVar

from msgspec import Raw

from connectors.sdk import Announced, CountAccuracy, OddRow, OffsetCursor, Page

T = TypeVar("T")

# Rows that one request asks for, in scans as well. The vendor does not document a maximum.
MOST_ROWS = 100


def nothing() -> Page[T]:
    return Page(items=(), total=0, total_accuracy=CountAccuracy.EXACT)


def page_of(
    items: Sequence[T], cursor: OffsetCursor, *, rows: Sequence[Raw], total: int | None, odd: Sequence[OddRow] = ()
) -> Page[T]:
    """`rows` are all of the vendor's rows, those in `odd` too; `items` may be fewer."""
    is_capped = total is not None and total < len(rows)
    following = cursor.following(Announced([bytes(row) for row in rows], total))
    return following.page(tuple(items), total=total, is_capped=is_capped, odd=odd)


def cut(items: Sequence[T], cursor: OffsetCursor, *, limit: int, odd: Sequence[OddRow] = ()) -> Page[T]:
    """The page of `items`, which are all rows of the list but those in `odd`."""
    page = items[cursor.offset : cursor.offset + max(limit, 1)]
    following = cursor.following(Announced(page, len(items)))
    return following.page(tuple(page), total=len(items), odd=odd)
