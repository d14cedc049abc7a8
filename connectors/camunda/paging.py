"""Pages of Camunda's searches. The vendor's own cursors are the connector's."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, TypeVar

from connectors.camunda.wire import PageInfo, SearchPage
from connectors.sdk import CountAccuracy, OddRow, Page, drain

T = TypeVar("T")

# Server 8.8 counts up to this number and does not say that it stopped.
COUNT_CAP = 10_000

# Ids that one search names.
BATCH = 100

# Rows of one call, and the most calls, for a list that belongs to one task or group and is read to its end.
DRAIN_PAGE = 1000
MOST_PAGES = 10


def page_request(limit: int, after: str | None = None) -> dict[str, object]:
    """The `page` of a request."""
    return {"limit": limit} if after is None else {"limit": limit, "after": after}


def next_cursor(answer: SearchPage[Any], *, limit: int, after: str | None) -> str | None:
    """Where the next page begins; None at the end.

    The last page has an end cursor too, so a page below `limit` rows is the last one. Server 8.8 may leave the cursor out.
    """
    end = answer.page.end_cursor
    return end or None if len(answer.items) >= limit and end != after else None


def page_of(
    items: Sequence[T], answer: SearchPage[Any], *, limit: int, after: str | None, odd: Sequence[OddRow] = ()
) -> Page[T]:
    """`items` are the records of `answer`, perhaps fewer than its rows; `odd` are rows that do not fit."""
    return Page(
        items=items,
        next_cursor=next_cursor(answer, limit=limit, after=after),
        total=answer.page.total_items,
        total_accuracy=_accuracy(answer.page),
        odd=odd,
    )


async def drain_search(search: Callable[[dict[str, object]], Awaitable[SearchPage[T]]]) -> tuple[list[T], bool]:
    """The rows of up to MOST_PAGES pages, and whether that is all of them. `search` takes the `page` of a request."""

    async def one_page(after: str | None) -> tuple[Sequence[T], str | None]:
        answer = await search(page_request(DRAIN_PAGE, after))
        return answer.items, next_cursor(answer, limit=DRAIN_PAGE, after=after)

    return await drain(one_page, most_pages=MOST_PAGES)


def batches(ids: Iterable[str]) -> list[list[str]]:
    """The distinct ids, BATCH in each list."""
    distinct_ids = list(dict.fromkeys(ids))
    return [distinct_ids[start : start + BATCH] for start in range(0, len(distinct_ids), BATCH)]


def _accuracy(info: PageInfo) -> CountAccuracy:
    if info.total_items is None:
        return CountAccuracy.UNKNOWN
    capped = info.total_items >= COUNT_CAP if info.has_more_total_items is None else info.has_more_total_items
    return CountAccuracy.LOWER_BOUND if capped else CountAccuracy.EXACT
