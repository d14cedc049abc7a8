"""The flow templates of the sample organisation, an energy supplier."""

from itertools import pairwise

from msgspec import Struct

from sandbox.epilot.engine import FAILING_AUTOMATION, HELD_AGENT
from sandbox.epilot.records import DueDateConfig, Schedule, TaskType


class TemplateStep(Struct, frozen=True, kw_only=True):
    """A task of a template. `branches` are those of a decision; `loop` names the branch that goes back and the one that leaves."""

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


class FlowTemplate(Struct, frozen=True, kw_only=True):
    """`edges` are source, target and the decision's branch between them (`*`: no condition is met)."""

    id: str
    name: str
    entity_schema: str
    phases: tuple[tuple[str, str], ...]
    steps: tuple[TemplateStep, ...]
    edges: tuple[tuple[str, str, str], ...]
    reasons: tuple[str, ...] = ("Lost to a competitor", "Duplicate", "Customer not reachable")
    single_reason: bool = True
    linear: bool = False
    taxonomies: tuple[str, ...] = ()

    def shortened(self, count: int) -> "FlowTemplate":
        """Return the same template with its first tasks only."""
        steps = self.steps[:count]
        kept = {step.id for step in steps}
        phases = tuple(phase for phase in self.phases if phase[0] in {step.phase for step in steps})
        edges = tuple(edge for edge in self.edges if kept.issuperset(edge[:2]))
        return FlowTemplate(
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

SOLAR = FlowTemplate(
    id="tpl_solar_installation",
    name="Solar installation",
    entity_schema="opportunity",
    phases=(("tp_sales", "Sales"), ("tp_planning", "Planning"), ("tp_build", "Installation")),
    steps=(
        TemplateStep(
            id="tt_call",
            name="Call the customer",
            phase="tp_sales",
            description="<p>Confirm the address and the <b>roof</b>'s orientation.</p>",
        ),
        TemplateStep(
            id="tt_offer", name="Send the offer", phase="tp_sales", due=_TWO_WEEKS, journey="Offer", in_loop=True
        ),
        TemplateStep(
            id="tt_answer",
            name="What does the customer say?",
            phase="tp_sales",
            type="DECISION",
            manual_trigger=True,
            branches=("Accepted", "Declined", "Revise"),
            loop=("Revise", "Accepted"),
        ),
        TemplateStep(
            id="tt_order", name="Order the panels", phase="tp_planning", type="AUTOMATION", automation="auto_order"
        ),
        TemplateStep(
            id="tt_reminder",
            name="Remind the customer",
            phase="tp_planning",
            type="AUTOMATION",
            automation="auto_reminder",
            schedule=Schedule("delayed", 6, "weeks", schedule_id=None),
        ),
        TemplateStep(id="tt_visit", name="Inspect the roof", phase="tp_planning", variable="{{opportunity.assignee}}"),
        TemplateStep(id="tt_mount", name="Mount the panels", phase="tp_build", requires=("tt_visit",)),
        TemplateStep(
            id="tt_grid",
            name="Register with the grid operator",
            phase="tp_build",
            due=DueDateConfig(5, "days", "TASK_FINISHED", "tt_visit"),
        ),
        TemplateStep(id="tt_accept", name="Sign the acceptance", phase="tp_build", requires=("tt_mount", "tt_grid")),
        TemplateStep(
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

SWITCH = FlowTemplate(
    id="tpl_supplier_switch",
    name="Supplier switch",
    entity_schema="contract",
    phases=(("tp_check", "Checks"), ("tp_switch", "Switch")),
    steps=(
        TemplateStep(
            id="tt_data",
            name="Check the customer's data",
            phase="tp_check",
            due=DueDateConfig(36, "hours", "WORKFLOW_STARTED"),
        ),
        TemplateStep(
            id="tt_credit",
            name="Ask the credit bureau",
            phase="tp_check",
            type="AUTOMATION",
            automation=FAILING_AUTOMATION,
        ),
        TemplateStep(
            id="tt_meter",
            name="Is a meter reading at hand?",
            phase="tp_check",
            type="DECISION",
            branches=("Present",),
        ),
        TemplateStep(id="tt_reading", name="Ask for the meter reading", phase="tp_check", journey="Meter reading"),
        TemplateStep(id="tt_confirm", name="Confirm the switch", phase="tp_switch"),
        TemplateStep(
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

SERVICE = FlowTemplate(
    id="tpl_service_request",
    name="Service request",
    entity_schema="ticket",
    phases=(("tp_intake", "Intake"), ("tp_work", "Work")),
    steps=(
        TemplateStep(id="tt_sort", name="Sort the request", phase="tp_intake", type="AI_AGENT", agent="agent_triage"),
        TemplateStep(
            id="tt_reply",
            name="Answer the request",
            phase="tp_intake",
            due=DueDateConfig(2, "days", "ALL_PRECEDING_TASKS_COMPLETED"),
        ),
        TemplateStep(id="tt_partner", name="Find a partner", phase="tp_work", type="AI_AGENT", agent=HELD_AGENT),
        TemplateStep(id="tt_close", name="Check with the customer", phase="tp_work"),
    ),
    edges=_chain("tt_sort", "tt_reply", "tt_partner", "tt_close"),
    reasons=("Solved elsewhere", "Spam"),
)

METER = FlowTemplate(
    id="tpl_meter_exchange",
    name="Meter exchange",
    entity_schema="meter",
    phases=(("tp_prepare", "Preparation"), ("tp_exchange", "Exchange")),
    steps=(
        TemplateStep(id="tt_date", name="Agree on a date", phase="tp_prepare"),
        TemplateStep(
            id="tt_exchange", name="Exchange the meter", phase="tp_exchange", description="{{meter.instructions}}"
        ),
        TemplateStep(id="tt_readings", name="Compare both readings", phase="tp_exchange"),
    ),
    edges=_chain("tt_date", "tt_exchange", "tt_readings"),
)

TEMPLATES = {each.id: each for each in (SOLAR, SWITCH, SERVICE, METER)}
