"""Conjunction and generalisation of task queries, for each member."""

from datetime import timedelta
from typing import Any, get_type_hints

import pytest

from connectors.sdk.model import TaskState
from connectors.sdk.query import FlowQuery, Interval, TaskOrderField, TaskQuery
from gateway.federation.lists.query_logic import (
    RULES,
    SUBJECT,
    UNCONDITIONAL,
    AllFields,
    Flag,
    OneOf,
    check_rules,
    conjunction,
    generalisation,
    is_contradictory,
)
from tests.gateway.federation.memory_source import NOW

ABOVE = (TaskOrderField.DUE_AT, Interval(gt=NOW))
BELOW = (TaskOrderField.DUE_AT, Interval(lt=NOW + timedelta(days=1)))


class WiderQuery(TaskQuery, frozen=True, kw_only=True):
    """A query with a member that has no rule."""

    outcomes: frozenset[str] | None = None


def test_a_member_without_a_rule_is_an_error() -> None:
    """At import, if a member is added to `TaskQuery` or removed."""
    with pytest.raises(TypeError, match="outcomes"):
        check_rules(WiderQuery)
    with pytest.raises(TypeError, match="assignees"):
        check_rules(FlowQuery)


def test_a_rule_fits_the_type_of_its_member() -> None:
    """Sets, booleans, and fields that always have a value."""
    hints = get_type_hints(TaskQuery)
    expected: dict[type, Any] = {OneOf: "frozenset", Flag: "bool | None", AllFields: "frozenset"}
    for name, rule in RULES.items():
        for kind, text in expected.items():
            if isinstance(rule, kind):
                assert text in str(hints[name]), name
    optional_sets = {name for name, hint in hints.items() if "frozenset" in str(hint) and "None" in str(hint)}

    assert optional_sets == {name for name, rule in RULES.items() if isinstance(rule, OneOf)} | set(SUBJECT)


def ids(*names: str) -> frozenset[str]:
    return frozenset(names)


@pytest.mark.parametrize(
    ("left", "right", "both", "is_exact", "either"),
    [
        (
            TaskQuery(ids=ids("a", "b")),
            TaskQuery(ids=ids("b", "c")),
            TaskQuery(ids=ids("b")),
            True,
            TaskQuery(ids=ids("a", "b", "c")),
        ),
        (TaskQuery(ids=ids("a")), TaskQuery(), TaskQuery(ids=ids("a")), True, TaskQuery()),
        # A task may have both tags.
        (
            TaskQuery(tags=ids("a")),
            TaskQuery(tags=ids("b", "c")),
            TaskQuery(tags=ids("a")),
            False,
            TaskQuery(tags=ids("a", "b", "c")),
        ),
        (TaskQuery(text="a"), TaskQuery(text="b"), TaskQuery(text="a"), False, TaskQuery()),
        (
            TaskQuery(has_assignee=True),
            TaskQuery(has_assignee=True),
            TaskQuery(has_assignee=True),
            True,
            TaskQuery(has_assignee=True),
        ),
        (TaskQuery(times=(ABOVE,)), TaskQuery(times=(BELOW,)), TaskQuery(times=(ABOVE, BELOW)), True, TaskQuery()),
        # One subject may be an account, and another may have the id 7.
        (
            TaskQuery(subject_types=ids("account")),
            TaskQuery(subject_ids=ids("7")),
            TaskQuery(subject_types=ids("account")),
            False,
            TaskQuery(),
        ),
        (
            TaskQuery(subject_ids=ids("7")),
            TaskQuery(text="a"),
            TaskQuery(subject_ids=ids("7"), text="a"),
            True,
            TaskQuery(),
        ),
        (
            TaskQuery(present=frozenset({TaskOrderField.DUE_AT})),
            TaskQuery(present=frozenset({TaskOrderField.UPDATED_AT})),
            TaskQuery(present=frozenset({TaskOrderField.DUE_AT, TaskOrderField.UPDATED_AT})),
            True,
            TaskQuery(),
        ),
    ],
)
def test_two_queries(left: TaskQuery, right: TaskQuery, both: TaskQuery, is_exact: bool, either: TaskQuery) -> None:
    """The query that both imply, and the query that either implies."""
    assert (both, is_exact) == conjunction(left, right)
    assert either == generalisation(left, right)


def test_flags_that_differ_contradict_each_other() -> None:
    """No task both has an assignee and has none."""
    query, is_exact = conjunction(TaskQuery(has_assignee=True), TaskQuery(has_assignee=False))

    assert (True, True) == (is_contradictory(query), is_exact)


def test_an_empty_set_of_subjects_matches_nothing() -> None:
    """Also beside another condition."""
    query, _ = conjunction(TaskQuery(subject_types=frozenset()), TaskQuery(states=frozenset(TaskState)))

    assert is_contradictory(query)
    assert ("order", "without_candidates", "with_data") == UNCONDITIONAL
