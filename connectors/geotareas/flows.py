"""Flows: the vendor's workflow instances, which parts of a query it answers, and their records."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec import Raw
from msgspec.structs import replace

from connectors.geotareas import wire
from connectors.geotareas.ids import is_native_id
from connectors.geotareas.mapping import link, subjects_of
from connectors.geotareas.search import ALL, entity_type_of
from connectors.geotareas.settings import GeotareasSettings
from connectors.geotareas.wire import InstanceFilters
from connectors.sdk import (
    Definition,
    Flow,
    FlowQuery,
    FlowState,
    Interval,
    Task,
    TaskState,
    local_time_to_wire,
    time_from_wire,
)

FLOW_STATES = {
    "RUNNING": (FlowState.ACTIVE, "geo.instance.running"),
    "COMPLETED": (FlowState.COMPLETED, "geo.instance.completed"),
    "CANCELLED": (FlowState.CANCELED, "geo.instance.cancelled"),
    "ERROR": (FlowState.FAILED, "geo.instance.error"),
}

# The documentation does not say whether the bounds of a start date are inclusive, or whether their time of day counts.
MARGIN = timedelta(days=1)


def pushed_down_flows(query: FlowQuery, *, zone: ZoneInfo | None) -> FlowQuery:
    """States, one definition, one entity type, one entity; the start only with a `zone`."""
    return FlowQuery(
        states=None if query.states is None or FlowState.UNKNOWN in query.states else query.states,
        definition_keys=query.definition_keys if _native_id(query.definition_keys) else None,
        subject_types=query.subject_types if entity_type_of(query.subject_types) else None,
        subject_ids=query.subject_ids if _native_id(query.subject_ids) else None,
        started_at=None if zone is None else query.started_at,
    )


def instance_streams(query: FlowQuery, *, zone: ZoneInfo | None) -> dict[str, InstanceFilters]:
    """As `search.task_streams`, for flows."""
    shared: InstanceFilters = {}
    if definition_id := _native_id(query.definition_keys):
        shared["definition_id"] = definition_id
    if entity_type := entity_type_of(query.subject_types):
        shared["entity_type"] = entity_type
    if entity_id := _native_id(query.subject_ids):
        shared["entity_id"] = entity_id
    if query.started_at is not None and zone is not None:
        first, last = _bounds(query.started_at)
        if start := _local_time(first, -MARGIN, zone):
            shared["startdate"] = start
        if end := _local_time(last, MARGIN, zone):
            shared["enddate"] = end
    if query.states is None:
        return {ALL: shared}
    return {status: {"status": status, **shared} for status, (state, _) in FLOW_STATES.items() if state in query.states}


def flow_from_wire(
    row: wire.InstanceRow, settings: GeotareasSettings, *, fetched_at: datetime, payload: Raw | None = None
) -> Flow:
    state, rule = FLOW_STATES.get(row.status or "", (FlowState.UNKNOWN, "geo.instance.unknown"))
    definition = row.definition_id
    return Flow(
        source=settings.key,
        native_id=row.id,
        state=state,
        rule=rule,
        fetched_at=fetched_at,
        name=row.definition_name,
        definition=None
        if definition is None
        else Definition(native_id=definition, key=definition, name=row.definition_name),
        started_at=time_from_wire(row.started_at, settings.zone),
        subjects=subjects_of(wire.Entity(row.entity_type, row.entity_id, row.entity_label)),
        url=link(settings.options.flow_url_template, row.id),
        native_state=row.status,
        payload=payload,
    )


def task_within_flow(task: Task, flow: Flow) -> Task:
    """The task as canceled if its flow is: the vendor leaves tasks of a cancelled instance as they were."""
    if not task.is_open or flow.state is not FlowState.CANCELED:
        return task
    return replace(task, state=TaskState.CANCELED, state_reason="FLOW_CANCELED", rule="geo.instance.cancelled")


def _native_id(ids: frozenset[str] | None) -> str | None:
    if ids is None or len(ids) != 1:
        return None
    (native_id,) = ids
    return native_id if is_native_id(native_id) else None


def _bounds(interval: Interval) -> tuple[datetime | None, datetime | None]:
    return interval.gte or interval.gt, interval.lte or interval.lt


def _local_time(moment: datetime | None, shift: timedelta, zone: ZoneInfo) -> str | None:
    """`moment + shift` as local time; None without a moment, or outside of the years 1 to 9999."""
    try:
        return None if moment is None else local_time_to_wire(moment + shift, zone)
    except OverflowError:
        return None
