"""Which part of a query the vendor's filters answer exactly, and what is sent for it.

A list takes one status, so a query becomes streams of pages, one for each status that may hold a match: their names,
each with its filters. A stream may hold more than the query asks for; the connector drops what does not match.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from connectors.geotareas import local_time, mapping
from connectors.geotareas.settings import GeotareasOptions
from connectors.geotareas.wire import InstanceFilters, TaskFilters
from connectors.sdk import OPEN_STATES, FlowQuery, FlowState, Interval, TaskKind, TaskOrderField, TaskQuery, TaskState

# The stream of all statuses.
ALL = "ALL"

# Which status finds which of our states. What is not documented (UNKNOWN) is only in unfiltered lists.
TASK_STATUSES = {
    "PENDING": frozenset({TaskState.READY, TaskState.RESERVED}),
    "IN_PROGRESS": frozenset({TaskState.IN_PROGRESS}),
    "COMPLETED": frozenset({TaskState.COMPLETED}),
}
NOT_OPEN_STATES = frozenset(TaskState) - OPEN_STATES
NOT_COMPLETED_STATES = frozenset(TaskState) - {TaskState.COMPLETED}
NO_STATES: frozenset[TaskState] = frozenset()

# The types that the page Workflow Definitions names, but NINGUNA, whose records have no entity. Of another type it is
# not known whether it finds nothing or is refused.
ENTITY_TYPES = frozenset({"TAREA", "CUENTA", "CLIENTE", "PERSONAL", "DISPOSITIVO"})

# Order fields that no row of a list fills.
EMPTY = frozenset({TaskOrderField.FOLLOW_UP_AT, TaskOrderField.UPDATED_AT, TaskOrderField.COMPLETED_AT})

# How far the moment of "overdue" may be from our clock and still be what the vendor calls overdue.
NOW = timedelta(minutes=2)

# Whether the bounds of a start date are inclusive, and whether their time of day counts, is not documented.
MARGIN = timedelta(days=1)


def pushed_down(query: TaskQuery, options: GeotareasOptions, *, zone: ZoneInfo | None, now: datetime) -> TaskQuery:
    """States by class (so that most lists share one of three answers), one entity type, the steps of one definition.

    Overdue is pushed down without a zone only, when it means now: then only the vendor knows. With a zone, due dates of
    open tasks tell it, and these are in the list that inboxes read anyway.
    """
    if _fits_no_row(query):
        return TaskQuery(states=NO_STATES)
    states = query.states
    overdue_at = None
    if query.overdue_at is not None:
        states = OPEN_STATES if states is None else states & OPEN_STATES
        if zone is None and abs(query.overdue_at - now) <= NOW:
            overdue_at = _whole_minute(query.overdue_at)
    return TaskQuery(
        states=None if states is None else _widened(states),
        definition_keys=query.definition_keys if _definition_id(query.definition_keys, options) else None,
        subject_types=query.subject_types if _entity_type(query.subject_types) else None,
        overdue_at=overdue_at,
    )


def task_streams(query: TaskQuery, options: GeotareasOptions) -> dict[str, TaskFilters]:
    """What is sent for a query that was pushed down."""
    shared: TaskFilters = {}
    if definition_id := _definition_id(query.definition_keys, options):
        shared["definition_id"] = definition_id
    if entity_type := _entity_type(query.subject_types):
        shared["entity_type"] = entity_type
    if query.overdue_at is not None:
        shared["overdue_only"] = "true"
    if query.states is None:
        return {ALL: shared}
    return {status: {"status": status, **shared} for status, found in TASK_STATUSES.items() if found & query.states}


def pushed_down_flows(query: FlowQuery, *, zone: ZoneInfo | None) -> FlowQuery:
    """States, one definition, one entity type, one entity, and with a zone the start."""
    return FlowQuery(
        states=None if query.states is None or FlowState.UNKNOWN in query.states else query.states,
        definition_keys=query.definition_keys if _native_id(query.definition_keys) else None,
        subject_types=query.subject_types if _entity_type(query.subject_types) else None,
        subject_ids=query.subject_ids if _native_id(query.subject_ids) else None,
        started_at=None if zone is None else query.started_at,
    )


def instance_streams(query: FlowQuery, *, zone: ZoneInfo | None) -> dict[str, InstanceFilters]:
    """What is sent for a query that was pushed down."""
    shared: InstanceFilters = {}
    if definition_id := _native_id(query.definition_keys):
        shared["definition_id"] = definition_id
    if entity_type := _entity_type(query.subject_types):
        shared["entity_type"] = entity_type
    if entity_id := _native_id(query.subject_ids):
        shared["entity_id"] = entity_id
    if query.started_at is not None and zone is not None:
        first, last = _bounds(query.started_at)
        if start := local_time.to_wire(first, -MARGIN, zone):
            shared["startdate"] = start
        if end := local_time.to_wire(last, MARGIN, zone):
            shared["enddate"] = end
    if query.states is None:
        return {ALL: shared}
    return {
        status: {"status": status, **shared}
        for status, (state, _) in mapping.FLOW_STATES.items()
        if state in query.states
    }


def _fits_no_row(query: TaskQuery) -> bool:
    """Whether it asks for what the vendor's rows never have: such a list costs no call."""
    return (
        (query.kinds is not None and TaskKind.FORM not in query.kinds)
        or any(
            members is not None
            for members in (query.priorities, query.candidate_users, query.business_keys, query.tags)
        )
        or bool(query.present & EMPTY)
        or any(field in EMPTY for field, _ in query.times)
    )


def _widened(states: frozenset[TaskState]) -> frozenset[TaskState] | None:
    if not states:
        return states
    for shared in (OPEN_STATES, NOT_OPEN_STATES, NOT_COMPLETED_STATES):
        if states <= shared:
            return shared
    return None


def _definition_id(keys: Iterable[str] | None, options: GeotareasOptions) -> str | None:
    """The configured id of the one definition that all these steps belong to."""
    workflows = {mapping.workflow_of(key) for key in keys or ()}
    return options.definition_ids.get(workflows.pop()) if len(workflows) == 1 else None


def _entity_type(types: frozenset[str] | None) -> str | None:
    return next(iter(types)) if types is not None and len(types) == 1 and types <= ENTITY_TYPES else None


def _native_id(ids: frozenset[str] | None) -> str | None:
    if ids is None or len(ids) != 1:
        return None
    (native_id,) = ids
    return native_id if mapping.is_native_id(native_id) else None


def _bounds(interval: Interval) -> tuple[datetime | None, datetime | None]:
    return interval.gte or interval.gt, interval.lte or interval.lt


def _whole_minute(moment: datetime) -> datetime:
    """Rounded up, so that the lists of one minute share an answer."""
    whole = moment.replace(second=0, microsecond=0)
    return whole if whole == moment else whole + timedelta(minutes=1)
