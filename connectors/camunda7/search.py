"""Lists of tasks: the part of a query that the engine answers exactly, and the filters and sorting that are sent.

Open tasks and closed ones are in two places. A list of open tasks is read from `/task`; a list with closed tasks from
`/history/task`, which has the open ones too, with fewer filters.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from connectors.camunda7.formats import Group, alternatives_of
from connectors.camunda7.ids import definition_parts, ids_of
from connectors.camunda7.mapping import COMPLETED, KINDS, SKIPPED, to_wire
from connectors.camunda7.settings import Camunda7Options
from connectors.sdk import (
    Interval,
    SortDirection,
    SortKey,
    TaskOrderField,
    TaskPriority,
    TaskQuery,
    TaskState,
    half_open,
)

OPEN = frozenset({TaskState.READY, TaskState.RESERVED, TaskState.SUSPENDED})
CLOSED = frozenset({TaskState.COMPLETED, TaskState.SKIPPED, TaskState.CANCELED})
EVERY = OPEN | CLOSED

# Order fields that are times, by the stems of the two places' filters.
OPEN_TIMES = {
    TaskOrderField.DUE_AT: "due",
    TaskOrderField.FOLLOW_UP_AT: "followUp",
    TaskOrderField.CREATED_AT: "created",
}
OPEN_SORTS = {
    TaskOrderField.DUE_AT: "dueDate",
    TaskOrderField.FOLLOW_UP_AT: "followUpDate",
    TaskOrderField.CREATED_AT: "created",
    TaskOrderField.PRIORITY: "priority",
}
HISTORIC_TIMES = {
    TaskOrderField.DUE_AT: "taskDueDate",
    TaskOrderField.FOLLOW_UP_AT: "taskFollowUpDate",
    TaskOrderField.CREATED_AT: "started",
    TaskOrderField.COMPLETED_AT: "finished",
}
HISTORIC_SORTS = {
    TaskOrderField.DUE_AT: "dueDate",
    TaskOrderField.FOLLOW_UP_AT: "followUpDate",
    TaskOrderField.CREATED_AT: "startTime",
    TaskOrderField.COMPLETED_AT: "endTime",
    TaskOrderField.PRIORITY: "priority",
}
# Times by which a list tells what has changed.
CHANGED_BY = (TaskOrderField.CREATED_AT, TaskOrderField.UPDATED_AT, TaskOrderField.COMPLETED_AT)
SORTS = frozenset(HISTORIC_SORTS)
ALWAYS_FILLED = frozenset(TaskOrderField) - {
    TaskOrderField.DUE_AT,
    TaskOrderField.FOLLOW_UP_AT,
    TaskOrderField.UPDATED_AT,
    TaskOrderField.COMPLETED_AT,
}

# Before every task; the engine has no filter for "has a due date".
FIRST = "1900-01-01T00:00:00.000+0000"
MILLISECOND = timedelta(milliseconds=1)
MOST_IDS = 200

Body = dict[str, object]


class Plan(Struct, frozen=True):
    """Where a list is read, with which filter. `is_exact`: the engine's count counts the rows of the list.

    `within`: a user whom the alternatives ask for as a candidate, and the groups that the query names. The engine adds the
    groups that its directory has for the user, so the reader names the user's tasks in the `alternatives` instead.
    """

    is_history: bool
    filter: Body
    sorting: tuple[Mapping[str, str], ...]
    is_exact: bool = True
    within: tuple[str, frozenset[str]] | None = None
    alternatives: tuple[Group, ...] = ()


def pushdown(query: TaskQuery, options: Camunda7Options) -> TaskQuery:
    """The part of `query` that `plan_of` sends or checks. Conditions that no row satisfies stay: they need no call."""
    states = _states_of(query, options)
    is_open = states <= OPEN
    times = query.times
    if query.overdue_at is not None:
        times = (*times, (TaskOrderField.DUE_AT, Interval(lt=query.overdue_at)))
    pushed = TaskQuery(
        ids=_few(query.ids, MOST_IDS if is_open else 1),
        states=query.states,
        kinds=query.kinds if query.kinds is not None and query.kinds.isdisjoint(KINDS) else None,
        priorities=_adjoining(query.priorities) if is_open else None,
        assignees=query.assignees if is_open else _few(query.assignees, 1),
        has_assignee=query.has_assignee,
        # The engine looks at one candidate at a time: none is a user and a group.
        candidate_users=_few(query.candidate_users, 1) if query.candidate_groups is None else None,
        candidate_groups=query.candidate_groups,
        has_candidates=False if query.has_candidates is False and is_open else None,
        flows=_few(query.flows, MOST_IDS if is_open else 1),
        definition_keys=_pushed_definitions(query.definition_keys, is_open=is_open),
        business_keys=query.business_keys,
        subject_types=query.subject_types,
        subject_ids=query.subject_ids,
        tags=query.tags,
        times=tuple((field, each) for field, each in times if _takes_time(field, each, is_open=is_open)),
        is_escalated=query.is_escalated,
        present=query.present & SORTS,
        absent=query.absent & (SORTS | ALWAYS_FILLED),
        any_of=query.any_of if is_open and _takes_alternatives(query) else None,
    )
    if states <= (EVERY if query.states is None else query.states) and _states_of(pushed, options) == states:
        return pushed
    return replace(pushed, states=None if states == EVERY else states)


def plan_of(query: TaskQuery, options: Camunda7Options) -> Plan | None:
    """How a query that was pushed down is read; None if nothing can match, so that no call is needed."""
    states = _states_of(query, options)
    if not states or _fits_no_row(query):
        return None
    body = _open_filter(query, states, options) if states <= OPEN else _historic_filter(query, states)
    if body is None:
        return None
    is_history = not states <= OPEN
    # The history cannot tell a missing follow-up date.
    is_inexact = is_history and TaskOrderField.FOLLOW_UP_AT in query.absent
    # Of a task that was never changed, its creation counts for the filter.
    is_inexact |= any(field is TaskOrderField.UPDATED_AT for field, _ in query.times)
    united = None if query.any_of is None else alternatives_of(query.any_of)
    sorting = _sorting(query.order, is_history=is_history)
    if united is None:
        return Plan(is_history, body, sorting, not is_inexact)
    return Plan(is_history, body, sorting, not is_inexact, united.within, united.groups)


def _states_of(query: TaskQuery, options: Camunda7Options) -> frozenset[TaskState]:
    """The states that matching rows may have, widened to what one filter can express."""
    states = EVERY if query.states is None else query.states & EVERY
    if query.overdue_at is not None or query.has_candidates or not options.history:
        states &= OPEN
    if query.candidate_users is not None or query.candidate_groups is not None:
        # The candidates of a closed task are not known.
        states &= OPEN
    if TaskOrderField.COMPLETED_AT in query.present or any(f is TaskOrderField.COMPLETED_AT for f, _ in query.times):
        states &= CLOSED
    if TaskOrderField.COMPLETED_AT in query.absent or any(f is TaskOrderField.UPDATED_AT for f, _ in query.times):
        states &= OPEN
    if query.any_of is not None:
        states &= frozenset[TaskState]().union(*(_states_of(each, options) for each in query.any_of))
    if states & OPEN and states & CLOSED:
        return EVERY
    if states <= CLOSED:
        return CLOSED if len(states) > 1 or TaskState.CANCELED in states else states
    single = len(states) == 1 or states == {TaskState.READY, TaskState.RESERVED}
    return states if single else OPEN


def _open_filter(query: TaskQuery, states: frozenset[TaskState], options: Camunda7Options) -> Body | None:
    body: Body = {}
    _one_of(body, "taskIdIn", None if query.ids is None else frozenset(ids_of(query.ids)))
    if states != OPEN:
        body["suspended" if TaskState.SUSPENDED in states else "active"] = True
    owned = {True, False} if query.has_assignee is None else {query.has_assignee}
    if states in ({TaskState.READY}, {TaskState.RESERVED}):
        owned &= {states == {TaskState.RESERVED}}
    if query.assignees is not None:
        owned &= {True}
        _one_of(body, "assigneeIn", query.assignees)
    if not owned:
        return None
    if len(owned) == 1:
        body["assigned" if True in owned else "unassigned"] = True
    _add_candidates(body, query)
    united = None if query.any_of is None else alternatives_of(query.any_of)
    if united is not None:
        body["orQueries"] = list(united.groups)
    _one_of(body, "processInstanceIdIn", None if query.flows is None else frozenset(ids_of(query.flows)))
    _one_of(body, "processInstanceBusinessKeyIn", query.business_keys)
    _add_definitions(body, query, "processDefinitionKeyIn")
    _add_priorities(body, query.priorities, options)
    for field, stem in OPEN_TIMES.items():
        bounds = _bounds(query, field)
        if bounds is None:
            return None
        _add_times(body, stem, bounds)
    changed = _bounds(query, TaskOrderField.UPDATED_AT)
    if changed is None:
        return None
    if any(field is TaskOrderField.UPDATED_AT for field, _ in query.times):
        _add_times(body, "updated", changed)
    if TaskOrderField.DUE_AT in query.absent:
        body["withoutDueDate"] = True
    if TaskOrderField.FOLLOW_UP_AT in query.absent:
        body["followUpBeforeOrNotExistent"] = FIRST
    return None if any(value == [] for value in body.values()) else body


def _historic_filter(query: TaskQuery, states: frozenset[TaskState]) -> Body | None:
    body: Body = {}
    _one_of(body, "taskId", None if query.ids is None else frozenset(ids_of(query.ids)), single=True)
    if states <= CLOSED:
        body["finished"] = True
    if states == {TaskState.COMPLETED}:
        body["taskDeleteReason"] = COMPLETED
    elif states == {TaskState.SKIPPED}:
        body["taskDeleteReason"] = SKIPPED
    _one_of(body, "taskAssignee", query.assignees, single=True)
    if query.has_assignee is not None:
        body["assigned" if query.has_assignee else "unassigned"] = True
    _one_of(body, "processInstanceId", None if query.flows is None else frozenset(ids_of(query.flows)), single=True)
    _one_of(body, "processInstanceBusinessKeyIn", query.business_keys)
    _add_definitions(body, query, "processDefinitionKey")
    for field, stem in HISTORIC_TIMES.items():
        bounds = _bounds(query, field)
        if bounds is None:
            return None
        # Of these two times the bounds themselves are included.
        _add_times(body, stem, bounds, is_inclusive=stem in {"started", "finished"})
    if TaskOrderField.DUE_AT in query.absent:
        body["withoutTaskDueDate"] = True
    return None if any(value == [] for value in body.values()) else body


def _sorting(order: tuple[SortKey, ...], *, is_history: bool) -> tuple[Mapping[str, str], ...]:
    """Ends with the id, so that pages repeat. Keys that change nothing within one source are left out."""
    names = HISTORIC_SORTS if is_history else OPEN_SORTS
    keys = [
        {"sortBy": names[key.field], "sortOrder": "desc" if key.direction is SortDirection.DESC else "asc"}
        for key in order
        if key.field in names
    ]
    return (*keys, {"sortBy": "taskId" if is_history else "id", "sortOrder": "asc"})


def _one_of(body: Body, member: str, values: frozenset[str] | None, *, single: bool = False) -> None:
    """Without any value the body gets an empty list: nothing matches, and it is never sent."""
    if values is None:
        return
    listed = sorted(values)
    body[member] = listed[0] if single and listed else listed


def _takes_alternatives(query: TaskQuery) -> bool:
    """Not beside a condition on candidates, which would have to hold for the same candidate."""
    if query.any_of is None or query.candidate_users is not None or query.candidate_groups is not None:
        return False
    return alternatives_of(query.any_of) is not None


def _add_candidates(body: Body, query: TaskQuery) -> None:
    _one_of(body, "candidateUser", query.candidate_users, single=True)
    if query.candidate_users:
        # The engine adds the user's groups. With this filter, which is about the same candidate, it does not.
        body["withCandidateUsers"] = True
    _one_of(body, "candidateGroups", query.candidate_groups)
    if query.has_candidates is False:
        body["withoutCandidateUsers"] = body["withoutCandidateGroups"] = True
    if query.candidate_users is not None or query.candidate_groups is not None or query.has_candidates is False:
        # The engine leaves out tasks with an assignee otherwise.
        body["includeAssignedTasks"] = True


def _add_definitions(body: Body, query: TaskQuery, process: str) -> None:
    if query.definition_keys is None:
        return
    parts = definition_parts(query.definition_keys)
    _one_of(body, process, frozenset(key for key, _ in parts), single=process == "processDefinitionKey")
    _one_of(body, "taskDefinitionKeyIn", frozenset(element for _, element in parts))


def _add_priorities(body: Body, priorities: frozenset[TaskPriority] | None, options: Camunda7Options) -> None:
    if priorities is None:
        return
    if not priorities:
        body["priorities"] = []
        return
    ends = (options.priority.low, options.priority.medium, options.priority.high)
    every = list(TaskPriority)
    first, last = (f(map(every.index, priorities)) for f in (min, max))
    if first > 0:
        body["minPriority"] = ends[first - 1] + 1
    if last < len(ends):
        body["maxPriority"] = ends[last]


def _bounds(query: TaskQuery, field: TaskOrderField) -> Interval | None:
    """All bounds of a field as one half-open interval; None if no time is in it."""
    bounds = [each for name, each in query.times if name is field]
    merged = Interval(
        gt=max((each.gt for each in bounds if each.gt), default=None),
        gte=max((each.gte for each in bounds if each.gte), default=None),
        lt=min((each.lt for each in bounds if each.lt), default=None),
        lte=min((each.lte for each in bounds if each.lte), default=None),
    )
    found = half_open(merged)
    needs_value = bool(bounds) or field in query.present
    if found is not None and found.gte is None and needs_value and field not in ALWAYS_FILLED:
        return Interval(gte=datetime.fromisoformat(FIRST), lt=found.lt)
    return found


def _add_times(body: Body, stem: str, bounds: Interval, *, is_inclusive: bool = False) -> None:
    step = timedelta(0) if is_inclusive else MILLISECOND
    if bounds.gte is not None:
        body[f"{stem}After"] = to_wire(bounds.gte - step)
    if bounds.lt is not None:
        body[f"{stem}Before"] = to_wire(bounds.lt - (MILLISECOND - step))


def _takes_time(field: TaskOrderField, interval: Interval, *, is_open: bool) -> bool:
    """The time of the last change has a filter for its lower bound only."""
    if field is TaskOrderField.UPDATED_AT:
        return is_open and interval.lt is None and interval.lte is None
    return field in (OPEN_TIMES if is_open else HISTORIC_TIMES)


def _few(values: frozenset[str] | None, most: int) -> frozenset[str] | None:
    return values if values is not None and len(values) <= most else None


def _adjoining(priorities: frozenset[TaskPriority] | None) -> frozenset[TaskPriority] | None:
    """A filter takes one range of numbers."""
    if not priorities:
        return priorities
    every = list(TaskPriority)
    places = sorted(map(every.index, priorities))
    return priorities if places[-1] - places[0] + 1 == len(places) else None


def _pushed_definitions(keys: frozenset[str] | None, *, is_open: bool) -> frozenset[str] | None:
    """Several elements of one process, or one element of several processes; the history takes one process."""
    if keys is None:
        return None
    parts = definition_parts(keys)
    processes, elements = len({each for each, _ in parts}), len({each for _, each in parts})
    return keys if processes <= 1 or (is_open and elements <= 1) else None


def _fits_no_row(query: TaskQuery) -> bool:
    """Whether a query that was pushed down asks for something that no row has."""
    nothing = (query.kinds, query.subject_types, query.subject_ids, query.is_escalated, query.tags)
    return any(asked is not None for asked in nothing) or bool(query.absent & ALWAYS_FILLED)
