"""Ranks are kept with the answer that the rows came in."""

from connectors.sdk.model import Task
from connectors.sdk.query import Page, SortKey, TaskOrderField
from gateway.federation.lists.ranks import MOST_ORDERS, kept_ranks
from gateway.federation.lists.row_work import RowWork
from gateway.federation.lists.sort_order import TotalOrder, Unsorted
from tests.gateway.federation.memory_source import task

ROWS = [task("a", str(number), priority_score=number * 7 % 5) for number in range(9)]
FIELDS = (
    TaskOrderField.DUE_AT,
    TaskOrderField.CREATED_AT,
    TaskOrderField.TITLE,
    TaskOrderField.STATE,
    TaskOrderField.PRIORITY,
)


async def ranks(page: Page[Task], order: TotalOrder) -> object:
    return await kept_ranks(RowWork(), page, page.items, order)


async def test_they_are_kept_from_the_second_list_on_by_order() -> None:
    page, order = Page(items=ROWS), TotalOrder([SortKey(TaskOrderField.PRIORITY)])
    assert await ranks(page, order) is None
    found = await ranks(page, order)

    assert found == sorted((order.rank_of(row), row) for row in ROWS)
    assert await ranks(page, TotalOrder([SortKey(TaskOrderField.PRIORITY)])) is found
    assert await ranks(page, TotalOrder([SortKey(TaskOrderField.PRIORITY)], backward=True)) is None


async def test_another_answer_with_the_same_rows_has_none() -> None:
    order = TotalOrder([])
    page = Page(items=ROWS)
    await ranks(page, order)
    assert await ranks(page, order) is not None

    assert await ranks(Page(items=ROWS), order) is None


async def test_the_number_of_orders_is_bounded() -> None:
    page = Page(items=ROWS)
    orders = [TotalOrder([SortKey(field)]) for field in FIELDS]
    for order in orders:
        await ranks(page, order)

    assert [await ranks(page, order) is not None for order in orders].count(True) == MOST_ORDERS


async def test_an_order_without_a_name_keeps_none() -> None:
    page = Page(items=ROWS)
    for _ in range(3):
        assert await kept_ranks(RowWork(), page, page.items, Unsorted()) is None
