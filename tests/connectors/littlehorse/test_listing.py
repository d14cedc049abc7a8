"""What is pushed down, and how one list becomes several of the bridge."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.littlehorse.listing import (
    STATUSES,
    Shelf,
    Stream,
    cursor_of,
    pushdown,
    statuses_of,
    streams_of,
    window_of,
)
from connectors.sdk.errors import ValidationFailedError
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
    """One status a request; an owner rules out what nobody owns."""
    assert statuses == statuses_of(pushdown(query).states)


def test_only_what_the_bridge_answers_exactly_is_pushed_down() -> None:
    """States, one group, definitions, creation; neither people nor text nor order."""
    whole = TaskQuery(
        states=frozenset({TaskState.READY}),
        candidate_groups=frozenset({"accounting"}),
        definition_keys=frozenset({"a", "b"}),
        times=((CREATED, Interval(gte=NOW)), (TaskOrderField.DUE_AT, Interval(lt=NOW))),
        flows=frozenset({"r"}),
        text="x",
        order=(SortKey(CREATED),),
    )
    pushed = pushdown(whole)

    assert frozenset({"accounting"}) == pushed.candidate_groups
    assert frozenset({"a", "b"}) == pushed.definition_keys
    assert ((CREATED, Interval(gte=NOW)),) == pushed.times
    assert (None, None, None, ()) == (pushed.assignees, pushed.flows, pushed.text, pushed.order)
    assert pushdown(TaskQuery(candidate_groups=frozenset({"a", "b"}))).candidate_groups is None


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
# READY and an owner never go together here.
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
def test_every_match_of_a_query_matches_what_is_pushed_down(query: TaskQuery, task: Task) -> None:
    """A pushed-down query is weaker, never another; pushing it down again changes nothing."""
    pushed = pushdown(query)

    assert not query.matches(task) or pushed.matches(task)
    assert pushed == pushdown(pushed)


@given(query=QUERIES, task=TASKS)
def test_no_match_lies_outside_the_window(query: TaskQuery, task: Task) -> None:
    """The bridge compares with milliseconds, either bound included or not: the window is wider than the query."""
    pushed = pushdown(query)
    window = window_of(pushed)
    if not pushed.matches(task):
        return

    assert window is not None
    created = task.created_at
    if window:
        assert created is not None
        assert datetime.fromisoformat(window.get("earliest_start_date", "0001-01-01T00:00:00Z")) < created
        assert created < datetime.fromisoformat(window.get("latest_start_date", "9999-12-31T00:00:00Z"))


@pytest.mark.parametrize(
    ("interval", "window"),
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
def test_times_are_sent_in_utc_with_milliseconds(interval: Interval, window: dict[str, str] | None) -> None:
    """Bounds that are equal or the wrong way round, which the bridge answers with 500, are never sent."""
    assert window == window_of(TaskQuery(times=((CREATED, interval),)))


def test_a_cursor_holds_where_each_list_stands() -> None:
    """And ends when none goes on."""
    streams = [Stream(Shelf.ALL, "a", "DONE", None, "+/+/AA=="), Stream(Shelf.CLAIMABLE, group="g")]
    cursor = cursor_of(streams)

    assert cursor is not None
    assert streams == streams_of(cursor)
    assert cursor_of([]) is None


@pytest.mark.parametrize("cursor", ["", "x", "é", "W10", "bnVsbA==", "W1siZWxzZSJdXQ==", "W" * 10_000, "eyJhIjoxfQ=="])
def test_a_cursor_of_something_else_is_refused(cursor: str) -> None:
    """Whatever it is."""
    with pytest.raises(ValidationFailedError):
        streams_of(cursor)


def test_a_list_is_asked_with_what_it_is_given() -> None:
    """`limit` always; members that are None are left out."""
    stream = Stream(Shelf.ALL, "approve", "DONE", "g", "b==")

    assert {
        "limit": 5,
        "type": "approve",
        "status": "DONE",
        "user_group_id": "g",
        "earliest_start_date": "x",
        "bookmark": "b==",
    } == stream.params({"earliest_start_date": "x"}, 5)
    assert {"limit": 1} == Stream(Shelf.MINE).params({}, 1)
    assert set(STATUSES.values()) == {"UNASSIGNED", "ASSIGNED", "DONE", "CANCELLED"}
    assert ["all"] == msgspec.json.decode(msgspec.json.encode(Stream(Shelf.ALL)))[:1]
