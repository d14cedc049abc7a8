"""epilot's records as ours; pure functions. Both generations and the lists' rows come here as the newer's records."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import quote
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import replace

from connectors.epilot import wire
from connectors.epilot.ids import FlowId, TaskId
from connectors.epilot.settings import EpilotSettings, ReadyWhen
from connectors.epilot.states import FLOW_STATES, FUTURE, KINDS, OF_ENDED_FLOW, PENDING, PHASE_STATES, standing
from connectors.sdk import (
    OPEN_STATES,
    Definition,
    Flow,
    FlowPhase,
    FlowState,
    Group,
    PhaseState,
    Sla,
    SubjectRef,
    Tag,
    Task,
    TaskKind,
    TaskState,
    User,
    UserRef,
    time_from_wire,
)

_ENDED = frozenset({"COMPLETED", "SKIPPED"})


class Around(Struct, frozen=True, kw_only=True):
    """What a record of a task does not hold itself. `current` None: nobody said whether it is a current task."""

    flow: FlowId
    current: bool | None = None
    flow_name: str | None = None
    flow_status: str | None = None
    contexts: tuple[wire.Context, ...] | None = None


class Execution(Struct, frozen=True):
    """One execution with its tasks in the vendor's order, each with its own bytes."""

    flow: FlowId
    record: wire.FlowExecution
    tasks: tuple[tuple[wire.Task, Raw], ...]
    payload: Raw

    def around(self, task_id: str) -> Around:
        crt = self.record.crt_tasks
        return Around(
            flow=self.flow,
            current=None if crt is None else any(each.id == task_id for each in crt),
            flow_name=self.record.name,
            flow_status=self.record.status,
            contexts=self.record.contexts,
        )


def time_to_wire(time: datetime) -> str:
    """As JavaScript prints it, which is what the vendor stores."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def people_of(assignees: Sequence[wire.Assignee] | None) -> tuple[UserRef, ...]:
    """User ids in the vendor's order, each once; of a variable those it was resolved to."""
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


def task_from_wire(
    row: wire.Task, around: Around, settings: EpilotSettings, *, fetched_at: datetime, payload: Raw | None = None
) -> Task:
    assignees = people_of(row.assigned_to)
    stands = standing(
        row.status,
        assigned=bool(assignees),
        current=around.current,
        enabled=row.enabled,
        flow=FLOW_STATES.get(around.flow_status or ""),
        when=settings.options.ready_when,
    )
    analytics = row.analytics or wire.Analytics()
    completed = row.status == "COMPLETED"
    due_at = time_from_wire(row.due_date, settings.zone)
    return Task(
        source=settings.key,
        native_id=str(TaskId(around.flow, row.id)),
        title=row.name or row.id,
        state=stands.state,
        state_reason=stands.reason,
        rule=stands.rule,
        fetched_at=fetched_at,
        kind=KINDS.get(row.task_type or "", TaskKind.UNKNOWN),
        description=description_of(row.description),
        created_at=time_from_wire(row.created_at, UTC),
        updated_at=time_from_wire(row.updated_at, UTC),
        started_at=time_from_wire(analytics.started_at, UTC),
        due_at=due_at,
        # A task of a loop keeps the times of its last round when it starts again.
        completed_at=time_from_wire(analytics.completed_at, UTC) if completed else None,
        completed_by=UserRef(native_id=analytics.completed_by) if completed and analytics.completed_by else None,
        sla=Sla(ends_on=row.due_date) if row.due_date and _is_floating(row.due_date) else None,
        assignees=assignees,
        definition=None if not row.template_id else Definition(native_id=row.template_id, key=row.template_id),
        flow_id=str(around.flow),
        flow_name=around.flow_name,
        subjects=_subjects(around.contexts),
        outcome=_outcome(row) if completed else None,
        tags=None if row.taxonomies is None else tuple(Tag(name=each) for each in dict.fromkeys(row.taxonomies)),
        url=_url(settings.options.url_template, around.flow, row.id),
        native_type=row.task_type,
        native_state=row.status,
        payload=payload,
    )


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


def tasks_of(execution: Execution, settings: EpilotSettings, *, fetched_at: datetime) -> dict[str, Task]:
    """By native id; of tasks with the same id the first."""
    found: dict[str, Task] = {}
    for row, raw in execution.tasks:
        task = task_from_wire(row, execution.around(row.id), settings, fetched_at=fetched_at, payload=raw)
        found.setdefault(task.native_id, task)
    return found


def flow_from_wire(execution: Execution, settings: EpilotSettings, *, fetched_at: datetime) -> Flow:
    record = execution.record
    state = FLOW_STATES.get(record.status or "", FlowState.UNKNOWN)
    analytics = record.analytics or wire.Analytics()
    parent = None if record.execution_chain is None else record.execution_chain.parent_execution_id
    started_at = time_from_wire(analytics.started_at, UTC) or time_from_wire(record.created_at, UTC)
    ended = {FlowState.COMPLETED: analytics.completed_at, FlowState.CANCELED: analytics.closed_at}.get(state)
    template = record.flow_template_id
    tasks = tasks_of(execution, settings, fetched_at=fetched_at)
    link = settings.options.url_template
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
        subjects=_subjects(record.contexts),
        parent_id=None if not parent else str(FlowId(execution.flow.generation, parent)),
        phases=_phases(execution, settings.zone),
        current_task_ids=tuple(key for key, task in tasks.items() if task.state in OPEN_STATES),
        url=None if link is None or "{task}" in link else _url(link, execution.flow, ""),
        native_type=execution.flow.generation.value,
        native_state=record.status,
        payload=execution.payload,
    )


def task_within_flow(task: Task, flow: Flow, when: ReadyWhen) -> Task:
    """Rows may not say that their flow has ended, or that a pending task's turn has not come: its execution does."""
    if task.state not in OPEN_STATES and task.state is not TaskState.CREATED:
        return task
    ended = OF_ENDED_FLOW.get(flow.state)
    if ended is not None:
        return replace(task, state=ended.state, state_reason=ended.reason, rule=ended.rule)
    its_turn = (
        task.native_state not in PENDING
        or task.state is TaskState.CREATED
        or when is ReadyWhen.ENABLED
        or flow.current_task_ids is None
        or task.native_id in flow.current_task_ids
        or flow.fetched_at < task.fetched_at
    )
    return task if its_turn else replace(task, state=FUTURE.state, rule=FUTURE.rule, state_reason=None)


def user_from_wire(row: wire.User) -> User | None:
    """None for a record without an id."""
    if not row.id:
        return None
    active = None if row.status is None else row.status == "Active"
    return User(native_id=row.id, name=row.display_name, email=row.email, is_active=active)


def group_from_wire(row: wire.Group) -> Group:
    return Group(
        native_id=row.id,
        name=row.name or row.id,
        aliases=(row.abbreviation,) if row.abbreviation else (),
        member_count=None if row.users is None else len(row.users),
    )


def description_of(description: wire.Description | None) -> str | None:
    if description is None or description.enabled is False:
        return None
    return description.value or None


def is_ended(status: str | None) -> bool:
    return status in _ENDED


def _subjects(contexts: tuple[wire.Context, ...] | None) -> tuple[SubjectRef, ...] | None:
    if contexts is None:
        return None
    return tuple(
        SubjectRef(
            type=each.entity_schema, native_id=each.entity_id, label=each.title or None, is_primary=each.is_primary
        )
        for each in contexts
        if each.entity_schema and each.entity_id
    )


def _phases(execution: Execution, zone: ZoneInfo | None) -> tuple[FlowPhase, ...] | None:
    if execution.record.phases is None:
        return None
    statuses: dict[str, list[bool]] = {}
    for task, _raw in execution.tasks:
        if task.phase_id:
            statuses.setdefault(task.phase_id, []).append(is_ended(task.status))
    return tuple(_phase(each, statuses.get(each.id, []), zone) for each in execution.record.phases)


def _phase(phase: wire.Phase, ended: Sequence[bool], zone: ZoneInfo | None) -> FlowPhase:
    return FlowPhase(
        key=phase.id,
        name=phase.name or phase.id,
        state=PHASE_STATES.get(phase.status or "", PhaseState.UNKNOWN),
        due_at=time_from_wire(phase.due_date, zone),
        progress=sum(ended) / len(ended) if ended else None,
    )


def _outcome(row: wire.Task) -> str | None:
    """The branches that were taken; several run side by side where the decision allows it."""
    return ", ".join(each.id for each in row.conditions or () if each.is_met) or None


def _is_floating(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is None
    except ValueError:
        return True


def _url(template: str | None, flow: FlowId, task: str) -> str | None:
    if template is None:
        return None
    values: Mapping[str, str] = {"{execution}": flow.execution, "{task}": task}
    for name, value in values.items():
        template = template.replace(name, quote(value, safe=""))
    return template
