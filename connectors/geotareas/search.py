"""Lists of tasks: which part of a query the vendor's filters answer exactly, and the parameters that are sent for it.

A list takes one status. So a query becomes several streams of pages that are read one after the other, one for each
status that may have a match, as a mapping from the stream's name to its parameters. A stream may contain more than the
query asks for; the connector drops rows that do not match.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from connectors.geotareas.ids import workflow_of
from connectors.geotareas.settings import GeotareasOptions
from connectors.geotareas.wire import TaskFilters
from connectors.sdk import OPEN_STATES, TaskKind, TaskOrderField, TaskQuery, TaskState

# The stream of all statuses.
ALL = "ALL"

# The states that a list of each status contains. A status that is not documented (UNKNOWN) is only in unfiltered lists.
TASK_STATUSES = {
    "PENDING": frozenset({TaskState.READY, TaskState.RESERVED}),
    "IN_PROGRESS": frozenset({TaskState.IN_PROGRESS}),
    "COMPLETED": frozenset({TaskState.COMPLETED}),
}
NOT_OPEN_STATES = frozenset(TaskState) - OPEN_STATES
NOT_COMPLETED_STATES = frozenset(TaskState) - {TaskState.COMPLETED}
NO_STATES: frozenset[TaskState] = frozenset()

# The types on the page Workflow Definitions, without NINGUNA, whose records have no entity. It is not documented whether
# another type finds nothing or is refused.
ENTITY_TYPES = frozenset({"TAREA", "CUENTA", "CLIENTE", "PERSONAL", "DISPOSITIVO"})

# Order fields that no row of a list has.
NEVER_FILLED = frozenset({TaskOrderField.FOLLOW_UP_AT, TaskOrderField.UPDATED_AT, TaskOrderField.COMPLETED_AT})

# A query for "overdue at a moment" this close to our clock means what the vendor calls overdue.
NOW = timedelta(minutes=2)


def pushed_down(query: TaskQuery, options: GeotareasOptions, *, zone: ZoneInfo | None, now: datetime) -> TaskQuery:
    """Classes of states (so that most lists share one of three answers), one entity type, the steps of one definition.

    "Overdue now" is pushed down only without a `zone`, where only the vendor can tell. With a zone the due dates of open
    tasks tell it, and inboxes read that list anyway.
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
        subject_types=query.subject_types if entity_type_of(query.subject_types) else None,
        overdue_at=overdue_at,
    )


def task_streams(query: TaskQuery, options: GeotareasOptions) -> dict[str, TaskFilters]:
    """The streams, and their parameters, for a query that was pushed down."""
    shared: TaskFilters = {}
    if definition_id := _definition_id(query.definition_keys, options):
        shared["definition_id"] = definition_id
    if entity_type := entity_type_of(query.subject_types):
        shared["entity_type"] = entity_type
    if query.overdue_at is not None:
        shared["overdue_only"] = "true"
    if query.states is None:
        return {ALL: shared}
    return {status: {"status": status, **shared} for status, found in TASK_STATUSES.items() if found & query.states}


def _fits_no_row(query: TaskQuery) -> bool:
    """Whether the query asks for something that no row has: such a list costs no call."""
    return (
        (query.kinds is not None and TaskKind.FORM not in query.kinds)
        or any(
            members is not None
            for members in (query.priorities, query.candidate_users, query.business_keys, query.tags)
        )
        or bool(query.present & NEVER_FILLED)
        or any(field in NEVER_FILLED for field, _ in query.times)
    )


def _widened(states: frozenset[TaskState]) -> frozenset[TaskState] | None:
    if not states:
        return states
    for shared in (OPEN_STATES, NOT_OPEN_STATES, NOT_COMPLETED_STATES):
        if states <= shared:
            return shared
    return None


def _definition_id(keys: Iterable[str] | None, options: GeotareasOptions) -> str | None:
    """The configured id of the definition that all these steps belong to; None if they belong to several."""
    workflows = {workflow_of(key) for key in keys or ()}
    return options.definition_ids.get(workflows.pop()) if len(workflows) == 1 else None


def entity_type_of(types: frozenset[str] | None) -> str | None:
    """The one type that the vendor can filter by; None for several types and for unknown ones."""
    return next(iter(types)) if types is not None and len(types) == 1 and types <= ENTITY_TYPES else None


def _whole_minute(moment: datetime) -> datetime:
    """Rounded up, so that the lists of one minute share an answer."""
    whole = moment.replace(second=0, microsecond=0)
    return whole if whole == moment else whole + timedelta(minutes=1)
