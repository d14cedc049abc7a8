"""Executions of flows (v2) and of workflows (v1), both as `wire.Execution`."""

from msgspec import Raw

from connectors.epilot import wire
from connectors.epilot.ids import FlowId
from connectors.epilot.settings import Generation
from connectors.epilot.wire import Execution
from connectors.sdk import decode_json, distinct


def flow_execution(raw: bytes | Raw, *, is_write: bool = False) -> Execution:
    """An execution of v2. Of tasks with the same id the first counts."""
    body = decode_json(raw, wire.FlowExecution, maybe_applied=is_write)
    tasks = [(decode_json(each, wire.Task, maybe_applied=is_write), each) for each in body.tasks or ()]
    return Execution(FlowId(Generation.V2, body.id), body, _distinct(tasks), Raw(raw))


def workflow_execution(raw: bytes | Raw, *, is_write: bool = False) -> Execution:
    """An execution of v1: sections become phases, steps become tasks, the next open step becomes the current task."""
    body = decode_json(raw, wire.WorkflowExecution, maybe_applied=is_write)
    phases: list[wire.Phase] = []
    tasks: list[tuple[wire.Task, Raw]] = []
    for item_raw in body.flow or ():
        item = decode_json(item_raw, wire.SectionOrStep, maybe_applied=is_write)
        if item.steps is None and item.type != "SECTION":
            step = decode_json(item_raw, wire.Step, maybe_applied=is_write)
            tasks.append((_task_of_step(step, None), item_raw))
            continue
        phases.append(wire.Phase(id=item.id, name=item.name, status=item.status, due_date=item.due_date))
        for step_raw in item.steps or ():
            step = decode_json(step_raw, wire.Step, maybe_applied=is_write)
            tasks.append((_task_of_step(step, item.id), step_raw))
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
    return Execution(FlowId(Generation.V1, body.id), flow, _distinct(tasks), Raw(raw))


def step_task(raw: bytes | Raw, *, is_write: bool = False) -> wire.Task:
    """A v1 step as a task of v2."""
    step = decode_json(raw, wire.Step, maybe_applied=is_write)
    return _task_of_step(step, step.section_id)


def contexts_of(contexts: tuple[wire.WorkflowContext, ...] | None) -> tuple[wire.Context, ...] | None:
    if contexts is None:
        return None
    return tuple(wire.Context(entity_id=each.id, entity_schema=each.schema, title=each.title) for each in contexts)


def _distinct(tasks: list[tuple[wire.Task, Raw]]) -> tuple[tuple[wire.Task, Raw], ...]:
    return tuple(distinct(tasks, lambda each: each[0].id))


def _task_of_step(step: wire.Step, section: str | None) -> wire.Task:
    return wire.Task(
        id=step.id,
        # Lists leave the status and the assignees out.
        status=step.status,
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
