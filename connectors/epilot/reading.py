"""Answers into records: executions of both generations and rows of both lists, all as the newer's records."""

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec
from msgspec import Raw

from connectors.epilot import wire, workflow_wire
from connectors.epilot.ids import FlowId
from connectors.epilot.mapping import Around, Execution
from connectors.epilot.settings import Generation, KanbanColumns
from connectors.sdk import MalformedResponseError

T = TypeVar("T")

# Typed for a checker that knows no unions as values.
_ASSIGNEES: Any = tuple[wire.Assignee, ...] | str | int | None


def record(raw: bytes | Raw, type_: type[T], *, is_write: bool = False) -> T:
    """A part of an answer; MalformedResponseError names the member that does not fit, never its value."""
    try:
        return msgspec.json.decode(raw, type=type_)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        where = str(error) if isinstance(error, msgspec.ValidationError) else "not readable as JSON"
        raise MalformedResponseError(
            f"the answer does not fit the vendor's documentation ({where})", maybe_applied=is_write
        ) from error


def flow_execution(raw: bytes | Raw, *, is_write: bool = False) -> Execution:
    """One of the newer generation. Tasks given twice are kept once."""
    body = record(raw, wire.FlowExecution, is_write=is_write)
    tasks: dict[str, tuple[wire.Task, Raw]] = {}
    for each in body.tasks or ():
        task = record(each, wire.Task, is_write=is_write)
        tasks.setdefault(task.id, (task, each))
    return Execution(FlowId(Generation.V2, body.id), body, tuple(tasks.values()), Raw(raw))


def workflow_execution(raw: bytes | Raw, *, is_write: bool = False) -> Execution:
    """One of the older generation: sections are phases, steps are tasks, the next open step is the current task."""
    body = record(raw, workflow_wire.WorkflowExecution, is_write=is_write)
    phases: list[wire.Phase] = []
    steps: dict[str, tuple[wire.Task, Raw]] = {}
    for item_raw in body.flow or ():
        item = record(item_raw, workflow_wire.Item, is_write=is_write)
        if item.steps is None and item.type != "SECTION":
            step = record(item_raw, workflow_wire.Step, is_write=is_write)
            steps.setdefault(step.id, (_task_of_step(step, None), item_raw))
            continue
        phases.append(wire.Phase(id=item.id, name=item.name, status=item.status, due_date=item.due_date))
        for step_raw in item.steps or ():
            step = record(step_raw, workflow_wire.Step, is_write=is_write)
            steps.setdefault(step.id, (_task_of_step(step, item.id), step_raw))
    following = body.next_open_step
    flow = wire.FlowExecution(
        id=body.id,
        tasks=None,
        status=body.status,
        flow_template_id=body.definition_id,
        name=body.name,
        created_at=body.creation_time,
        updated_at=body.last_update_time,
        due_date=body.due_date,
        assigned_to=body.assigned_to,
        analytics=wire.Analytics(
            started_at=body.creation_time, completed_at=body.completed_time, closed_at=body.completed_time
        ),
        contexts=contexts_of(body.contexts),
        crt_tasks=None if following is None or not following.id else (wire.CurrentTask(following.id),),
        phases=tuple(phases),
        closing_reason=wire.ClosingReason(configured_reasons=body.configured_closing_reason_snapshot),
        single_closing_reason=body.single_closing_reason_selection,
    )
    return Execution(FlowId(Generation.V1, body.id), flow, tuple(steps.values()), Raw(raw))


def step_task(raw: bytes | Raw, *, is_write: bool = False) -> wire.Task:
    """The answer to a change of a step."""
    step = record(raw, workflow_wire.Step, is_write=is_write)
    return _task_of_step(step, step.section_id)


def overview_row(raw: Raw, generation: Generation) -> tuple[wire.Task, Around]:
    row = record(raw, wire.OverviewRow)
    task = wire.Task(
        id=row.id,
        status=row.status,
        template_id=row.definition_id,
        name=row.name,
        # `type` may also be STEP, as in the records that the overview was made from.
        task_type=row.execution_type or (None if row.type in {"STEP", "SECTION"} else row.type),
        enabled=row.enabled,
        phase_id=row.phase_id,
        assigned_to=row.assigned_to,
        due_date=row.due_date,
        created_at=row.created,
        updated_at=row.last_updated,
        taxonomies=row.taxonomies,
    )
    around = Around(
        flow=FlowId(generation, row.execution_id),
        flow_name=row.execution_name,
        flow_status=row.execution_status,
        contexts=contexts_of(row.contexts),
    )
    return task, around


def kanban_row(raw: Raw, generation: Generation, columns: KanbanColumns) -> tuple[wire.Task, Around]:
    """A row whose columns are called as the configuration says; a column of another type than expected is malformed."""
    row = record(raw, dict[str, Raw])
    assignee = row.get(columns.assignee)
    task = wire.Task(
        id=_column(row, columns.id, wire.Id),
        status=_optional(row, columns.status, str),
        template_id=_optional(row, columns.template_id, str),
        name=_optional(row, columns.name, str),
        task_type=_optional(row, columns.task_type, str),
        enabled=_optional(row, columns.enabled, bool),
        assigned_to=None if assignee is None else _assignees(assignee),
        due_date=_optional(row, columns.due_date, str),
        created_at=_optional(row, columns.created_at, str),
        updated_at=_optional(row, columns.updated_at, str),
        analytics=wire.Analytics(
            started_at=_optional(row, columns.started_at, str),
            completed_at=_optional(row, columns.completed_at, str),
            completed_by=_optional(row, columns.completed_by, str),
        ),
        taxonomies=_optional(row, columns.taxonomies, tuple[str, ...]),
    )
    # The vendor's own example of a row writes statuses in small letters.
    task = msgspec.structs.replace(task, status=None if task.status is None else task.status.upper())
    around = Around(
        flow=FlowId(generation, _column(row, columns.execution_id, wire.Id)),
        current=_optional(row, columns.is_current, bool),
        flow_name=_optional(row, columns.execution_name, str),
        flow_status=_optional(row, columns.execution_status, str),
        contexts=_optional(row, columns.contexts, tuple[wire.Context, ...]),
    )
    return task, around


def contexts_of(contexts: tuple[wire.WorkflowContext, ...] | None) -> tuple[wire.Context, ...] | None:
    if contexts is None:
        return None
    return tuple(wire.Context(entity_id=each.id, entity_schema=each.schema, title=each.title) for each in contexts)


def _task_of_step(step: workflow_wire.Step, section: str | None) -> wire.Task:
    return wire.Task(
        id=step.id,
        # Lists may leave the status out; the next open step is then all that is known.
        status=step.status or "PENDING",
        template_id=step.definition_id,
        name=step.name,
        task_type=step.execution_type,
        enabled=step.enabled,
        phase_id=section,
        assigned_to=step.assigned_to,
        description=step.description,
        due_date=step.due_date,
        created_at=step.created,
        updated_at=step.last_updated,
        analytics=wire.Analytics(started_at=step.started_time, completed_at=step.completed_time),
        journey=step.journey,
        taxonomies=step.taxonomies,
    )


def _assignees(raw: Raw) -> tuple[wire.Assignee, ...]:
    """One person or several."""
    several: tuple[wire.Assignee, ...] | str | int | None = record(raw, _ASSIGNEES)
    if isinstance(several, tuple):
        return several
    return () if several is None or several == "" else (several,)


def _column(row: Mapping[str, Raw], name: str, type_: type[T]) -> T:
    if name not in row:
        raise MalformedResponseError(f"a kanban row has no column {name!r}; see options.kanban_columns")
    return record(row[name], type_)


def _optional(row: Mapping[str, Raw], name: str, type_: type[T]) -> T | None:
    raw = row.get(name)
    return None if raw is None or bytes(raw) == b"null" else record(raw, type_)
