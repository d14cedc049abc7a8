"""What a list of tasks requests from each source."""

from typing import Any

import pytest
from msgspec import structs

from connectors.sdk.caller import Caller
from connectors.sdk.errors import IdentityNotLinkedError
from connectors.sdk.model import NativeRef, TaskState
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
MINE_OR = InboxScope.MINE_OR_CLAIMABLE


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


def uniting(**facts: bool) -> MemoryConnector:
    """A source whose vendor takes unions, and has the other facts."""
    connector = MemoryConnector("north")
    connector.info = structs.replace(connector.info, takes_unions=True, **facts)
    return connector


def test_a_vendor_that_takes_unions_is_asked_once() -> None:
    """For its own tasks, and for those that a person or a group may claim: with exact counts."""
    (asked,) = plan(uniting(), ALICE, order=TotalOrder((SortKey(TaskOrderField.CREATED_AT),)), scope=MINE_OR).streams
    mine = TaskQuery(assignees=frozenset({"alice"}))
    user = TaskQuery(candidate_users=frozenset({"alice"}), states=READY)
    group = TaskQuery(candidate_groups=frozenset({"accounting"}), states=READY)

    assert (mine, user, group) == asked.query.any_of
    assert (True, True) == (asked.is_pushed, asked.is_exact)
    assert not asked.query.without_candidates


def test_a_part_that_fits_into_no_union_is_asked_by_itself() -> None:
    """Here the vendor has no union with tasks that have no candidates."""

    class Partly(MemoryConnector):
        def pushdown(self, query: TaskQuery) -> TaskQuery:
            is_known = all(each.has_candidates is None for each in query.any_of or ())
            return structs.replace(query, order=(), any_of=query.any_of if is_known else None)

    connector = Partly("north")
    connector.info = structs.replace(connector.info, takes_unions=True, open_to_everyone=True)
    found = plan(connector, ALICE, order=None)

    assert [3, 0] == [len(each.query.any_of or ()) for each in found.streams]
    assert found.streams[1].query.has_candidates is False
    assert FilterPlacement.PUSHED_DOWN is found.filters


def test_rows_without_candidates_are_admitted_where_the_vendor_was_asked_for_them() -> None:
    """The rest of the rule is applied to them all the same."""
    found = plan(uniting(costly_candidates=True), ALICE, scope=MINE_OR, without_candidates=True)
    admits = found.admits_from(found.streams[0])
    bare = task("north", "1", candidate_users=None, candidate_groups=None)

    assert all(each.query.without_candidates for each in found.streams)
    assert (True, False) == (admits(bare), found.admits(bare))
    assert not admits(structs.replace(bare, state=TaskState.COMPLETED))
    assert not admits(task("north", "1", candidate_groups=()))
    assert admits(task("north", "1", owner="alice", candidate_users=None, candidate_groups=None))
    assert not admits(task("north", "1", owner="bob", candidate_users=None, candidate_groups=None))


def test_a_row_without_candidates_is_admitted_by_its_own_part_only() -> None:
    """The vendor was asked for the caller's own tasks there, and not for those that she may claim."""
    connector = MemoryConnector("north")
    connector.info = structs.replace(connector.info, costly_candidates=True)
    found = plan(connector, ALICE, scope=MINE_OR, without_candidates=True)
    bare = task("north", "1", candidate_users=None, candidate_groups=None)
    admitted = {each.id.disjunct: found.admits_from(each)(bare) for each in found.streams}

    assert {0: False, 1: True, 2: True} == admitted


@pytest.mark.parametrize("weak", [False, True])
@pytest.mark.parametrize("order", [None, BY_DUE_DATE])
def test_candidates_are_read_where_the_gateway_looks_at_them(weak: bool, order: TotalOrder | None) -> None:
    """The vendor does not apply the rule, or candidates are asked for, or each row has them anyway."""
    connector = MemoryConnector("north", weak=weak)
    connector.info = structs.replace(connector.info, costly_candidates=True)
    needed = plan(connector, ALICE, scope=InboxScope.CLAIMABLE, order=order, without_candidates=weak)
    scanned = plan(connector, ALICE, order=None, without_candidates=True).streams if weak else ()
    free = plan(MemoryConnector("north"), ALICE, without_candidates=True)

    assert not any(each.query.without_candidates for each in (*needed.streams, *scanned, *free.streams))


@pytest.mark.parametrize("order", [None, BY_DUE_DATE])
def test_candidates_are_read_where_one_query_cannot_say_two_things_about_them(order: TotalOrder | None) -> None:
    """A group that the filter names, and one of the caller's: a vendor is asked for one of them."""
    connector = MemoryConnector("north")
    connector.info = structs.replace(connector.info, costly_candidates=True)
    legal = NativeRef("north", "legal")
    wanted = TaskFilter(candidate_groups=frozenset({legal}))
    found = plan(connector, ALICE, wanted, scope=InboxScope.MY_GROUPS, order=order, without_candidates=True)

    assert found.streams
    assert not any(each.query.without_candidates for each in found.streams)


def test_data_are_asked_for_of_rows_that_are_all_wanted() -> None:
    """Not of a list that the gateway filters."""
    no_ready = TaskFilter(none_of=TaskFilter(all_of=(TaskFilter(text="x"), TaskFilter(states=READY))))
    whole = plan(uniting(lists_data=True), ADMIN, with_data=True)
    filtered = plan(uniting(lists_data=True), ADMIN, no_ready, with_data=True)
    other = plan(MemoryConnector("north"), ADMIN, with_data=True)

    assert all(each.query.with_data for each in whole.streams)
    assert not any(each.query.with_data for each in (*filtered.streams, *other.streams))
