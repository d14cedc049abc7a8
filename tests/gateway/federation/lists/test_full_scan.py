"""Lists that are read page by page to their end."""

from collections.abc import Sequence

import pytest

from connectors.sdk.errors import RateLimitedError
from connectors.sdk.model import Group
from connectors.sdk.query import Page
from gateway.federation.lists.full_scan import PageOf, Snapshot, full_scan

FAILURE = RateLimitedError("asked too often")


def groups(*ids: str) -> list[Group]:
    return [Group(native_id=one, name=one) for one in ids]


def pages(*shown: Sequence[str], end: str | None = None, fails_at: int | None = None) -> PageOf[Group]:
    """Pages with these ids. The cursor of the last one is `end`. The page number `fails_at` fails."""

    async def page_of(limit: int, after: str | None) -> Page[Group]:
        number = int(after or 0)
        if number == fails_at:
            raise FAILURE
        is_last = number == len(shown) - 1
        return Page(items=groups(*shown[number][:limit]), next_cursor=end if is_last else str(number + 1))

    return page_of


@pytest.mark.parametrize(
    ("page_of", "expected"),
    [
        (pages("ab", "c"), Snapshot(groups("a", "b", "c"), pages=2)),
        (pages("ab", "bc"), Snapshot(groups("a", "b", "c"), pages=2)),
        (pages(""), Snapshot([], pages=1)),
        (pages("ab", "cd", "e"), Snapshot(groups("a", "b", "c", "d"), truncated=True, pages=2)),
        (pages("abc", "de"), Snapshot(groups("a", "b", "c", "d"), truncated=True, pages=2)),
        (pages("ab", "c", end="1"), Snapshot(groups("a", "b", "c"), truncated=True, pages=2)),
        (pages("ab", "c", fails_at=1), Snapshot(groups("a", "b"), truncated=True, pages=1, error=FAILURE)),
    ],
    ids=["end", "repeated row", "empty", "bound", "bound within a page", "standing cursor", "failure"],
)
async def test_a_scan_ends(page_of: PageOf[Group], expected: Snapshot[Group]) -> None:
    """At the end of the list, at `scan_limit` (4 here), at a cursor that repeats, or at a failure."""
    assert expected == await full_scan(page_of, page_limit=100, scan_limit=4)


async def test_rows_that_the_vendor_does_not_give_are_missing_from_the_scan() -> None:
    """Wherever they are missing: the scan goes on."""

    async def page_of(limit: int, after: str | None) -> Page[Group]:
        if after is None:
            return Page(items=groups("a"), next_cursor="1", truncated=True)
        return Page(items=groups("b"))

    assert Snapshot(groups("a", "b"), truncated=True, pages=2) == await full_scan(page_of, page_limit=9, scan_limit=9)


async def test_a_scan_that_fails_before_the_first_row_is_an_error() -> None:
    """There are no rows to keep."""
    with pytest.raises(RateLimitedError):
        await full_scan(pages("a", fails_at=0), page_limit=100, scan_limit=4)


async def test_a_page_is_no_larger_than_either_limit() -> None:
    """Two rows in this test."""
    asked = []

    async def page_of(limit: int, after: str | None) -> Page[Group]:
        asked.append(limit)
        return Page(items=())

    await full_scan(page_of, page_limit=2, scan_limit=4)
    await full_scan(page_of, page_limit=4, scan_limit=2)

    assert [2, 2] == asked
