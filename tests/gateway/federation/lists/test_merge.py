"""The merge alone, with streams of fixed pages."""

from collections.abc import Sequence
from datetime import timedelta

from connectors.sdk.model import Task
from connectors.sdk.query import Page, SortKey, TaskOrderField
from gateway.federation.lists.merge import merge
from gateway.federation.lists.position import StreamId, StreamKind
from gateway.federation.lists.row_stream import PagedStream, StreamSpec, VendorPages
from gateway.federation.lists.sort_order import TotalOrder
from tests.gateway.federation.memory_source import NOW, task

ORDER = TotalOrder((SortKey(TaskOrderField.DUE_AT),))


def due(native_id: str, hours: int, source: str = "north") -> Task:
    return task(source, native_id, due_at=NOW + timedelta(hours=hours))


def stream(*pages: Sequence[Task]) -> PagedStream[Task]:
    """The pages as the vendor returns them. They may contradict each other."""

    async def fetch(cursor: str | None, limit: int) -> Page[Task]:
        number = int(cursor or 0)
        return Page(items=pages[number], next_cursor=str(number + 1) if number + 1 < len(pages) else None)

    spec = StreamSpec(StreamId(pages[0][0].source, StreamKind.PAGED), ORDER, lambda row: row)
    return PagedStream(spec, VendorPages(fetch, limit=2, scan_limit=100, is_exact=True))


async def test_a_row_that_moved_to_before_returned_rows_is_left_out() -> None:
    """Due in 3 hours on the first page, and in 1 hour on the second. It is returned once, with its first due date."""
    rows, more = await merge([stream([due("b", 2), due("a", 3)], [due("a", 1), due("c", 4)])], first=5, open_all=False)

    assert (["b", "a", "c"], False) == ([row.item.native_id for row in rows], more)
    assert due("a", 3).due_at == rows[1].item.due_at


async def test_a_row_that_ranks_before_another_sources_returned_row_is_left_out() -> None:
    """South's second page has a row that sorts before a row of north that was already returned."""
    north = stream([due("b", 2, "north")])
    first = [due("a", 1, "south"), due("c", 3, "south"), due("d", 4, "south")]
    south = stream(first, [due("e", 1, "south"), due("f", 5, "south")])

    rows, more = await merge([north, south], first=5, open_all=False)

    assert (["a", "b", "c", "d", "f"], False) == ([row.item.native_id for row in rows], more)


async def test_a_row_of_two_streams_is_returned_once() -> None:
    """As the same record, or as an older and a newer one."""
    rows, more = await merge(
        [stream([due("a", 1), due("b", 2)]), stream([due("a", 1), due("b", 3)])], first=5, open_all=True
    )

    assert (["a", "b"], False) == ([row.item.native_id for row in rows], more)
