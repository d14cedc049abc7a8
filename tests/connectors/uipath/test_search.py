"""Queries as $filter and $orderby."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.sdk.model import OPEN_STATES, Definition, Task, TaskKind, TaskPriority, TaskState, UserRef
from connectors.sdk.query import Interval, SortDirection, SortKey, TaskOrderField, TaskQuery
from connectors.sdk.time import whole_milliseconds
from connectors.uipath.formats import MOST_COMPARISONS, odata_time
from connectors.uipath.mapping import TYPES
from connectors.uipath.search import VENDOR_STATES, filter_of, order_of, pushdown

GUID = "0b9d7c1e-4a5f-4d7b-9e61-6a1f6b1d2c3d"
MOMENT = datetime(2026, 1, 2, 3, 4, 5, 678901, UTC)
SECOND = timedelta(seconds=1)

# A literal ends at the first quote that is not doubled.
LITERAL = re.compile(r"'((?:[^']|'')*)'")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (TaskQuery(), ""),
        (TaskQuery(states=OPEN_STATES), "IsDeleted eq false and Status ne 'Completed'"),
        (
            TaskQuery(states=frozenset({TaskState.READY})),
            "IsDeleted eq false and (Status eq 'Unassigned' or (Status eq 'Pending' and AssignedToUserId eq null))",
        ),
        (
            TaskQuery(states=frozenset({TaskState.RESERVED})),
            "IsDeleted eq false and ((Status eq 'Pending' and AssignedToUserId ne null))",
        ),
        (
            TaskQuery(states=frozenset({TaskState.READY, TaskState.RESERVED})),
            "IsDeleted eq false and (Status eq 'Unassigned' or Status eq 'Pending')",
        ),
        (TaskQuery(states=frozenset({TaskState.CANCELED})), "IsDeleted eq true"),
        (
            TaskQuery(states=frozenset({TaskState.CANCELED, TaskState.COMPLETED})),
            "(IsDeleted eq true or (Status eq 'Completed'))",
        ),
        (
            TaskQuery(states=frozenset({TaskState.UNKNOWN})),
            "IsDeleted eq false and Status ne 'Unassigned' and Status ne 'Pending' and Status ne 'Completed'",
        ),
        (
            TaskQuery(states=frozenset({TaskState.UNKNOWN, TaskState.CANCELED, TaskState.READY})),
            "(IsDeleted eq true or Status ne 'Completed')",
        ),
        (TaskQuery(states=frozenset(TaskState) - {TaskState.CANCELED}), "IsDeleted eq false"),
        (TaskQuery(states=frozenset(TaskState)), ""),
        (TaskQuery(assignees=frozenset({"7"})), "AssignedToUserId eq 7"),
        (
            TaskQuery(assignees=frozenset({"7", "8", "alice"})),
            "(AssignedToUserId eq 7 or AssignedToUserId eq 8)",
        ),
        (TaskQuery(has_assignee=True), "AssignedToUserId ne null"),
        (TaskQuery(has_assignee=False), "AssignedToUserId eq null"),
        (TaskQuery(ids=frozenset({"828-101", "x"})), "Id eq 101"),
        (
            TaskQuery(flows=frozenset({f"828-{GUID}"})),
            f"((CreatorJobKey eq {GUID} and OrganizationUnitId eq 828))",
        ),
        (
            TaskQuery(kinds=frozenset({TaskKind.DOCUMENT, TaskKind.MANUAL})),
            "(Type eq 'DocumentValidationTask' or Type eq 'DocumentClassificationTask' or Type eq 'DataLabelingTask')",
        ),
        (TaskQuery(priorities=frozenset({TaskPriority.HIGH})), "Priority eq 'High'"),
        (TaskQuery(business_keys=frozenset({"it's"})), "ExternalTag eq 'it''s'"),
        (TaskQuery(definition_keys=frozenset({"Loans"})), "TaskCatalogName eq 'Loans'"),
        (
            TaskQuery(times=((TaskOrderField.CREATED_AT, Interval(gte=MOMENT, lt=MOMENT + SECOND)),)),
            "CreationTime ge 2026-01-02T03:04:05.679000Z and CreationTime lt 2026-01-02T03:04:06.679000Z",
        ),
        (
            TaskQuery(times=((TaskOrderField.UPDATED_AT, Interval(gt=MOMENT, lte=MOMENT + SECOND)),)),
            "LastModificationTime ge 2026-01-02T03:04:05.679000Z and LastModificationTime lt 2026-01-02T03:04:06.679000Z",
        ),
        (
            TaskQuery(times=((TaskOrderField.CREATED_AT, Interval(lte=datetime.max.replace(tzinfo=UTC))),)),
            "",
        ),
        (TaskQuery(present=frozenset({TaskOrderField.UPDATED_AT})), "LastModificationTime ne null"),
        (TaskQuery(absent=frozenset({TaskOrderField.COMPLETED_AT})), "CompletionTime eq null"),
        (TaskQuery(present=frozenset({TaskOrderField.CREATED_AT})), ""),
        # Left to the gateway.
        (TaskQuery(candidate_users=frozenset({"7"})), ""),
        (TaskQuery(candidate_groups=frozenset({"9"}), has_candidates=True), ""),
        (TaskQuery(tags=frozenset({"urgent"}), text="review", overdue_at=MOMENT), ""),
        (TaskQuery(times=((TaskOrderField.DUE_AT, Interval(lt=MOMENT)),)), ""),
        (TaskQuery(present=frozenset({TaskOrderField.DUE_AT})), ""),
        (TaskQuery(kinds=frozenset({TaskKind.UNKNOWN, TaskKind.FORM})), ""),
        (TaskQuery(assignees=frozenset(str(number) for number in range(1, 30))), ""),
    ],
)
def test_a_query_as_filter(query: TaskQuery, expected: str) -> None:
    """The pushed-down part of each query; the rest is left to the gateway."""
    assert expected == filter_of(pushdown(query))


@pytest.mark.parametrize(
    "query",
    [
        TaskQuery(states=frozenset()),
        TaskQuery(states=frozenset({TaskState.SUSPENDED, TaskState.SKIPPED})),
        TaskQuery(assignees=frozenset()),
        TaskQuery(assignees=frozenset({"alice", "7 or 1 eq 1", "0", "9" * 30})),
        TaskQuery(assignees=frozenset({"7"}), has_assignee=False),
        TaskQuery(ids=frozenset({"101", "828/101", "828-0"})),
        TaskQuery(flows=frozenset({GUID, "828-x"})),
        # The flow id of a task never has a folder key.
        TaskQuery(flows=frozenset({f"{GUID}-{GUID}"})),
        TaskQuery(kinds=frozenset({TaskKind.MANUAL})),
        TaskQuery(business_keys=frozenset({"\ud800"})),
        TaskQuery(present=frozenset({TaskOrderField.FOLLOW_UP_AT})),
        TaskQuery(absent=frozenset({TaskOrderField.TITLE})),
        TaskQuery(times=((TaskOrderField.FOLLOW_UP_AT, Interval(lt=MOMENT)),)),
        TaskQuery(times=((TaskOrderField.CREATED_AT, Interval(gt=datetime.max.replace(tzinfo=UTC))),)),
        TaskQuery(subject_types=frozenset({"order"})),
        TaskQuery(is_escalated=False),
    ],
)
def test_a_query_that_nothing_can_match_needs_no_call(query: TaskQuery) -> None:
    """There is no filter."""
    assert filter_of(pushdown(query)) is None


def test_the_sources_folders_are_part_of_every_filter() -> None:
    """In parentheses: `or` binds weaker than `and`."""
    query = TaskQuery(priorities=frozenset({TaskPriority.LOW}))

    assert "(OrganizationUnitId eq 828 or OrganizationUnitId eq 829) and Priority eq 'Low'" == filter_of(
        query, (828, 829)
    )


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ((), "Id asc"),
        ((SortKey(TaskOrderField.CREATED_AT, SortDirection.DESC),), "CreationTime desc,Id asc"),
        (
            tuple(SortKey(field) for field in TaskOrderField),
            "CreationTime asc,LastModificationTime asc,CompletionTime asc,Id asc",
        ),
    ],
)
def test_the_last_key_of_an_order_is_unique(order: tuple[SortKey, ...], expected: str) -> None:
    """At most five keys. Due date, priority, title and state are never sent."""
    assert expected == order_of(order)


@given(st.frozensets(st.text(alphabet=st.characters(codec="utf-8")), min_size=1, max_size=5))
def test_texts_of_a_query_stay_values(values: frozenset[str]) -> None:
    """Without its literals a filter contains only our own text."""
    filter = filter_of(TaskQuery(business_keys=values)) or ""
    rest = LITERAL.sub("?", filter)

    assert " or ".join(["ExternalTag eq ?"] * len(values)) == rest.removeprefix("(").removesuffix(")")
    assert values == {each.replace("''", "'") for each in LITERAL.findall(filter)}


moments = st.integers(0, 3 * 24 * 3600 * 1000).map(
    lambda offset: whole_milliseconds(MOMENT) + timedelta(milliseconds=offset)
)
texts = st.sampled_from(["a", "it's", "b eq c"])
some_times = st.none() | moments


@st.composite
def tasks(draw: st.DrawFn) -> Task:
    owner = draw(st.none() | st.sampled_from(["7", "8"]))
    catalog = draw(st.none() | texts)
    return Task(
        source="uipath",
        native_id=draw(st.sampled_from(["828-101", "828-102", "829-103"])),
        title="Review",
        state=draw(st.sampled_from(sorted(VENDOR_STATES))),
        rule="drawn",
        fetched_at=MOMENT,
        kind=draw(st.sampled_from([*set(TYPES.values()), TaskKind.UNKNOWN])),
        priority=draw(st.none() | st.sampled_from([*TaskPriority])),
        created_at=draw(moments),
        updated_at=draw(some_times),
        completed_at=draw(some_times),
        assignees=() if owner is None else (UserRef(native_id=owner),),
        flow_id=draw(st.none() | st.just(f"828-{GUID}")),
        business_key=draw(st.none() | texts),
        definition=None if catalog is None else Definition(native_id=catalog, key=catalog),
    )


def some(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | st.frozensets(values, max_size=40)


intervals = st.builds(Interval, gt=some_times, gte=some_times, lt=some_times, lte=some_times)
every_query = st.builds(
    TaskQuery,
    ids=some(st.sampled_from(["828-101", "829-103", "1-1", "x"])),
    states=some(st.sampled_from([*TaskState])),
    kinds=some(st.sampled_from([*TaskKind])),
    priorities=some(st.sampled_from([*TaskPriority])),
    assignees=some(st.integers(1, 60).map(str)),
    has_assignee=st.none() | st.booleans(),
    candidate_users=some(st.just("7")),
    flows=some(st.sampled_from([f"828-{GUID}", f"829-{GUID}"])),
    definition_keys=some(texts),
    business_keys=some(texts | st.text()),
    times=st.lists(st.tuples(st.sampled_from([*TaskOrderField]), intervals), max_size=4).map(tuple),
    present=st.frozensets(st.sampled_from([*TaskOrderField]), max_size=2),
    absent=st.frozensets(st.sampled_from([*TaskOrderField]), max_size=2),
    text=st.none() | st.just("view"),
)


@given(every_query, tasks())
def test_what_is_pushed_down_is_never_stricter(query: TaskQuery, task: Task) -> None:
    """A task that matches a query matches its pushed-down part, and that part has a filter."""
    pushed = pushdown(query)

    assert pushed.order == ()
    if query.matches(task):
        assert pushed.matches(task)
        assert filter_of(pushed) is not None


@given(every_query)
def test_a_filter_keeps_within_the_vendors_bounds(query: TaskQuery) -> None:
    """At most 100 comparisons with the id behind which a page begins. Pushing down again changes nothing."""
    pushed = pushdown(query, (828, 829))
    filter = filter_of(pushed, (828, 829)) or ""
    comparisons = len(re.findall(r" (?:eq|ne|ge|gt|lt|le) ", LITERAL.sub("?", filter)))

    assert comparisons <= MOST_COMPARISONS - 1
    assert pushed == pushdown(pushed, (828, 829))


def test_bounds_fit_clocks_finer_than_a_millisecond() -> None:
    """A row that was created 100 ns after a bound shows the bound's millisecond: the filter `lte` has it, `gt` does not."""
    shown = whole_milliseconds(MOMENT)
    behind = odata_time(shown + timedelta(milliseconds=1))

    assert f"CreationTime lt {behind}" == filter_of(_created(Interval(lte=shown)))
    assert f"CreationTime ge {behind}" == filter_of(_created(Interval(gt=shown)))
    assert f"CreationTime ge {odata_time(shown)}" == filter_of(_created(Interval(gte=shown)))
    assert f"CreationTime lt {odata_time(shown)}" == filter_of(_created(Interval(lt=shown)))


def _created(interval: Interval) -> TaskQuery:
    return TaskQuery(times=((TaskOrderField.CREATED_AT, interval),))
