"""The gateway's query in the words of Camunda's user-task search."""

import re

from connectors.camunda.conditions import (
    Members,
    add_exists,
    add_interval,
    add_set,
    both,
    keys_of,
    outward,
    written,
)
from connectors.camunda.mapping import HIGHEST_PRIORITY, KINDS, NATIVE_STATES, priority_of
from connectors.camunda.settings import CamundaOptions, PriorityThresholds
from connectors.sdk import (
    OPEN_STATES,
    Interval,
    SortDirection,
    SortKey,
    TaskOrderField,
    TaskPriority,
    TaskQuery,
    TaskState,
)

Times = tuple[tuple[TaskOrderField, Interval], ...]

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

# These have no operators, the second and third until server 8.10.
EXACT_MEMBERS = frozenset({"userTaskKey", "processInstanceKey", "processDefinitionId", "elementId"})

_BY_ASSIGNEE = frozenset({TaskState.READY, TaskState.RESERVED})
_TAG = re.compile(r"[A-Za-z][A-Za-z0-9_\-:.]{0,99}")


def pushdown(query: TaskQuery, options: CamundaOptions) -> TaskQuery:
    """The part of `query` that `filter_of` can say: never stricter than `query`.

    What no row of this vendor has (a subject, an escalation, other kinds) stays: then nothing is asked for.
    """
    states, times = query.states, query.times
    if query.overdue_at is not None:
        # No row says itself that it is overdue: it is open, and due before that moment.
        states = OPEN_STATES if states is None else states & OPEN_STATES
        times = (*times, (TaskOrderField.DUE_AT, Interval(lt=query.overdue_at)))
    return TaskQuery(
        ids=_at_most(1, query.ids),
        states=_pushed_states(states),
        # Whether there is an external form cannot be asked for.
        kinds=query.kinds if query.kinds is not None and query.kinds.isdisjoint(KINDS) else None,
        priorities=query.priorities,
        assignees=query.assignees,
        has_assignee=query.has_assignee,
        candidate_users=query.candidate_users,
        candidate_groups=query.candidate_groups,
        # "A user or a group" is an OR, which this search has not.
        has_candidates=False if query.has_candidates is False else None,
        # Before server 8.10 the search takes one exact process instance.
        flows=query.flows if options.minor >= 10 else _at_most(1, query.flows),
        definition_keys=_pushed_definitions(query.definition_keys, options),
        business_keys=query.business_keys if options.minor >= 10 else None,
        # Whether several tags are "any" or "all" is not documented.
        tags=query.tags if query.tags is not None and len(query.tags) <= 1 and options.minor >= 9 else None,
        subject_types=query.subject_types,
        subject_ids=query.subject_ids,
        times=_pushed_times(times),
        is_escalated=query.is_escalated,
        present=query.present,
        absent=query.absent,
    )


def filter_of(query: TaskQuery, options: CamundaOptions) -> dict[str, object] | None:
    """The filter of a pushed-down query; None when nothing can match, so that no call is needed."""
    if query.subject_types is not None or query.subject_ids is not None or query.is_escalated is not None:
        return None
    if query.kinds is not None or any(field not in DATE_MEMBERS for field, _ in query.times):
        return None
    members: Members = {}
    if not (
        _add_states(members, query.states)
        and _add_priorities(members, query.priorities, options.priority)
        and add_set(members, "assignee", query.assignees)
        and add_exists(members, "assignee", query.has_assignee)
        and add_set(members, "candidateUser", query.candidate_users)
        and add_set(members, "candidateGroup", query.candidate_groups)
        and add_set(members, "businessId", query.business_keys)
        and _add_keys(members, query)
        and _add_definitions(members, query.definition_keys)
        and _add_presence(members, query)
        and all(add_interval(members, DATE_MEMBERS[field], interval) for field, interval in query.times)
    ):
        return None
    if query.has_candidates is False:
        for member in ("candidateUser", "candidateGroup"):
            if not add_exists(members, member, wanted=False):
                return None
    filter = written(members, exact=EXACT_MEMBERS)
    if query.tags is not None:
        # The server refuses a text that no tag can be.
        tags = [tag for tag in query.tags if _TAG.fullmatch(tag)]
        if not tags:
            return None
        filter["tags"] = tags
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


def _pushed_times(times: Times) -> Times:
    """One interval a field, in whole milliseconds."""
    merged: dict[TaskOrderField, Interval] = {}
    for field, interval in times:
        merged[field] = both(merged.get(field, Interval()), outward(interval))
    return tuple((field, merged[field]) for field in sorted(merged))


def _pushed_definitions(keys: frozenset[str] | None, options: CamundaOptions) -> frozenset[str] | None:
    """One element of one process; from server 8.10 of several processes."""
    if keys is None:
        return None
    parts = _definitions(keys)
    one_element = len({element for _, element in parts}) <= 1
    return keys if one_element and (len(parts) <= 1 or options.minor >= 10) else None


def _definitions(keys: frozenset[str]) -> list[tuple[str, str]]:
    """Process and element of each key; neither id can hold a slash, so other texts are no keys of ours."""
    parts = [tuple(key.split("/")) for key in sorted(keys)]
    return [(part[0], part[1]) for part in parts if len(part) == 2 and all(part)]


def _at_most(number: int, ids: frozenset[str] | None) -> frozenset[str] | None:
    return ids if ids is not None and len(keys_of(ids)) <= number else None


def _add_states(members: Members, states: frozenset[TaskState] | None) -> bool:
    if states is None:
        return True
    askable = states & NATIVE_STATES.keys()
    if not askable:
        return False
    add_set(members, "state", {name for state in askable for name in NATIVE_STATES[state]})
    if len(askable) == 1 and askable <= _BY_ASSIGNEE:
        return add_exists(members, "assignee", TaskState.RESERVED in askable)
    return True


def _add_priorities(
    members: Members, priorities: frozenset[TaskPriority] | None, thresholds: PriorityThresholds
) -> bool:
    """A range where the labels are neighbours, the numbers themselves where they are not."""
    if priorities is None:
        return True
    scores = [score for score in range(HIGHEST_PRIORITY + 1) if priority_of(score, thresholds) in priorities]
    if not scores:
        return False
    lowest, highest = scores[0], scores[-1]
    if len(scores) < highest - lowest + 1:
        return add_set(members, "priority", scores)
    operators = members.setdefault("priority", {})
    if lowest > 0:
        operators["$gte"] = lowest
    if highest < HIGHEST_PRIORITY:
        operators["$lte"] = highest
    operators["$exists"] = True
    return True


def _add_keys(members: Members, query: TaskQuery) -> bool:
    return all(
        ids is None or add_set(members, member, keys_of(ids))
        for member, ids in (("userTaskKey", query.ids), ("processInstanceKey", query.flows))
    )


def _add_definitions(members: Members, keys: frozenset[str] | None) -> bool:
    if keys is None:
        return True
    parts = _definitions(keys)
    processes = add_set(members, "processDefinitionId", {process for process, _ in parts})
    return add_set(members, "elementId", {element for _, element in parts}) and processes


def _add_presence(members: Members, query: TaskQuery) -> bool:
    if query.present & NEVER_FILLED or query.absent & ALWAYS_FILLED:
        return False
    return all(
        add_exists(members, member, wanted)
        for field, member in DATE_MEMBERS.items()
        for fields, wanted in ((query.present, True), (query.absent, False))
        if field in fields
    )
