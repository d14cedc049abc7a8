"""The rule of visibility is part of every question to a vendor."""

from collections.abc import Sequence

import pytest
from msgspec import structs

from connectors.sdk.model import GroupRef, NativeRef, Task, TaskState, UserRef
from connectors.sdk.query import SortKey, TaskOrderField, TaskQuery
from gateway.federation.lists.query_logic import within
from gateway.federation.lists.vendor_query import vendor_queries
from gateway.federation.traffic import CallContext, RequestCost, in_context
from schema.ports import TaskFilter, TaskListRequest
from tests.gateway.federation.listing_source import ListingConnector
from tests.gateway.federation.memory_source import MemoryConnector, federation, later, person, task

BOB = person("bob", "north", groups=("sales",))
MINE = TaskQuery(assignees=frozenset({"bob"}))
MY_GROUP = TaskQuery(candidate_groups=frozenset({"sales"}))
RULE = (MINE, MY_GROUP)


class StateConnector(MemoryConnector):
    """Applies states and texts, and no condition on people."""

    def pushdown(self, query: TaskQuery) -> TaskQuery:
        return TaskQuery(states=query.states, text=query.text)


def asked(
    query: TaskQuery, connector: MemoryConnector, *, one_owner: bool = False
) -> list[tuple[TaskQuery, bool, bool]]:
    connector.info = structs.replace(connector.info, one_owner=one_owner)
    found = vendor_queries(query, RULE, RULE, connector)
    return [(each.query, each.is_exact, each.shows_others) for each in found]


@pytest.mark.parametrize("others", [{"legal"}, {"legal", "sales"}, {"a", "b", "c"}])
def test_of_two_sets_that_cannot_be_combined_the_rule_is_sent(others: set[str]) -> None:
    """Whichever is shorter. A task can have a group of the filter and another one of the caller."""
    query, is_exact = within(TaskQuery(candidate_groups=frozenset(others)), MY_GROUP)

    assert query == MY_GROUP
    assert is_exact is ("sales" in others)


def test_a_part_of_the_own_groups_is_asked_for_exactly() -> None:
    rule = TaskQuery(candidate_groups=frozenset({"sales", "legal"}))

    assert within(MY_GROUP, rule) == (MY_GROUP, True)


def test_another_person_owns_none_of_the_own_tasks() -> None:
    """If tasks have one owner at most, that part costs no call."""
    carols = TaskQuery(assignees=frozenset({"carol"}))
    in_group = (structs.replace(carols, candidate_groups=MY_GROUP.candidate_groups), True, False)

    assert asked(carols, MemoryConnector("north"), one_owner=True) == [in_group]
    assert asked(carols, MemoryConnector("north")) == [(MINE, False, False), in_group]


def test_a_vendor_that_cannot_apply_the_rule_is_not_asked_for_chosen_tasks() -> None:
    """It gets states, and no text: the number of rows would tell how many hidden tasks have it."""
    states = frozenset({TaskState.RESERVED})
    chosen = TaskQuery(states=states, text="salary", definition_keys=frozenset({"x"}))

    assert asked(chosen, StateConnector("north")) == [
        (structs.replace(rule, states=states), False, True) for rule in RULE
    ]
    assert [(chosen, True, False)] == [
        (each.query, each.is_exact, each.shows_others)
        for each in vendor_queries(chosen, [TaskQuery()], [TaskQuery()], StateConnector("north"))
    ]


def rows(count: int, *, hidden: int) -> Sequence[Task]:
    mine = [task("north", f"mine-{number}", owner="bob", candidate_groups=()) for number in range(count)]
    others = [
        task(
            "north", f"other-{number}", owner="eve", candidate_groups=(GroupRef(native_id="legal"),), created_at=later()
        )
        for number in range(hidden)
    ]
    return [*mine, *others]


async def told(connector: MemoryConnector, wanted: TaskFilter, *, sorts: bool = True) -> tuple[int, int, int]:
    """The calls that the report and the operation tell, and those that were made."""
    sources, cost = federation(connector, people=[BOB]), RequestCost()
    order = (SortKey(TaskOrderField.CREATED_AT),) if sorts else (SortKey(TaskOrderField.TITLE),)
    with in_context(CallContext(caller=BOB).counted_by(cost)):
        page = await sources.list_tasks(BOB, TaskListRequest(filter=wanted, order=order, first=5))
    assert {UserRef(native_id="bob")} >= {user for edge in page.edges for user in edge.task.assignees}
    return page.sources[0].upstream_calls, cost.told.requests, cost.requests


@pytest.mark.parametrize("hidden", [0, 3, 40])
async def test_a_filter_for_others_costs_the_same_however_many_tasks_they_have(hidden: int) -> None:
    """By group, and by owner."""
    for wanted in (TaskFilter(text="invoice"), TaskFilter(candidate_groups=frozenset({_legal()}))):
        connector = ListingConnector("north", rows(8, hidden=hidden), page_limit=4)
        report, operation, made = await told(connector, wanted)

        assert (
            report
            == operation
            == made
            == (await told(ListingConnector("north", rows(8, hidden=0), page_limit=4), wanted))[2]
        )


@pytest.mark.parametrize("sorts", [True, False])
async def test_pages_that_other_people_fill_are_not_told(sorts: bool) -> None:
    """The gateway applies the rule: one page of own tasks, ten of others."""
    few, many = [
        await told(
            ListingConnector("north", rows(2, hidden=hidden), page_limit=4, weak=True), TaskFilter(), sorts=sorts
        )
        for hidden in (1, 40)
    ]

    assert few[:2] == many[:2] == (few[2], few[2])
    assert many[2] > few[2]


async def test_ids_that_show_nothing_cost_nothing() -> None:
    """A hidden id, an unknown one, and one of each beside an own one."""
    ref = task("north", "mine-0").ref
    connector = MemoryConnector("north", rows(1, hidden=1))
    for ids in ({"other-0"}, {"unknown"}, {"mine-0", "other-0"}, {"mine-0", "unknown"}):
        wanted = TaskFilter(ids=frozenset(structs.replace(ref, native_id=one) for one in ids))

        assert (await told(connector, wanted))[:2] == (0, 0)
    assert (await told(connector, TaskFilter(ids=frozenset({ref}))))[:2] == (1, 1)


def _legal() -> NativeRef:
    return NativeRef("north", "legal")
