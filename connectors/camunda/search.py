"""Lists of tasks: which part of a query the vendor's search answers, and the filter and order that are sent for it."""

import re
from datetime import datetime, timedelta

from connectors.camunda.formats import Filter
from connectors.camunda.ids import definition_parts, keys_of
from connectors.camunda.mapping import HIGHEST_PRIORITY, KINDS, NATIVE_STATES
from connectors.camunda.settings import CamundaOptions
from connectors.sdk import (
    OPEN_STATES,
    Interval,
    PriorityThresholds,
    SortDirection,
    SortKey,
    TaskOrderField,
    TaskPriority,
    TaskQuery,
    TaskState,
    whole_milliseconds,
)

Times = tuple[tuple[TaskOrderField, Interval], ...]

# Order fields that are times, which the vendor sorts by and can test for presence.
DATE_MEMBERS = {
    TaskOrderField.DUE_AT: "dueDate",
    TaskOrderField.FOLLOW_UP_AT: "followUpDate",
    TaskOrderField.CREATED_AT: "creationDate",
    TaskOrderField.COMPLETED_AT: "completionDate",
}
SORT_MEMBERS = {**DATE_MEMBERS, TaskOrderField.PRIORITY: "priority"}
# Times by which a list tells what has changed. The vendor keeps no time of other changes.
CHANGED_BY = (TaskOrderField.CREATED_AT, TaskOrderField.COMPLETED_AT)
NEVER_FILLED = frozenset({TaskOrderField.UPDATED_AT})
ALWAYS_FILLED = frozenset(TaskOrderField) - DATE_MEMBERS.keys() - NEVER_FILLED

# Members without operators; `processInstanceKey` and `processDefinitionId` have them from server 8.10.
EXACT_MEMBERS = frozenset({"userTaskKey", "processInstanceKey", "processDefinitionId", "elementId"})

_BY_ASSIGNEE = frozenset({TaskState.READY, TaskState.RESERVED})
_TAG = re.compile(r"[A-Za-z][A-Za-z0-9_\-:.]{0,99}")


def pushdown(query: TaskQuery, options: CamundaOptions) -> TaskQuery:
    """The part of `query` that `filter_of` can express. It is never narrower than `query`.

    Conditions that no row of this vendor satisfies (subjects, escalation, other kinds) stay: such a list needs no call.
    """
    states, times = query.states, query.times
    if query.overdue_at is not None:
        # No row says that it is overdue: it is if it is open and was due before that moment.
        states = OPEN_STATES if states is None else states & OPEN_STATES
        times = (*times, (TaskOrderField.DUE_AT, Interval(lt=query.overdue_at)))
    return TaskQuery(
        ids=_at_most(1, query.ids),
        states=_pushed_states(states),
        # The search has no member for external forms.
        kinds=query.kinds if query.kinds is not None and query.kinds.isdisjoint(KINDS) else None,
        priorities=query.priorities,
        assignees=query.assignees,
        has_assignee=query.has_assignee,
        candidate_users=query.candidate_users,
        candidate_groups=query.candidate_groups,
        # "Has a candidate" is "a user or a group", and the search has no OR.
        has_candidates=False if query.has_candidates is False else None,
        # Before server 8.10 the search takes one exact process instance.
        flows=query.flows if options.minor >= 10 else _at_most(1, query.flows),
        definition_keys=_pushed_definitions(query.definition_keys, options),
        business_keys=query.business_keys if options.minor >= 10 else None,
        # It is not documented whether several tags mean "any" or "all".
        tags=query.tags if query.tags is not None and len(query.tags) <= 1 and options.minor >= 9 else None,
        subject_types=query.subject_types,
        subject_ids=query.subject_ids,
        times=_pushed_times(times),
        is_escalated=query.is_escalated,
        present=query.present,
        absent=query.absent,
    )


def filter_of(query: TaskQuery, options: CamundaOptions) -> dict[str, object] | None:
    """The filter of a query that was pushed down; None if nothing can match, so that no call is needed."""
    if _fits_no_row(query):
        return None
    filter = Filter()
    _add_states(filter, query.states)
    _add_priorities(filter, query.priorities, options.priority)
    filter.one_of("assignee", query.assignees)
    filter.exists("assignee", wanted=query.has_assignee)
    filter.one_of("candidateUser", query.candidate_users)
    filter.one_of("candidateGroup", query.candidate_groups)
    if query.has_candidates is False:
        filter.exists("candidateUser", wanted=False)
        filter.exists("candidateGroup", wanted=False)
    filter.one_of("businessId", query.business_keys)
    filter.one_of("userTaskKey", None if query.ids is None else keys_of(query.ids))
    filter.one_of("processInstanceKey", None if query.flows is None else keys_of(query.flows))
    _add_definitions(filter, query.definition_keys)
    _add_dates(filter, query)
    sent = filter.to_wire(exact=EXACT_MEMBERS)
    if sent is None or query.tags is None:
        return sent
    # The server refuses a text that cannot be a tag.
    tags = [tag for tag in query.tags if _TAG.fullmatch(tag)]
    return {**sent, "tags": tags} if tags else None


def sort_of(order: tuple[SortKey, ...]) -> list[dict[str, str]]:
    """The vendor's sort, which ends with the creation date. Keys that change nothing within one source are left out."""
    sort = [
        {"field": SORT_MEMBERS[key.field], "order": "DESC" if key.direction is SortDirection.DESC else "ASC"}
        for key in order
        if key.field in SORT_MEMBERS
    ]
    if not any(each["field"] == "creationDate" for each in sort):
        sort.append({"field": "creationDate", "order": "ASC"})
    return sort


def outward(interval: Interval) -> Interval:
    """The bounds moved outward to whole milliseconds: some of the vendor's stores keep no more."""
    return Interval(
        gt=interval.gt and whole_milliseconds(interval.gt),
        gte=interval.gte and whole_milliseconds(interval.gte),
        lt=_rounded_up(interval.lt),
        lte=_rounded_up(interval.lte),
    )


def _pushed_states(states: frozenset[TaskState] | None) -> frozenset[TaskState] | None:
    """READY and RESERVED differ by assignee only: if one of them is asked for beside a closed state, both are pushed down.

    UNKNOWN is dropped beside other states: the filter cannot express "any value but these".
    """
    if not states:
        return states
    known = states & NATIVE_STATES.keys()
    if not known and TaskState.UNKNOWN in states:
        return None
    if len(known & _BY_ASSIGNEE) == 1 and known - _BY_ASSIGNEE:
        return states | _BY_ASSIGNEE
    return states


def _pushed_times(times: Times) -> Times:
    """One interval for each field, in whole milliseconds."""
    merged: dict[TaskOrderField, Interval] = {}
    for field, interval in times:
        merged[field] = _intersection(merged.get(field, Interval()), outward(interval))
    return tuple((field, merged[field]) for field in sorted(merged))


def _pushed_definitions(keys: frozenset[str] | None, options: CamundaOptions) -> frozenset[str] | None:
    """One element of one process; from server 8.10 one element id in several processes."""
    if keys is None:
        return None
    parts = definition_parts(keys)
    one_element = len({element for _, element in parts}) <= 1
    return keys if one_element and (len(parts) <= 1 or options.minor >= 10) else None


def _at_most(number: int, ids: frozenset[str] | None) -> frozenset[str] | None:
    return ids if ids is not None and len(keys_of(ids)) <= number else None


def _fits_no_row(query: TaskQuery) -> bool:
    """Whether a query that was pushed down asks for something that no row has: such a list needs no call."""
    return (
        any(asked is not None for asked in (query.kinds, query.subject_types, query.subject_ids, query.is_escalated))
        or any(field not in DATE_MEMBERS for field, _ in query.times)
        or bool(query.present & NEVER_FILLED)
        or bool(query.absent & ALWAYS_FILLED)
    )


def _add_states(filter: Filter, states: frozenset[TaskState] | None) -> None:
    if states is None:
        return
    known = states & NATIVE_STATES.keys()
    filter.one_of("state", {name for state in known for name in NATIVE_STATES[state]})
    if len(known) == 1 and known <= _BY_ASSIGNEE:
        filter.exists("assignee", wanted=TaskState.RESERVED in known)


def _add_priorities(filter: Filter, priorities: frozenset[TaskPriority] | None, thresholds: PriorityThresholds) -> None:
    """A range if the priorities are neighbours, otherwise the single numbers."""
    if priorities is None:
        return
    scores = [score for score in range(HIGHEST_PRIORITY + 1) if thresholds.priority_of(score) in priorities]
    if not scores or len(scores) <= scores[-1] - scores[0]:
        filter.one_of("priority", scores)
        return
    lowest, highest = scores[0], scores[-1]
    filter.between("priority", lowest if lowest > 0 else None, highest if highest < HIGHEST_PRIORITY else None)


def _add_definitions(filter: Filter, keys: frozenset[str] | None) -> None:
    if keys is None:
        return
    parts = definition_parts(keys)
    filter.one_of("processDefinitionId", {process for process, _ in parts})
    filter.one_of("elementId", {element for _, element in parts})


def _add_dates(filter: Filter, query: TaskQuery) -> None:
    for field, interval in query.times:
        filter.within(DATE_MEMBERS[field], interval)
    for field, member in DATE_MEMBERS.items():
        if field in query.present:
            filter.exists(member, wanted=True)
        if field in query.absent:
            filter.exists(member, wanted=False)


def _intersection(one: Interval, other: Interval) -> Interval:
    """The times that are in both."""
    return Interval(
        gt=max(filter(None, (one.gt, other.gt)), default=None),
        gte=max(filter(None, (one.gte, other.gte)), default=None),
        lt=min(filter(None, (one.lt, other.lt)), default=None),
        lte=min(filter(None, (one.lte, other.lte)), default=None),
    )


def _rounded_up(moment: datetime | None) -> datetime | None:
    """To whole milliseconds; None, which is no bound, beyond the end of the calendar."""
    if moment is None or moment == whole_milliseconds(moment):
        return moment
    try:
        return whole_milliseconds(moment) + timedelta(milliseconds=1)
    except OverflowError:
        return None
