"""Pages of Camunda's searches, by cursor."""

from collections.abc import Sequence
from typing import TypeVar

from connectors.camunda.wire import PageInfo
from connectors.sdk import CountAccuracy, Page

T = TypeVar("T")

# Server 8.8 counts no further and does not say so.
COUNT_CAP = 10_000


def asked(limit: int, after: str | None) -> dict[str, object]:
    """The `page` of a request."""
    return {"limit": limit} if after is None else {"limit": limit, "after": after}


def next_cursor(info: PageInfo, *, rows: int, limit: int, after: str | None) -> str | None:
    """None at the end. The last page names an end cursor too, and server 8.8 may name none at all."""
    return info.end_cursor or None if rows >= limit and info.end_cursor != after else None


def page_of(items: Sequence[T], info: PageInfo, *, rows: int, limit: int, after: str | None) -> Page[T]:
    """`rows` is how many the vendor answered: `items` may be fewer."""
    return Page(
        items=items,
        next_cursor=next_cursor(info, rows=rows, limit=limit, after=after),
        total=info.total_items,
        total_accuracy=_accuracy(info),
    )


def _accuracy(info: PageInfo) -> CountAccuracy:
    if info.total_items is None:
        return CountAccuracy.UNKNOWN
    capped = info.total_items >= COUNT_CAP if info.has_more_total_items is None else info.has_more_total_items
    return CountAccuracy.LOWER_BOUND if capped else CountAccuracy.EXACT
