"""The members of a query, and the values by which rows are sorted."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from connectors.sdk.model import GroupRef, Task, TaskState, UserRef
from connectors.sdk.query import SortKey, TaskOrderField, TaskQuery, order_value
from connectors.sdk.row_test import folded

NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)
TASK = Task(
    source="here",
    native_id="1",
    title="Straße",
    state=TaskState.RESERVED,
    rule="test",
    fetched_at=NOON,
    assignees=(UserRef(native_id="ada"), UserRef(native_id="bo")),
    candidate_users=(UserRef(native_id="cy"),),
    candidate_groups=(GroupRef(native_id="17", name="Sales"),),
    flow_id="f1",
    due_at=NOON,
)
BARE = Task(source="here", native_id="2", title="", state=TaskState.READY, rule="test", fetched_at=NOON)


@pytest.mark.parametrize(
    "query",
    [
        TaskQuery(),
        TaskQuery(states=frozenset({TaskState.RESERVED, TaskState.READY})),
        TaskQuery(assignees=frozenset({"bo"})),
        TaskQuery(has_assignee=True),
        TaskQuery(candidate_users=frozenset({"cy"})),
        TaskQuery(candidate_groups=frozenset({"17"})),
        TaskQuery(candidate_groups=frozenset({"sALES"})),
        TaskQuery(has_candidates=True),
        TaskQuery(flows=frozenset({"f1", "f2"})),
        TaskQuery(present=frozenset({TaskOrderField.DUE_AT, TaskOrderField.PRIORITY})),
        TaskQuery(absent=frozenset({TaskOrderField.COMPLETED_AT})),
        TaskQuery(order=(SortKey(TaskOrderField.COMPLETED_AT),)),
    ],
)
def test_a_task_matches_each_member_that_holds(query: TaskQuery) -> None:
    """Ids match exactly, group names without case. The order has no effect."""
    assert query.matches(TASK)


@pytest.mark.parametrize(
    "query",
    [
        TaskQuery(states=frozenset()),
        TaskQuery(states=frozenset({TaskState.READY})),
        TaskQuery(assignees=frozenset()),
        TaskQuery(assignees=frozenset({"ADA"})),
        TaskQuery(has_assignee=False),
        TaskQuery(candidate_users=frozenset({"ada"})),
        TaskQuery(candidate_groups=frozenset({"18", "support"})),
        TaskQuery(has_candidates=False),
        TaskQuery(flows=frozenset()),
        TaskQuery(present=frozenset({TaskOrderField.DUE_AT, TaskOrderField.COMPLETED_AT})),
        TaskQuery(absent=frozenset({TaskOrderField.DUE_AT})),
        TaskQuery(states=frozenset({TaskState.RESERVED}), has_assignee=False),
    ],
)
def test_one_member_that_does_not_match_is_enough(query: TaskQuery) -> None:
    """An empty set matches nothing."""
    assert not query.matches(TASK)


@pytest.mark.parametrize(
    "query",
    [
        TaskQuery(assignees=frozenset({"ada"})),
        TaskQuery(candidate_users=frozenset({"ada"})),
        TaskQuery(candidate_groups=frozenset({"17"})),
        TaskQuery(flows=frozenset({"f1"})),
        TaskQuery(has_candidates=True),
    ],
)
def test_an_unknown_value_matches_no_id(query: TaskQuery) -> None:
    """A query by id does not distinguish unknown from empty."""
    assert not query.matches(BARE)


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        (TaskOrderField.DUE_AT, NOON),
        (TaskOrderField.FOLLOW_UP_AT, None),
        (TaskOrderField.CREATED_AT, None),
        (TaskOrderField.UPDATED_AT, None),
        (TaskOrderField.COMPLETED_AT, None),
        (TaskOrderField.PRIORITY, 50),
        (TaskOrderField.TITLE, "strasse"),
        (TaskOrderField.STATE, 2),
        (TaskOrderField.SOURCE, "here"),
    ],
)
def test_rows_sort_by_these_values(field: TaskOrderField, expected: object) -> None:
    """Titles without case, states in their order, a missing priority as MEDIUM."""
    assert expected == order_value(TASK, field)


def test_a_priority_of_zero_is_not_a_missing_priority() -> None:
    """The default is only for None."""
    assert 0 == order_value(structs.replace(TASK, priority_score=0), TaskOrderField.PRIORITY)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Clarify\nrequest", "clarify request"),
        ("  Check  order ", "check order"),
        ("Check\u00a0\t\u3000order", "CHECK ORDER"),
        ("Straße", "STRASSE"),
        ("Ｏｒｄｅｒ ﬁle №", "order file No"),
        ("Cafe\u0301", "Café"),
        ("Café", "cafe"),
        ("or\u00adder\u200b", "order"),
        ("İstanbul", "istanbul"),
        ("℡", "tel"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
    ],
)
def test_texts_that_read_the_same_are_folded_to_the_same(one: str, other: str) -> None:
    """White space, case, accents, invisible letters and compatible forms."""
    assert folded(one) == folded(other)


def test_letters_are_not_cut_in_parts() -> None:
    """A Hangul syllable is no part of another, although one decomposes to letters of the other."""
    assert folded("하") not in folded("한")


@given(st.text(max_size=30), st.text(max_size=30))
def test_folding_twice_is_folding_once(one: str, other: str) -> None:
    """And parts stay parts: what a text contains as it is, its folded text contains."""
    assert folded(one) == folded(folded(one))
    assert folded(one) in folded(f"{one} {other}")


@pytest.mark.parametrize(("text", "found"), [("clarify request", True), ("request 7", False), ("REQUEST", True)])
def test_a_text_is_found_in_one_text_of_the_row(text: str, found: bool) -> None:
    """Not in the end of one and the start of the next."""
    row = structs.replace(TASK, title="Clarify\nrequest", business_key="7 b")

    assert found is TaskQuery(text=text).matches(row)
