"""The flow templates of the sample organisation, an energy supplier."""

from collections.abc import Callable
from datetime import datetime
from itertools import pairwise

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from sandbox.epilot.due_dates import due_date_of
from sandbox.epilot.engine import FAILING_AUTOMATION, HELD_AGENT
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
    DueDateConfig,
    Edge,
    Flow,
    FlowAnalytics,
    Journey,
    Loop,
    Phase,
    Requirement,
    Schedule,
    Task,
    TaskType,
    Trigger,
    Variable,
)
from sandbox.stand_in import iso_millis


class Step(Struct, frozen=True, kw_only=True):
    """A task of a template. `branches` belong to a decision, `loop` names the one that goes back and the one that leaves."""

    id: str
    name: str
    phase: str
    type: TaskType = "MANUAL"
    description: str | None = None
    due: DueDateConfig | None = None
    journey: str | None = None
    requires: tuple[str, ...] = ()
    variable: str | None = None
    manual_trigger: bool = False
    automation: str | None = None
    schedule: Schedule | None = None
    branches: tuple[str, ...] = ()
    loop: tuple[str, str] | None = None
    in_loop: bool = False
    agent: str | None = None


class Template(Struct, frozen=True, kw_only=True):
    """`edges` are source, target and the branch by which a decision goes there (`*`: where no condition is met)."""

    id: str
    name: str
    entity_schema: str
    phases: tuple[tuple[str, str], ...]
    steps: tuple[Step, ...]
    edges: tuple[tuple[str, str, str], ...]
    reasons: tuple[str, ...] = ("Lost to a competitor", "Duplicate", "Customer not reachable")
    single_reason: bool = True
    linear: bool = False
    taxonomies: tuple[str, ...] = ()

    def shortened(self, count: int) -> "Template":
        """Give the same with its first tasks only."""
        steps = self.steps[:count]
        kept = {step.id for step in steps}
        phases = tuple(phase for phase in self.phases if phase[0] in {step.phase for step in steps})
        edges = tuple(edge for edge in self.edges if kept.issuperset(edge[:2]))
        return Template(
            id=self.id,
            name=self.name,
            entity_schema=self.entity_schema,
            phases=phases,
            steps=steps,
            edges=edges,
            reasons=self.reasons,
            single_reason=self.single_reason,
            linear=self.linear,
            taxonomies=self.taxonomies,
        )


def branch_id(step_id: str, branch: str) -> str:
    return f"cond_{step_id}_{branch.lower()}"


def _chain(*ids: str) -> tuple[tuple[str, str, str], ...]:
    return tuple((first, second, "") for first, second in pairwise(ids))


_TWO_WEEKS = DueDateConfig(2, "weeks", "WORKFLOW_STARTED")

SOLAR = Template(
    id="tpl_solar_installation",
    name="Solar installation",
    entity_schema="opportunity",
    phases=(("tp_sales", "Sales"), ("tp_planning", "Planning"), ("tp_build", "Installation")),
    steps=(
        Step(
            id="tt_call",
            name="Call the customer",
            phase="tp_sales",
            description="<p>Confirm the address and the <b>roof</b>'s orientation.</p>",
        ),
        Step(id="tt_offer", name="Send the offer", phase="tp_sales", due=_TWO_WEEKS, journey="Offer", in_loop=True),
        Step(
            id="tt_answer",
            name="What does the customer say?",
            phase="tp_sales",
            type="DECISION",
            manual_trigger=True,
            branches=("Accepted", "Declined", "Revise"),
            loop=("Revise", "Accepted"),
        ),
        Step(id="tt_order", name="Order the panels", phase="tp_planning", type="AUTOMATION", automation="auto_order"),
        Step(
            id="tt_reminder",
            name="Remind the customer",
            phase="tp_planning",
            type="AUTOMATION",
            automation="auto_reminder",
            schedule=Schedule("delayed", 6, "weeks", schedule_id=None),
        ),
        Step(id="tt_visit", name="Inspect the roof", phase="tp_planning", variable="{{opportunity.assignee}}"),
        Step(id="tt_mount", name="Mount the panels", phase="tp_build", requires=("tt_visit",)),
        Step(
            id="tt_grid",
            name="Register with the grid operator",
            phase="tp_build",
            due=DueDateConfig(5, "days", "TASK_FINISHED", "tt_visit"),
        ),
        Step(id="tt_accept", name="Sign the acceptance", phase="tp_build", requires=("tt_mount", "tt_grid")),
        Step(
            id="tt_archive",
            name="Archive the request",
            phase="tp_sales",
            type="AUTOMATION",
            automation="auto_archive",
            schedule=Schedule(
                "relative",
                1,
                "weeks",
                direction="after",
                reference={"id": "tt_answer", "origin": "task_completed"},
                schedule_id=None,
            ),
        ),
    ),
    edges=(
        ("tt_call", "tt_offer", ""),
        ("tt_offer", "tt_answer", ""),
        ("tt_answer", "tt_order", "Accepted"),
        ("tt_answer", "tt_archive", "Declined"),
        ("tt_answer", "tt_offer", "Revise"),
        ("tt_order", "tt_visit", ""),
        ("tt_order", "tt_reminder", ""),
        ("tt_visit", "tt_mount", ""),
        ("tt_visit", "tt_grid", ""),
        ("tt_mount", "tt_accept", ""),
        ("tt_grid", "tt_accept", ""),
    ),
    taxonomies=("sales",),
)

SWITCH = Template(
    id="tpl_supplier_switch",
    name="Supplier switch",
    entity_schema="contract",
    phases=(("tp_check", "Checks"), ("tp_switch", "Switch")),
    steps=(
        Step(
            id="tt_data",
            name="Check the customer's data",
            phase="tp_check",
            due=DueDateConfig(36, "hours", "WORKFLOW_STARTED"),
        ),
        Step(
            id="tt_credit",
            name="Ask the credit bureau",
            phase="tp_check",
            type="AUTOMATION",
            automation=FAILING_AUTOMATION,
        ),
        Step(
            id="tt_meter",
            name="Is a meter reading at hand?",
            phase="tp_check",
            type="DECISION",
            branches=("Present",),
        ),
        Step(id="tt_reading", name="Ask for the meter reading", phase="tp_check", journey="Meter reading"),
        Step(id="tt_confirm", name="Confirm the switch", phase="tp_switch"),
        Step(
            id="tt_letter",
            name="Send the confirmation",
            phase="tp_switch",
            type="AUTOMATION",
            automation="auto_confirmation",
            manual_trigger=True,
        ),
    ),
    edges=(
        *_chain("tt_data", "tt_credit", "tt_meter"),
        ("tt_meter", "tt_confirm", "Present"),
        ("tt_meter", "tt_reading", "*"),
        *_chain("tt_reading", "tt_confirm", "tt_letter"),
    ),
    single_reason=False,
    linear=True,
)

SERVICE = Template(
    id="tpl_service_request",
    name="Service request",
    entity_schema="ticket",
    phases=(("tp_intake", "Intake"), ("tp_work", "Work")),
    steps=(
        Step(id="tt_sort", name="Sort the request", phase="tp_intake", type="AI_AGENT", agent="agent_triage"),
        Step(
            id="tt_reply",
            name="Answer the request",
            phase="tp_intake",
            due=DueDateConfig(2, "days", "ALL_PRECEDING_TASKS_COMPLETED"),
        ),
        Step(id="tt_partner", name="Find a partner", phase="tp_work", type="AI_AGENT", agent=HELD_AGENT),
        Step(id="tt_close", name="Check with the customer", phase="tp_work"),
    ),
    edges=_chain("tt_sort", "tt_reply", "tt_partner", "tt_close"),
    reasons=("Solved elsewhere", "Spam"),
)

METER = Template(
    id="tpl_meter_exchange",
    name="Meter exchange",
    entity_schema="meter",
    phases=(("tp_prepare", "Preparation"), ("tp_exchange", "Exchange")),
    steps=(
        Step(id="tt_date", name="Agree on a date", phase="tp_prepare"),
        Step(id="tt_exchange", name="Exchange the meter", phase="tp_exchange", description="{{meter.instructions}}"),
        Step(id="tt_readings", name="Compare both readings", phase="tp_exchange"),
    ),
    edges=_chain("tt_date", "tt_exchange", "tt_readings"),
)

TEMPLATES = {each.id: each for each in (SOLAR, SWITCH, SERVICE, METER)}


def instantiate(
    template: Template,
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
    """Make a flow whose tasks all wait; `owner` is whom variables find."""
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


def _task(step: Step, id: str, phase_id: str, now: datetime, owner: str) -> Task:
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
        # A copy, as each flow writes its own schedule into it.
        task.schedule = UNSET if step.schedule is None else replace(step.schedule)
    if step.automation is not None:
        task.automation_config = Automation(step.automation)
        # The vendor writes null here, which its description does not know.
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


def _loop(step: Step) -> Loop | UnsetType:
    if step.loop is not None:
        back, leave = (branch_id(step.id, each) for each in step.loop)
        return Loop(2, 0, back, leave)
    return Loop(2) if step.in_loop else UNSET
