"""Unions of queries as the engine's groups of alternatives (`orQueries`).

The engine takes several such groups and joins them by AND; within a group, single filters are joined by OR. A union of
conjunctions is brought into that form; one that would need too many groups, or a filter that has no place in a group, is not taken.
"""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from connectors.sdk import TaskQuery, TaskState

Group = Mapping[str, object]
# One filter: the member of the request, and its value.
Filter = tuple[str, object]

MOST_GROUPS = 4

_OF_STATE: Mapping[TaskState, tuple[Filter, ...]] = {
    TaskState.READY: (("unassigned", True), ("active", True)),
    TaskState.RESERVED: (("assigned", True), ("active", True)),
    TaskState.SUSPENDED: (("suspended", True),),
}
_LISTS = frozenset({"assigneeIn", "candidateGroups"})


class Alternatives(Struct, frozen=True):
    """All groups must hold. `within`: a user who is asked for as a candidate, and the groups that the union names."""

    groups: tuple[Group, ...]
    within: tuple[str, frozenset[str]] | None = None


def alternatives_of(union: Sequence[TaskQuery]) -> Alternatives | None:
    """None for a union that the engine cannot be asked for as a whole."""
    parts = [_filters_of(each) for each in union]
    clauses: list[frozenset[Filter]] = [frozenset()]
    for filters in parts:
        if not filters:
            return None
        clauses = _minimal(clause | {each} for clause in clauses for each in filters)
    groups = [_group(clause) for clause in clauses]
    if len(groups) > MOST_GROUPS or None in groups:
        return None
    users = {user for each in union for user in each.candidate_users or ()}
    named = frozenset(group for each in union for group in each.candidate_groups or ())
    return Alternatives(tuple(each for each in groups if each), (users.pop(), named) if users else None)


def with_ids(groups: Sequence[Group], ids: Sequence[str]) -> tuple[Group, ...] | None:
    """The groups with the tasks of the candidate user by their ids. None if a group has no filter left: nothing matches.

    `candidateUser` means the groups of the user too that the engine's directory has; within alternatives no other filter
    takes that back.
    """
    found: list[Group] = []
    for group in groups:
        rest = {name: value for name, value in group.items() if name != "candidateUser"}
        if "candidateUser" in group and "candidateGroups" not in rest:
            # The engine refuses it without a candidate.
            rest.pop("includeAssignedTasks", None)
        if "candidateUser" in group and ids:
            rest["taskIdIn"] = list(ids)
        if not rest:
            return None
        found.append(rest)
    return tuple(found)


def _filters_of(query: TaskQuery) -> tuple[Filter, ...]:
    """The filters that together are the query; none if one of them has no place in a group.

    At most one of them is about candidates: the engine looks at one candidate at a time, for all groups.
    """
    found: list[Filter] = []
    rest = query
    if query.assignees:
        found.append(("assigneeIn", tuple(sorted(query.assignees))))
        rest = replace(rest, assignees=None)
    if query.candidate_users is not None and len(query.candidate_users) == 1:
        found += [("candidateUser", each) for each in query.candidate_users]
        rest = replace(rest, candidate_users=None)
    elif query.candidate_groups:
        found.append(("candidateGroups", tuple(sorted(query.candidate_groups))))
        rest = replace(rest, candidate_groups=None)
    if query.states is not None and len(query.states) == 1 and query.states <= _OF_STATE.keys():
        found += [each for state in query.states for each in _OF_STATE[state]]
        rest = replace(rest, states=None)
    return tuple(found) if rest == TaskQuery() else ()


def _minimal(clauses: Iterable[frozenset[Filter]]) -> list[frozenset[Filter]]:
    """Without the clauses that follow from another."""
    every = sorted(set(clauses), key=lambda clause: (len(clause), sorted(map(repr, clause))))
    kept: list[frozenset[Filter]] = []
    for clause in every:
        if not any(smaller <= clause for smaller in kept):
            kept.append(clause)
    return kept


def _group(clause: frozenset[Filter]) -> Group | None:
    """One group of alternatives; None if it would need a filter with two values."""
    body: dict[str, object] = {}
    for name, value in sorted(clause, key=repr):
        if name not in body:
            body[name] = list(value) if isinstance(value, tuple) else value
        elif name in _LISTS and isinstance(value, tuple):
            earlier = body[name]
            body[name] = sorted({*(earlier if isinstance(earlier, list) else ()), *value})
        else:
            return None
    if "candidateUser" in body or "candidateGroups" in body:
        # The engine leaves out tasks with an assignee otherwise.
        body["includeAssignedTasks"] = True
    return body
