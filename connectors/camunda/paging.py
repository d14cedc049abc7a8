"""Pages of Camunda's searches."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, TypeVar

from connectors.camunda.wire import PageInfo, SearchPage
from connectors.sdk import CountAccuracy, NextPage, OddRow, Page, VendorCursor, announced_total, drain

T = TypeVar("T")

# Server 8.8 counts up to this number and does not say that it stopped.
COUNT_CAP = 10_000

# Ids that one search names.
BATCH = 100

# Rows of one page of a list that the gateway filters or sorts. The vendor allows 10,000 (`page.limit` in the description
# of 8.9). A thousand rows of 0.7 kB take about 50 ms to decode, in which nothing else is served, and leave a row 8 kB
# within the default `max_response_bytes`.
SCAN_PAGE = 1000

# Rows of one call, and the most calls, for a list that belongs to one task or group and is read to its end.
DRAIN_PAGE = 1000
MOST_PAGES = 10


def page_request(limit: int, after: str | None = None) -> dict[str, object]:
    """The `page` of a request. `after` is the connector's cursor."""
    cursor = VendorCursor.parse(after).text
    return {"limit": limit} if cursor is None else {"limit": limit, "after": cursor}


def following(answer: SearchPage[Any], *, limit: int, after: str | None) -> NextPage:
    """What comes behind a page. The vendor's last page has an end cursor too. Server 8.8 may leave the cursor out."""
    return VendorCursor.parse(after).following(
        answer.page.end_cursor,
        rows=len(answer.items),
        limit=limit,
        total=total_of(answer),
        is_capped=_is_capped(answer.page),
    )


def total_of(answer: SearchPage[Any]) -> int | None:
    return announced_total(answer.page.total_items)


def page_of(
    items: Sequence[T], answer: SearchPage[Any], *, limit: int, after: str | None, odd: Sequence[OddRow] = ()
) -> Page[T]:
    """`items` are the records of `answer`, perhaps fewer than its rows; `odd` are rows that do not fit."""
    total = total_of(answer)
    # A count below the number of rows given is wrong: more rows may follow.
    is_capped = _is_capped(answer.page) or (total is not None and total < len(answer.items))
    return following(answer, limit=limit, after=after).page(items, total=total, is_capped=is_capped, odd=odd)


def nothing() -> Page[Any]:
    """The page of a query that nothing can match, without a call."""
    return Page(items=(), total=0, total_accuracy=CountAccuracy.EXACT)


async def drain_search(
    search: Callable[[dict[str, object]], Awaitable[SearchPage[T]]], *, limit: int = DRAIN_PAGE
) -> tuple[list[T], bool]:
    """The rows of up to MOST_PAGES pages of `limit` rows, and whether that is all of them.

    `search` takes the `page` of a request.
    """

    async def one_page(after: str | None) -> tuple[Sequence[T], NextPage]:
        answer = await search(page_request(limit, after))
        return answer.items, following(answer, limit=limit, after=after)

    return await drain(one_page, most_pages=MOST_PAGES)


def batches(ids: Iterable[str]) -> list[list[str]]:
    """The distinct ids, BATCH in each list."""
    distinct_ids = list(dict.fromkeys(ids))
    return [distinct_ids[start : start + BATCH] for start in range(0, len(distinct_ids), BATCH)]


def _is_capped(info: PageInfo) -> bool:
    total = announced_total(info.total_items)
    if info.has_more_total_items is None:
        return total is not None and total >= COUNT_CAP
    return info.has_more_total_items
