"""One stream of rows over a vendor's pages."""

import pytest

from connectors.sdk.model import CountAccuracy, Task
from connectors.sdk.query import Page, SortKey, TaskOrderField
from gateway.federation.lists.count import Count
from gateway.federation.lists.position import StreamId, StreamKind
from gateway.federation.lists.row_stream import PagedStream, StreamSpec, VendorPages
from gateway.federation.lists.sort_order import TotalOrder
from tests.gateway.federation.memory_source import task

ORDER = TotalOrder((SortKey(TaskOrderField.DUE_AT),))


@pytest.mark.parametrize(("announced", "least"), [(350, 350), (1, 2), (None, 2)])
async def test_a_list_that_lacks_announced_rows_has_no_exact_count(announced: int | None, least: int) -> None:
    """The rows that came are shown. The count is what was announced, and never below them."""

    async def fetch(cursor: str | None, limit: int) -> Page[Task]:
        items = [task("north", cursor or "a")]
        return Page(
            items=items,
            next_cursor="b" if cursor is None else None,
            truncated=cursor is not None,
            total=announced,
            total_accuracy=CountAccuracy.UNKNOWN if announced is None else CountAccuracy.EXACT,
        )

    spec = StreamSpec(StreamId("north", StreamKind.PAGED), ORDER, lambda row: row)
    stream = PagedStream(spec, VendorPages(fetch, limit=1, scan_limit=100, is_exact=True))
    await stream.prepare()

    assert (True, None) == (stream.truncated, stream.ids())
    assert Count(least, CountAccuracy.LOWER_BOUND) == stream.count()
    assert ["a", "b"] == [stream.pop().native_id for _ in range(2)]
