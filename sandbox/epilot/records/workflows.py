"""Workflow executions of version 1: linear, in sections. Version 1 has other names for most things."""

from typing import Any, Literal

from msgspec import UNSET, Struct, UnsetType, field

from sandbox.epilot.errors import invalid
from sandbox.epilot.records.flows import ClosingReason, FlowStatus, TaskStatus

OPEN_STATUSES: tuple[TaskStatus, ...] = ("UNASSIGNED", "ASSIGNED", "PENDING", "IN_PROGRESS", "ON_HOLD")


class StepDescription(Struct):
    enabled: bool
    value: str


class StepAutomation(Struct, rename="camel"):
    flow_id: str
    execution_id: str | UnsetType = UNSET
    execution_status: str | UnsetType = UNSET


class StepRequirement(Struct, rename="camel"):
    definition_id: str
    type: Literal["STEP", "SECTION"] = "STEP"
    condition: Literal["CLOSED"] = "CLOSED"


class WorkflowStep(Struct, kw_only=True, rename="camel"):
    id: str
    definition_id: str | UnsetType = UNSET
    name: str
    type: Literal["STEP"] = "STEP"
    execution_type: Literal["MANUAL", "AUTOMATION"] = "MANUAL"
    status: TaskStatus = "UNASSIGNED"
    assigned_to: list[str] = field(default_factory=list)
    section_id: str | UnsetType = UNSET
    execution_id: str
    entity_ref_id: str | UnsetType = UNSET
    enabled: bool = True
    requirements: list[StepRequirement] = field(default_factory=list)
    description: StepDescription | UnsetType = UNSET
    created: str
    last_updated: str
    status_last_updated: str | UnsetType = UNSET
    started_time: str | UnsetType = UNSET
    completed_time: str | UnsetType = UNSET
    due_date: str | UnsetType = UNSET
    manually_created: bool = False
    automation_config: StepAutomation | UnsetType = UNSET
    taxonomies: list[str] = field(default_factory=list)

    @property
    def is_finished(self) -> bool:
        return self.status in ("COMPLETED", "SKIPPED")

    def slim(self) -> dict[str, Any]:
        """Return the members of a step that lists show."""
        row: dict[str, Any] = {"id": self.id, "name": self.name, "type": self.type}
        if self.definition_id is not UNSET:
            row["definitionId"] = self.definition_id
        return row | {"executionType": self.execution_type, "enabled": self.enabled}


class WorkflowSection(Struct, kw_only=True, rename="camel"):
    id: str
    definition_id: str
    name: str
    type: Literal["SECTION"] = "SECTION"
    status: Literal["OPEN", "IN_PROGRESS", "COMPLETED"] = "OPEN"
    assigned_to: list[str] = field(default_factory=list)
    steps: list[WorkflowStep]

    def slim(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "definitionId": self.definition_id,
            "name": self.name,
            "type": self.type,
            "steps": [step.slim() for step in self.steps],
        }


class WorkflowContext(Struct):
    id: str
    schema: str
    title: str = ""


class NextStep(Struct):
    id: str


class Workflow(Struct, kw_only=True, rename="camel"):
    id: str
    definition_id: str
    org_id: str
    name: str
    trigger: Literal["MANUAL", "AUTOMATIC"] = "MANUAL"
    status: FlowStatus = "STARTED"
    creation_time: str
    last_update_time: str
    due_date: str | UnsetType = UNSET
    completed_time: str | UnsetType = UNSET
    assigned_to: list[str] = field(default_factory=list)
    contexts: list[WorkflowContext] = field(default_factory=list)
    next_open_step: NextStep | UnsetType = UNSET
    configured_closing_reason_snapshot: list[ClosingReason] = field(default_factory=list)
    selected_closing_reasons: list[ClosingReason] = field(default_factory=list)
    closing_reason_description: str = ""
    last_modified_by: str | UnsetType = UNSET
    version: int = 2
    taxonomies: list[str] = field(default_factory=list)
    flow: list[WorkflowSection | WorkflowStep]

    def steps(self) -> list[WorkflowStep]:
        found: list[WorkflowStep] = []
        for item in self.flow:
            found.extend(item.steps if isinstance(item, WorkflowSection) else [item])
        return found

    def step(self, id: str) -> WorkflowStep:
        """Return a step. Raises 400: the vendor describes no 404."""
        found = next((step for step in self.steps() if step.id == id), None)
        if found is None:
            raise invalid("Step not found")
        return found

    def siblings(self, section_id: str | UnsetType) -> list[Any]:
        """Return the list with the steps of a section, or the list of the first level."""
        if section_id is UNSET:
            return self.flow
        for item in self.flow:
            if isinstance(item, WorkflowSection) and item.id == section_id:
                return item.steps
        raise invalid("Section not found")

    def advance(self, at: str) -> None:
        """Update sections, enabled steps, the next open step and the state from the states of the steps."""
        self.last_update_time = at
        steps = self.steps()
        closed = {step.definition_id for step in steps if step.is_finished}
        for step in steps:
            step.enabled = step.enabled or all(each.definition_id in closed for each in step.requirements)
        for item in self.flow:
            if isinstance(item, WorkflowSection):
                done = [step.is_finished for step in item.steps]
                item.status = "COMPLETED" if all(done) else "IN_PROGRESS" if any(done) else "OPEN"
        following = next((step for step in steps if not step.is_finished), None)
        self.next_open_step = UNSET if following is None else NextStep(following.id)
        if following is None and self.status == "STARTED":
            self.status, self.completed_time = "DONE", at

    def slim(self) -> dict[str, Any]:
        members = {name: getattr(self, name) for name in self.__struct_fields__ if name != "flow"}
        encoded = dict(zip(self.__struct_encode_fields__, self.__struct_fields__, strict=True))
        row = {wire: members[name] for wire, name in encoded.items() if name != "flow" and members[name] is not UNSET}
        return row | {"flow": [item.slim() for item in self.flow]}
