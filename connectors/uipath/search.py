"""The gateway's query in the words of Orchestrator's list of tasks."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta

from msgspec.structs import replace

from connectors.sdk import Interval, SortDirection, SortKey, TaskKind, TaskOrderField, TaskQuery, TaskState
from connectors.uipath import odata
from connectors.uipath.mapping import PRIORITIES, TYPES
from connectors.uipath.native_id import flow_id, number, task_id

# Order fields by which the vendor sorts as we do. Not the due date, which is nested, nor priorities and states, whose
# order as enums is not documented, nor titles, whose collation is the vendor's database's.
TIME_MEMBERS = {
    TaskOrderField.CREATED_AT: "CreationTime",
    TaskOrderField.UPDATED_AT: "LastModificationTime",
    TaskOrderField.COMPLETED_AT: "CompletionTime",
}
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

# Values that one member of a query may have in a filter: addresses of requests have an end too.
MOST_VALUES = 20
# Comparisons that a query may make; the list adds its position to them.
BUDGET = odata.MOST_EXPRESSIONS - 2

OWNER = "AssignedToUserId"
FOLDER = "OrganizationUnitId"
OPEN_STATES_HERE = frozenset({TaskState.READY, TaskState.RESERVED})
STATES_HERE = OPEN_STATES_HERE | {TaskState.COMPLETED, TaskState.CANCELED, TaskState.UNKNOWN}

_MICROSECOND = timedelta(microseconds=1)

Clauses = list[str] | None
"""Conditions that must all hold; None when nothing can satisfy them."""


def pushdown(query: TaskQuery, folders: tuple[int, ...] = ()) -> TaskQuery:
    """The part of `query` that `filter_of` can say: never stricter than `query`.

    Candidates, tags, due dates, what is overdue and text are left to the gateway: lambdas over collections, nested
    order and the vendor's collation are not documented.
    """
    said = replace(
        query,
        states=_pushed_states(query.states),
        kinds=None if query.kinds is not None and TaskKind.UNKNOWN in query.kinds else query.kinds,
        times=tuple((field, each) for field, each in query.times if field in TIME_MEMBERS or field in NEVER_FILLED),
        present=query.present - {TaskOrderField.DUE_AT},
        absent=query.absent - {TaskOrderField.DUE_AT},
    )
    pushed = TaskQuery()
    # In the order of what narrows a list most; a member that does not fit any more is left to the gateway.
    for name in _CLAUSES:
        values = getattr(said, name)
        if isinstance(values, frozenset) and len(values) > MOST_VALUES:
            continue
        more: TaskQuery = replace(pushed, **{name: values})
        if _cost(filter_of(more, folders)) <= BUDGET:
            pushed = more
    return pushed


def filter_of(query: TaskQuery, folders: tuple[int, ...] = ()) -> str | None:
    """The $filter of a pushed-down query, empty for everything; None when nothing can match: no call is needed."""
    every = [odata.any_of(FOLDER, [str(folder) for folder in folders])] if folders else []
    for clauses_of in _CLAUSES.values():
        clauses = clauses_of(query)
        if clauses is None:
            return None
        every += clauses
    return " and ".join(every)


def order_of(order: tuple[SortKey, ...]) -> str:
    """The $orderby of a list, always down to the unique id."""
    keys = [
        f"{TIME_MEMBERS[key.field]} {'asc' if key.direction is SortDirection.ASC else 'desc'}"
        for key in order
        if key.field in TIME_MEMBERS
    ]
    return ",".join([*keys[: odata.MOST_ORDERS - 1], "Id asc"])


def _cost(filter: str | None) -> int:
    """Comparisons in a filter; texts within it may hold the operators too, which makes it more than it is."""
    return 0 if filter is None else sum(filter.count(f" {operator} ") for operator in ("eq", "ne", "ge", "lt", "gt"))


def _pushed_states(states: frozenset[TaskState] | None) -> frozenset[TaskState] | None:
    """UNKNOWN is what is none of the known statuses; beside one of READY and RESERVED it brings the other along."""
    if states is None:
        return None
    here = states & STATES_HERE
    if TaskState.UNKNOWN in here and here & OPEN_STATES_HERE:
        here |= OPEN_STATES_HERE
    return None if here == STATES_HERE else here


def _states(query: TaskQuery) -> Clauses:
    states = _pushed_states(query.states)
    if states is None:
        return []
    kept = states - {TaskState.CANCELED}
    if not kept:
        return ["IsDeleted eq true"] if states else None
    clauses = _other_than(kept) if TaskState.UNKNOWN in kept else [_either(kept)]
    if TaskState.CANCELED not in states:
        return ["IsDeleted eq false", *clauses]
    if not clauses:
        return []
    alive = clauses[0] if len(clauses) == 1 else f"({' and '.join(clauses)})"
    return [f"(IsDeleted eq true or {alive})"]


def _other_than(kept: frozenset[TaskState]) -> list[str]:
    excluded = [] if kept & OPEN_STATES_HERE else ["Unassigned", "Pending"]
    if TaskState.COMPLETED not in kept:
        excluded.append("Completed")
    return [f"Status ne '{status}'" for status in excluded]


def _either(kept: frozenset[TaskState]) -> str:
    ways = {
        TaskState.READY: f"Status eq 'Unassigned' or (Status eq 'Pending' and {OWNER} eq null)",
        TaskState.RESERVED: f"(Status eq 'Pending' and {OWNER} ne null)",
        TaskState.COMPLETED: "Status eq 'Completed'",
    }
    if kept >= OPEN_STATES_HERE:
        ways |= {TaskState.READY: "Status eq 'Unassigned'", TaskState.RESERVED: "Status eq 'Pending'"}
    return f"({' or '.join(ways[state] for state in ways if state in kept)})"


def _owners(query: TaskQuery) -> Clauses:
    clauses: list[str] = []
    if query.assignees is not None:
        owners = sorted(owner for text in query.assignees if (owner := number(text)) is not None)
        if not owners or query.has_assignee is False:
            return None
        clauses.append(odata.any_of(OWNER, [str(owner) for owner in owners]))
    return clauses


def _ownership(query: TaskQuery) -> Clauses:
    if query.has_assignee is None:
        return []
    return [f"{OWNER} ne null" if query.has_assignee else f"{OWNER} eq null"]


def _ids(query: TaskQuery) -> Clauses:
    if query.ids is None:
        return []
    ids = sorted(found.task for text in query.ids if (found := task_id(text)) is not None)
    return [odata.any_of("Id", [str(each) for each in ids])] if ids else None


def _flows(query: TaskQuery) -> Clauses:
    """A folder's key instead of its id: no task names its flow like that."""
    if query.flows is None:
        return []
    pairs = [
        f"(CreatorJobKey eq {found.instance} and {FOLDER} eq {found.folder})"
        for text in sorted(query.flows)
        if (found := flow_id(text)) is not None and isinstance(found.folder, int)
    ]
    return [f"({' or '.join(pairs)})"] if pairs else None


def _kinds(query: TaskQuery) -> Clauses:
    return _enum("Type", query.kinds, TYPES)


def _priorities(query: TaskQuery) -> Clauses:
    return _enum("Priority", query.priorities, PRIORITIES)


def _enum(member: str, wanted: Iterable[object] | None, names: Mapping[str, object]) -> Clauses:
    if wanted is None:
        return []
    literals = [odata.text(name) for name, value in names.items() if value in wanted]
    return [odata.any_of(member, literals)] if literals else None


def _definitions(query: TaskQuery) -> Clauses:
    return _texts("TaskCatalogName", query.definition_keys)


def _business(query: TaskQuery) -> Clauses:
    return _texts("ExternalTag", query.business_keys)


def _texts(member: str, values: frozenset[str] | None) -> Clauses:
    """The vendor's database may find other spellings too: who asks compares again."""
    if values is None:
        return []
    literals = [odata.text(value) for value in sorted(values) if odata.is_text(value)]
    return [odata.any_of(member, literals)] if literals else None


def _times(query: TaskQuery) -> Clauses:
    """Rows show microseconds where the vendor's clock is finer, so bounds are sent as `ge` and `lt` alone."""
    clauses: list[str] = []
    for field, interval in query.times:
        member = TIME_MEMBERS.get(field)
        bounds = _bounds(interval)
        if member is None or bounds is None:
            return None
        clauses += [f"{member} {operator} {odata.moment(bound)}" for operator, bound in bounds]
    return clauses


def _bounds(interval: Interval) -> list[tuple[str, datetime]] | None:
    try:
        bounds = [("ge", interval.gte), ("ge", None if interval.gt is None else interval.gt + _MICROSECOND)]
    except OverflowError:
        return None
    bounds.append(("lt", interval.lt))
    try:
        bounds.append(("lt", None if interval.lte is None else interval.lte + _MICROSECOND))
    except OverflowError:
        pass
    return [(operator, bound) for operator, bound in bounds if bound is not None]


def _presence(query: TaskQuery) -> Clauses:
    if query.present & NEVER_FILLED:
        return None
    return [f"{TIME_MEMBERS[field]} ne null" for field in sorted(query.present - ALWAYS_FILLED)]


def _absence(query: TaskQuery) -> Clauses:
    if query.absent & ALWAYS_FILLED:
        return None
    return [f"{TIME_MEMBERS[field]} eq null" for field in sorted(query.absent - NEVER_FILLED)]


def _never(query: TaskQuery) -> Clauses:
    """No task here has a subject, and none says whether it is escalated."""
    asked = (query.subject_types, query.subject_ids, query.is_escalated)
    return [] if all(each is None for each in asked) else None


_CLAUSES: Mapping[str, Callable[[TaskQuery], Clauses]] = {
    "ids": _ids,
    "flows": _flows,
    "states": _states,
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
