"""Logic of task queries: what follows from both, what holds for either, what matches nothing.

Every member of `TaskQuery` has a rule here. A member without one fails at import.
"""

from typing import Any, Protocol

from msgspec import Struct, structs

from connectors.sdk.model import OPEN_STATES, TaskState
from connectors.sdk.query import TaskQuery


class Rule(Protocol):
    """How two values of one member are combined. None, or an empty collection, is a member without a condition."""

    def both(self, one: Any, other: Any) -> tuple[Any, bool]:
        """A condition that follows from both, and whether it says all that both say."""

    def either(self, one: Any, other: Any) -> Any:
        """The strongest condition that holds where either of them holds."""


class OneOf:
    """A set. A task has at most one value of the member, which must be in it."""

    def both(self, one: Any, other: Any) -> tuple[Any, bool]:
        if one is None or other is None:
            return (other if one is None else one), True
        return one & other, True

    def either(self, one: Any, other: Any) -> Any:
        return None if one is None or other is None else one | other


class SomeOf(OneOf):
    """A set. A task has several values; at least one of them must be in it."""

    def both(self, one: Any, other: Any) -> tuple[Any, bool]:
        if one is None or other is None:
            return (other if one is None else one), True
        # One value may be in the first set and another in the second: the sets cannot be intersected.
        return min(one, other, key=len), one <= other or other <= one


class Value:
    """A single condition: of two that differ, one is kept."""

    def both(self, one: Any, other: Any) -> tuple[Any, bool]:
        return (other if one is None else one), one is None or other is None or one == other

    def either(self, one: Any, other: Any) -> Any:
        return one if one == other else None


class Flag(Value):
    """A boolean: two that differ contradict each other."""

    def both(self, one: Any, other: Any) -> tuple[Any, bool]:
        if one is not None and other is not None and one is not other:
            raise ContradictionError
        return (other if one is None else one), True


class AllFields:
    """Order fields. All of them must have, or all must lack, a value."""

    def both(self, one: Any, other: Any) -> tuple[Any, bool]:
        return one | other, True

    def either(self, one: Any, other: Any) -> Any:
        return one & other


class AllBounds:
    """Pairs of field and interval. All of them must hold."""

    def both(self, one: Any, other: Any) -> tuple[Any, bool]:
        return tuple(dict.fromkeys((*one, *other))), True

    def either(self, one: Any, other: Any) -> Any:
        return tuple(bound for bound in one if bound in other)


class ContradictionError(Exception):
    """Nothing matches both."""


RULES: dict[str, Rule] = {
    "ids": OneOf(),
    "states": OneOf(),
    "kinds": OneOf(),
    "priorities": OneOf(),
    "assignees": SomeOf(),
    "has_assignee": Flag(),
    "candidate_users": SomeOf(),
    "candidate_groups": SomeOf(),
    "has_candidates": Flag(),
    "access_keys": OneOf(),
    "flows": OneOf(),
    "definition_keys": OneOf(),
    "business_keys": OneOf(),
    "tags": SomeOf(),
    "times": AllBounds(),
    "overdue_at": Value(),
    "is_escalated": Flag(),
    "text": Value(),
    "present": AllFields(),
    "absent": AllFields(),
    "any_of": Value(),
}
# One subject of a task must meet both, so they are combined as one condition.
SUBJECT = ("subject_types", "subject_ids")
UNCONDITIONAL = ("order", "without_candidates", "with_data")
SETS = (*(name for name, rule in RULES.items() if isinstance(rule, OneOf)), *SUBJECT)
NOTHING = TaskQuery(states=frozenset())


def check_rules(query: type[Struct]) -> None:
    """TypeError unless exactly the members of `query` have a rule."""
    differences = {*RULES, *SUBJECT, *UNCONDITIONAL} ^ set(query.__struct_fields__)
    if differences:
        raise TypeError(f"{query.__name__} and the rules of its members differ in {', '.join(sorted(differences))}")


check_rules(TaskQuery)


def conjunction(left: TaskQuery, right: TaskQuery) -> tuple[TaskQuery, bool]:
    """A query that follows from both, and whether it says all that both say."""
    members: dict[str, Any] = {}
    is_exact = True
    try:
        for name, rule in RULES.items():
            members[name], says_all = rule.both(getattr(left, name), getattr(right, name))
            is_exact = is_exact and says_all
    except ContradictionError:
        return NOTHING, True
    subject = _subject(left) or _subject(right)
    if subject and _subject(right):
        # One subject may meet the first condition and another the second.
        is_exact = is_exact and subject == _subject(right)
    return structs.replace(left, **members, **subject), is_exact


def within(asked: TaskQuery, disjunct: TaskQuery) -> tuple[TaskQuery, bool]:
    """As `conjunction`; the query always says all that `disjunct` says, also where it cannot say both."""
    lost = {
        name: None
        for name, rule in RULES.items()
        if isinstance(rule, SomeOf)
        and (one := getattr(asked, name)) is not None
        and (other := getattr(disjunct, name)) is not None
        and not one <= other
    }
    query, is_exact = conjunction(structs.replace(asked, **lost), disjunct)
    return query, is_exact and all(getattr(disjunct, name) <= getattr(asked, name) for name in lost)


def generalisation(left: TaskQuery, right: TaskQuery) -> TaskQuery:
    """The strongest query that follows from either."""
    members = {name: rule.either(getattr(left, name), getattr(right, name)) for name, rule in RULES.items()}
    differs = _subject(left) != _subject(right)
    return structs.replace(left, **members, **(dict.fromkeys(SUBJECT) if differs else {}))


def _subject(query: TaskQuery) -> dict[str, Any]:
    """The condition on subjects, empty without one."""
    members = {name: getattr(query, name) for name in SUBJECT}
    return members if any(value is not None for value in members.values()) else {}


_READY = frozenset({TaskState.READY})


def is_contradictory(query: TaskQuery) -> bool:
    """Whether it can be seen that no task matches."""
    is_owned = query.assignees is not None or query.has_assignee is True
    is_offered = query.candidate_users is not None or query.candidate_groups is not None
    return (
        frozenset() in (getattr(query, name) for name in SETS)
        or bool(query.present & query.absent)
        or (query.assignees is not None and query.has_assignee is False)
        or (is_offered and query.has_candidates is False)
        or (query.states == _READY and is_owned)
        or (query.overdue_at is not None and query.states is not None and query.states.isdisjoint(OPEN_STATES))
        or not _has_moments(query)
    )


def _has_moments(query: TaskQuery) -> bool:
    """Whether the bounds of each time field leave any moment."""
    if any(field in query.absent for field, _ in query.times):
        return False
    for field in {field for field, _ in query.times}:
        bounds = [interval for each, interval in query.times if each is field]
        # The highest lower bound and the lowest upper bound. Of equal moments, the one that excludes the moment.
        lower = max(
            [(each.gte, 0) for each in bounds if each.gte] + [(each.gt, 1) for each in bounds if each.gt], default=None
        )
        upper = min(
            [(each.lte, 0) for each in bounds if each.lte] + [(each.lt, -1) for each in bounds if each.lt], default=None
        )
        if lower is None or upper is None or lower[0] < upper[0]:
            continue
        if lower[0] > upper[0] or (lower[1], upper[1]) != (0, 0):
            return False
    return True
