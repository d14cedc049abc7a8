"""Which part of a query is sent to the vendor, and that the vendor's list then matches it exactly."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.geotareas import GeotareasConnector, flows, search
from connectors.geotareas.settings import GeotareasOptions
from connectors.sdk.model import (
    OPEN_STATES,
    CountAccuracy,
    Definition,
    Flow,
    FlowState,
    GroupRef,
    SubjectRef,
    Task,
    TaskKind,
    TaskPriority,
    TaskState,
    UserRef,
)
from connectors.sdk.query import FlowQuery, Interval, SortKey, TaskOrderField, TaskQuery

Scripted = Callable[..., GeotareasConnector]

NOW = datetime(2026, 3, 19, 12, 0, tzinfo=UTC)
MADRID = ZoneInfo("Europe/Madrid")
NOT_OPEN = frozenset(TaskState) - OPEN_STATES
SURVEY = "418207395516284782"
OPTIONS = GeotareasOptions(definition_ids={"Damage Survey": SURVEY, "a/b%": "77"})
SURVEY_STEPS = frozenset({"Damage Survey/Survey Damage", "Damage Survey/Release Repair Budget"})

DEFINITIONS = ("Damage Survey/Survey Damage", "Damage Survey/Release Repair Budget", "Delivery Dispute", "a%2Fb%25/c")
TIMES = st.integers(min_value=-2_000_000, max_value=2_000_000).map(lambda seconds: NOW + timedelta(seconds=seconds))
MAYBE = st.none() | st.booleans()
IDS = st.none() | st.frozensets(st.sampled_from(["1", "2", "sales"]), max_size=3)
TYPES = st.none() | st.frozensets(st.sampled_from(["CUENTA", "CLIENTE", "NINGUNA", "cuenta", "NUEVO"]), max_size=2)
FIELDS = st.frozensets(st.sampled_from(list(TaskOrderField)), max_size=2)
INTERVALS = st.builds(
    Interval, gt=st.none() | TIMES, gte=st.none() | TIMES, lt=st.none() | TIMES, lte=st.none() | TIMES
)
QUERIES = st.builds(
    TaskQuery,
    ids=IDS,
    states=st.none() | st.frozensets(st.sampled_from(list(TaskState))),
    kinds=st.none() | st.frozensets(st.sampled_from([TaskKind.FORM, TaskKind.APP])),
    priorities=st.none() | st.frozensets(st.sampled_from(list(TaskPriority))),
    assignees=IDS,
    has_assignee=MAYBE,
    candidate_users=IDS,
    candidate_groups=IDS,
    has_candidates=MAYBE,
    flows=IDS,
    definition_keys=st.none() | st.frozensets(st.sampled_from(DEFINITIONS), max_size=2),
    business_keys=IDS,
    tags=IDS,
    subject_types=TYPES,
    subject_ids=IDS,
    times=st.lists(st.tuples(st.sampled_from(list(TaskOrderField)), INTERVALS), max_size=1).map(tuple),
    overdue_at=st.none() | st.just(NOW) | TIMES,
    is_escalated=MAYBE,
    text=st.none() | st.just("t"),
    present=FIELDS,
    absent=FIELDS,
    order=st.just(()) | st.just((SortKey(TaskOrderField.DUE_AT),)),
)
SUBJECTS = st.none() | st.builds(
    lambda type_, id_: (SubjectRef(type=type_, native_id=id_),),
    st.sampled_from(["CUENTA", "CLIENTE", "NUEVO"]),
    st.sampled_from(["1", "2"]),
)
# Tasks as a row can have them: never with a priority, tags, candidate users and so on.
TASKS = st.builds(
    Task,
    source=st.just("geotareas"),
    native_id=st.sampled_from(["1", "2"]),
    title=st.just("t"),
    state=st.sampled_from(list(TaskState)),
    rule=st.just(""),
    kind=st.just(TaskKind.FORM),
    fetched_at=st.just(NOW),
    created_at=st.none() | TIMES,
    due_at=st.none() | TIMES,
    is_escalated=MAYBE,
    assignees=st.sampled_from([(), (UserRef(native_id="1"),)]),
    candidate_groups=st.sampled_from([(), (GroupRef(native_id="9", name="Sales"),)]),
    definition=st.none() | st.sampled_from(DEFINITIONS).map(lambda key: Definition(native_id=key, key=key)),
    flow_id=st.none() | st.just("1"),
    subjects=SUBJECTS,
)
FLOWS = st.builds(
    Flow,
    source=st.just("geotareas"),
    native_id=st.sampled_from(["1", "2"]),
    state=st.sampled_from(list(FlowState)),
    rule=st.just(""),
    fetched_at=st.just(NOW),
    definition=st.none() | st.sampled_from(["1", "x"]).map(lambda key: Definition(native_id=key, key=key)),
    started_at=st.none() | TIMES,
    subjects=SUBJECTS,
)
FLOW_QUERIES = st.builds(
    FlowQuery,
    ids=IDS,
    states=st.none() | st.frozensets(st.sampled_from(list(FlowState))),
    definition_keys=IDS,
    subject_types=TYPES,
    subject_ids=IDS,
    started_at=st.none() | INTERVALS,
)


def pushed(query: TaskQuery, *, zone: ZoneInfo | None = MADRID) -> TaskQuery:
    return search.pushed_down(query, OPTIONS, zone=zone, now=NOW)


@given(query=QUERIES, task=TASKS, zone=st.sampled_from([None, MADRID]))
def test_every_match_of_a_query_matches_the_pushed_query(query: TaskQuery, task: Task, zone: ZoneInfo | None) -> None:
    """The pushed query is weaker and has no order. Pushing it down again changes nothing."""
    weaker = pushed(query, zone=zone)

    assert not query.matches(task) or weaker.matches(task)
    assert weaker == pushed(weaker, zone=zone)
    assert () == weaker.order


@given(query=FLOW_QUERIES, flow=FLOWS, zone=st.sampled_from([None, MADRID]))
def test_every_match_of_a_flow_query_matches_the_pushed_query(
    query: FlowQuery, flow: Flow, zone: ZoneInfo | None
) -> None:
    """As for tasks."""
    weaker = flows.pushed_down_flows(query, zone=zone)

    assert not query.matches(flow) or weaker.matches(flow)
    assert weaker == flows.pushed_down_flows(weaker, zone=zone)


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        (None, None),
        (frozenset(), frozenset()),
        ({TaskState.READY}, OPEN_STATES),
        ({TaskState.SUSPENDED}, OPEN_STATES),
        (OPEN_STATES, OPEN_STATES),
        ({TaskState.COMPLETED}, NOT_OPEN),
        ({TaskState.CANCELED, TaskState.COMPLETED}, NOT_OPEN),
        (frozenset(TaskState) - {TaskState.COMPLETED}, frozenset(TaskState) - {TaskState.COMPLETED}),
        ({TaskState.READY, TaskState.COMPLETED}, None),
    ],
)
def test_lists_of_a_class_of_states_share_one_answer(states: Any, expected: Any) -> None:
    """States are widened to open or closed states. Conditions on people are not pushed down."""
    query = TaskQuery(states=None if states is None else frozenset(states), assignees=frozenset({"1"}))

    assert TaskQuery(states=expected) == pushed(query)


@pytest.mark.parametrize(
    "query",
    [
        TaskQuery(kinds=frozenset({TaskKind.APP, TaskKind.DECISION})),
        TaskQuery(priorities=frozenset(TaskPriority)),
        TaskQuery(candidate_users=frozenset({"1"})),
        TaskQuery(business_keys=frozenset({"1"})),
        TaskQuery(tags=frozenset({"urgent"})),
        TaskQuery(present=frozenset({TaskOrderField.UPDATED_AT})),
        TaskQuery(times=((TaskOrderField.COMPLETED_AT, Interval(gte=NOW)),)),
        TaskQuery(overdue_at=NOW, states=frozenset({TaskState.COMPLETED})),
    ],
)
async def test_conditions_that_no_row_can_meet_need_no_call(tenant: Any, query: TaskQuery) -> None:
    """The limit of thirty reads a minute is too low for lists that must be empty."""
    page = await tenant.connector.list_tasks(tenant.connector.pushdown(query), limit=100)

    assert ((), 0, CountAccuracy.EXACT) == (page.items, page.total, page.total_accuracy)
    assert [] == await tenant.paths()


@pytest.mark.parametrize(
    ("query", "zone", "sent"),
    [
        (TaskQuery(), MADRID, [{}]),
        (TaskQuery(states=OPEN_STATES), MADRID, [{"status": "PENDING"}, {"status": "IN_PROGRESS"}]),
        (TaskQuery(states=NOT_OPEN), MADRID, [{"status": "COMPLETED"}]),
        (TaskQuery(subject_types=frozenset({"CUENTA"})), MADRID, [{"entity_type": "CUENTA"}]),
        # Two types would need two requests for each status. NINGUNA is the type of no entity. The vendor may refuse unknown types.
        (TaskQuery(subject_types=frozenset({"CUENTA", "TAREA"})), MADRID, [{}]),
        (TaskQuery(subject_types=frozenset({"NINGUNA"})), MADRID, [{}]),
        (TaskQuery(subject_types=frozenset({"PROYECTO"})), MADRID, [{}]),
        (TaskQuery(subject_types=frozenset()), MADRID, [{}]),
        # The list of tasks has no filter by entity id; the list of instances has one.
        (TaskQuery(subject_ids=frozenset({"738291047382910473"})), MADRID, [{}]),
        (TaskQuery(definition_keys=SURVEY_STEPS), MADRID, [{"definition_id": SURVEY}]),
        (TaskQuery(definition_keys=frozenset({"a%2Fb%25/c"})), MADRID, [{"definition_id": "77"}]),
        (TaskQuery(definition_keys=SURVEY_STEPS | {"a%2Fb%25/c"}), MADRID, [{}]),
        (TaskQuery(definition_keys=frozenset({"Delivery Dispute"})), MADRID, [{}]),
        (TaskQuery(definition_keys=frozenset()), MADRID, [{}]),
        # With a zone the connector compares due dates of open tasks. Without one the vendor filters, but only for the present time.
        (TaskQuery(overdue_at=NOW), MADRID, [{"status": "PENDING"}, {"status": "IN_PROGRESS"}]),
        (
            TaskQuery(overdue_at=NOW - timedelta(seconds=59)),
            None,
            [{"status": "PENDING", "overdue_only": "true"}, {"status": "IN_PROGRESS", "overdue_only": "true"}],
        ),
        (TaskQuery(overdue_at=NOW + timedelta(days=1)), None, [{"status": "PENDING"}, {"status": "IN_PROGRESS"}]),
        (TaskQuery(is_escalated=True, text="acme", flows=frozenset({"1"})), MADRID, [{}]),
    ],
)
def test_a_query_is_sent_as_the_vendors_filters(
    query: TaskQuery, zone: ZoneInfo | None, sent: list[dict[str, str]]
) -> None:
    """One stream of pages for each status, with every filter that is exact."""
    assert sent == list(search.task_streams(pushed(query, zone=zone), OPTIONS).values())


@pytest.mark.parametrize(
    ("query", "zone", "sent"),
    [
        (FlowQuery(), MADRID, [{}]),
        (FlowQuery(states=frozenset({FlowState.ACTIVE})), MADRID, [{"status": "RUNNING"}]),
        (FlowQuery(states=frozenset({FlowState.CANCELED})), MADRID, [{"status": "CANCELLED"}]),
        (
            FlowQuery(states=frozenset({FlowState.FAILED, FlowState.COMPLETED})),
            MADRID,
            [{"status": "COMPLETED"}, {"status": "ERROR"}],
        ),
        (FlowQuery(states=frozenset({FlowState.SUSPENDED})), MADRID, []),
        (FlowQuery(states=frozenset({FlowState.UNKNOWN, FlowState.ACTIVE})), MADRID, [{}]),
        (FlowQuery(definition_keys=frozenset({SURVEY})), MADRID, [{"definition_id": SURVEY}]),
        (FlowQuery(definition_keys=frozenset({SURVEY, "1"})), MADRID, [{}]),
        (FlowQuery(definition_keys=frozenset({"x" * 31})), MADRID, [{}]),
        (
            FlowQuery(subject_types=frozenset({"CUENTA"}), subject_ids=frozenset({"7"})),
            MADRID,
            [{"entity_type": "CUENTA", "entity_id": "7"}],
        ),
        (
            FlowQuery(started_at=Interval(gte=NOW, lt=NOW + timedelta(days=2))),
            MADRID,
            [{"startdate": "2026-03-18T13:00:00", "enddate": "2026-03-22T13:00:00"}],
        ),
        (FlowQuery(started_at=Interval(gt=NOW)), None, [{}]),
        (FlowQuery(started_at=Interval(gt=datetime.min.replace(tzinfo=UTC))), MADRID, [{}]),
    ],
)
def test_a_flow_query_is_sent_as_the_vendors_filters(
    query: FlowQuery, zone: ZoneInfo | None, sent: list[dict[str, str]]
) -> None:
    """Bounds of the start are sent a day wider, because the vendor does not document whether they are inclusive."""
    weaker = flows.pushed_down_flows(query, zone=zone)

    assert sent == list(flows.instance_streams(weaker, zone=zone).values())


def test_queries_for_overdue_tasks_within_one_minute_share_one_answer() -> None:
    """The time is rounded up: the list contains the tasks that are overdue at each of the times."""
    moments = [NOW - timedelta(seconds=seconds) for seconds in (0, 1, 59)]

    assert {NOW} == {pushed(TaskQuery(overdue_at=moment), zone=None).overdue_at for moment in moments}


async def drained(connector: GeotareasConnector, query: TaskQuery) -> list[Task]:
    tasks: list[Task] = []
    cursor: str | None = None
    while True:
        page = await connector.list_tasks(connector.pushdown(query), limit=4, after=cursor)
        tasks += page.items
        cursor = page.next_cursor
        if cursor is None:
            return tasks


async def test_without_a_zone_the_vendor_says_what_is_overdue(tenant: Any) -> None:
    """Its rows are marked as overdue. They are the same as the rows that are due in its zone before now."""
    zoneless = tenant.open(time_zone=None)
    said = await drained(zoneless, TaskQuery(overdue_at=NOW))
    reckoned = [task for task in await drained(tenant.connector, TaskQuery()) if task.is_open]

    assert {task.native_id for task in reckoned if task.due_at and task.due_at < NOW} == {
        task.native_id for task in said
    }
    assert said
    assert {(True, None)} == {(task.is_overdue, task.due_at) for task in said}
    assert all(TaskQuery(overdue_at=NOW).matches(task) for task in said)
    await zoneless.aclose()


async def test_in_an_unfiltered_list_overdue_is_unknown(tenant: Any) -> None:
    """With and without a zone, because the vendor's filter was not used."""
    zoneless = tenant.open(time_zone=None)
    rows = [*await drained(zoneless, TaskQuery()), *await drained(tenant.connector, TaskQuery(overdue_at=NOW))]

    assert {None} == {task.is_overdue for task in rows}
    await zoneless.aclose()


async def test_a_definition_is_filtered_by_its_configured_id(tenant: Any) -> None:
    """Rows of other steps are dropped, so these pages have no total."""
    key = "Damage Survey/Survey Damage"
    connector = tenant.open(options={"definition_ids": {"Damage Survey": SURVEY}})
    everything = await drained(tenant.connector, TaskQuery())
    await tenant.control("DELETE", "requests")
    found = await drained(connector, TaskQuery(definition_keys=frozenset({key})))
    page = await connector.list_tasks(TaskQuery(definition_keys=frozenset({key})), limit=1)
    asked = (await tenant.control("GET", "requests")).json()["requests"]

    assert {task.native_id for task in everything if task.definition and task.definition.key == key} == {
        task.native_id for task in found
    }
    assert found
    assert (None, CountAccuracy.UNKNOWN) == (page.total, page.total_accuracy)
    assert all(urlencode({"definition_id": SURVEY}) in each["query"] for each in asked if each["method"] == "GET")
    await connector.aclose()


async def test_rows_that_do_not_match_are_dropped(scripted: Scripted) -> None:
    """If the vendor ignores a filter, the page has fewer tasks, no wrong ones, and no total."""
    rows = [
        {"id": "1", "status": "PENDING", "entity": {"type": "CUENTA", "id": "7", "label": "Acme"}},
        {"id": "2", "status": "PENDING", "entity": {"type": "CLIENTE", "id": "7", "label": "Acme"}},
        {"id": "3", "status": "COMPLETED", "entity": {"type": "CUENTA", "id": "7", "label": "Acme"}},
    ]
    body = {"success": True, "data": rows, "meta": {"total": 3}}
    connector = scripted(lambda _: httpx2.Response(200, json=body))
    query = connector.pushdown(TaskQuery(states=OPEN_STATES, subject_types=frozenset({"CUENTA"})))
    page = await connector.list_tasks(query, limit=3)

    assert ["1"] == [task.native_id for task in page.items]
    assert (None, "IN_PROGRESS:0") == (page.total, page.next_cursor)
