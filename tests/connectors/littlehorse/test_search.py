"""What is pushed down, and the parameters that are sent for it."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.littlehorse.search import creation_bounds, pushed_down, statuses_of
from connectors.sdk.model import OPEN_STATES, Definition, GroupRef, Task, TaskState, UserRef
from connectors.sdk.query import Interval, SortKey, TaskOrderField, TaskQuery

NOW = datetime(2026, 6, 15, 9, 0, tzinfo=UTC)
CREATED = TaskOrderField.CREATED_AT


@pytest.mark.parametrize(
    ("query", "statuses"),
    [
        (TaskQuery(), (None,)),
        (TaskQuery(states=frozenset(TaskState)), (None,)),
        (TaskQuery(states=OPEN_STATES), ("UNASSIGNED", "ASSIGNED")),
        (TaskQuery(states=OPEN_STATES, assignees=frozenset({"a"})), ("ASSIGNED",)),
        (TaskQuery(assignees=frozenset({"a"})), ("ASSIGNED", "DONE", "CANCELLED")),
        (TaskQuery(has_assignee=True), ("ASSIGNED", "DONE", "CANCELLED")),
        (TaskQuery(has_assignee=False), (None,)),
        (TaskQuery(states=frozenset({TaskState.READY})), ("UNASSIGNED",)),
        (TaskQuery(states=frozenset({TaskState.READY}), assignees=frozenset({"a"})), ()),
        (TaskQuery(states=frozenset({TaskState.COMPLETED, TaskState.CANCELED})), ("DONE", "CANCELLED")),
        (TaskQuery(states=frozenset({TaskState.SUSPENDED})), ()),
        (TaskQuery(states=frozenset()), ()),
        (TaskQuery(candidate_users=frozenset({"a"})), ()),
    ],
)
def test_states_become_statuses(query: TaskQuery, statuses: tuple[str | None, ...]) -> None:
    """One status per request. A query for assignees never asks for UNASSIGNED tasks."""
    assert statuses == statuses_of(pushed_down(query).states)


def test_only_what_the_bridge_answers_exactly_is_pushed_down() -> None:
    """States, one assignee, a few groups, definitions and time of creation; no several people, text or order."""
    whole = TaskQuery(
        states=frozenset({TaskState.READY}),
        candidate_groups=frozenset({"accounting"}),
        definition_keys=frozenset({"a", "b"}),
        times=((CREATED, Interval(gte=NOW)), (TaskOrderField.DUE_AT, Interval(lt=NOW))),
        flows=frozenset({"r"}),
        text="x",
        order=(SortKey(CREATED),),
    )
    pushed = pushed_down(whole)

    assert frozenset({"accounting"}) == pushed.candidate_groups
    assert frozenset({"a", "b"}) == pushed.definition_keys
    assert ((CREATED, Interval(gte=NOW)),) == pushed.times
    assert (None, None, None, ()) == (pushed.assignees, pushed.flows, pushed.text, pushed.order)
    several, one = frozenset("abcde"), frozenset("a")
    assert pushed_down(TaskQuery(candidate_groups=several)).candidate_groups is None
    assert pushed_down(TaskQuery(assignees=several)).assignees is None
    assert (one, several - one) == (
        pushed_down(TaskQuery(assignees=one)).assignees,
        pushed_down(TaskQuery(candidate_groups=several - one)).candidate_groups,
    )


IDS = st.none() | st.frozensets(st.sampled_from(["a", "b"]), max_size=2)
TIMES = st.none() | st.sampled_from([NOW - timedelta(days=1), NOW, NOW + timedelta(days=1)])
INTERVALS = st.builds(Interval, gt=TIMES, gte=TIMES, lt=TIMES, lte=TIMES)
QUERIES = st.builds(
    TaskQuery,
    states=st.none() | st.frozensets(st.sampled_from(list(TaskState))),
    assignees=IDS,
    candidate_users=IDS,
    has_assignee=st.none() | st.booleans(),
    candidate_groups=IDS,
    definition_keys=IDS,
    times=st.lists(st.tuples(st.sampled_from([CREATED, TaskOrderField.DUE_AT]), INTERVALS), max_size=2).map(tuple),
)
# A READY task has no owner.
OWNED = st.sampled_from([(TaskState.READY, ()), (TaskState.RESERVED, (UserRef(native_id="a"),))])
TASKS = st.builds(
    lambda owned, state, **more: Task(state=state or owned[0], assignees=() if state else owned[1], **more),
    owned=OWNED,
    state=st.none() | st.sampled_from([TaskState.COMPLETED, TaskState.CANCELED, TaskState.UNKNOWN]),
    source=st.just("bridge"),
    native_id=st.just("r:0-1"),
    title=st.just("a"),
    rule=st.just(""),
    fetched_at=st.just(NOW),
    created_at=TIMES,
    candidate_groups=st.sampled_from([(), (GroupRef(native_id="a", name="a"),)]),
    definition=st.sampled_from([None, Definition(native_id="a", key="a")]),
)


@given(query=QUERIES, task=TASKS)
def test_every_match_of_a_query_matches_the_pushed_query(query: TaskQuery, task: Task) -> None:
    """The pushed query contains all matches, and pushing it down again changes nothing."""
    pushed = pushed_down(query)

    assert not query.matches(task) or pushed.matches(task)
    assert pushed == pushed_down(pushed)


@given(query=QUERIES, task=TASKS)
def test_no_match_is_outside_the_bounds(query: TaskQuery, task: Task) -> None:
    """The bridge compares milliseconds and may include a bound or not, so the bounds are wider than the query."""
    pushed = pushed_down(query)
    bounds = creation_bounds(pushed)
    if not pushed.matches(task):
        return

    assert bounds is not None
    created = task.created_at
    if bounds:
        assert created is not None
        assert datetime.fromisoformat(bounds.get("earliest_start_date", "0001-01-01T00:00:00Z")) < created
        assert created < datetime.fromisoformat(bounds.get("latest_start_date", "9999-12-31T00:00:00Z"))


@pytest.mark.parametrize(
    ("interval", "bounds"),
    [
        (Interval(), {}),
        (Interval(gte=NOW), {"earliest_start_date": "2026-06-15T08:59:59.999Z"}),
        (Interval(lt=NOW), {"latest_start_date": "2026-06-15T09:00:00.002Z"}),
        (
            Interval(gte=NOW, lte=NOW),
            {"earliest_start_date": "2026-06-15T08:59:59.999Z", "latest_start_date": "2026-06-15T09:00:00.002Z"},
        ),
        (
            Interval(gt=NOW.astimezone(tz=datetime.fromisoformat("2026-01-01T00:00:00+02:00").tzinfo)),
            {"earliest_start_date": "2026-06-15T08:59:59.999Z"},
        ),
        (Interval(gt=NOW, lt=NOW - timedelta(seconds=1)), None),
        (Interval(gte=datetime.min.replace(tzinfo=UTC)), {}),
        (Interval(lte=datetime.max.replace(tzinfo=UTC)), {}),
    ],
)
def test_times_are_sent_in_utc_with_milliseconds(interval: Interval, bounds: dict[str, str] | None) -> None:
    """The bridge answers 500 for bounds that are equal or in the wrong order; they are never sent."""
    assert bounds == creation_bounds(TaskQuery(times=((CREATED, interval),)))
