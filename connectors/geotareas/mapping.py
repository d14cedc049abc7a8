"""Tasks of GEOtareas as tasks of the model; pure functions."""

from datetime import datetime

from msgspec import Raw

from connectors.geotareas import wire
from connectors.geotareas.ids import definition_key
from connectors.geotareas.settings import ANY_WORKFLOW, GeotareasOptions, GeotareasSettings
from connectors.sdk import Definition, GroupRef, Sla, SubjectRef, Task, TaskKind, TaskState, UserRef, time_from_wire

# The members of a row that name its owner and candidates.
OWNERS = frozenset({"assigned_to_user", "assigned_to_group"})


def state_of(status: str | None, *, assigned: bool) -> tuple[TaskState, str]:
    """The state, and the name of the rule that decided it.

    What sets IN_PROGRESS is not documented; it may come without a user.
    """
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


def task_from_wire(
    row: wire.TaskRow,
    settings: GeotareasSettings,
    *,
    fetched_at: datetime,
    payload: Raw | None = None,
    is_overdue: bool | None = None,
) -> Task:
    """`is_overdue` is True for rows of a list that was limited to overdue tasks: the rows themselves do not say it."""
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
        assignees=users_of(row.assigned_to_user),
        candidate_groups=groups_of(row.assigned_to_group),
        definition=definition_of(row),
        flow_id=row.instance_id,
        flow_name=row.workflow_name,
        subjects=subjects_of(row.entity),
        url=link(settings.options.url_template, row.id),
        native_state=row.status,
        payload=payload,
    )


def definition_of(row: wire.TaskRow) -> Definition | None:
    if row.workflow_name is None:
        return None
    key = definition_key(row.workflow_name, row.step_name)
    return Definition(native_id=key, key=key, name=row.workflow_name)


def release_group(task: Task, options: GeotareasOptions) -> str | None:
    """The id of the group that a released task goes back to; None if there is none.

    The group that the task still names, else the one configured for its step, its workflow or all workflows.
    """
    if task.candidate_groups:
        return task.candidate_groups[0].native_id
    keys = () if task.definition is None else (task.definition.key, task.definition.name or "")
    return next((options.release_groups[key] for key in (*keys, ANY_WORKFLOW) if key in options.release_groups), None)


def link(template: str | None, native_id: str) -> str | None:
    """The address for people, from a template with `{id}`."""
    return None if template is None else template.replace("{id}", native_id)


def users_of(ref: wire.Ref | None) -> tuple[UserRef, ...]:
    return () if ref is None else (UserRef(native_id=ref.id, name=ref.name),)


def groups_of(ref: wire.Ref | None) -> tuple[GroupRef, ...]:
    return () if ref is None else (GroupRef(native_id=ref.id, name=ref.name),)


def subjects_of(entity: wire.Entity | None) -> tuple[SubjectRef, ...]:
    if entity is None or not entity.type or not entity.id:
        return ()
    return (SubjectRef(type=entity.type, native_id=entity.id, label=entity.label, is_primary=True),)
