from collections.abc import Callable
from datetime import UTC, datetime
from itertools import product
from typing import Any

import anyio
import httpx2
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.camunda import CamundaConnector, search
from connectors.camunda.mapping import task_of
from connectors.camunda.settings import CamundaSettings
from connectors.sdk.model import OPEN_STATES, Task, TaskState
from connectors.sdk.query import Page, SortDirection, SortKey, TaskOrderField, TaskQuery
from sandbox.camunda import STAND_IN

NOW = datetime(2026, 6, 15, 9, tzinfo=UTC)
OPEN_NATIVE = ["ASSIGNING", "CANCELING", "COMPLETING", "CREATED", "UPDATING"]
SETTINGS = CamundaSettings.model_validate(
    {
        "key": "camunda",
        "name": "Camunda",
        "base_url": "https://camunda.test",
        "credentials": {"kind": "basic", "username": "demo", "password": "demo"},
    }
)


def every_kind_of_task() -> list[Task]:
    natives = ("CREATING", "CREATED", "COMPLETING", "COMPLETED", "CANCELED", "FAILED", "FROZEN")
    choices = product(
        natives, (None, "alice", "bob"), ((), ("alice",)), ((), ("accounting",)), (None, "2026-06-20T00:00:00Z")
    )
    return [
        task_of(
            msgspec.json.encode(
                {
                    "userTaskKey": str(number),
                    "state": state,
                    "assignee": assignee,
                    "candidateUsers": users,
                    "candidateGroups": groups,
                    "dueDate": due,
                    "completionDate": due,
                    "processInstanceKey": str(number % 3 + 1),
                }
            ),
            SETTINGS,
            fetched_at=NOW,
        )
        for number, (state, assignee, users, groups, due) in enumerate(choices, start=1)
    ]


TASKS = every_kind_of_task()
FIELDS = st.frozensets(st.sampled_from(TaskOrderField), max_size=2)


def names(*of: str) -> st.SearchStrategy[frozenset[str] | None]:
    return st.none() | st.frozensets(st.sampled_from(of))


QUERIES = st.builds(
    TaskQuery,
    states=st.none() | st.just(OPEN_STATES) | st.frozensets(st.sampled_from(TaskState), max_size=3),
    assignees=names("alice", "bob", "nobody"),
    has_assignee=st.sampled_from([None, None, True, False]),
    candidate_users=names("alice", "nobody"),
    candidate_groups=names("accounting", "sales"),
    has_candidates=st.sampled_from([None, None, True, False]),
    flows=names("1", "2", "no-key"),
    present=FIELDS,
    absent=FIELDS,
)


@given(QUERIES)
def test_what_matches_a_query_matches_what_is_pushed_down(query: TaskQuery) -> None:
    """Pushing down never loses a task."""
    pushed = search.pushdown(query)

    assert [task.native_id for task in TASKS if query.matches(task) and not pushed.matches(task)] == []


@given(QUERIES)
def test_pushing_down_twice_changes_nothing_more(query: TaskQuery) -> None:
    """What is pushed down can be said as it is."""
    pushed = search.pushdown(query)

    assert pushed == search.pushdown(pushed)


@given(QUERIES)
def test_what_needs_no_call_matches_nothing(query: TaskQuery) -> None:
    """A filter that is left out is one that only a task of unknown state could pass."""
    pushed = search.pushdown(query)

    if search.filter_of(pushed) is None:
        assert {TaskState.UNKNOWN} >= {task.state for task in TASKS if pushed.matches(task)}


def all_tasks(make: Callable[[], CamundaConnector], query: TaskQuery) -> list[Task]:
    async def drained() -> list[Task]:
        connector = make()
        found: list[Task] = []
        after: str | None = None
        while True:
            page: Page[Task] = await connector.list_tasks(query, limit=100, after=after)
            found += page.items
            after = page.next_cursor
            if after is None:
                await connector.aclose()
                return found

    return anyio.run(drained)


STAND_IN_DATA = STAND_IN(clock=lambda: NOW)
STAND_IN_DATA.reset(tasks=150, seed=3, now=None, scenario=None)


def over_the_stand_in() -> CamundaConnector:
    return CamundaConnector.open(SETTINGS, transport=httpx2.ASGITransport(app=STAND_IN_DATA), clock=lambda: NOW)


STAND_IN_TASKS = all_tasks(over_the_stand_in, TaskQuery())


@given(QUERIES)
def test_the_vendor_answers_exactly_what_is_pushed_down(query: TaskQuery) -> None:
    """Neither a task too many nor one too few."""
    pushed = search.pushdown(query)
    expected = {task.native_id for task in STAND_IN_TASKS if pushed.matches(task)}

    assert expected == {task.native_id for task in all_tasks(over_the_stand_in, pushed)}


@pytest.mark.parametrize(
    ("query", "filter"),
    [
        (TaskQuery(), {}),
        (TaskQuery(states=OPEN_STATES), {"state": {"$in": OPEN_NATIVE}}),
        (
            TaskQuery(states=frozenset({TaskState.READY})),
            {"state": {"$in": OPEN_NATIVE}, "assignee": {"$exists": False}},
        ),
        (
            TaskQuery(states=frozenset({TaskState.RESERVED})),
            {"state": {"$in": OPEN_NATIVE}, "assignee": {"$exists": True}},
        ),
        (TaskQuery(states=frozenset({TaskState.COMPLETED})), {"state": "COMPLETED"}),
        (
            TaskQuery(states=frozenset({TaskState.READY, TaskState.COMPLETED})),
            {"state": {"$in": sorted([*OPEN_NATIVE, "COMPLETED"])}},
        ),
        (TaskQuery(states=frozenset({TaskState.UNKNOWN})), {}),
        (TaskQuery(states=frozenset({TaskState.SUSPENDED})), None),
        (TaskQuery(states=frozenset()), None),
        (TaskQuery(assignees=frozenset({"alice"})), {"assignee": "alice"}),
        (TaskQuery(assignees=frozenset({"bob", "alice"})), {"assignee": {"$in": ["alice", "bob"]}}),
        (TaskQuery(assignees=frozenset()), None),
        (TaskQuery(assignees=frozenset({"alice"}), has_assignee=False), None),
        (TaskQuery(states=frozenset({TaskState.READY}), has_assignee=True), None),
        (
            TaskQuery(candidate_users=frozenset({"a", "b"}), candidate_groups=frozenset({"g", "h"})),
            {"candidateUser": {"$in": ["a", "b"]}, "candidateGroup": {"$in": ["g", "h"]}},
        ),
        (
            TaskQuery(has_candidates=False),
            {"candidateUser": {"$exists": False}, "candidateGroup": {"$exists": False}},
        ),
        (TaskQuery(has_candidates=True), {}),
        (TaskQuery(has_candidates=False, candidate_users=frozenset({"a"})), None),
        (
            TaskQuery(
                present=frozenset({TaskOrderField.DUE_AT, TaskOrderField.PRIORITY}),
                absent=frozenset({TaskOrderField.FOLLOW_UP_AT, TaskOrderField.UPDATED_AT}),
            ),
            {"dueDate": {"$exists": True}, "followUpDate": {"$exists": False}},
        ),
        (TaskQuery(present=frozenset({TaskOrderField.UPDATED_AT})), None),
        (TaskQuery(absent=frozenset({TaskOrderField.TITLE})), None),
        (TaskQuery(flows=frozenset({"12"})), {"processInstanceKey": "12"}),
        (TaskQuery(flows=frozenset({"12", "13"})), {}),
        (TaskQuery(flows=frozenset({"../12"})), None),
    ],
)
def test_a_query_in_the_vendors_words(query: TaskQuery, filter: dict[str, Any] | None) -> None:
    """The filter that is sent; None where no call is needed."""
    assert filter == search.filter_of(search.pushdown(query))


@pytest.mark.parametrize(
    ("order", "sort"),
    [
        ((), ["creationDate ASC"]),
        ((SortKey(TaskOrderField.CREATED_AT, SortDirection.DESC),), ["creationDate DESC"]),
        (
            (
                SortKey(TaskOrderField.SOURCE),
                SortKey(TaskOrderField.UPDATED_AT),
                SortKey(TaskOrderField.PRIORITY, SortDirection.DESC),
                SortKey(TaskOrderField.DUE_AT),
            ),
            ["priority DESC", "dueDate ASC", "creationDate ASC"],
        ),
    ],
)
def test_a_sort_goes_down_to_the_creation_date(order: tuple[SortKey, ...], sort: list[str]) -> None:
    """Keys that change nothing within one source are not sent."""
    assert sort == [f"{each['field']} {each['order']}" for each in search.sort_of(order)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2251799813685732", True),
        ("-1", True),
        ("9223372036854775807", True),
        ("9223372036854775808", False),
        ("007", False),
        ("", False),
        ("1\n", False),
        ("٣", False),
        ("1/completion", False),
    ],
)
def test_a_key_is_a_long_as_the_vendor_prints_it(text: str, expected: bool) -> None:
    """Everything else is unknown without a call."""
    assert expected is search.is_key(text)
