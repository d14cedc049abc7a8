"""Filters of the graph as one source sees them, against a plain evaluation."""

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
from connectors.sdk.query import Interval, TaskOrderField, TaskQuery, TextMatch, time_of
from gateway.federation.filters import FilterReader
from schema.port import PersonId, SubjectMatch, TaskFilter
from tests.gateway.federation.memory_source import NOW, task

PEOPLE = {"alice": "a1", "bob": "b1"}
TIMES = (TaskOrderField.DUE_AT, TaskOrderField.COMPLETED_AT)
READER = FilterReader(
    "north",
    "memory",
    native=lambda person: PEOPLE.get(person.key) if person.key else person.ref.native_id if person.ref else None,
    now=NOW,
)

moments = st.integers(-2, 2).map(lambda hours: NOW + timedelta(hours=hours))
words = st.sampled_from(["Invoice", "ínvoice 7", "Claim", ""])
users = st.lists(st.sampled_from(["a1", "b1"]), max_size=2, unique=True).map(
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
        assignees=() if state is TaskState.READY else draw(users),  # READY is who nobody owns
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


def some(values: Any) -> st.SearchStrategy[Any]:
    return st.none() | st.frozensets(st.sampled_from(list(values)), max_size=2)


matches = st.none() | st.builds(
    TextMatch, contains=st.none() | words, starts_with=st.none() | words, is_null=st.none() | st.booleans()
)
people = some(
    [PersonId(key="alice"), PersonId(key="bob"), PersonId(key="nobody"), PersonId(ref=NativeRef("north", "b1"))]
)
MEMBERS: dict[str, st.SearchStrategy[Any]] = {
    "ids": some([TaskRef("north", "1"), TaskRef("north", "2"), TaskRef("south", "3")]),
    "sources": some(["north", "south"]),
    "vendors": some(["memory", "other"]),
    "vendor": matches,
    "states": some(TaskState),
    "kinds": some(TaskKind),
    "priorities": some(TaskPriority),
    "is_overdue": st.none() | st.booleans(),
    "is_escalated": st.none() | st.booleans(),
    "text": st.none() | st.sampled_from(["inv", "Í", "acc"]),
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


@st.composite
def own_members(draw: st.DrawFn) -> dict[str, Any]:
    """Few members at a time: with all of them nothing would ever match."""
    names = draw(st.lists(st.sampled_from(list(MEMBERS)), max_size=3, unique=True))
    return {name: draw(MEMBERS[name]) for name in names}


filters = st.recursive(
    own_members().map(lambda members: TaskFilter(**members)),
    lambda inner: st.builds(
        lambda members, all_of, any_of, none_of: TaskFilter(**members, all_of=all_of, any_of=any_of, none_of=none_of),
        own_members(),
        st.lists(inner, max_size=2).map(tuple),
        st.none() | st.lists(inner, max_size=3).map(tuple),
        st.none() | inner,
    ),
    max_leaves=6,
)


def plain(wanted: TaskFilter, one: Task) -> bool:
    """What the filter says, member by member, without any question to a source."""

    def natives(asked: frozenset[PersonId]) -> set[str | None]:
        return {PEOPLE.get(each.key) if each.key else each.ref.native_id if each.ref else None for each in asked}

    def fold(text: str) -> str:
        return text.casefold().replace("í", "i")

    def text_fits(match: TextMatch | None, text: str | None) -> bool:
        if match is None:
            return True
        if text is None:
            return match.contains is None and match.starts_with is None and match.is_null is not False
        return (
            fold(match.contains or "") in fold(text)
            and fold(text).startswith(fold(match.starts_with or ""))
            and match.is_null is not True
        )

    def subject_fits(match: SubjectMatch, subject: SubjectRef) -> bool:
        return (
            match.type in {None, subject.type}
            and match.native_id in {None, subject.native_id}
            and fold(match.label or "") in fold(subject.label or "")
        )

    def late() -> bool | None:
        if not one.is_open:
            return False
        return bool(one.is_overdue) if one.due_at is None else one.due_at < NOW

    tags: list[str | None] = [tag.name for tag in one.tags or ()]
    key = one.definition.key if one.definition else None
    shown = [one.title, one.description, key, one.business_key, *(each.label for each in one.subjects or ())]
    conditions = [
        wanted.ids is None or one.ref in wanted.ids,
        wanted.sources is None or "north" in wanted.sources,
        wanted.vendors is None or "memory" in wanted.vendors,
        text_fits(wanted.vendor, "memory"),
        wanted.states is None or one.state in wanted.states,
        wanted.kinds is None or one.kind in wanted.kinds,
        wanted.priorities is None or one.priority in wanted.priorities,
        wanted.is_overdue is None or late() is wanted.is_overdue,
        wanted.is_escalated is None or one.is_escalated is wanted.is_escalated,
        wanted.text is None or any(fold(wanted.text) in fold(text) for text in shown if text),
        wanted.titles is None or one.title in wanted.titles,
        text_fits(wanted.title, one.title),
        wanted.business_keys is None or one.business_key in wanted.business_keys,
        text_fits(wanted.business_key, one.business_key),
        wanted.tags is None or bool(wanted.tags & set(tags)),
        wanted.tag is None or any(text_fits(wanted.tag, tag) for tag in tags or [None]),
        wanted.definition_keys is None or key in wanted.definition_keys,
        text_fits(wanted.definition, key),
        wanted.assignees is None or any(each.native_id in natives(wanted.assignees) for each in one.assignees),
        wanted.has_assignee is None or bool(one.assignees) is wanted.has_assignee,
        wanted.candidate_users is None
        or any(each.native_id in natives(wanted.candidate_users) for each in one.candidate_users or ()),
        wanted.has_candidate_users is None or bool(one.candidate_users) is wanted.has_candidate_users,
        wanted.candidate_groups is None
        or any(NativeRef("north", each.native_id) in wanted.candidate_groups for each in one.candidate_groups or ()),
        wanted.has_candidate_groups is None or bool(one.candidate_groups) is wanted.has_candidate_groups,
        wanted.flows is None or (one.flow_id is not None and FlowRef("north", one.flow_id) in wanted.flows),
        wanted.has_flow is None or (one.flow_id is not None) is wanted.has_flow,
        wanted.subject is None or any(subject_fits(wanted.subject, each) for each in one.subjects or ()),
        all(interval.holds(time_of(one, field)) for field, interval in wanted.times),
        all(time_of(one, field) is not None for field in wanted.present),
        all(time_of(one, field) is None for field in wanted.absent),
        all(plain(each, one) for each in wanted.all_of),
        wanted.any_of is None or any(plain(each, one) for each in wanted.any_of),
        wanted.none_of is None or not plain(wanted.none_of, one),
    ]
    return all(conditions)


@given(filters, st.lists(tasks(), min_size=1, max_size=12))
def test_a_filter_is_read_soundly(wanted: TaskFilter, rows: list[Task]) -> None:
    """Rows are judged exactly; the question loses none of them, and says all of it where it says so."""
    read = READER.read(wanted)
    for one in rows:
        expected = plain(wanted, one)

        assert expected == read.matches(one)
        assert not expected or (read.query is not None and read.query.matches(one))
        assert not read.exact or read.query is None or read.query.matches(one) == expected


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
def test_the_strongest_sound_question(wanted: TaskFilter, query: TaskQuery | None, exact: bool) -> None:
    """`or` is asked by what its branches share, `not` by its complement, contradictions ask nobody."""
    read = READER.read(wanted)

    assert (query, exact) == (read.query, read.exact)


def test_overdue_is_asked_by_the_minute() -> None:
    """So that many share one answer; the rows are judged by the moment itself."""
    moment = NOW + timedelta(seconds=30)
    read = FilterReader("north", "memory", native=lambda _: None, now=moment).read(TaskFilter(is_overdue=True))
    almost = task("north", "1", due_at=moment + timedelta(seconds=1))

    assert TaskQuery(overdue_at=NOW + timedelta(minutes=1)) == read.query
    assert (False, False) == (read.exact, read.matches(almost))
