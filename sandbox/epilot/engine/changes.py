"""Changes of flows, tasks and phases by people: what is allowed, and what follows."""

from collections.abc import Mapping
from datetime import datetime

from msgspec import UNSET, UnsetType

from sandbox.epilot.engine import graph
from sandbox.epilot.engine.due_dates import due_date_of
from sandbox.epilot.engine.progress import Engine
from sandbox.epilot.errors import invalid
from sandbox.epilot.records import Analytics, ClosingReason, DueDateConfig, Edge, Flow, Loop, Phase, Task, TaskStatus
from sandbox.epilot.requests import AddTask, PatchFlow, PatchPhase, PatchTask
from sandbox.stand_in import iso_millis

_BY_HAND: Mapping[str, frozenset[str]] = {
    "PENDING": frozenset({"IN_PROGRESS", "ON_HOLD", "COMPLETED", "SKIPPED"}),
    "IN_PROGRESS": frozenset({"PENDING", "ON_HOLD", "COMPLETED", "SKIPPED"}),
    "ON_HOLD": frozenset({"PENDING", "IN_PROGRESS", "COMPLETED", "SKIPPED"}),
    "WAITING_FOR_CONFIRMATION": frozenset({"PENDING", "IN_PROGRESS", "COMPLETED", "SKIPPED"}),
    "CONDITION_PENDING": frozenset({"COMPLETED", "SKIPPED"}),
    "FAILED": frozenset({"PENDING", "IN_PROGRESS", "COMPLETED", "SKIPPED"}),
    "SCHEDULED": frozenset(),
    "COMPLETED": frozenset({"PENDING"}),
    "SKIPPED": frozenset({"PENDING"}),
}
"""Transitions by a person. Documented are PENDING, IN_PROGRESS, COMPLETED, SKIPPED and back to PENDING; the rest is assumed."""


def status_verb(before: str, after: str) -> str:
    """Return the verb for a change of a task's state."""
    if after == "PENDING":
        return {"ON_HOLD": "resume", "COMPLETED": "reopen", "SKIPPED": "reopen"}.get(before, "stop")
    if after == "IN_PROGRESS":
        return "resume" if before == "ON_HOLD" else "start"
    return {"ON_HOLD": "suspend", "COMPLETED": "complete", "SKIPPED": "skip"}[after]


def patch_task(engine: Engine, flow: Flow, task: Task, body: PatchTask, now: datetime, by: str) -> list[str]:
    """Apply the whole patch or raise 400. Returns the verbs of the changes."""
    at = iso_millis(now)
    status = _wanted_status(body)
    before = "PENDING" if task.is_ready else task.status
    moves = status is not None and status != before
    if status is not None and moves:
        _check_transition(flow, task, before, status, enabled=task.enabled if body.enabled is UNSET else body.enabled)
    _check_due_date(body.due_date)
    if moves and status == "COMPLETED":
        engine.finish(flow, task, "COMPLETED", now, by, body.next_condition_id)
    elif moves and status == "SKIPPED":
        engine.finish(flow, task, "SKIPPED", now, by)
    elif moves and task.is_finished and body.revert_execution:
        engine.revert(flow, task, now)
    elif moves and status is not None:
        _set_open_status(task, status, at, by)
    verbs = [status_verb(before, status)] if moves and status is not None else []
    if body.assigned_to is not UNSET:
        verbs.append("assign" if body.assigned_to else "unassign")
        task.assigned_to = body.assigned_to
    if _patch_details(flow, task, body):
        verbs.append("update")
    if verbs:
        flow.updated_at = task.updated_at = at
    return verbs


def patch_flow(engine: Engine, flow: Flow, body: PatchFlow, now: datetime, by: str) -> list[str]:
    """Apply the whole patch or raise 400. Returns the verbs of the changes. Open tasks do not change."""
    _check_due_date(body.due_date)
    at = iso_millis(now)
    if body.closing_reason is not UNSET:
        _check_reasons(flow, body.closing_reason.selected_reasons)
        flow.closing_reason.selected_reasons = body.closing_reason.selected_reasons
        flow.closing_reason.extra_description = body.closing_reason.extra_description
    verbs = []
    if body.status is not UNSET and body.status != flow.status:
        flow.status = body.status
        if body.status == "CLOSED":
            flow.analytics.closed_at, flow.analytics.closed_by = at, by
            verbs.append("cancel_flow")
        elif body.status == "DONE":
            flow.analytics.completed_at = at
            verbs.append("complete_flow")
        else:
            flow.analytics.closed_at = flow.analytics.closed_by = flow.analytics.completed_at = None
            flow.closing_reason.selected_reasons, flow.closing_reason.extra_description = [], ""
            verbs.append("reopen_flow")
            # A flow without open tasks stays STARTED, without a current task.
            if any(graph.frontier(flow)):
                engine.advance(flow, now)
    details = (flow.assigned_to, flow.contexts, flow.due_date, flow.due_date_config)
    if body.assigned_to is not UNSET:
        flow.assigned_to = body.assigned_to
    if body.contexts is not UNSET:
        flow.contexts = body.contexts
    _set_due_date(flow, body.due_date, body.due_date_config, flow)
    if details != (flow.assigned_to, flow.contexts, flow.due_date, flow.due_date_config):
        verbs.append("update_flow")
    if verbs:
        flow.updated_at = at
    return verbs


def patch_phase(flow: Flow, phase: Phase, body: PatchPhase, now: datetime) -> None:
    _check_due_date(body.due_date)
    if body.name is not UNSET:
        phase.name = body.name
    if body.assigned_to is not UNSET:
        phase.assigned_to = body.assigned_to
    _set_due_date(phase, body.due_date, body.due_date_config, flow)
    flow.updated_at = phase.updated_at = iso_millis(now)


def add_task(engine: Engine, flow: Flow, body: AddTask, new_id: str, now: datetime) -> Task:
    """Insert a task between two consecutive tasks. Raises 400 if they are not consecutive."""
    at = iso_millis(now)
    wanted = body.task
    _check_due_date(wanted.due_date)
    between = next((e for e in flow.edges if (e.from_id, e.to_id) == (body.previous_task_id, body.next_task_id)), None)
    previous = flow.task(body.previous_task_id)
    if between is None or previous is None:
        raise invalid("previous_task_id and next_task_id must be connected")
    if wanted.task_type == "AUTOMATION" and wanted.automation_config is UNSET:
        raise invalid("automation_config is required")
    if wanted.phase_id is not UNSET and flow.phase(wanted.phase_id) is None:
        raise invalid("Phase not found")
    id = new_id if wanted.id is UNSET else wanted.id
    if flow.task(id) is not None:
        raise invalid("Task already exists")
    task = Task(
        id=id,
        template_id=id,
        name=wanted.name,
        task_type=wanted.task_type,
        status="PENDING" if wanted.status in ("UNASSIGNED", "ASSIGNED") else wanted.status,
        phase_id=previous.phase_id if wanted.phase_id is UNSET else wanted.phase_id,
        assigned_to=wanted.assigned_to,
        enabled=wanted.enabled,
        manually_created=True,
        analytics=Analytics(),
        created_at=at,
        updated_at=at,
        due_date=wanted.due_date,
        automation_config=wanted.automation_config,
    )
    if wanted.due_date_config is not UNSET:
        _set_due_date(task, wanted.due_date, wanted.due_date_config, flow)
    if wanted.task_type in ("AUTOMATION", "DECISION"):
        task.trigger_mode = "manual"
    if wanted.task_type == "DECISION":
        task.conditions = []
    if previous.loop_config is not UNSET and previous.task_type != "DECISION":
        task.loop_config = Loop(previous.loop_config.max_iterations, previous.loop_config.crt_iterations)
    flow.tasks.insert(flow.tasks.index(previous) + 1, task)
    flow.edges.append(Edge(f"edge_{new_id[:8]}", id, between.to_id))
    between.to_id = id
    following = flow.task(body.next_task_id)
    if following is not None and following.is_ready and previous.is_finished:
        flow.crt_tasks = [each for each in flow.crt_tasks if each.id != following.id]
    engine.advance(flow, now)
    return task


def _wanted_status(body: PatchTask) -> TaskStatus | None:
    if body.status is UNSET:
        return None
    return "PENDING" if body.status in ("UNASSIGNED", "ASSIGNED") else body.status


def _check_transition(flow: Flow, task: Task, before: str, status: TaskStatus, *, enabled: bool) -> None:
    if status not in _BY_HAND[before]:
        raise invalid(f"Invalid status transition from {task.status} to {status}")
    if not enabled:
        raise invalid("Task is disabled, its status cannot be changed")
    # Undocumented: the tasks of a closed flow cannot be worked on.
    if flow.status != "STARTED" and before not in ("COMPLETED", "SKIPPED"):
        raise invalid(f"Flow execution is {flow.status}")


def _set_open_status(task: Task, status: TaskStatus, at: str, by: str) -> None:
    task.status = status
    task.analytics.status_updated_at = at
    if status == "IN_PROGRESS":
        task.analytics.in_progress_at, task.analytics.in_progress_by = at, by
    elif status == "ON_HOLD":
        task.analytics.on_hold_by = by
    elif status == "PENDING":
        task.analytics.completed_at = task.analytics.completed_by = task.analytics.skipped_by = None


def _patch_details(flow: Flow, task: Task, body: PatchTask) -> bool:
    if body.name is not UNSET:
        task.name = body.name
    if body.enabled is not UNSET:
        task.enabled = body.enabled
    if body.description is not UNSET:
        task.description = body.description
    if body.automation_config is not UNSET:
        task.automation_config = body.automation_config
    for member in ("ecp", "installer", "partner"):
        value = getattr(body, member)
        if value is not UNSET:
            setattr(task, member, value)
    _set_due_date(task, body.due_date, body.due_date_config, flow)
    members = ("name", "enabled", "description", "automation_config", "ecp", "installer", "partner")
    return any(getattr(body, each) is not UNSET for each in (*members, "due_date", "due_date_config"))


def _set_due_date(
    owner: Task | Phase | Flow,
    date: str | UnsetType | None,
    config: DueDateConfig | UnsetType | None,
    flow: Flow,
) -> None:
    """Store the date as it was sent, also without a zone. It overrides the rule. Null and "" remove it."""
    if config is not UNSET:
        owner.due_date_config = UNSET if config is None else config
        if config is not None and config.type == "WORKFLOW_STARTED":
            owner.due_date = due_date_of(config, datetime.fromisoformat(flow.created_at))
    if date is not UNSET:
        owner.due_date = date or UNSET


def _check_due_date(date: str | UnsetType | None) -> None:
    if date is UNSET or not date:
        return
    try:
        datetime.fromisoformat(date)
    except ValueError:
        raise invalid("due_date must be an ISO 8601 date") from None


def _check_reasons(flow: Flow, reasons: list[ClosingReason]) -> None:
    configured = {reason.id for reason in flow.closing_reason.configured_reasons}
    if any(reason.id not in configured for reason in reasons):
        raise invalid("Closing reason is not configured for this flow")
    if flow.single_closing_reason_selection and len(reasons) > 1:
        raise invalid("Only one closing reason can be selected")
