"""Which part of a query is sent, and that the vendor answers exactly that."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import anyio
import httpx2
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.camunda import CamundaConnector, search
from connectors.camunda.settings import CamundaOptions, CamundaSettings
from connectors.sdk.model import OPEN_STATES, Task, TaskKind, TaskPriority, TaskState
from connectors.sdk.query import Interval, Page, SortDirection, SortKey, TaskOrderField, TaskQuery
from sandbox.camunda import STAND_IN
from tests.connectors.camunda.rows import task_of

NOW = datetime(2026, 6, 15, 9, tzinfo=UTC)
LATER = datetime(2026, 7, 1, tzinfo=UTC)
SPLIT = datetime(2026, 6, 15, 9, 0, 0, 999, tzinfo=UTC)
NEXT = datetime(2026, 6, 15, 9, 0, 0, 1000, tzinfo=UTC)
OPEN_NATIVE = ["ASSIGNING", "CANCELING", "COMPLETING", "CREATED", "UPDATING"]
SETTINGS = CamundaSettings.model_validate(
    {
        "key": "camunda",
        "name": "Camunda",
        "base_url": "https://camunda.test",
        "credentials": {"kind": "basic", "username": "demo", "password": "demo"},
    }
)
OPTIONS = SETTINGS.options
OPTIONS_OF = {version: OPTIONS.model_copy(update={"server_version": version}) for version in ("8.8", "8.9", "8.10")}
VERSIONS = st.sampled_from(tuple(OPTIONS_OF.values()))


def every_kind_of_task() -> list[Task]:
    natives = ("CREATING", "CREATED", "COMPLETING", "COMPLETED", "CANCELED", "FROZEN")
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
                    "creationDate": f"2026-06-0{number % 9 + 1}T08:15:30.123Z",
                    "priority": number * 7 % 101,
                    "processInstanceKey": str(number % 3 + 1),
                    "processDefinitionId": f"process{number % 2}",
                    "processDefinitionKey": "7",
                    "elementId": f"element{number % 3}",
                    "externalFormReference": "forms:7" if number % 5 == 0 else None,
                    "businessId": f"B-{number % 4}" if number % 3 else None,
                    "tags": ["vip", "eu"][: number % 3],
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


MOMENTS = st.none() | st.sampled_from(
    [
        datetime(2026, 6, 3, 8, 15, 30, 123000, tzinfo=UTC),
        datetime(2026, 6, 3, 8, 15, 30, 123001, tzinfo=UTC),
        datetime(2026, 6, 3, 8, 15, 30, 122999, tzinfo=UTC),
        datetime(2026, 6, 20, tzinfo=UTC),
        datetime.max.replace(tzinfo=UTC),
    ]
)
INTERVALS = st.builds(Interval, gt=MOMENTS, gte=MOMENTS, lt=MOMENTS, lte=MOMENTS)
TIMES = st.lists(st.tuples(st.sampled_from(TaskOrderField), INTERVALS), max_size=2).map(tuple)

QUERIES = st.builds(
    TaskQuery,
    ids=names("1", "2", "no-key"),
    kinds=st.none() | st.frozensets(st.sampled_from(TaskKind), max_size=2),
    priorities=st.none() | st.frozensets(st.sampled_from(TaskPriority)),
    definition_keys=names("process0/element1", "process1/element1", "process1/element2", "a/b/c", "x"),
    business_keys=names("B-1", "B-2"),
    tags=names("vip", "eu", "no tag"),
    subject_types=st.sampled_from([None, None, frozenset({"order"})]),
    times=TIMES,
    overdue_at=MOMENTS,
    is_escalated=st.sampled_from([None, None, None, True, False]),
    text=st.sampled_from([None, "a"]),
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


@given(QUERIES, VERSIONS)
def test_a_pushed_query_loses_no_match(query: TaskQuery, options: CamundaOptions) -> None:
    """Its matches include all matches of the query."""
    pushed = search.pushdown(query, options)

    assert [task.native_id for task in TASKS if query.matches(task) and not pushed.matches(task)] == []


@given(QUERIES, VERSIONS)
def test_a_pushed_query_can_be_pushed_down_again(query: TaskQuery, options: CamundaOptions) -> None:
    """Without a change: the vendor can answer all of it."""
    pushed = search.pushdown(query, options)

    assert pushed == search.pushdown(pushed, options)


@given(QUERIES, VERSIONS)
def test_without_a_call_nothing_can_match(query: TaskQuery, options: CamundaOptions) -> None:
    """If there is no filter to send, only a task of unknown state could match."""
    pushed = search.pushdown(query, options)

    if search.filter_of(pushed, options) is None:
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
def test_the_vendor_answers_a_pushed_query_exactly(query: TaskQuery) -> None:
    """No task too many and none too few."""
    pushed = search.pushdown(query, OPTIONS)
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
        (TaskQuery(states=frozenset({TaskState.COMPLETED})), {"state": {"$eq": "COMPLETED"}}),
        (
            TaskQuery(states=frozenset({TaskState.READY, TaskState.COMPLETED})),
            {"state": {"$in": sorted([*OPEN_NATIVE, "COMPLETED"])}},
        ),
        (TaskQuery(states=frozenset({TaskState.UNKNOWN})), {}),
        (TaskQuery(states=frozenset({TaskState.SUSPENDED})), None),
        (TaskQuery(states=frozenset()), None),
        (TaskQuery(assignees=frozenset({"alice"})), {"assignee": {"$eq": "alice"}}),
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
        (TaskQuery(ids=frozenset({"12"})), {"userTaskKey": "12"}),
        (TaskQuery(ids=frozenset({"12", "13"})), {}),
        (TaskQuery(ids=frozenset({"12", "x"})), {"userTaskKey": "12"}),
        (TaskQuery(ids=frozenset()), None),
        (TaskQuery(kinds=frozenset({TaskKind.FORM})), {}),
        (TaskQuery(kinds=frozenset({TaskKind.AI, TaskKind.APP})), None),
        (TaskQuery(priorities=frozenset({TaskPriority.LOW})), {"priority": {"$lte": 25}}),
        (
            TaskQuery(priorities=frozenset({TaskPriority.MEDIUM, TaskPriority.HIGH})),
            {"priority": {"$gte": 26, "$lte": 75}},
        ),
        (TaskQuery(priorities=frozenset({TaskPriority.CRITICAL})), {"priority": {"$gte": 76}}),
        (TaskQuery(priorities=frozenset(TaskPriority)), {"priority": {"$exists": True}}),
        (
            TaskQuery(priorities=frozenset({TaskPriority.LOW, TaskPriority.CRITICAL})),
            {"priority": {"$in": [*range(26), *range(76, 101)]}},
        ),
        (TaskQuery(priorities=frozenset()), None),
        (
            TaskQuery(definition_keys=frozenset({"invoice/approve"})),
            {"processDefinitionId": "invoice", "elementId": "approve"},
        ),
        (TaskQuery(definition_keys=frozenset({"invoice/approve", "invoice/check"})), {}),
        (TaskQuery(definition_keys=frozenset({"invoice", "a/b/c", "/x", "x/"})), None),
        (TaskQuery(tags=frozenset({"vip"})), {"tags": ["vip"]}),
        (TaskQuery(tags=frozenset({"vip", "eu"})), {}),
        (TaskQuery(tags=frozenset({"no tag"})), None),
        (TaskQuery(business_keys=frozenset({"INV-1"})), {}),
        (TaskQuery(subject_types=frozenset({"order"})), None),
        (TaskQuery(subject_ids=frozenset({"7"})), None),
        (TaskQuery(is_escalated=False), None),
        (TaskQuery(text="invoice"), {}),
        (
            TaskQuery(times=((TaskOrderField.DUE_AT, Interval(gte=NOW, lt=LATER)),)),
            {"dueDate": {"$gte": NOW, "$lt": LATER}},
        ),
        (
            TaskQuery(
                times=(
                    (TaskOrderField.CREATED_AT, Interval(gt=NOW)),
                    (TaskOrderField.CREATED_AT, Interval(gt=LATER, gte=NOW)),
                    (TaskOrderField.FOLLOW_UP_AT, Interval()),
                )
            ),
            {"creationDate": {"$gte": LATER + timedelta(milliseconds=1)}, "followUpDate": {"$exists": True}},
        ),
        (
            TaskQuery(times=((TaskOrderField.COMPLETED_AT, Interval(gt=SPLIT, gte=SPLIT, lt=SPLIT, lte=SPLIT)),)),
            None,
        ),
        (TaskQuery(times=((TaskOrderField.UPDATED_AT, Interval(gt=NOW)),)), None),
        (TaskQuery(times=((TaskOrderField.PRIORITY, Interval()),)), None),
        (
            TaskQuery(times=((TaskOrderField.DUE_AT, Interval(gt=NOW)),), absent=frozenset({TaskOrderField.DUE_AT})),
            None,
        ),
        (TaskQuery(overdue_at=NOW), {"state": {"$in": OPEN_NATIVE}, "dueDate": {"$lt": NOW}}),
        (TaskQuery(overdue_at=NOW, states=frozenset({TaskState.COMPLETED})), None),
    ],
)
def test_a_query_becomes_a_filter(query: TaskQuery, filter: dict[str, Any] | None) -> None:
    """None if no call is needed."""
    assert filter == search.filter_of(search.pushdown(query, OPTIONS), OPTIONS)


@pytest.mark.parametrize(
    ("version", "query", "filter"),
    [
        ("8.8", TaskQuery(tags=frozenset({"vip"})), {}),
        ("8.9", TaskQuery(tags=frozenset({"vip"})), {"tags": ["vip"]}),
        ("8.10", TaskQuery(business_keys=frozenset({"INV-1"})), {"businessId": {"$eq": "INV-1"}}),
        ("8.10", TaskQuery(business_keys=frozenset({"b", "a"})), {"businessId": {"$in": ["a", "b"]}}),
        ("8.10", TaskQuery(flows=frozenset({"13", "12"})), {"processInstanceKey": {"$in": ["12", "13"]}}),
        (
            "8.10",
            TaskQuery(definition_keys=frozenset({"a/approve", "b/approve"})),
            {"processDefinitionId": {"$in": ["a", "b"]}, "elementId": "approve"},
        ),
        ("8.10", TaskQuery(definition_keys=frozenset({"a/approve", "b/check"})), {}),
        ("8.10", TaskQuery(ids=frozenset({"12", "13"})), {}),
    ],
)
def test_a_newer_server_gets_more_filters(version: str, query: TaskQuery, filter: dict[str, Any] | None) -> None:
    """An older server would refuse or ignore filters that it does not know."""
    options = OPTIONS_OF[version]

    assert filter == search.filter_of(search.pushdown(query, options), options)


def test_priorities_are_ranges_by_the_configured_thresholds() -> None:
    """The same thresholds decide how a priority is read."""
    options = CamundaOptions.model_validate({"priority": {"low": 10, "medium": 20, "high": 90}})

    assert {"priority": {"$gte": 21, "$lte": 90}} == search.filter_of(
        TaskQuery(priorities=frozenset({TaskPriority.HIGH})), options
    )


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
def test_a_sort_ends_with_the_creation_date(order: tuple[SortKey, ...], sort: list[str]) -> None:
    """Keys that change nothing within one source are not sent."""
    assert sort == [f"{each['field']} {each['order']}" for each in search.sort_of(order)]
