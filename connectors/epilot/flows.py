"""Flows: executions of both generations as flows of the model, and lists of them by business object."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from msgspec import Raw, Struct
from msgspec.structs import replace

from connectors.epilot import formats, options, wire
from connectors.epilot.client import EpilotClient
from connectors.epilot.ids import FlowId
from connectors.epilot.mapping import FLOW_STATES, FUTURE, OF_ENDED_FLOW, PENDING, link, subjects_of, tasks_of
from connectors.epilot.settings import Entity, EpilotSettings, Generation, ReadyWhen
from connectors.epilot.wire import Execution
from connectors.sdk import (
    OPEN_STATES,
    Decoded,
    DecodedRows,
    Definition,
    Flow,
    FlowPhase,
    FlowQuery,
    FlowState,
    OddRow,
    PhaseState,
    StartFlow,
    SubjectRef,
    Task,
    TaskState,
    UnsupportedActionError,
    UserRef,
    ValidationFailedError,
    distinct,
    parse_options,
    split_rows,
    time_from_wire,
)

# The most executions, or business objects whose flows are listed, that one list asks for. Each costs a call.
MOST_CALLS = 10

PHASE_STATES: Mapping[str, PhaseState] = {
    "OPEN": PhaseState.NOT_STARTED,
    "IN_PROGRESS": PhaseState.ACTIVE,
    "COMPLETED": PhaseState.COMPLETED,
}

# Members of an execution on which neither its state nor its owner depends.
_PARTS = frozenset(
    {
        wire.TASKS,
        "phases",
        "edges",
        "crt_tasks",
        "closing_reason",
        "singleClosingReasonSelection",
        "configuredClosingReasonSnapshot",
    }
)

_FINISHED = frozenset({"COMPLETED", "SKIPPED"})


class Executions(Struct, frozen=True):
    """Executions, each once, and those that are left out."""

    records: list[Execution]
    odd: tuple[OddRow, ...] = ()


def is_finished(status: str | None) -> bool:
    """Whether the flow has passed a task with this status."""
    return status in _FINISHED


# Lists


def pushed_down_flows(query: FlowQuery) -> FlowQuery:
    """Types and ids of business objects, if the query has both and they cost at most MOST_CALLS calls; else nothing."""
    types, ids = query.subject_types, query.subject_ids
    if types is None or ids is None or len(types) * len(ids) > MOST_CALLS:
        return FlowQuery()
    return FlowQuery(subject_types=types, subject_ids=ids)


async def executions_for(query: FlowQuery, settings: EpilotSettings, client: EpilotClient) -> Executions:
    """The executions of the query's business objects, else of the configured ones, else all of v1.

    An execution that cannot be shown as a flow is in `odd`. The vendor has no list of all executions of v2: without
    business objects that is UnsupportedActionError.
    """
    entities = settings.options.entities
    if query.subject_types is not None and query.subject_ids is not None:
        entities = tuple(
            Entity(entity_schema=type_, entity_id=native_id)
            for type_ in sorted(query.subject_types)
            for native_id in sorted(query.subject_ids)
            if type_ and native_id
        )
    elif not entities and settings.generation is Generation.V1:
        return _fitting(_each_once(await client.workflows.list_executions()))
    elif not entities:
        raise UnsupportedActionError(
            "epilot lists flows by business object: filter by subject type and id, or configure entities"
        )
    found: list[Execution] = []
    odd: list[OddRow] = []
    for entity in entities:
        more = await executions_of(entity, settings.generation, client)
        found += more.records
        odd += more.odd
    return _fitting(Executions(distinct(found, _id), tuple(odd)))


async def executions_of(entity: Entity, generation: Generation, client: EpilotClient) -> Executions:
    """The executions of one business object."""
    if generation is Generation.V1:
        found = await client.workflows.list_executions(entity_id=entity.entity_id, entity_schema=entity.entity_schema)
    else:
        found = await client.flows.search(entity_id=entity.entity_id, entity_schema=entity.entity_schema)
    return _each_once(found)


# Executions in hand


async def known_execution(flow: FlowId, payload: Raw | None, client: EpilotClient) -> Execution:
    """From the payload of its flow, else read."""
    if payload is None:
        return await client.execution(flow)
    read = formats.workflow_execution if flow.generation is Generation.V1 else formats.flow_execution
    return read(payload)


async def closing_reasons(
    flow: FlowId, payload: Raw | None, names: Sequence[str], settings: EpilotSettings, client: EpilotClient
) -> tuple[wire.Reason, ...]:
    """The reasons with these names, else the configured preference. If there is neither, nothing is read.

    `payload` as for `known_execution`.
    """
    preferred = settings.options.closing_reasons
    if names:
        return options.chosen_reasons(await known_execution(flow, payload, client), names)
    return options.preferred_reason(await known_execution(flow, payload, client), preferred) if preferred else ()


# Records


def flow_from_wire(execution: Execution, settings: EpilotSettings, *, fetched_at: datetime) -> Flow:
    record = execution.record
    state = FLOW_STATES.get(record.status or "", FlowState.UNKNOWN)
    analytics = record.analytics or wire.Analytics()
    parent = None if record.execution_chain is None else record.execution_chain.parent_execution_id
    started_at = time_from_wire(analytics.started_at, UTC) or time_from_wire(record.created_at, UTC)
    ended = {FlowState.COMPLETED: analytics.completed_at, FlowState.CANCELED: analytics.closed_at}.get(state)
    template = record.flow_template_id
    tasks = tasks_of(execution, settings, fetched_at=fetched_at)
    url_template = settings.options.url_template
    return Flow(
        source=settings.key,
        native_id=str(execution.flow),
        state=state,
        rule="epilot.flow.unknown" if state is FlowState.UNKNOWN else f"epilot.flow.{(record.status or '').lower()}",
        fetched_at=fetched_at,
        name=record.name,
        definition=None if not template else Definition(native_id=template, key=template),
        started_at=started_at,
        ended_at=time_from_wire(ended, UTC),
        due_at=time_from_wire(record.due_date, settings.zone),
        started_by=UserRef(native_id=analytics.started_by) if analytics.started_by else None,
        subjects=subjects_of(record.contexts),
        parent_id=None if not parent else str(FlowId(execution.flow.generation, parent)),
        phases=_phases(execution, settings.zone),
        current_task_ids=None
        if execution.odd_tasks or wire.TASKS in execution.odd
        else tuple(key for key, task in tasks.items() if task.state in OPEN_STATES),
        url=None if url_template is None or "{task}" in url_template else link(url_template, execution.flow, ""),
        native_type=execution.flow.generation.value,
        native_state=record.status,
        payload=execution.payload,
    )


def odd_members(execution: Execution) -> tuple[str, ...]:
    """The odd members that the flow depends on. Tasks, phases, edges and reasons (`_PARTS`) are left out."""
    return tuple(member for member in execution.odd if member not in _PARTS)


def task_within_flow(task: Task, flow: Flow, when: ReadyWhen) -> Task:
    """The task as its flow shows it: canceled if the flow has ended, not ready if the flow has not come to it.

    A row of a list may show neither. A task that was read later than the flow keeps its own state.
    """
    if task.state not in OPEN_STATES and task.state is not TaskState.CREATED:
        return task
    ended = OF_ENDED_FLOW.get(flow.state)
    if ended is not None:
        return replace(task, state=ended.state, state_reason=ended.reason, rule=ended.rule)
    keeps_its_state = (
        task.native_state not in PENDING
        or task.state is TaskState.CREATED
        or when is ReadyWhen.ENABLED
        or flow.current_task_ids is None
        or task.native_id in flow.current_task_ids
        or flow.fetched_at < task.fetched_at
    )
    return task if keeps_its_state else replace(task, state=FUTURE.state, rule=FUTURE.rule, state_reason=None)


def contexts_to_wire(subjects: Sequence[SubjectRef]) -> list[dict[str, object]]:
    """Contexts of a new flow (v2). Exactly one is the primary one: the vendor evaluates conditions by its data."""
    primary = next((each for each in subjects if each.is_primary), subjects[0])
    return [
        {"entity_id": each.native_id, "entity_schema": each.type, "is_primary": each is primary} for each in subjects
    ]


def workflow_contexts_to_wire(subjects: Sequence[SubjectRef]) -> list[dict[str, object]]:
    """Contexts of a new workflow (v1)."""
    return [{"id": each.native_id, "title": each.label or "", "schema": each.type} for each in subjects]


def _phases(execution: Execution, zone: ZoneInfo | None) -> tuple[FlowPhase, ...] | None:
    """The progress of a phase is the share of its tasks that the flow has passed."""
    if execution.record.phases is None:
        return None
    finished: dict[str, list[bool]] = {}
    for task, _raw in execution.tasks:
        if task.phase_id:
            finished.setdefault(task.phase_id, []).append(is_finished(task.status))
    return tuple(_phase(each, finished.get(each.id, []), zone) for each in execution.record.phases)


def _phase(phase: wire.Phase, finished: Sequence[bool], zone: ZoneInfo | None) -> FlowPhase:
    return FlowPhase(
        key=phase.id,
        name=phase.name or phase.id,
        state=PHASE_STATES.get(phase.status or "", PhaseState.UNKNOWN),
        due_at=time_from_wire(phase.due_date, zone),
        progress=sum(finished) / len(finished) if finished else None,
    )


def _each_once(found: DecodedRows[Execution]) -> Executions:
    return Executions(distinct(found.records, _id), found.odd)


def _fitting(executions: Executions) -> Executions:
    found = split_rows((Decoded(each, odd_members(each)), each.payload) for each in executions.records)
    return Executions(found.records, (*executions.odd, *found.odd))


def _id(execution: Execution) -> FlowId:
    return execution.flow


async def start(command: StartFlow, settings: EpilotSettings, client: EpilotClient) -> Execution:
    """ValidationFailedError, without a call, for what the vendor cannot start."""
    given = parse_options(command.options, options.StartFlowOptions)
    if command.version is not None:
        raise ValidationFailedError("epilot starts the current version only", field=("version",))
    if command.data:
        raise ValidationFailedError("a flow takes its data from its business objects", field=("data",))
    key, subjects = command.definition_key, command.subjects
    if (given.generation or settings.generation) is Generation.V1:
        contexts = workflow_contexts_to_wire(subjects)
        return await client.workflows.create(key, contexts, purposes=given.purposes)
    if subjects:
        return await client.flows.start(key, contexts_to_wire(subjects), purposes=given.purposes)
    raise ValidationFailedError("a flow needs a business object", field=("subjects",))
