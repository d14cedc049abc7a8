"""The gateway's query in the words of Camunda's user-task search."""

import re

from connectors.camunda.mapping import NATIVE_STATES
from connectors.sdk.model import TaskState
from connectors.sdk.query import SortDirection, SortKey, TaskOrderField, TaskQuery

_KEY = re.compile(r"-?[1-9][0-9]{0,18}")

# Order fields by which the vendor sorts and whose presence it can tell.
DATE_MEMBERS = {
    TaskOrderField.DUE_AT: "dueDate",
    TaskOrderField.FOLLOW_UP_AT: "followUpDate",
    TaskOrderField.CREATED_AT: "creationDate",
    TaskOrderField.COMPLETED_AT: "completionDate",
}
SORT_MEMBERS = {**DATE_MEMBERS, TaskOrderField.PRIORITY: "priority"}
NEVER_FILLED = frozenset({TaskOrderField.UPDATED_AT})
ALWAYS_FILLED = frozenset(TaskOrderField) - DATE_MEMBERS.keys() - NEVER_FILLED

_BY_ASSIGNEE = frozenset({TaskState.READY, TaskState.RESERVED})


def is_key(text: str) -> bool:
    """Whether `text` is a Java long as Camunda prints it; the server refuses others instead of finding nothing."""
    return _KEY.fullmatch(text) is not None and -(1 << 63) <= int(text) < 1 << 63


def pushdown(query: TaskQuery) -> TaskQuery:
    """The part of `query` that `filter_of` can say: never stricter than `query`."""
    return TaskQuery(
        states=_pushed_states(query.states),
        assignees=query.assignees,
        has_assignee=query.has_assignee,
        candidate_users=query.candidate_users,
        candidate_groups=query.candidate_groups,
        # "A user or a group" is an OR, which this search has not.
        has_candidates=False if query.has_candidates is False else None,
        flows=query.flows if query.flows is None or len(_keys(query.flows)) <= 1 else None,
        present=query.present,
        absent=query.absent,
    )


def _pushed_states(states: frozenset[TaskState] | None) -> frozenset[TaskState] | None:
    """READY and RESERVED differ by assignee only: one of them beside a closed state brings the other along.

    UNKNOWN is not asked for beside states that can be: there is no way to say "any value but these".
    """
    if not states:
        return states
    askable = states & NATIVE_STATES.keys()
    if not askable and TaskState.UNKNOWN in states:
        return None
    if len(askable & _BY_ASSIGNEE) == 1 and askable - _BY_ASSIGNEE:
        return states | _BY_ASSIGNEE
    return states


def filter_of(query: TaskQuery) -> dict[str, object] | None:
    """The filter of a pushed-down query; None when nothing can match, so that no call is needed."""
    members: dict[str, dict[str, object]] = {}
    if not (
        _add_states(members, query.states)
        and _add_set(members, "assignee", query.assignees)
        and _add_exists(members, "assignee", query.has_assignee)
        and _add_set(members, "candidateUser", query.candidate_users)
        and _add_set(members, "candidateGroup", query.candidate_groups)
        and _add_presence(members, query)
    ):
        return None
    if query.has_candidates is False:
        for member in ("candidateUser", "candidateGroup"):
            if not _add_exists(members, member, wanted=False):
                return None
    filter: dict[str, object] = {member: _plain(operators) for member, operators in members.items()}
    if query.flows is not None:
        keys = _keys(query.flows)
        if not keys:
            return None
        # Server 8.9 takes one exact value here.
        filter["processInstanceKey"] = keys[0]
    return filter


def sort_of(order: tuple[SortKey, ...]) -> list[dict[str, str]]:
    """The vendor's sort, always down to the creation date; keys that change nothing within one source are left out."""
    sort = [
        {"field": SORT_MEMBERS[key.field], "order": "DESC" if key.direction is SortDirection.DESC else "ASC"}
        for key in order
        if key.field in SORT_MEMBERS
    ]
    if not any(each["field"] == "creationDate" for each in sort):
        sort.append({"field": "creationDate", "order": "ASC"})
    return sort


def _add_states(members: dict[str, dict[str, object]], states: frozenset[TaskState] | None) -> bool:
    if states is None:
        return True
    askable = states & NATIVE_STATES.keys()
    if not askable:
        return False
    names = {name for state in askable for name in NATIVE_STATES[state]}
    members["state"] = {"$in": sorted(names)}
    if len(askable) == 1 and askable <= _BY_ASSIGNEE:
        return _add_exists(members, "assignee", TaskState.RESERVED in askable)
    return True


def _add_presence(members: dict[str, dict[str, object]], query: TaskQuery) -> bool:
    if query.present & NEVER_FILLED or query.absent & ALWAYS_FILLED:
        return False
    return all(
        _add_exists(members, member, wanted)
        for field, member in DATE_MEMBERS.items()
        for fields, wanted in ((query.present, True), (query.absent, False))
        if field in fields
    )


def _add_set(members: dict[str, dict[str, object]], member: str, values: frozenset[str] | None) -> bool:
    """Whether the filter can still match anything."""
    if values is None:
        return True
    operators = members.setdefault(member, {})
    operators["$in"] = sorted(values)
    return bool(values) and operators.get("$exists") is not False


def _add_exists(members: dict[str, dict[str, object]], member: str, wanted: bool | None) -> bool:  # noqa: FBT001 part of a value
    """Whether the filter can still match anything."""
    if wanted is None:
        return True
    operators = members.setdefault(member, {})
    before = operators.setdefault("$exists", wanted)
    return before is wanted and (wanted or "$in" not in operators)


def _plain(operators: dict[str, object]) -> object:
    """The operators, or the value itself where one is asked for."""
    match operators:
        case {"$in": [str(value)]}:
            return value
        case {"$in": values}:
            return {"$in": values}
        case _:
            return operators


def _keys(flows: frozenset[str]) -> list[str]:
    return sorted(flow for flow in flows if is_key(flow))
