"""epilot's tasks as tasks of the model, and the table of states; pure functions. All records come in the form of v2."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import quote

import msgspec
from msgspec import Raw, Struct

from connectors.epilot import wire
from connectors.epilot.ids import FlowId, TaskId
from connectors.epilot.settings import EpilotSettings, ReadyWhen
from connectors.epilot.wire import Execution, FlowOfTask
from connectors.sdk import (
    ConnectorError,
    Definition,
    FlowState,
    MalformedResponseError,
    OddRow,
    Sla,
    SubjectRef,
    Tag,
    Task,
    TaskKind,
    TaskState,
    UserRef,
    split_rows,
    time_from_wire,
    unreadable,
)

# The members that name the owners of a task, in v2 and in the overview.
OWNERS = frozenset({"assigned_to", "assignedTo"})

KINDS: Mapping[str, TaskKind] = {
    "MANUAL": TaskKind.MANUAL,
    "AUTOMATION": TaskKind.AUTOMATION,
    "DECISION": TaskKind.DECISION,
    "AI_AGENT": TaskKind.AI,
}

FLOW_STATES: Mapping[str, FlowState] = {
    "STARTED": FlowState.ACTIVE,
    "DONE": FlowState.COMPLETED,
    "CLOSED": FlowState.CANCELED,
}

# UNASSIGNED and ASSIGNED are deprecated synonyms of PENDING. The list of assignees says whether the task is assigned.
PENDING = frozenset({"PENDING", "UNASSIGNED", "ASSIGNED"})


class StateRule(Struct, frozen=True):
    """A row of the table of states: the state, the rule's name, and the reason."""

    state: TaskState
    rule: str
    reason: str | None = None


UNKNOWN = StateRule(TaskState.UNKNOWN, "epilot.unknown")
FUTURE = StateRule(TaskState.CREATED, "epilot.pending.future")

# A task with one of these statuses keeps it when its flow ends.
ENDED_STATUSES: Mapping[str, StateRule] = {
    "COMPLETED": StateRule(TaskState.COMPLETED, "epilot.completed"),
    "SKIPPED": StateRule(TaskState.SKIPPED, "epilot.skipped"),
    "FAILED": StateRule(TaskState.FAILED, "epilot.failed"),
}
# The vendor does not change the other tasks of a flow that ends.
OF_ENDED_FLOW: Mapping[FlowState, StateRule] = {
    FlowState.CANCELED: StateRule(TaskState.CANCELED, "epilot.flow.closed", "FLOW_CLOSED"),
    FlowState.COMPLETED: StateRule(TaskState.CANCELED, "epilot.flow.done", "FLOW_DONE"),
}
OPEN_STATUSES: Mapping[str, StateRule] = {
    "IN_PROGRESS": StateRule(TaskState.IN_PROGRESS, "epilot.in_progress"),
    "ON_HOLD": StateRule(TaskState.SUSPENDED, "epilot.on_hold", "ON_HOLD"),
    "WAITING_FOR_CONFIRMATION": StateRule(TaskState.SUSPENDED, "epilot.waiting_for_confirmation", "WAITING_EXTERNAL"),
    "SCHEDULED": StateRule(TaskState.CREATED, "epilot.scheduled", "SCHEDULED"),
    "CONDITION_PENDING": StateRule(TaskState.CREATED, "epilot.condition_pending", "CONDITION_PENDING"),
}


def state_of(
    status: str | None,
    *,
    assigned: bool,
    current: bool | None,
    enabled: bool | None,
    flow: FlowState | None,
    when: ReadyWhen,
) -> StateRule:
    """`current` and `enabled` None: the record does not say. `flow` None: the state of the flow is unknown."""
    native = status or ""
    if not native:
        # The record has no status. The task may have ended before its flow, so the flow's state proves nothing.
        return UNKNOWN
    ended = None if flow is None else OF_ENDED_FLOW.get(flow)
    rule = ENDED_STATUSES.get(native) or ended or OPEN_STATUSES.get(native)
    if rule is not None:
        return rule
    if native not in PENDING:
        return UNKNOWN
    if not is_ready(current=current, enabled=enabled, when=when):
        return FUTURE
    if assigned:
        return StateRule(TaskState.RESERVED, "epilot.pending.assigned")
    return StateRule(TaskState.READY, "epilot.pending.unassigned")


def is_ready(*, current: bool | None, enabled: bool | None, when: ReadyWhen) -> bool:
    """Whether a pending task can be worked on.

    `when` names the members that decide. If the record has none of them, the other member decides; if it has no member
    at all, the task is not ready.
    """
    asked = {
        ReadyWhen.CURRENT: (current,),
        ReadyWhen.ENABLED: (enabled,),
        ReadyWhen.BOTH: (current, enabled),
    }[when]
    known = [each for each in asked if each is not None] or [each for each in (current, enabled) if each is not None]
    return bool(known) and all(known)


def task_from_wire(
    row: wire.Task, flow: FlowOfTask, settings: EpilotSettings, *, fetched_at: datetime, payload: Raw | None = None
) -> Task:
    assignees = people_of(row.assigned_to)
    found = state_of(
        row.status,
        assigned=bool(assignees),
        current=flow.current,
        enabled=row.enabled,
        flow=FLOW_STATES.get(flow.flow_status or ""),
        when=settings.options.ready_when,
    )
    analytics = row.analytics or wire.Analytics()
    completed = row.status == "COMPLETED"
    return Task(
        source=settings.key,
        native_id=str(TaskId(flow.flow, row.id)),
        title=row.name or row.id,
        state=found.state,
        state_reason=found.reason,
        rule=found.rule,
        fetched_at=fetched_at,
        kind=KINDS.get(row.task_type or "", TaskKind.UNKNOWN),
        description=description_of(row.description),
        created_at=time_from_wire(row.created_at, UTC),
        updated_at=time_from_wire(row.updated_at, UTC),
        started_at=time_from_wire(analytics.started_at, UTC),
        due_at=time_from_wire(row.due_date, settings.zone),
        # A task in a loop that starts again keeps the times of its last round.
        completed_at=time_from_wire(analytics.completed_at, UTC) if completed else None,
        completed_by=UserRef(native_id=analytics.completed_by) if completed and analytics.completed_by else None,
        sla=Sla(ends_on=row.due_date) if row.due_date and _has_no_zone(row.due_date) else None,
        assignees=assignees,
        definition=None if not row.template_id else Definition(native_id=row.template_id, key=row.template_id),
        flow_id=str(flow.flow),
        flow_name=flow.flow_name,
        subjects=subjects_of(flow.contexts),
        outcome=_outcome(row) if completed else None,
        tags=None if row.taxonomies is None else tuple(Tag(name=each) for each in dict.fromkeys(row.taxonomies)),
        url=link(settings.options.url_template, flow.flow, row.id),
        native_type=row.task_type,
        native_state=row.status,
        payload=payload,
    )


def tasks_of(execution: Execution, settings: EpilotSettings, *, fetched_at: datetime) -> dict[str, Task]:
    """The tasks of an execution by native id, without those that do not fit."""
    tasks = (
        task_from_wire(row, execution.flow_of(row.id), settings, fetched_at=fetched_at, payload=raw)
        for row, raw in execution.tasks
    )
    return {task.native_id: task for task in tasks}


def odd_tasks_of(execution: Execution, settings: EpilotSettings, *, fetched_at: datetime) -> tuple[OddRow, ...]:
    """The tasks that do not fit. If the list of tasks itself cannot be read, it counts as one such task."""

    def made(row: wire.Task, raw: Raw) -> Task:
        return task_from_wire(row, execution.flow_of(row.id), settings, fetched_at=fetched_at, payload=raw)

    rows = split_rows(execution.odd_tasks, as_task=made, people=OWNERS).odd
    if wire.TASKS not in execution.odd:
        return rows
    return (*rows, OddRow(key=f"{wire.TASKS} of {execution.flow}", members=(wire.TASKS,)))


def task_by_id(
    execution: Execution, native_id: str, settings: EpilotSettings, *, fetched_at: datetime
) -> Task | ConnectorError | None:
    """In state UNKNOWN if its record can be read in part only; None if the flow has no such task.

    An error if the flow has tasks whose ids cannot be read: it may be one of them.
    """
    found = tasks_of(execution, settings, fetched_at=fetched_at).get(native_id)
    if found is not None:
        return found
    for row, raw in execution.odd_tasks:
        if row.record is not None and str(TaskId(execution.flow, row.record.id)) == native_id:
            flow = execution.flow_of(row.record.id)
            return unreadable(task_from_wire(row.record, flow, settings, fetched_at=fetched_at, payload=raw))
    if execution.has_hidden_tasks:
        return MalformedResponseError("a task of the flow does not fit the vendor's documentation")
    return None


def people_of(assignees: Sequence[wire.Assignee] | None) -> tuple[UserRef, ...]:
    """User ids in the vendor's order, each once. A variable stands for the user ids in its `value`."""
    ids: list[str] = []
    for each in assignees or ():
        match each:
            case wire.Variable(value=value):
                ids += [str(one) for one in value or ()]
            case None:
                continue
            case other:
                ids.append(str(other))
    return tuple(UserRef(native_id=each) for each in dict.fromkeys(filter(None, ids)))


def is_enabled(task: Task) -> bool | None:
    """Whether the vendor lets the status change; None where the record does not say."""
    if task.payload is None:
        return None
    try:
        return msgspec.json.decode(task.payload, type=_Enabled).enabled
    except msgspec.MsgspecError:
        return None


class _Enabled(Struct, frozen=True):
    enabled: bool | None = None


def description_of(description: wire.Description | None) -> str | None:
    if description is None or description.enabled is False:
        return None
    return description.value or None


def subjects_of(contexts: tuple[wire.Context, ...] | None) -> tuple[SubjectRef, ...] | None:
    if contexts is None:
        return None
    return tuple(
        SubjectRef(
            type=each.entity_schema, native_id=each.entity_id, label=each.title or None, is_primary=each.is_primary
        )
        for each in contexts
        if each.entity_schema and each.entity_id
    )


def link(template: str | None, flow: FlowId, task: str) -> str | None:
    """The address for people, from a template with `{execution}` and perhaps `{task}`."""
    if template is None:
        return None
    for name, value in {"{execution}": flow.execution, "{task}": task}.items():
        template = template.replace(name, quote(value, safe=""))
    return template


def time_to_wire(time: datetime) -> str:
    """In UTC with milliseconds and Z, the vendor's own spelling."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def _outcome(row: wire.Task) -> str | None:
    """The ids of the branches that were taken. A decision may allow several."""
    return ", ".join(each.id for each in row.conditions or () if each.is_met) or None


def _has_no_zone(text: str) -> bool:
    """True also for a text that is not a time."""
    try:
        return datetime.fromisoformat(text).tzinfo is None
    except ValueError:
        return True
