"""Flow executions, in the shape of the vendor's JSON."""

from collections.abc import Iterable
from typing import Any, Literal

from msgspec import UNSET, Struct, UnsetType, field

FlowStatus = Literal["STARTED", "DONE", "CLOSED"]
TaskStatus = Literal[
    "UNASSIGNED",
    "ASSIGNED",
    "COMPLETED",
    "SKIPPED",
    "IN_PROGRESS",
    "SCHEDULED",
    "PENDING",
    "CONDITION_PENDING",
    "WAITING_FOR_CONFIRMATION",
    "ON_HOLD",
    "FAILED",
]
TaskType = Literal["MANUAL", "AUTOMATION", "DECISION", "AI_AGENT"]
TimeUnit = Literal["minutes", "hours", "days", "weeks", "months", "years"]
TriggerMode = Literal["manual", "automatic"]

FINISHED: frozenset[str] = frozenset({"COMPLETED", "SKIPPED"})
READY: frozenset[str] = frozenset({"PENDING", "UNASSIGNED", "ASSIGNED"})
"""Three names of one state. UNASSIGNED and ASSIGNED are deprecated but still occur."""


class Variable(Struct):
    """An assignee that is determined while the flow runs. `value` then has the user ids."""

    variable: str
    value: list[str] | UnsetType = UNSET


Assignee = str | Variable


class Description(Struct):
    enabled: bool | UnsetType = UNSET
    value: str | UnsetType = UNSET


class Journey(Struct):
    id: str | UnsetType = UNSET
    journey_id: str | UnsetType = field(default=UNSET, name="journeyId")
    name: str | UnsetType = UNSET
    complete_task_automatically: bool | UnsetType = UNSET


class DueDateConfig(Struct):
    duration: int | float
    unit: TimeUnit
    type: Literal[
        "WORKFLOW_STARTED",
        "TASK_FINISHED",
        "PHASE_FINISHED",
        "A_PRECEDING_TASK_COMPLETED",
        "ALL_PRECEDING_TASKS_COMPLETED",
    ]
    task_id: str | UnsetType = UNSET
    phase_id: str | UnsetType = UNSET


class Requirement(Struct):
    """A task or phase that must be finished first. The ids are those of the template, not of the flow."""

    when: Literal["TASK_FINISHED", "PHASE_FINISHED"]
    task_id: str | UnsetType = UNSET
    phase_id: str | UnsetType = UNSET


class Analytics(Struct, omit_defaults=True):
    started_at: str | None = None
    in_progress_at: str | None = None
    completed_at: str | None = None
    status_updated_at: str | None = None
    in_progress_by: str | None = None
    completed_by: str | None = None
    skipped_by: str | None = None
    on_hold_by: str | None = None


class Automation(Struct):
    flow_id: str
    execution_id: str | UnsetType = UNSET
    execution_status: str | UnsetType = UNSET
    error_reason: str | UnsetType = UNSET
    heal_attempts: int | UnsetType = UNSET


class Schedule(Struct):
    """When an automation runs. `schedule_id` is null before the task is scheduled; the vendor does not describe that."""

    mode: Literal["immediate", "delayed", "relative"]
    duration: int | float | UnsetType = UNSET
    unit: TimeUnit | UnsetType = UNSET
    direction: Literal["before", "after"] | UnsetType = UNSET
    reference: dict[str, Any] | UnsetType = UNSET
    schedule_id: str | UnsetType | None = UNSET
    scheduled_at: str | UnsetType = UNSET


class Condition(Struct):
    id: str
    branch_name: str
    logical_operator: Literal["AND", "OR"] = "AND"
    statements: list[dict[str, Any]] = field(default_factory=list)
    evaluated_at: str | UnsetType = UNSET
    is_met: bool | UnsetType = UNSET


class Loop(Struct):
    """A decision's loop has both branches. The other tasks of a loop have none."""

    max_iterations: int
    crt_iterations: int = 0
    loop_branch_id: str | UnsetType = UNSET
    exit_branch_id: str | UnsetType = UNSET


class Agent(Struct):
    agent_id: str


class AgentExecution(Struct, omit_defaults=True):
    execution_id: str | None = None
    execution_status: str | None = None
    outcome: str | None = None


class Task(Struct, kw_only=True):
    """One task of any type. Members that its type does not have are left out."""

    id: str
    template_id: str
    name: str
    task_type: TaskType
    status: TaskStatus
    phase_id: str
    assigned_to: list[Assignee]
    enabled: bool
    manually_created: bool = False
    analytics: Analytics
    created_at: str
    updated_at: str
    description: Description | UnsetType = UNSET
    journey: Journey | UnsetType = UNSET
    due_date: str | UnsetType = UNSET
    due_date_config: DueDateConfig | UnsetType = UNSET
    requirements: list[Requirement] = field(default_factory=list)
    taxonomies: list[str] = field(default_factory=list)
    ecp: dict[str, Any] | UnsetType = UNSET
    installer: dict[str, Any] | UnsetType = UNSET
    partner: dict[str, Any] | UnsetType = UNSET
    trigger_mode: TriggerMode | UnsetType = UNSET
    automation_config: Automation | UnsetType = UNSET
    automation_execution_id: str | UnsetType | None = UNSET
    schedule: Schedule | UnsetType = UNSET
    conditions: list[Condition] | UnsetType = UNSET
    allow_parallel_execution: bool | UnsetType = UNSET
    loop_config: Loop | UnsetType = UNSET
    agent_config: Agent | UnsetType = UNSET
    agent_execution: AgentExecution | UnsetType = UNSET

    @property
    def is_finished(self) -> bool:
        return self.status in FINISHED

    @property
    def is_ready(self) -> bool:
        return self.status in READY


class Phase(Struct, kw_only=True):
    id: str
    template_id: str
    name: str
    status: Literal["OPEN", "IN_PROGRESS", "COMPLETED"]
    assigned_to: list[Assignee]
    analytics: Analytics
    updated_at: str
    due_date: str | UnsetType = UNSET
    due_date_config: DueDateConfig | UnsetType = UNSET
    taxonomies: list[str] = field(default_factory=list)


class Edge(Struct):
    id: str
    from_id: str
    to_id: str
    condition_id: str | UnsetType = UNSET
    none_met: bool | UnsetType = UNSET


class Context(Struct):
    entity_id: str
    entity_schema: str
    is_primary: bool = False


class CurrentTask(Struct):
    id: str
    crt_since: str


class ClosingReason(Struct):
    id: str
    title: str


class Closing(Struct):
    selected_reasons: list[ClosingReason] = field(default_factory=list)
    configured_reasons: list[ClosingReason] = field(default_factory=list)
    extra_description: str = ""


class FlowAnalytics(Struct, omit_defaults=True):
    started_at: str | None = None
    completed_at: str | None = None
    closed_at: str | None = None
    started_by: str | None = None
    closed_by: str | None = None


class Trigger(Struct):
    type: Literal["MANUAL", "AUTOMATIC"] = "MANUAL"
    automation_config: Automation | UnsetType = UNSET


class Flow(Struct, kw_only=True):
    id: str
    flow_template_id: str
    org_id: str
    name: str
    created_at: str
    updated_at: str
    status: FlowStatus
    assigned_to: list[Assignee]
    analytics: FlowAnalytics
    contexts: list[Context]
    crt_tasks: list[CurrentTask]
    phases: list[Phase]
    tasks: list[Task]
    edges: list[Edge]
    closing_reason: Closing
    trigger: Trigger
    due_date: str | UnsetType = UNSET
    due_date_config: DueDateConfig | UnsetType = UNSET
    execution_chain: dict[str, Any] | UnsetType = field(default=UNSET, name="_execution_chain")
    available_in_ecp: bool = False
    entity_sync: list[dict[str, Any]] = field(default_factory=list)
    taxonomies: list[str] = field(default_factory=list)
    single_closing_reason_selection: bool = field(default=False, name="singleClosingReasonSelection")
    linear: bool = False

    def task(self, id: str) -> Task | None:
        return next((task for task in self.tasks if task.id == id), None)

    def phase(self, id: str) -> Phase | None:
        return next((phase for phase in self.phases if phase.id == id), None)

    def is_current(self, task_id: str) -> bool:
        return any(each.id == task_id for each in self.crt_tasks)


def user_ids(assigned_to: Iterable[Assignee]) -> list[str]:
    """Return the user ids, with variables replaced by their values."""
    found: list[str] = []
    for each in assigned_to:
        if isinstance(each, str):
            found.append(each)
        elif each.value is not UNSET:
            found.extend(each.value)
    return list(dict.fromkeys(found))
