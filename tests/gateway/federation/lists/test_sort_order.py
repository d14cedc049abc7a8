"""Sort orders, and the parts of a list that a vendor can sort."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.sdk.query import SortDirection, SortKey, TaskOrderField, order_value
from gateway.federation.lists.sort_order import ALWAYS_SET, NULLABLE, TotalOrder
from tests.gateway.federation.listing_source import orders, row
from tests.gateway.federation.memory_source import NOW, task

EVERY_FIELD = frozenset(TaskOrderField)


def test_null_due_dates_come_last_in_either_direction() -> None:
    """An inbox never begins with tasks that have no due date."""
    undated, dated = task("north", "undated"), task("north", "dated", due_at=NOW)
    for direction in SortDirection:
        order = TotalOrder((SortKey(TaskOrderField.DUE_AT, direction),))

        assert ["dated", "undated"] == [one.native_id for one in sorted([undated, dated], key=order.rank_of)]


def test_sort_values_are_json() -> None:
    """Times are whole microseconds."""
    order = TotalOrder(())
    due = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=NOW.tzinfo)
    values = order.values_of(task("north", "1", due_at=due))

    assert 1767323045678901 == values[0]


def test_every_order_field_is_nullable_or_always_set() -> None:
    """Compared with a task without values. CREATED_AT is set for every vendor that sorts by it."""
    empty = task("north", "1", created_at=None)
    unset = {field for field in TaskOrderField if order_value(empty, field) is None}

    assert unset - {TaskOrderField.CREATED_AT} == NULLABLE
    assert EVERY_FIELD - NULLABLE == ALWAYS_SET


@given(orders, st.integers(0, 2**31 - 1), st.booleans())
def test_a_row_is_in_one_null_partition(order: tuple[SortKey, ...], seed: int, backward: bool) -> None:
    """It does not rank before the partition's bound. The partitions have the same labels in both directions."""
    one = row(seed, "1")
    total_order = TotalOrder(order, backward=backward)
    partitions = total_order.null_partitions(EVERY_FIELD, frozenset())
    turned = TotalOrder(order, backward=not backward).null_partitions(EVERY_FIELD, frozenset())

    assert partitions is not None
    assert turned is not None
    (own,) = [each for each in partitions if each.holds(one)]
    assert own.bound <= total_order.rank_of(one)[: len(own.bound)]
    assert {each.label: (each.present, each.absent) for each in partitions} == {
        each.label: (each.present, each.absent) for each in turned
    }


@pytest.mark.parametrize("backward", [False, True])
def test_the_later_null_partition_has_a_bound(backward: bool) -> None:
    """So it is not opened before the other one ends. A field that the vendor never fills has no partitions."""
    dated, undated = task("north", "1", due_at=NOW), task("north", "2")
    order = TotalOrder((), backward=backward)
    partitions = order.null_partitions(EVERY_FIELD, frozenset()) or ()
    (later,) = [each for each in partitions if each.holds(dated if backward else undated)]
    without = order.null_partitions(EVERY_FIELD - {TaskOrderField.DUE_AT}, frozenset({TaskOrderField.DUE_AT}))

    assert order.rank_of(undated if backward else dated)[: len(later.bound)] < later.bound
    assert 1 == len(without or ())


def test_a_vendor_that_does_not_sort_by_a_field_is_scanned() -> None:
    """None: the vendor returns no partition in order."""
    assert None is TotalOrder(()).null_partitions(frozenset({TaskOrderField.CREATED_AT}), frozenset())


@given(order=orders, due=st.none() | st.datetimes(timezones=st.just(NOW.tzinfo)), backward=st.booleans())
def test_a_row_has_the_rank_of_its_values(order: tuple[SortKey, ...], due: datetime | None, *, backward: bool) -> None:
    """They are made apart: rows by the thousand, and those of cursors."""
    total_order, one = TotalOrder(order, backward=backward), task("a", "1", due_at=due)

    assert total_order.rank_of(one) == total_order.rank(total_order.values_of(one))
