"""New flows from templates."""

from collections.abc import Callable
from datetime import datetime

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from sandbox.epilot.definitions.flow_templates import FlowTemplate, TemplateStep, branch_id
from sandbox.epilot.engine import due_date_of
from sandbox.epilot.records import (
    Agent,
    Analytics,
    Assignee,
    Automation,
    Closing,
    ClosingReason,
    Condition,
    Context,
    Description,
    Edge,
    Flow,
    FlowAnalytics,
    Journey,
    Loop,
    Phase,
    Requirement,
    Task,
    Trigger,
    Variable,
)
from sandbox.stand_in import iso_millis


def instantiate(
    template: FlowTemplate,
    *,
    id: str,
    org: str,
    new_id: Callable[[], str],
    contexts: list[Context],
    now: datetime,
    by: str,
    trigger: Trigger,
    owner: str,
) -> Flow:
    """Make a flow whose tasks are all pending. `owner` is the value of assignee variables."""
    at = iso_millis(now)
    phase_ids = {phase: f"phase_{new_id()[:8]}" for phase, _ in template.phases}
    tasks = {step.id: _task(step, new_id(), phase_ids[step.phase], now, owner) for step in template.steps}
    return Flow(
        id=id,
        flow_template_id=template.id,
        org_id=org,
        name=template.name,
        created_at=at,
        updated_at=at,
        status="STARTED",
        assigned_to=[],
        analytics=FlowAnalytics(started_at=at, started_by=by),
        contexts=contexts,
        crt_tasks=[],
        phases=[
            Phase(
                id=phase_ids[phase],
                template_id=phase,
                name=name,
                status="OPEN",
                assigned_to=[],
                analytics=Analytics(),
                updated_at=at,
            )
            for phase, name in template.phases
        ],
        tasks=list(tasks.values()),
        edges=[
            Edge(
                f"edge_{new_id()[:8]}",
                tasks[source].id,
                tasks[target].id,
                UNSET if branch in ("", "*") else branch_id(source, branch),
                True if branch == "*" else UNSET,
            )
            for source, target, branch in template.edges
        ],
        closing_reason=Closing(
            configured_reasons=[ClosingReason(f"cr_{reason.split()[0].lower()}", reason) for reason in template.reasons]
        ),
        trigger=trigger,
        taxonomies=list(template.taxonomies),
        single_closing_reason_selection=template.single_reason,
        linear=template.linear,
        execution_chain={"depth": 0} if trigger.type == "AUTOMATIC" else UNSET,
    )


def _task(step: TemplateStep, id: str, phase_id: str, now: datetime, owner: str) -> Task:
    at = iso_millis(now)
    assigned: list[Assignee] = [] if step.variable is None else [Variable(step.variable, [owner])]
    task = Task(
        id=id,
        template_id=step.id,
        name=step.name,
        task_type=step.type,
        status="PENDING",
        phase_id=phase_id,
        assigned_to=assigned,
        enabled=not step.requires,
        analytics=Analytics(),
        created_at=at,
        updated_at=at,
        requirements=[Requirement("TASK_FINISHED", each) for each in step.requires],
    )
    if step.description is not None:
        task.description = Description(enabled=True, value=step.description)
    if step.journey is not None:
        task.journey = _journey(step.journey)
    if step.due is not None:
        task.due_date_config = step.due
        if step.due.type == "WORKFLOW_STARTED":
            task.due_date = due_date_of(step.due, now)
    task.loop_config = _loop(step)
    if step.type in ("AUTOMATION", "DECISION"):
        task.trigger_mode = "manual" if step.manual_trigger else "automatic"
        # A copy: each flow changes its own schedule.
        task.schedule = UNSET if step.schedule is None else replace(step.schedule)
    if step.automation is not None:
        task.automation_config = Automation(step.automation)
        # The vendor writes null here, against its own description.
        task.automation_execution_id = None
    if step.branches:
        task.conditions = [Condition(branch_id(step.id, branch), branch) for branch in step.branches]
        task.allow_parallel_execution = False
    if step.agent is not None:
        task.agent_config = Agent(step.agent)
    return task


def _journey(name: str) -> Journey:
    id = f"journey_{name.lower().replace(' ', '_')}"
    return Journey(id, id, name, complete_task_automatically=True)


def _loop(step: TemplateStep) -> Loop | UnsetType:
    if step.loop is not None:
        back, leave = (branch_id(step.id, each) for each in step.loop)
        return Loop(2, 0, back, leave)
    return Loop(2) if step.in_loop else UNSET
