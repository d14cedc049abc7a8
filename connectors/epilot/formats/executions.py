"""Executions of flows (v2) and of workflows (v1), both as `wire.Execution`."""

from typing import TypeVar

from msgspec import Raw
from msgspec.structs import replace

from connectors.epilot import wire
from connectors.epilot.ids import FlowId
from connectors.epilot.settings import Generation
from connectors.epilot.wire import Execution
from connectors.sdk import Decoded, MalformedResponseError, decode_json, decode_record, distinct, readable_rows

T = TypeVar("T")
TaskRow = tuple[Decoded[wire.Task], Raw]

# Members of an execution without which the state of its tasks is not known.
_DECIDE_TASKS = frozenset({"status", "crt_tasks"})
# Members of v1 that have another name in v2.
_MEMBERS_OF_V1 = {"flow": wire.TASKS, "nextOpenStep": "crt_tasks"}


def flow_execution(raw: bytes | Raw, *, is_write: bool = False) -> Execution:
    """An execution of v2, as far as it can be read. Of tasks with the same id the first counts.

    MalformedResponseError without an id.
    """
    found = decode_record(raw, wire.FlowExecution)
    body = _identified(found, is_write=is_write)
    odd = list(found.odd)
    if "phases" in odd:
        phases = decode_record(raw, wire.Phases).record
        if phases is not None and phases.phases is not None:
            body = replace(body, phases=tuple(readable_rows(phases.phases, wire.Phase)))
    if body.tasks is None and wire.TASKS not in odd:
        odd.append(wire.TASKS)
    rows = [(decode_record(each, wire.Task), each) for each in body.tasks or ()]
    return _execution(FlowId(Generation.V2, body.id), body, rows, raw, odd)


def workflow_execution(raw: bytes | Raw, *, is_write: bool = False) -> Execution:
    """An execution of v1, as far as it can be read: sections become phases, steps tasks, the next open step the current one.

    MalformedResponseError without an id.
    """
    found = decode_record(raw, wire.WorkflowExecution)
    body = _identified(found, is_write=is_write)
    odd = [_MEMBERS_OF_V1.get(member, member) for member in found.odd]
    phases: list[wire.Phase] = []
    rows: list[TaskRow] = []
    is_whole = body.flow is not None
    for item_raw in body.flow or ():
        section = decode_record(item_raw, wire.SectionOrStep)
        item = section.record
        if item is None or (item.steps is None and item.type != "SECTION"):
            rows.append((_step(item_raw, None), item_raw))
            continue
        is_whole = is_whole and "steps" not in section.odd
        phases.append(wire.Phase(id=item.id, name=item.name, status=item.status, due_date=item.due_date))
        rows += [(_step(step_raw, item.id), step_raw) for step_raw in item.steps or ()]
    if not is_whole and wire.TASKS not in odd:
        odd.append(wire.TASKS)
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
    return _execution(FlowId(Generation.V1, body.id), flow, rows, raw, odd)


def step_task(raw: bytes | Raw, *, is_write: bool = False) -> wire.Task:
    """A v1 step as a task of v2."""
    step = decode_json(raw, wire.Step, maybe_applied=is_write)
    return _task_of_step(step, step.section_id)


def contexts_of(contexts: tuple[wire.WorkflowContext, ...] | None) -> tuple[wire.Context, ...] | None:
    if contexts is None:
        return None
    return tuple(wire.Context(entity_id=each.id, entity_schema=each.schema, title=each.title) for each in contexts)


def _identified(found: Decoded[T], *, is_write: bool) -> T:
    if found.record is None:
        raise MalformedResponseError(
            f"an execution does not fit the vendor's documentation ({', '.join(found.odd)})", maybe_applied=is_write
        )
    return found.record


def _execution(
    flow: FlowId, record: wire.FlowExecution, rows: list[TaskRow], raw: bytes | Raw, odd: list[str]
) -> Execution:
    # Without these members of the execution the state of none of its tasks is known.
    deciding = tuple(member for member in odd if member in _DECIDE_TASKS)
    judged = [(Decoded(row.record, (*row.odd, *deciding)), each) for row, each in rows]
    fitting: list[tuple[wire.Task, Raw]] = []
    hidden: list[TaskRow] = []
    parts: dict[str, tuple[str, ...]] = {}
    for row, each in judged:
        if row.record is None or row.except_for(*wire.DETAILS).odd:
            hidden.append((row, each))
        else:
            fitting.append((row.record, each))
            parts.setdefault(row.record.id, row.odd)
    return Execution(
        flow=flow,
        record=record,
        tasks=tuple(distinct(fitting, lambda each: each[0].id)),
        payload=Raw(raw),
        odd=tuple(odd),
        odd_tasks=tuple(hidden),
        odd_parts=parts,
    )


def _step(raw: Raw, section: str | None) -> Decoded[wire.Task]:
    found = decode_record(raw, wire.Step)
    odd = tuple("assigned_to" if member == "assignedTo" else member for member in found.odd)
    return Decoded(None if found.record is None else _task_of_step(found.record, section), odd)


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
