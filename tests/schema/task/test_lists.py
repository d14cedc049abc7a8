"""Lists: what is requested from the federation, and how its answer is shown."""

from typing import Any

import pytest
from msgspec import structs

from connectors.sdk.errors import InputError
from connectors.sdk.model import OPEN_STATES, FlowRef, NativeRef, TaskKind, TaskRef, TaskState, UserRef
from connectors.sdk.query import SortDirection, SortKey, TaskOrderField
from connectors.sdk.row_test import TextMatch
from schema.core.relay import global_id, person_id
from schema.ports import InboxScope, PersonId, Problem, TaskFilter, TaskListRequest
from tests.schema.conftest import NOW, Ask
from tests.schema.fake_federation import FakeFederation, a_task

CLOSED = frozenset(TaskState) - OPEN_STATES
DUE = (SortKey(TaskOrderField.DUE_AT),)
READY, RESERVED, DONE = TaskState.READY, TaskState.RESERVED, TaskState.COMPLETED
C8, GEO = global_id("Source", "c8"), global_id("Source", "geo")
ALICE, ZOE = PersonId(key="alice"), PersonId(ref=NativeRef("c8", "zoe"))
ZOE_ID = global_id("User", "c8", "zoe")


def without(**members: Any) -> TaskFilter:
    return TaskFilter(all_of=(TaskFilter(none_of=TaskFilter(**members)),))


async def _asked(ask: Ask, federation: FakeFederation, filter_: object) -> TaskFilter:
    result = await ask("query($f: TaskFilter) { tasks(filter: $f) { isComplete } }", f=filter_)
    assert [] == result.errors
    (request,) = federation.calls["list_tasks"]
    found: TaskFilter = request.filter
    return found


@pytest.mark.parametrize(
    ("filter_", "expected"),
    [
        (None, TaskFilter()),
        ({}, TaskFilter()),
        ({"state": None, "isOpen": None, "source": {}, "assignee": {"eq": None}}, TaskFilter()),
        ({"state": {"eq": "READY"}}, TaskFilter(states=frozenset({READY}))),
        ({"state": {"in": []}}, TaskFilter(states=frozenset())),
        ({"state": {"in": ["READY", "COMPLETED"], "notIn": ["READY"]}}, TaskFilter(states=frozenset({DONE}))),
        ({"state": {"eq": "READY", "notIn": ["READY"]}}, TaskFilter(states=frozenset())),
        ({"isOpen": True}, TaskFilter(states=OPEN_STATES)),
        ({"isOpen": False}, TaskFilter(states=CLOSED)),
        ({"isOpen": False, "state": {"in": ["READY", "COMPLETED"]}}, TaskFilter(states=frozenset({DONE}))),
        ({"source": {"eq": C8}}, TaskFilter(sources=frozenset({"c8"}))),
        ({"source": {"in": [C8, GEO], "eq": GEO}}, TaskFilter(sources=frozenset({"geo"}))),
        ({"source": {"in": []}}, TaskFilter(sources=frozenset())),
        ({"source": {"isNull": True}}, TaskFilter(sources=frozenset())),
        ({"source": {"isNull": False}}, TaskFilter(sources=frozenset({"c8", "geo"}))),
        ({"not": {"source": {"isNull": False}}}, TaskFilter(none_of=TaskFilter(sources=frozenset({"c8", "geo"})))),
        ({"id": {"isNull": False}}, without(ids=frozenset())),
        ({"not": {"id": {"isNull": False}}}, TaskFilter(none_of=without(ids=frozenset()))),
        ({"assignee": {"me": True}}, TaskFilter(assignees=frozenset({ALICE}))),
        ({"assignee": {"me": False}}, without(assignees=frozenset({ALICE}))),
        ({"assignee": {"notIn": [ZOE_ID], "me": False}}, without(assignees=frozenset({ALICE, ZOE}))),
        ({"candidateUser": {"me": False}}, without(candidate_users=frozenset({ALICE}))),
        ({"candidateUser": {"notIn": []}}, TaskFilter()),
        ({"id": {"notIn": [global_id("Task", "c8", "1")]}}, without(ids=frozenset({TaskRef("c8", "1")}))),
        (
            {"candidateGroup": {"notIn": [global_id("Group", "c8", "g")]}},
            without(candidate_groups=frozenset({NativeRef("c8", "g")})),
        ),
        (
            {"flow": {"notIn": [global_id("Flow", "c8", "f")], "isNull": False}},
            structs.replace(without(flows=frozenset({FlowRef("c8", "f")})), has_flow=True),
        ),
        ({"tag": {"notIn": ["a"]}}, without(tags=frozenset({"a"}))),
        (
            {"tag": {"notIn": ["a"], "contains": "b"}},
            structs.replace(without(tags=frozenset({"a"})), tag=TextMatch(contains="b")),
        ),
        ({"title": {"notIn": ["a"]}}, TaskFilter(title=TextMatch(not_in=frozenset({"a"})))),
        ({"title": {"notIn": []}}, TaskFilter()),
        ({"source": {"notIn": [GEO]}}, TaskFilter(sources=frozenset({"c8"}))),
        ({"sourceKey": {"eq": "geo"}}, TaskFilter(sources=frozenset({"geo"}))),
        ({"sourceKey": {"in": ["c8", "none"]}, "source": {"eq": GEO}}, TaskFilter(sources=frozenset())),
        ({"sourceKey": {"notIn": ["geo"]}}, TaskFilter(source=TextMatch(not_in=frozenset({"geo"})))),
        ({"kind": {"notIn": []}}, TaskFilter(kinds=frozenset(TaskKind))),
        ({"assignee": {"eq": ZOE_ID}}, TaskFilter(assignees=frozenset({ZOE}))),
        ({"assignee": {"in": [ZOE_ID, person_id("alice")]}}, TaskFilter(assignees=frozenset({ALICE, ZOE}))),
        ({"assignee": {"eq": global_id("User", "geo", "17")}}, TaskFilter(assignees=frozenset({ALICE}))),
        ({"assignee": {"eq": ZOE_ID, "me": True}}, TaskFilter(assignees=frozenset())),
        ({"assignee": {"isNull": True}}, TaskFilter(has_assignee=False)),
        ({"assignee": {"isNull": False}}, TaskFilter(has_assignee=True)),
    ],
)
async def test_filter_becomes_one_conjunction(
    filter_: object, expected: TaskFilter, ask: Ask, federation: FakeFederation
) -> None:
    """Null and empty members are no condition, an empty list matches nothing, and the rest is joined by AND."""
    assert expected == await _asked(ask, federation, filter_)


@pytest.mark.parametrize(
    ("filter_", "field"),
    [
        ({"source": {"eq": "nonsense"}}, ["filter", "source", "eq"]),
        ({"source": {"in": [C8, ZOE_ID]}}, ["filter", "source", "in"]),
        ({"source": {"eq": global_id("Source", "crm")}}, ["filter", "source", "eq"]),
        ({"assignee": {"eq": C8}}, ["filter", "assignee", "eq"]),
        ({"assignee": {"in": [person_id("nobody")]}}, ["filter", "assignee", "in"]),
        ({"assignee": {"eq": global_id("User", "crm", "x")}}, ["filter", "assignee", "eq"]),
    ],
)
async def test_wrong_id_in_a_filter_is_refused(
    filter_: object, field: list[str], ask: Ask, federation: FakeFederation
) -> None:
    """The error names the argument. No call is made."""
    result = await ask("query($f: TaskFilter) { tasks(filter: $f) { isComplete } }", f=filter_)

    assert [{"code": "VALIDATION_FAILED", "field": field}] == [error["extensions"] for error in result.errors]
    assert {} == federation.calls


async def test_error_for_an_unknown_source_lists_the_known_ones(ask: Ask) -> None:
    """So a client can correct its filter."""
    result = await ask("query($ids: [ID!]) { sources(ids: $ids) { id } }", ids=[global_id("Source", "crm")])

    assert [f"ids names no configured source; these are configured: {C8}, {GEO}"] == [
        error["message"] for error in result.errors
    ]


@pytest.mark.parametrize("first", [-1, 101])
async def test_page_size_is_0_to_100(first: int, ask: Ask, federation: FakeFederation) -> None:
    """Anything else is refused, not cut."""
    result = await ask("query($n: Int) { tasks(first: $n) { isComplete } }", n=first)

    assert [{"code": "VALIDATION_FAILED", "field": ["first"]}] == [error["extensions"] for error in result.errors]
    assert {} == federation.calls


async def test_arguments_have_their_defaults(ask: Ask, federation: FakeFederation) -> None:
    """25 rows by due time, from caches. Null counts as absent, and an empty order is no order.

    No row is selected, so no candidates are needed.
    """
    await ask("{ tasks { isComplete } }")
    nulls = "first: null, after: null, filter: null, orderBy: null, freshness: null"
    await ask(f"{{ tasks({nulls}) {{ isComplete }} }}")
    await ask('{ tasks(first: 100, after: "x", orderBy: [], freshness: FRESH) { totalCount } }')
    default = TaskListRequest(order=DUE, first=25, count=False, now=NOW, without_candidates=True, cursors=False)
    chosen = TaskListRequest(first=100, after="x", fresh=True, now=NOW, without_candidates=True, cursors=False)

    assert [default, default, chosen] == federation.calls["list_tasks"]


async def test_inbox_shows_open_tasks_unless_states_are_given(ask: Ask, federation: FakeFederation) -> None:
    """An empty condition on the state gives none."""
    for arguments in (
        "",
        "(filter: { state: {} }, scope: null)",
        "(scope: CLAIMABLE, filter: { isOpen: false })",
        "(scope: MY_GROUPS, filter: { state: { eq: RESERVED } })",
    ):
        await ask(f"{{ viewer {{ inbox{arguments} {{ isComplete }} }} }}")

    assert [
        (InboxScope.MINE, OPEN_STATES),
        (InboxScope.MINE, OPEN_STATES),
        (InboxScope.CLAIMABLE, CLOSED),
        (InboxScope.MY_GROUPS, frozenset({RESERVED})),
    ] == [(request.scope, request.filter.states) for request in federation.calls["list_tasks"]]


async def test_order_is_passed_on(ask: Ask, federation: FakeFederation) -> None:
    """Each key; ascending by default."""
    await ask("{ tasks(orderBy: [{ field: PRIORITY, direction: DESC }, { field: TITLE }]) { isComplete } }")

    keys = (SortKey(TaskOrderField.PRIORITY, SortDirection.DESC), SortKey(TaskOrderField.TITLE))
    assert keys == federation.calls["list_tasks"][0].order


@pytest.mark.parametrize(
    ("selection", "count"),
    [
        ("nodes { id }", False),
        ("sources { status }", False),
        ("totalCount", True),
        ("n: totalAccuracy", True),
        ("sources { count }", True),
        ("...F", True),
        ("... { ...F }", True),
        ("totalCount @include(if: $yes)", True),
        ("totalCount @skip(if: $yes) isComplete", False),
        ("...F @include(if: false) isComplete", False),
    ],
)
async def test_total_is_requested_only_if_selected(
    selection: str, count: bool, ask: Ask, federation: FakeFederation
) -> None:
    """It may cost calls."""
    fragment = (
        "fragment F on TaskConnection { sources { ... on SourceResult { count } } }" if "...F" in selection else ""
    )
    variables = {"yes": True} if "$yes" in selection else {}
    head = "query($yes: Boolean!)" if variables else "query"
    result = await ask(f"{head} {{ tasks {{ {selection} }} }} {fragment}", **variables)

    assert [] == result.errors
    assert count == federation.calls["list_tasks"][0].count


async def test_page_holds_rows_cursors_and_reports(ask: Ask, federation: FakeFederation) -> None:
    """A failing source is in a report; it is not an error."""
    federation.add(a_task("1"), a_task("2"), a_task("3"))
    federation.problem = Problem(code="RATE_LIMITED", message="slow down", retry_at=NOW)
    result = await ask(
        """{ tasks(first: 2) { nodes { title } edges { cursor node { id } }
          pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount totalAccuracy isComplete
          sources { source { key } status count countAccuracy fetchedAt fromCache upstreamCalls truncated
            filterPlacement sortPlacement error { code message field retryAt alternatives nativeStatus nativeCode } } } }"""
    )
    report = {
        "countAccuracy": "UNKNOWN",
        "fetchedAt": None,
        "fromCache": False,
        "truncated": False,
        "filterPlacement": "PUSHED_DOWN",
        "sortPlacement": "PUSHED_DOWN",
    }
    error = {
        "code": "RATE_LIMITED",
        "message": "slow down",
        "field": None,
        "retryAt": "2026-06-15T09:00:00.000Z",
        "alternatives": None,
        "nativeStatus": None,
        "nativeCode": None,
    }

    assert [] == result.errors
    assert result.data == {
        "tasks": {
            "nodes": [{"title": "Task 1"}, {"title": "Task 2"}],
            "edges": [
                {"cursor": "after-1", "node": {"id": global_id("Task", "c8", "1")}},
                {"cursor": "after-2", "node": {"id": global_id("Task", "c8", "2")}},
            ],
            "pageInfo": {
                "hasNextPage": True,
                "hasPreviousPage": False,
                "startCursor": "after-1",
                "endCursor": "after-2",
            },
            "totalCount": 3,
            "totalAccuracy": "EXACT",
            "isComplete": False,
            "sources": [
                {**report, "source": {"key": "c8"}, "status": "OK", "count": 3, "upstreamCalls": 1, "error": None},
                {
                    **report,
                    "source": {"key": "geo"},
                    "status": "RATE_LIMITED",
                    "count": None,
                    "upstreamCalls": 0,
                    "error": error,
                },
            ],
        }
    }


async def test_cursors_are_made_only_if_selected(ask: Ask, federation: FakeFederation) -> None:
    """Here one for the end of the page, not one for each row."""
    federation.add(*(a_task(str(n)) for n in range(20)))
    await ask("{ tasks { nodes { id } pageInfo { endCursor } } }")

    assert [TaskRef("c8", "19")] == federation.calls["cursor"]


async def test_empty_page_has_no_cursors(ask: Ask) -> None:
    """There is no row to continue from."""
    result = await ask("{ tasks { nodes { id } edges { cursor } pageInfo { startCursor endCursor } } }")

    nothing = {"nodes": [], "edges": [], "pageInfo": {"startCursor": None, "endCursor": None}}
    assert result.data == {"tasks": nothing}


async def test_cursor_of_another_list_is_an_error(ask: Ask, federation: FakeFederation) -> None:
    """The federation raises it, and the client gets VALIDATION_FAILED."""
    federation.broken = InputError("the cursor belongs to another list", field=("after",))
    result = await ask('{ tasks(after: "x") { isComplete } }')

    assert [{"code": "VALIDATION_FAILED", "field": ["after"]}] == [error["extensions"] for error in result.errors]


async def test_rows_share_their_batches(ask: Ask, federation: FakeFederation) -> None:
    """For any number of rows: one call each for people, groups, flows and details."""
    federation.add(
        *(
            a_task(str(n), assignees=(UserRef(native_id=f"u{n % 7}"),), flow_id=f"f{n % 5}", description=None)
            for n in range(20)
        )
    )
    result = await ask(
        """{ tasks(first: 20) {
          nodes { description assignee { displayName email isActive } flow { state startedAt } form { kind } }
          edges { node { data outcomes { code } previousSteps { name } } } } }"""
    )
    calls: dict[str, list[Any]] = federation.calls

    assert [] == result.errors
    assert (1, 1, 1) == tuple(len(calls[name]) for name in ("get_users", "get_flows", "get_details"))
    assert (7, 5, 20) == tuple(len(calls[name][0]) for name in ("get_users", "get_flows", "get_details"))
    assert {4} == {len(aspects) for aspects in calls["get_details"][0].values()}


async def test_list_reads_descriptions_from_the_row(ask: Ask, federation: FakeFederation) -> None:
    """100 descriptions need no call. For a single task the description is loaded."""
    federation.add(*(a_task(str(n)) for n in range(100)), a_task("x", description="in the row"))
    await ask("{ tasks(first: 100) { nodes { description } } }")
    seen = await ask("query($id: ID!) { task(id: $id) { description } }", id=global_id("Task", "c8", "x"))

    assert seen.data == {"task": {"description": "in the row"}}
    assert [] == federation.calls["get_details"]
    await ask("query($id: ID!) { task(id: $id) { description } }", id=global_id("Task", "c8", "1"))
    assert 1 == len(federation.calls["get_details"])
