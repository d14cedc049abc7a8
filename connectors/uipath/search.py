"""Filters and order of Orchestrator's list of tasks: which part of a query it answers exactly, as $filter and $orderby."""

from collections.abc import Callable, Iterable, Mapping

from msgspec.structs import replace

from connectors.sdk import SortDirection, SortKey, TaskKind, TaskOrderField, TaskQuery, TaskState, half_open
from connectors.uipath.formats import MOST_COMPARISONS, MOST_SORT_KEYS, any_of, is_unicode, odata_text, odata_time
from connectors.uipath.ids import FlowId, TaskId, number
from connectors.uipath.mapping import PRIORITIES, TYPES

# Order fields that the vendor sorts as the gateway does. The due date is missing because it is nested, priority and state
# because the order of enums is not documented, the title because the collation of the vendor's database is not known.
TIME_MEMBERS = {
    TaskOrderField.CREATED_AT: "CreationTime",
    TaskOrderField.UPDATED_AT: "LastModificationTime",
    TaskOrderField.COMPLETED_AT: "CompletionTime",
}
# Times by which a list tells what has changed: a task without a change has no time of a change.
CHANGED_BY = (TaskOrderField.CREATED_AT, TaskOrderField.UPDATED_AT)
NEVER_FILLED = frozenset({TaskOrderField.FOLLOW_UP_AT})
ALWAYS_FILLED = (
    frozenset(TaskOrderField)
    - NEVER_FILLED
    - {
        TaskOrderField.UPDATED_AT,
        TaskOrderField.COMPLETED_AT,
        TaskOrderField.DUE_AT,
    }
)

# Values of one member of a query that are sent: the length of a request's address is limited too.
MOST_VALUES = 20
# Comparisons of a query. Paging adds one more, the id behind which a page begins.
MOST_OF_QUERY = MOST_COMPARISONS - 2

OWNER = "AssignedToUserId"
FOLDER = "OrganizationUnitId"
# States that tasks of this vendor can have.
VENDOR_OPEN_STATES = frozenset({TaskState.READY, TaskState.RESERVED})
VENDOR_STATES = VENDOR_OPEN_STATES | {TaskState.COMPLETED, TaskState.CANCELED, TaskState.UNKNOWN}

Clauses = list[str] | None
"""Conditions that are combined with `and`; None if no task can satisfy them."""


def pushdown(query: TaskQuery, folders: tuple[int, ...] = ()) -> TaskQuery:
    """The part of `query` that `filter_of` expresses. Every task that matches `query` also matches this part.

    Candidates (but for "no candidate"), tags, due dates, overdue and text are left to the gateway: lambdas over collections, comparisons of nested
    members and the vendor's collation are not documented.
    """
    wanted = replace(
        query,
        states=_pushed_states(query.states),
        has_candidates=False if _asks_for_unassigned(query) else None,
        kinds=None if query.kinds is not None and TaskKind.UNKNOWN in query.kinds else query.kinds,
        times=tuple((field, each) for field, each in query.times if field in TIME_MEMBERS or field in NEVER_FILLED),
        present=query.present - {TaskOrderField.DUE_AT},
        absent=query.absent - {TaskOrderField.DUE_AT},
    )
    pushed = TaskQuery()
    # The members that narrow a list most come first. One that exceeds the limit of comparisons is left to the gateway.
    for name in _CLAUSES:
        values = getattr(wanted, name)
        if isinstance(values, frozenset) and len(values) > MOST_VALUES:
            continue
        more: TaskQuery = replace(pushed, **{name: values})
        if _cost(filter_of(more, folders)) <= MOST_OF_QUERY:
            pushed = more
    return pushed


def filter_of(query: TaskQuery, folders: tuple[int, ...] = ()) -> str | None:
    """The $filter of a query that was pushed down: empty for all tasks, None if no task can match (no call is needed).

    `folders` are the folders of the source, empty for all.
    """
    found = [any_of(FOLDER, [str(folder) for folder in folders])] if folders else []
    for clauses_of in _CLAUSES.values():
        clauses = clauses_of(query)
        if clauses is None:
            return None
        found += clauses
    return " and ".join(found)


def order_of(order: tuple[SortKey, ...]) -> str:
    """The $orderby of a list. Its last key is always the unique id."""
    keys = [
        f"{TIME_MEMBERS[key.field]} {'asc' if key.direction is SortDirection.ASC else 'desc'}"
        for key in order
        if key.field in TIME_MEMBERS
    ]
    return ",".join([*keys[: MOST_SORT_KEYS - 1], "Id asc"])


def _cost(filter: str | None) -> int:
    """The comparisons in a filter, or more: operators within its text literals count too."""
    return 0 if filter is None else sum(filter.count(f" {operator} ") for operator in ("eq", "ne", "ge", "lt", "gt"))


def _pushed_states(states: frozenset[TaskState] | None) -> frozenset[TaskState] | None:
    """UNKNOWN means "none of the known statuses". With it, READY and RESERVED can only be asked for together."""
    if states is None:
        return None
    wanted = states & VENDOR_STATES
    if TaskState.UNKNOWN in wanted and wanted & VENDOR_OPEN_STATES:
        wanted |= VENDOR_OPEN_STATES
    return None if wanted == VENDOR_STATES else wanted


def _states(query: TaskQuery) -> Clauses:
    states = _pushed_states(query.states)
    if states is None:
        return []
    by_status = states - {TaskState.CANCELED}
    if not by_status:
        return ["IsDeleted eq true"] if states else None
    clauses = _not_excluded(by_status) if TaskState.UNKNOWN in by_status else [_included(by_status)]
    if TaskState.CANCELED not in states:
        return ["IsDeleted eq false", *clauses]
    if not clauses:
        return []
    joined = clauses[0] if len(clauses) == 1 else f"({' and '.join(clauses)})"
    return [f"(IsDeleted eq true or {joined})"]


def _not_excluded(states: frozenset[TaskState]) -> list[str]:
    """For states with UNKNOWN: every status but those of the other states."""
    excluded = [] if states & VENDOR_OPEN_STATES else ["Unassigned", "Pending"]
    if TaskState.COMPLETED not in states:
        excluded.append("Completed")
    return [f"Status ne '{status}'" for status in excluded]


def _included(states: frozenset[TaskState]) -> str:
    conditions = {
        TaskState.READY: f"Status eq 'Unassigned' or (Status eq 'Pending' and {OWNER} eq null)",
        TaskState.RESERVED: f"(Status eq 'Pending' and {OWNER} ne null)",
        TaskState.COMPLETED: "Status eq 'Completed'",
    }
    if states >= VENDOR_OPEN_STATES:
        conditions |= {TaskState.READY: "Status eq 'Unassigned'", TaskState.RESERVED: "Status eq 'Pending'"}
    return f"({' or '.join(condition for state, condition in conditions.items() if state in states)})"


def _candidates(query: TaskQuery) -> Clauses:
    """Of READY tasks only: `Pending` ones without an owner were given to several people or to a group."""
    return ["Status eq 'Unassigned'"] if _asks_for_unassigned(query) else []


def _asks_for_unassigned(query: TaskQuery) -> bool:
    return query.has_candidates is False and query.states == frozenset({TaskState.READY})


def _access(query: TaskQuery) -> Clauses:
    """The folders that someone has rights in."""
    if query.access_keys is None:
        return []
    folders = sorted(folder for key in query.access_keys if (folder := number(key)) is not None)
    return [any_of(FOLDER, [str(folder) for folder in folders])] if folders else None


def _owners(query: TaskQuery) -> Clauses:
    if query.assignees is None:
        return []
    owners = sorted(owner for text in query.assignees if (owner := number(text)) is not None)
    if not owners or query.has_assignee is False:
        return None
    return [any_of(OWNER, [str(owner) for owner in owners])]


def _ownership(query: TaskQuery) -> Clauses:
    if query.has_assignee is None:
        return []
    return [f"{OWNER} ne null" if query.has_assignee else f"{OWNER} eq null"]


def _ids(query: TaskQuery) -> Clauses:
    if query.ids is None:
        return []
    ids = sorted(found.task for text in query.ids if (found := TaskId.parse(text)) is not None)
    return [any_of("Id", [str(each) for each in ids])] if ids else None


def _flows(query: TaskQuery) -> Clauses:
    """Only flows with a folder id: a task's `flow_id` never has a folder key."""
    if query.flows is None:
        return []
    pairs = [
        f"(CreatorJobKey eq {found.instance} and {FOLDER} eq {found.folder})"
        for text in sorted(query.flows)
        if (found := FlowId.parse(text)) is not None and isinstance(found.folder, int)
    ]
    return [f"({' or '.join(pairs)})"] if pairs else None


def _kinds(query: TaskQuery) -> Clauses:
    return _enum("Type", query.kinds, TYPES)


def _priorities(query: TaskQuery) -> Clauses:
    return _enum("Priority", query.priorities, PRIORITIES)


def _enum(member: str, wanted: Iterable[object] | None, names: Mapping[str, object]) -> Clauses:
    if wanted is None:
        return []
    literals = [odata_text(name) for name, value in names.items() if value in wanted]
    return [any_of(member, literals)] if literals else None


def _definitions(query: TaskQuery) -> Clauses:
    return _texts("TaskCatalogName", query.definition_keys)


def _business(query: TaskQuery) -> Clauses:
    return _texts("ExternalTag", query.business_keys)


def _texts(member: str, values: frozenset[str] | None) -> Clauses:
    """The vendor's database may ignore letter case, so `paging` compares the rows again."""
    if values is None:
        return []
    literals = [odata_text(value) for value in sorted(values) if is_unicode(value)]
    return [any_of(member, literals)] if literals else None


def _times(query: TaskQuery) -> Clauses:
    """Only `ge` and `lt`: the vendor's clock is finer than the milliseconds of our records."""
    clauses: list[str] = []
    for field, interval in query.times:
        member, bounds = TIME_MEMBERS.get(field), half_open(interval)
        if member is None or bounds is None:
            return None
        for operator, bound in (("ge", bounds.gte), ("lt", bounds.lt)):
            if bound is not None:
                clauses.append(f"{member} {operator} {odata_time(bound)}")
    return clauses


def _presence(query: TaskQuery) -> Clauses:
    if query.present & NEVER_FILLED:
        return None
    return [f"{TIME_MEMBERS[field]} ne null" for field in sorted(query.present - ALWAYS_FILLED)]


def _absence(query: TaskQuery) -> Clauses:
    if query.absent & ALWAYS_FILLED:
        return None
    return [f"{TIME_MEMBERS[field]} eq null" for field in sorted(query.absent - NEVER_FILLED)]


def _never(query: TaskQuery) -> Clauses:
    """No task of this vendor has a subject or says whether it is escalated."""
    wanted = (query.subject_types, query.subject_ids, query.is_escalated)
    return [] if all(each is None for each in wanted) else None


_CLAUSES: Mapping[str, Callable[[TaskQuery], Clauses]] = {
    "ids": _ids,
    "flows": _flows,
    "states": _states,
    "access_keys": _access,
    "has_candidates": _candidates,
    "assignees": _owners,
    "has_assignee": _ownership,
    "present": _presence,
    "absent": _absence,
    "business_keys": _business,
    "times": _times,
    "kinds": _kinds,
    "priorities": _priorities,
    "definition_keys": _definitions,
    "subject_types": _never,
    "subject_ids": _never,
    "is_escalated": _never,
}
