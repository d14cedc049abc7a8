"""GEOtareas records as ours; pure functions."""

import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Raw
from msgspec.structs import replace

from connectors.geotareas import wire
from connectors.geotareas.settings import ANY_WORKFLOW, GeotareasOptions, GeotareasSettings
from connectors.sdk import (
    Definition,
    DetailAspect,
    Flow,
    FlowState,
    Form,
    FormField,
    FormFieldType,
    FormKind,
    GroupRef,
    MalformedResponseError,
    OutcomeNature,
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
    time_from_wire,
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

_NATIVE_ID = re.compile(r"[0-9]{1,30}")

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


def is_native_id(text: str) -> bool:
    return _NATIVE_ID.fullmatch(text) is not None


def task_from_wire(
    row: wire.TaskRow,
    settings: GeotareasSettings,
    *,
    fetched_at: datetime,
    payload: Raw | None = None,
    is_overdue: bool | None = None,
) -> Task:
    """`is_overdue` is True for rows of a list that the vendor was asked to keep to overdue tasks; rows do not say."""
    state, rule = state_of(row.status, assigned=row.assigned_to_user is not None)
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
        is_overdue=is_overdue,
        is_escalated=row.escalated,
        sla=None if row.due_date is None else Sla(ends_on=row.due_date),
        assignees=_users(row.assigned_to_user),
        candidate_groups=_groups(row.assigned_to_group),
        definition=definition_of(row),
        flow_id=row.instance_id,
        flow_name=row.workflow_name,
        subjects=_subjects(row.entity),
        url=_url(settings.options.url_template, row.id),
        native_state=row.status,
        payload=payload,
    )


def detail_from_wire(
    record: wire.TaskRecord, aspects: AbstractSet[DetailAspect], settings: GeotareasSettings
) -> TaskDetail:
    fields = tuple(_field(each) for each in record.fields or ())
    return TaskDetail(
        description=record.step_description if DetailAspect.DESCRIPTION in aspects else None,
        form=Form(kind=FormKind.FIELDS, fields=fields) if DetailAspect.FORM in aspects else None,
        outcomes=_outcomes(record, fields, settings.options.outcome_natures)
        if DetailAspect.OUTCOMES in aspects
        else None,
        data={each.key: each.value for each in fields if each.value is not None}
        if DetailAspect.DATA in aspects
        else None,
        previous_steps=tuple(_previous(each, settings.zone) for each in record.previous_steps_data or ())
        if DetailAspect.PREVIOUS_STEPS in aspects
        else None,
    )


def flow_from_wire(
    row: wire.InstanceRow, settings: GeotareasSettings, *, fetched_at: datetime, payload: Raw | None = None
) -> Flow:
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
        url=_url(settings.options.flow_url_template, row.id),
        native_state=row.status,
        payload=payload,
    )


def definition_from_wire(row: wire.DefinitionRow) -> Definition:
    """A flow definition; what its steps are is not in the list."""
    return Definition(
        native_id=row.id, key=row.id, name=row.name, version=None if row.version is None else str(row.version)
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
        is_overdue=None,
        native_state=answer.status,
        fetched_at=fetched_at,
        payload=None,
    )


def definition_of(row: wire.TaskRow) -> Definition | None:
    """Rows name no definition id, so the two names make the key; a slash within a name is escaped."""
    if row.workflow_name is None:
        return None
    names = (row.workflow_name,) if row.step_name is None else (row.workflow_name, row.step_name)
    key = "/".join(name.replace("%", "%25").replace("/", "%2F") for name in names)
    return Definition(native_id=key, key=key, name=row.workflow_name)


def workflow_of(key: str) -> str:
    """The workflow's name in the key of one of its steps."""
    return key.split("/", 1)[0].replace("%2F", "/").replace("%25", "%")


def task_within_flow(task: Task, flow: Flow) -> Task:
    """The vendor leaves the tasks of a cancelled instance as they were."""
    if not task.is_open or flow.state is not FlowState.CANCELED:
        return task
    return replace(task, state=TaskState.CANCELED, state_reason="FLOW_CANCELED", rule="geo.instance.cancelled")


def effect_of(answer: wire.Completed) -> str | None:
    """What completing did to the flow, in words."""
    if answer.next_step:
        return f"the flow goes on with {answer.next_step}"
    if answer.instance_status and answer.instance_status != "RUNNING":
        return f"the flow is {answer.instance_status}"
    return None


def queue_of(task: Task, options: GeotareasOptions) -> str | None:
    """The group to which a task goes back: the one it still names, or what is configured for step, workflow or all."""
    if task.candidate_groups:
        return task.candidate_groups[0].native_id
    keys = () if task.definition is None else (task.definition.key, task.definition.name or "")
    return next((options.release_groups[key] for key in (*keys, ANY_WORKFLOW) if key in options.release_groups), None)


def _url(template: str | None, native_id: str) -> str | None:
    return None if template is None else template.replace("{id}", native_id)


def _users(ref: wire.Ref | None) -> tuple[UserRef, ...]:
    return () if ref is None else (UserRef(native_id=ref.id, name=ref.name),)


def _groups(ref: wire.Ref | None) -> tuple[GroupRef, ...]:
    return () if ref is None else (GroupRef(native_id=ref.id, name=ref.name),)


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


def _outcomes(
    record: wire.TaskRecord, fields: tuple[FormField, ...], natures: Mapping[str, OutcomeNature]
) -> tuple[TaskOutcome, ...]:
    data = Requirement.REQUIRED if any(field.required for field in fields) else Requirement.OPTIONAL
    return tuple(
        TaskOutcome(
            code=each.code,
            label=each.label,
            nature=natures.get(each.code, OutcomeNature.NEUTRAL),
            data=data,
            comment=Requirement.OPTIONAL,
        )
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
