"""The merge by itself, over streams whose pages are written down."""

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
    """Each page as the vendor gives it, whatever the one before said."""

    async def fetch(cursor: str | None, limit: int) -> Page[Task]:
        number = int(cursor or 0)
        return Page(items=pages[number], next_cursor=str(number + 1) if number + 1 < len(pages) else None)

    spec = StreamSpec(StreamId(pages[0][0].source, StreamKind.PAGED), ORDER, lambda row: row)
    return PagedStream(spec, VendorPages(fetch, limit=2, scan_limit=100, is_exact=True))


async def test_a_row_that_moved_before_what_was_given_does_not_come_behind_it() -> None:
    """It was due in 3 hours on one page and in 1 hour on the next, after what is due in 2."""
    rows, more = await merge([stream([due("b", 2), due("a", 3)], [due("a", 1), due("c", 4)])], first=5, open_all=False)

    assert (["b", "a", "c"], False) == ([row.item.native_id for row in rows], more)
    assert due("a", 3).due_at == rows[1].item.due_at


async def test_nor_does_one_behind_what_another_source_gave() -> None:
    """South's second page holds a row that sorts before north's only one, which is given already."""
    north = stream([due("b", 2, "north")])
    first = [due("a", 1, "south"), due("c", 3, "south"), due("d", 4, "south")]
    south = stream(first, [due("e", 1, "south"), due("f", 5, "south")])

    rows, more = await merge([north, south], first=5, open_all=False)

    assert (["a", "b", "c", "d", "f"], False) == ([row.item.native_id for row in rows], more)


async def test_a_row_that_comes_in_two_streams_comes_once() -> None:
    """As the same record, or as two of different age."""
    rows, more = await merge(
        [stream([due("a", 1), due("b", 2)]), stream([due("a", 1), due("b", 3)])], first=5, open_all=True
    )

    assert (["a", "b"], False) == ([row.item.native_id for row in rows], more)
