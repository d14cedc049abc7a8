"""GEOtareas records as ours; pure functions."""

from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Raw
from msgspec.structs import replace

from connectors.geotareas import wire
from connectors.geotareas.settings import GeotareasSettings
from connectors.sdk.errors import MalformedResponseError
from connectors.sdk.model import (
    Definition,
    DetailAspect,
    Flow,
    FlowState,
    Form,
    FormField,
    FormFieldType,
    FormKind,
    GroupRef,
    PreviousStep,
    Requirement,
    Sla,
    SubjectRef,
    Task,
    TaskDetail,
    TaskKind,
    TaskOutcome,
    TaskState,
    UserRef,
)

FLOW_STATES = {
    "RUNNING": (FlowState.ACTIVE, "geo.instance.running"),
    "COMPLETED": (FlowState.COMPLETED, "geo.instance.completed"),
    "CANCELLED": (FlowState.CANCELED, "geo.instance.cancelled"),
    "ERROR": (FlowState.FAILED, "geo.instance.error"),
}

FIELD_TYPES = {
    "text": FormFieldType.TEXT,
    "number": FormFieldType.NUMBER,
    "date": FormFieldType.DATE,
    "boolean": FormFieldType.BOOLEAN,
    "select": FormFieldType.SELECT,
    "file": FormFieldType.FILE,
}

# Form data keeps its decimals and its integers of any size.
_VALUES = msgspec.json.Decoder(float_hook=Decimal)


def state_of(status: str | None, *, assigned: bool) -> tuple[TaskState, str]:
    """The state and the rule that decided. What sets IN_PROGRESS is not documented; it may come without a user."""
    match status:
        case "PENDING" if assigned:
            return TaskState.RESERVED, "geo.pending.assigned"
        case "PENDING":
            return TaskState.READY, "geo.pending.unassigned"
        case "IN_PROGRESS":
            return TaskState.IN_PROGRESS, "geo.in_progress"
        case "COMPLETED":
            return TaskState.COMPLETED, "geo.completed"
        case _:
            return TaskState.UNKNOWN, "geo.unknown"


def time_from_wire(text: str | None, zone: ZoneInfo | None) -> datetime | None:
    """None without a configured zone: the vendor's times have none.

    Of a local time that the clock passes twice the first counts; one that it skips counts as if it had not.
    """
    if text is None:
        return None
    try:
        time = datetime.fromisoformat(text)
        if time.tzinfo is None:
            if zone is None:
                return None
            time = time.replace(tzinfo=zone, fold=0)
        return time.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def task_from_wire(
    row: wire.TaskRow, settings: GeotareasSettings, *, fetched_at: datetime, payload: Raw | None = None
) -> Task:
    state, rule = state_of(row.status, assigned=row.assigned_to_user is not None)
    template = settings.options.url_template
    return Task(
        source=settings.key,
        native_id=row.id,
        title=row.step_name or row.workflow_name or row.id,
        state=state,
        rule=rule,
        fetched_at=fetched_at,
        kind=TaskKind.FORM,
        description=row.step_description if isinstance(row, wire.TaskRecord) else None,
        created_at=time_from_wire(row.created_at, settings.zone),
        due_at=time_from_wire(row.due_date, settings.zone),
        is_escalated=row.escalated,
        sla=None if row.due_date is None else Sla(ends_on=row.due_date),
        assignees=_users(row.assigned_to_user),
        candidate_groups=_groups(row.assigned_to_group),
        definition=_definition(row.workflow_name, row.step_name),
        flow_id=row.instance_id,
        flow_name=row.workflow_name,
        subjects=_subjects(row.entity),
        url=None if template is None else template.replace("{id}", row.id),
        native_state=row.status,
        payload=payload,
    )


def detail_from_wire(record: wire.TaskRecord, aspects: AbstractSet[DetailAspect], zone: ZoneInfo | None) -> TaskDetail:
    fields = tuple(_field(each) for each in record.fields or ())
    return TaskDetail(
        description=record.step_description if DetailAspect.DESCRIPTION in aspects else None,
        form=Form(kind=FormKind.FIELDS, fields=fields) if DetailAspect.FORM in aspects else None,
        outcomes=_outcomes(record, fields) if DetailAspect.OUTCOMES in aspects else None,
        data={each.key: each.value for each in fields if each.value is not None}
        if DetailAspect.DATA in aspects
        else None,
        previous_steps=tuple(_previous(each, zone) for each in record.previous_steps_data or ())
        if DetailAspect.PREVIOUS_STEPS in aspects
        else None,
    )


def flow_from_wire(row: wire.InstanceRow, settings: GeotareasSettings, *, fetched_at: datetime) -> Flow:
    state, rule = FLOW_STATES.get(row.status, (FlowState.UNKNOWN, "geo.instance.unknown"))
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
        subjects=_subjects(wire.Entity(row.entity_type, row.entity_id, row.entity_label)),
        native_state=row.status,
    )


def reassigned(task: Task, answer: wire.Reassigned, *, fetched_at: datetime) -> Task:
    """The task as the vendor will show it: whether the group stays is up to the answer, the status does not change."""
    state, rule = state_of(task.native_state, assigned=answer.assigned_to_user is not None)
    return replace(
        task,
        state=state,
        rule=rule,
        assignees=_users(answer.assigned_to_user),
        candidate_groups=_groups(answer.assigned_to_group),
        fetched_at=fetched_at,
        payload=None,
    )


def completed(task: Task, answer: wire.Completed, zone: ZoneInfo | None, *, fetched_at: datetime) -> Task:
    state, rule = state_of(answer.status, assigned=bool(task.assignees))
    return replace(
        task,
        state=state,
        rule=rule,
        outcome=answer.result,
        completed_at=time_from_wire(answer.completed_at, zone),
        native_state=answer.status,
        fetched_at=fetched_at,
        payload=None,
    )


def _users(ref: wire.Ref | None) -> tuple[UserRef, ...]:
    return () if ref is None else (UserRef(native_id=ref.id, name=ref.name),)


def _groups(ref: wire.Ref | None) -> tuple[GroupRef, ...]:
    return () if ref is None else (GroupRef(native_id=ref.id, name=ref.name),)


def _definition(workflow: str | None, step: str | None) -> Definition | None:
    """Rows name no definition id, so the two names make the key; a slash within a name is escaped."""
    if workflow is None:
        return None
    names = (workflow,) if step is None else (workflow, step)
    key = "/".join(name.replace("%", "%25").replace("/", "%2F") for name in names)
    return Definition(native_id=key, key=key, name=workflow)


def _subjects(entity: wire.Entity | None) -> tuple[SubjectRef, ...]:
    if entity is None or not entity.type or not entity.id:
        return ()
    return (SubjectRef(type=entity.type, native_id=entity.id, label=entity.label, is_primary=True),)


def _value(raw: Raw) -> object:
    """Any JSON value; the first pass over the answer only found its end, so it may still be unreadable."""
    try:
        return _VALUES.decode(raw)
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise MalformedResponseError("holds a field value that is not readable as JSON") from error


def _field(field: wire.Field) -> FormField:
    return FormField(
        key=field.name,
        type=FIELD_TYPES.get(field.type, FormFieldType.UNKNOWN),
        required=field.required,
        native_type=field.type,
        value=_value(field.value),
    )


def _outcomes(record: wire.TaskRecord, fields: tuple[FormField, ...]) -> tuple[TaskOutcome, ...]:
    data = Requirement.REQUIRED if any(field.required for field in fields) else Requirement.OPTIONAL
    return tuple(
        TaskOutcome(code=each.code, label=each.label, data=data, comment=Requirement.OPTIONAL)
        for each in record.available_results or ()
    )


def _previous(step: wire.PreviousStepData, zone: ZoneInfo | None) -> PreviousStep:
    return PreviousStep(
        name=step.step_name or "",
        completed_by=step.completed_by,
        completed_at=time_from_wire(step.completed_at, zone),
        outcome=step.result,
        data=_value(step.captured_data),
    )


def task_within_flow(task: Task, flow: Flow) -> Task:
    """The vendor leaves the tasks of a cancelled instance as they were."""
    if not task.is_open or flow.state is not FlowState.CANCELED:
        return task
    return replace(task, state=TaskState.CANCELED, state_reason="FLOW_CANCELED", rule="geo.instance.cancelled")
