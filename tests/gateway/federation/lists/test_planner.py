"""What a list of tasks requests from each source."""

from typing import Any

import pytest
from msgspec import structs

from connectors.sdk.caller import Caller
from connectors.sdk.errors import IdentityNotLinkedError
from connectors.sdk.model import TaskState
from connectors.sdk.query import Interval, SortKey, TaskOrderField, TaskQuery
from gateway.federation.lists.planner import Planner, SourcePlan
from gateway.federation.lists.position import StreamKind
from gateway.federation.lists.sort_order import TotalOrder
from gateway.federation.sources.source import Source
from gateway.shared.memory import memory_state
from schema.ports import FilterPlacement, InboxScope, TaskFilter
from tests.gateway.federation.memory_source import NOW, MemoryConnector, person, task

ADMIN = person("carol", "north", admin=True)
ALICE = person("alice", "north")
EVERYTHING, BY_DUE_DATE = TaskFilter(), TotalOrder(())
READY = frozenset({TaskState.READY})


def plan(
    connector: MemoryConnector,
    caller: Caller = ADMIN,
    wanted: TaskFilter = EVERYTHING,
    *,
    order: TotalOrder | None = BY_DUE_DATE,
    scope: InboxScope = InboxScope.ALL_VISIBLE,
    **more: Any,
) -> SourcePlan:
    planner = Planner(caller, scope, wanted, order=order, native_id=lambda _, person: person.key, now=NOW, **more)
    return planner.plan(Source(connector, rate_limits=memory_state().rate_limits))


def test_a_sorting_source_has_a_stream_per_disjunct_and_null_partition() -> None:
    """The caller may see a task for two reasons, and each part has tasks with and without a due date. Each stream has
    its own order.
    """
    streams = plan(MemoryConnector("north"), ALICE, TaskFilter(states=READY), scope=InboxScope.CLAIMABLE).streams

    assert [
        (StreamKind.PAGED, 0, "+"),
        (StreamKind.PAGED, 0, "-"),
        (StreamKind.PAGED, 1, "+"),
        (StreamKind.PAGED, 1, "-"),
    ] == [(each.id.kind, each.id.disjunct, each.id.partition) for each in streams]
    assert (SortKey(TaskOrderField.DUE_AT), SortKey(TaskOrderField.CREATED_AT)) == streams[0].query.order
    assert frozenset({TaskOrderField.DUE_AT}) == streams[0].query.present == streams[1].query.absent
    assert all(each.is_pushed and each.is_exact for each in streams)


def test_a_source_that_cannot_filter_is_scanned_once_for_all_disjuncts() -> None:
    """The gateway applies the filters and the order."""
    found = plan(MemoryConnector("north", sorts=frozenset(), weak=True), ALICE, TaskFilter(states=READY))

    assert [(StreamKind.SCANNED, 0, TaskQuery(), False)] == [
        (each.id.kind, each.id.disjunct, each.query, each.is_pushed) for each in found.streams
    ]
    assert (FilterPlacement.GATEWAY, FilterPlacement.GATEWAY) == (found.filters, found.sorts)
    assert found.admits(task("north", "1"))
    assert not found.admits(task("north", "1", owner="alice"))
    assert not found.admits(task("north", "1", candidate_groups=()))


def test_without_an_order_a_source_is_scanned() -> None:
    """Counts have no order."""
    (stream,) = plan(MemoryConnector("north"), order=None).streams

    assert StreamKind.SCANNED is stream.id.kind
    assert stream.partition is None


def test_a_source_without_a_match_is_skipped() -> None:
    """The filter names another source, contradicts itself, or cannot match in the scope."""
    connector = MemoryConnector("north")
    for caller, scope, wanted in (
        (ADMIN, InboxScope.ALL_VISIBLE, TaskFilter(sources=frozenset({"south"}))),
        (ADMIN, InboxScope.ALL_VISIBLE, TaskFilter(states=READY, has_assignee=True)),
        (ALICE, InboxScope.MINE, TaskFilter(states=READY)),
        (ALICE, InboxScope.CLAIMABLE, TaskFilter(states=frozenset({TaskState.COMPLETED}))),
    ):
        found = plan(connector, caller, wanted, scope=scope)

        assert found.is_skipped
        assert () == found.streams


def test_a_caller_without_an_identity_is_refused() -> None:
    """A task admin sees all tasks of the source, but has no own tasks there."""
    stranger, admin = person("dave"), person("erin", admin=True)
    refused = plan(MemoryConnector("north"), stranger)
    own = plan(MemoryConnector("north"), admin, scope=InboxScope.MINE)

    assert isinstance(refused.refusal, IdentityNotLinkedError)
    assert isinstance(own.refusal, IdentityNotLinkedError)
    assert not refused.is_skipped
    assert plan(MemoryConnector("north"), admin).streams


@pytest.mark.parametrize("backward", [False, True])
def test_after_a_turn_a_source_is_read_from_the_row_on(backward: bool) -> None:
    """The vendor's cursors are valid in the other direction only. Its total is not the total of the list."""
    order = TotalOrder((), backward=backward)
    last = order.values_of(task("north", "1", due_at=NOW))
    turned = {each.id: each for each in plan(MemoryConnector("north"), order=order, turned_at=last).streams}
    straight = {each.id: each for each in plan(MemoryConnector("north"), order=order).streams}
    (dated,) = [each for each in turned.values() if each.id.partition == "+"]
    bound = (TaskOrderField.DUE_AT, Interval(lte=NOW) if backward else Interval(gte=NOW))

    assert straight.keys() == turned.keys()
    assert structs.replace(straight[dated.id].query, times=(bound,)) == dated.query
    assert not dated.is_exact
