"""Filters compiled for one source, against a plain evaluation."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.sdk.model import (
    Definition,
    FlowRef,
    GroupRef,
    NativeRef,
    SubjectRef,
    Tag,
    Task,
    TaskKind,
    TaskPriority,
    TaskRef,
    TaskState,
    UserRef,
)
from connectors.sdk.query import Interval, TaskOrderField, TaskQuery
from connectors.sdk.row_test import TextMatch
from gateway.federation.lists.filter_compiler import CompiledFilter, FilterCompiler
from schema.core.context import Context
from schema.ports import PersonId, SubjectMatch, TaskFilter
from schema.task.filters import TaskFilter as GraphFilter
from schema.task.filters import UserFilter
from tests.gateway.federation.filter_model import filters_of, matches, moments, native_of, plain, some, words
from tests.gateway.federation.memory_source import NOW, person, task
from tests.schema.fake_federation import FakeFederation

TIMES = (TaskOrderField.DUE_AT, TaskOrderField.COMPLETED_AT)
COMPILER = FilterCompiler("north", "memory", native_id=native_of, now=NOW)

users = st.lists(st.sampled_from(["alice", "bob"]), max_size=2, unique=True).map(
    lambda ids: tuple(UserRef(native_id=one) for one in ids)
)
groups = st.lists(st.sampled_from(["g1", "g2"]), max_size=2, unique=True).map(
    lambda ids: tuple(GroupRef(native_id=one) for one in ids)
)


@st.composite
def tasks(draw: st.DrawFn) -> Task:
    state = draw(st.sampled_from(TaskState))
    return task(
        "north",
        draw(st.sampled_from(["1", "2", "3"])),
        title=draw(words),
        state=state,
        kind=draw(st.sampled_from([TaskKind.FORM, TaskKind.APP])),
        priority=draw(st.none() | st.sampled_from(TaskPriority)),
        is_escalated=draw(st.none() | st.booleans()),
        is_overdue=draw(st.none() | st.booleans()),
        due_at=draw(st.none() | moments),
        completed_at=draw(st.none() | moments),
        assignees=() if state is TaskState.READY else draw(users),  # a READY task has no owner
        candidate_users=draw(st.none() | users),
        candidate_groups=draw(st.none() | groups),
        business_key=draw(st.none() | words),
        tags=draw(st.none() | st.lists(words.map(lambda name: Tag(name=name)), max_size=2).map(tuple)),
        definition=draw(st.none() | words.map(lambda key: Definition(native_id=key, key=key))),
        flow_id=draw(st.none() | st.sampled_from(["f1", "f2"])),
        subjects=draw(
            st.none()
            | st.lists(
                st.builds(
                    SubjectRef,
                    type=st.sampled_from(["account", "order"]),
                    native_id=st.sampled_from(["7", "8"]),
                    label=st.none() | words,
                ),
                max_size=2,
            ).map(tuple)
        ),
    )


people = some(
    [PersonId(key="alice"), PersonId(key="bob"), PersonId(key="unknown"), PersonId(ref=NativeRef("north", "bob"))]
)
MEMBERS: dict[str, st.SearchStrategy[Any]] = {
    "ids": some([TaskRef("north", "1"), TaskRef("north", "2"), TaskRef("south", "3")]),
    "sources": some(["north", "south"]),
    "source": st.none()
    | st.builds(TextMatch, contains=st.none() | st.just("nor"), not_in=st.none() | st.just(frozenset({"north"}))),
    "vendors": some(["memory", "other"]),
    "vendor": matches,
    "states": some(TaskState),
    "kinds": some(TaskKind),
    "priorities": some(TaskPriority),
    "is_overdue": st.none() | st.booleans(),
    "is_escalated": st.none() | st.booleans(),
    "text": st.none() | st.sampled_from(["inv", "Í", "acc", "invoice  7", "claim\ninvoice", " "]),
    "titles": some(["Invoice", "Claim"]),
    "title": matches,
    "business_keys": some(["Invoice", "Claim"]),
    "business_key": matches,
    "tags": some(["Invoice", "Claim"]),
    "tag": matches,
    "definition_keys": some(["Invoice", "Claim"]),
    "definition": matches,
    "assignees": people,
    "has_assignee": st.none() | st.booleans(),
    "candidate_users": people,
    "has_candidate_users": st.none() | st.booleans(),
    "candidate_groups": some([NativeRef("north", "g1"), NativeRef("north", "g2"), NativeRef("south", "g1")]),
    "has_candidate_groups": st.none() | st.booleans(),
    "flows": some([FlowRef("north", "f1"), FlowRef("south", "f2")]),
    "has_flow": st.none() | st.booleans(),
    "subject": st.none()
    | st.builds(
        SubjectMatch,
        type=st.none() | st.just("account"),
        native_id=st.none() | st.just("7"),
        label=st.none() | st.just("CLAIM"),
    ),
    "times": st.lists(
        st.tuples(st.sampled_from(TIMES), st.builds(Interval, gt=st.none() | moments, lte=st.none() | moments)),
        max_size=2,
    ).map(tuple),
    "present": st.frozensets(st.sampled_from(TIMES), max_size=1),
    "absent": st.frozensets(st.sampled_from(TIMES), max_size=1),
}


filters = filters_of(MEMBERS)


def test_every_member_of_a_filter_is_drawn() -> None:
    """Otherwise the tests would miss a member that the compiler forgets."""
    assert {*MEMBERS, "all_of", "any_of", "none_of"} == set(TaskFilter.__struct_fields__)


@pytest.mark.slow
@given(filters, st.lists(tasks(), min_size=1, max_size=12))
def test_a_compiled_filter_is_sound(wanted: TaskFilter, rows: list[Task]) -> None:
    """The test is exact. The query matches every match, and nothing else if it is called exact."""
    compiled = COMPILER.compile(wanted)
    for one in rows:
        expected = plain(wanted, one)

        assert expected == compiled.matches(one)
        assert not expected or (compiled.query is not None and compiled.query.matches(one))
        assert not compiled.is_exact or compiled.query is None or compiled.query.matches(one) == expected


@pytest.mark.parametrize(
    ("wanted", "query", "exact"),
    [
        (TaskFilter(), TaskQuery(), True),
        (TaskFilter(sources=frozenset({"south"})), None, True),
        (TaskFilter(states=frozenset()), None, True),
        (
            TaskFilter(states=frozenset({TaskState.READY}), all_of=(TaskFilter(has_assignee=False),)),
            TaskQuery(states=frozenset({TaskState.READY}), has_assignee=False),
            True,
        ),
        (
            TaskFilter(any_of=(TaskFilter(states=frozenset({TaskState.READY})), TaskFilter(sources=frozenset({"x"})))),
            TaskQuery(states=frozenset({TaskState.READY})),
            True,
        ),
        (
            TaskFilter(
                any_of=(
                    TaskFilter(states=frozenset({TaskState.READY}), has_assignee=False, all_of=(TaskFilter(text="a"),)),
                    TaskFilter(states=frozenset({TaskState.FAILED})),
                )
            ),
            TaskQuery(states=frozenset({TaskState.READY, TaskState.FAILED})),
            False,
        ),
        (
            TaskFilter(none_of=TaskFilter(states=frozenset(TaskState) - {TaskState.READY})),
            TaskQuery(states=frozenset({TaskState.READY})),
            True,
        ),
        (TaskFilter(none_of=TaskFilter(text="a")), TaskQuery(), False),
        (TaskFilter(none_of=TaskFilter(sources=frozenset({"south"}))), TaskQuery(), True),
        (TaskFilter(all_of=(TaskFilter(has_assignee=True), TaskFilter(has_assignee=False))), None, True),
        (TaskFilter(titles=frozenset({"a"})), TaskQuery(), False),
        (TaskFilter(is_overdue=True), TaskQuery(overdue_at=NOW), True),
    ],
)
def test_the_strongest_sound_query(wanted: TaskFilter, query: TaskQuery | None, exact: bool) -> None:
    """`or` becomes what its branches have in common, `not` the complement. A contradiction has no query."""
    compiled = COMPILER.compile(wanted)

    assert (query, exact) == (compiled.query, compiled.is_exact)


def test_the_time_for_overdue_tasks_is_rounded_to_the_minute() -> None:
    """So many callers share one answer. Rows are tested against the exact time."""
    moment = NOW + timedelta(seconds=30)
    compiled = FilterCompiler("north", "memory", native_id=lambda _: None, now=moment).compile(
        TaskFilter(is_overdue=True)
    )
    almost = task("north", "1", due_at=moment + timedelta(seconds=1))

    assert TaskQuery(overdue_at=NOW + timedelta(minutes=1)) == compiled.query
    assert (False, False) == (compiled.is_exact, compiled.matches(almost))


OPEN_NOW = TaskFilter(is_overdue=True)
OWNED, FREE = TaskFilter(has_assignee=True), TaskFilter(has_assignee=False)


def due(**bounds: Any) -> TaskFilter:
    return TaskFilter(times=((TaskOrderField.DUE_AT, Interval(**bounds)),))


@pytest.mark.parametrize(
    "branches",
    [
        (TaskFilter(states=frozenset()),),
        (TaskFilter(states=frozenset({TaskState.READY})), TaskFilter(states=frozenset({TaskState.FAILED}))),
        (TaskFilter(states=frozenset({TaskState.READY})), OWNED),
        (TaskFilter(assignees=frozenset({PersonId(key="alice")})), FREE),
        (TaskFilter(assignees=frozenset({PersonId(key="unknown")})),),
        (OWNED, FREE),
        (TaskFilter(is_escalated=True), TaskFilter(is_escalated=False)),
        (TaskFilter(states=frozenset({TaskState.COMPLETED})), OPEN_NOW),
        (TaskFilter(priorities=frozenset({TaskPriority.LOW})), TaskFilter(priorities=frozenset({TaskPriority.HIGH}))),
        (TaskFilter(ids=frozenset({TaskRef("south", "1")})),),
        (TaskFilter(vendor=TextMatch(contains="other")),),
        (due(gt=NOW, lt=NOW - timedelta(hours=1)),),
        (due(gte=NOW), due(lt=NOW)),
        (due(gt=NOW), due(lte=NOW)),
        (due(lt=NOW), TaskFilter(absent=frozenset({TaskOrderField.DUE_AT}))),
        (TaskFilter(present=frozenset(TIMES)), TaskFilter(absent=frozenset(TIMES))),
        (TaskFilter(any_of=()),),
        (TaskFilter(states=frozenset({TaskState.READY})), TaskFilter(none_of=TaskFilter(states=frozenset(TaskState)))),
    ],
)
def test_a_contradiction_has_no_query(branches: tuple[TaskFilter, ...]) -> None:
    """Also if its two parts are in different branches."""
    nested = TaskFilter(all_of=branches)

    assert COMPILER.compile(nested).query is None
    assert COMPILER.compile(TaskFilter(any_of=(nested, nested))).query is None


def test_a_single_moment_is_no_contradiction() -> None:
    """From NOW to NOW, both inclusive."""
    query = COMPILER.compile(TaskFilter(all_of=(due(gte=NOW), due(lte=NOW)))).query

    assert query is not None
    assert query.matches(task("north", "1", due_at=NOW))


@pytest.mark.slow
@given(st.lists(tasks(), min_size=1, max_size=12), st.sampled_from(["assignee", "candidateUser"]), st.booleans())
def test_everybody_but_me_is_what_me_is_not(rows: list[Task], member: str, is_known: bool) -> None:
    """Tasks without a user are among the others; of a person without an account there is nothing to exclude."""
    caller = person("alice" if is_known else "unknown")
    context = Context(caller, FakeFederation([caller]), lambda: NOW)

    def compiled(*, me: bool) -> CompiledFilter:
        people = UserFilter(me=me)
        wanted = GraphFilter(assignee=people) if member == "assignee" else GraphFilter(candidate_user=people)
        return COMPILER.compile(wanted.to_port(context))

    mine, others = compiled(me=True), compiled(me=False)
    for one in rows:
        users = one.assignees if member == "assignee" else one.candidate_users or ()
        is_mine = any(user.native_id == caller.key for user in users)

        assert (is_mine, not is_mine) == (mine.matches(one), others.matches(one))
        assert is_mine or (others.query is not None and others.query.matches(one))


@pytest.mark.parametrize(
    "wanted",
    [
        TaskFilter(none_of=TaskFilter(sources=frozenset({"north"}))),
        TaskFilter(none_of=TaskFilter(vendors=frozenset({"memory"}))),
        TaskFilter(source=TextMatch(not_in=frozenset({"north"}))),
        TaskFilter(none_of=TaskFilter(states=frozenset(TaskState))),
    ],
)
def test_a_source_that_is_excluded_is_not_asked(wanted: TaskFilter) -> None:
    """Its rows would all be read for nothing."""
    assert COMPILER.compile(wanted).query is None
