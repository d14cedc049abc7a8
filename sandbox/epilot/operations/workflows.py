"""The workflow execution API, version 1: workflows and their steps."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field
from msgspec.structs import replace

from sandbox.epilot.answers import NO_CONTENT, Reply, json_reply
from sandbox.epilot.definitions import DEFINITIONS, begin_workflow
from sandbox.epilot.errors import invalid
from sandbox.epilot.operations.workflow_search import search_executions, search_steps
from sandbox.epilot.records import (
    ClosingReason,
    FlowStatus,
    StepAutomation,
    StepDescription,
    TaskStatus,
    WorkflowContext,
    WorkflowStep,
)
from sandbox.epilot.requests import Call, Name, body_of
from sandbox.epilot.store import WorkflowStore
from sandbox.stand_in import EffectLog, iso_millis


class CreateWorkflow(Struct, rename="camel"):
    workflow_id: Name
    trigger: Literal["MANUAL", "AUTOMATIC"] = "MANUAL"
    assigned_to: list[str] = field(default_factory=list)
    contexts: list[WorkflowContext] = field(default_factory=list)
    purposes: list[str] = field(default_factory=list)


class UpdateWorkflow(Struct, rename="camel"):
    status: FlowStatus | UnsetType = UNSET
    assigned_to: list[str] | UnsetType = UNSET
    selected_closing_reasons: list[ClosingReason] | UnsetType = UNSET
    closing_reason_description: str | UnsetType = UNSET
    due_date: str | UnsetType = UNSET
    dynamic_due_date: dict[str, Any] | UnsetType = UNSET
    closed_by: str | UnsetType = UNSET
    contexts: list[WorkflowContext] | UnsetType = UNSET
    completed_time: str | UnsetType = UNSET


class CreateStep(Struct, rename="camel"):
    name: Name
    insertion_index: Annotated[int, Meta(ge=0)] = 0
    description: StepDescription | UnsetType = UNSET
    status: TaskStatus = "UNASSIGNED"
    section_id: str | UnsetType = UNSET
    execution_type: Literal["MANUAL", "AUTOMATION"] = "MANUAL"
    automation_config: StepAutomation | UnsetType = UNSET


class StepPosition(Struct, rename="camel"):
    index: Annotated[int, Meta(ge=0)]
    section_id: str | UnsetType = UNSET


class UpdateStep(Struct, rename="camel"):
    status: TaskStatus | UnsetType = UNSET
    assigned_to: list[str] | UnsetType = UNSET
    due_date: str | UnsetType = UNSET
    name: Name | UnsetType = UNSET
    description: StepDescription | UnsetType = UNSET
    position: StepPosition | UnsetType = UNSET
    automation_config: StepAutomation | UnsetType = UNSET
    entity_ref_id: str | UnsetType = UNSET
    started_time: str | UnsetType = UNSET
    completed_time: str | UnsetType = UNSET


class WorkflowOperations:
    def __init__(self, workflows: WorkflowStore, effects: EffectLog, new_id: Callable[[], str]) -> None:
        self._workflows = workflows
        self._effects = effects
        self._new_id = new_id

    def list(self, call: Call) -> Reply:
        call.caller.require("workflow:execution:view")
        context, schema = call.query.get("context"), call.query.get("schema")
        found = [
            workflow.slim()
            for workflow in self._workflows.all()
            if (not context and not schema)
            or any(
                (not context or each.id == context) and (not schema or each.schema == schema)
                for each in workflow.contexts
            )
        ]
        return json_reply(found)

    def create(self, call: Call) -> Reply:
        call.caller.require("workflow:execution:trigger")
        body = body_of(call.content, CreateWorkflow)
        definition = DEFINITIONS.get(body.workflow_id)
        if definition is None:
            raise invalid("Workflow definition not found")
        id = self._new_id().replace("-", "")[:13]
        workflow = begin_workflow(definition, id=id, new_id=self._new_id, contexts=body.contexts, now=call.now)
        workflow.trigger, workflow.assigned_to = body.trigger, body.assigned_to
        self._workflows.put(workflow)
        self._record(call, "start_flow", id)
        return json_reply(workflow, 201)

    def search(self, call: Call) -> Reply:
        return search_executions(self._workflows, call)

    def search_steps(self, call: Call) -> Reply:
        return search_steps(self._workflows, call)

    def get(self, call: Call) -> Reply:
        """Return the workflow. For an unknown id the vendor answers 200 without a body."""
        call.caller.require("workflow:execution:view")
        workflow = self._workflows.find(call.ids["execution_id"])
        return Reply(200) if workflow is None else json_reply(workflow)

    def update(self, call: Call) -> Reply:
        body = body_of(call.content, UpdateWorkflow)
        call.caller.require(
            "workflow:execution:cancel" if body.status == "CLOSED" else "workflow:execution:update_details"
        )
        workflow = self._workflows.get(call.ids["execution_id"])
        at, before = iso_millis(call.now), replace(workflow)
        if body.status is not UNSET and body.status != workflow.status:
            workflow.status = body.status
            workflow.completed_time = UNSET if body.status == "STARTED" else at
        for name in ("assigned_to", "selected_closing_reasons", "closing_reason_description", "contexts"):
            value = getattr(body, name)
            if value is not UNSET:
                setattr(workflow, name, value)
        if body.due_date is not UNSET:
            workflow.due_date = body.due_date or UNSET
        if body.completed_time is not UNSET:
            workflow.completed_time = body.completed_time
        if workflow != before:
            workflow.last_modified_by = body.closed_by or call.caller.id
            workflow.last_update_time = at
            verbs = {"CLOSED": "cancel_flow", "DONE": "complete_flow", "STARTED": "reopen_flow"}
            verb = "update_flow" if workflow.status == before.status else verbs[workflow.status]
            self._record(call, verb, workflow.id)
        return NO_CONTENT

    def delete(self, call: Call) -> Reply:
        call.caller.require("workflow:execution:delete")
        workflow = self._workflows.get(call.ids["execution_id"], status=404)
        self._workflows.remove(workflow.id)
        self._record(call, "delete_flow", workflow.id)
        return NO_CONTENT

    def reasons(self, call: Call) -> Reply:
        call.caller.require("workflow:execution:view")
        workflow = self._workflows.get(call.ids["execution_id"])
        return json_reply({"reasons": workflow.configured_closing_reason_snapshot})

    def create_step(self, call: Call) -> Reply:
        call.caller.require("workflow:execution:task:add")
        body = body_of(call.content, CreateStep)
        workflow = self._workflows.get(call.ids["execution_id"], status=400)
        at = iso_millis(call.now)
        step = WorkflowStep(
            id=self._new_id(),
            name=body.name,
            execution_type=body.execution_type,
            status=body.status,
            section_id=body.section_id,
            execution_id=workflow.id,
            description=body.description,
            automation_config=body.automation_config,
            created=at,
            last_updated=at,
            manually_created=True,
        )
        workflow.siblings(body.section_id).insert(body.insertion_index, step)
        workflow.advance(at)
        self._record(call, "create", f"{workflow.id}/{step.id}")
        return json_reply(step, 201)

    def update_step(self, call: Call) -> Reply:
        body = body_of(call.content, UpdateStep)
        call.caller.require(
            "workflow:execution:task:update" if body.assigned_to is UNSET else "workflow:execution:task:assign"
        )
        workflow = self._workflows.get(call.ids["execution_id"], status=400)
        step = workflow.step(call.ids["step_id"])
        at, before = iso_millis(call.now), replace(workflow.step(call.ids["step_id"]))
        if body.status is not UNSET and body.status != step.status:
            if not step.enabled:
                raise invalid("Step is disabled, its status cannot be changed")
            _set_status(step, body.status, at)
        for name in ("name", "description", "automation_config", "entity_ref_id", "started_time", "completed_time"):
            value = getattr(body, name)
            if value is not UNSET:
                setattr(step, name, value)
        if body.due_date is not UNSET:
            step.due_date = body.due_date or UNSET
        if body.assigned_to is not UNSET:
            step.assigned_to = body.assigned_to
            if step.status in ("ASSIGNED", "UNASSIGNED"):
                step.status = "ASSIGNED" if body.assigned_to else "UNASSIGNED"
        verbs = _verbs(before, step)
        if body.position is not UNSET:
            verbs = verbs or ["update"]
            target = workflow.siblings(body.position.section_id)
            workflow.siblings(step.section_id).remove(step)
            step.section_id = body.position.section_id
            target.insert(body.position.index, step)
        if verbs:
            step.last_updated = at
            workflow.advance(at)
        for verb in verbs:
            self._record(call, verb, f"{workflow.id}/{step.id}")
        return json_reply(step)

    def delete_step(self, call: Call) -> Reply:
        call.caller.require("workflow:execution:task:update")
        workflow = self._workflows.get(call.ids["execution_id"])
        step = next((each for each in workflow.steps() if each.id == call.ids["step_id"]), None)
        if step is not None:
            workflow.siblings(step.section_id).remove(step)
            workflow.advance(iso_millis(call.now))
            self._record(call, "delete", f"{workflow.id}/{step.id}")
        return NO_CONTENT

    def _record(self, call: Call, verb: str, path: str) -> None:
        self._effects.record(verb, f"v1/{path}", call.caller.id, call.caller.request_id)


def _set_status(step: WorkflowStep, status: TaskStatus, at: str) -> None:
    step.status, step.status_last_updated = status, at
    if status == "IN_PROGRESS":
        step.started_time = at
    step.completed_time = at if status in ("COMPLETED", "SKIPPED") else UNSET


def _verbs(before: WorkflowStep, step: WorkflowStep) -> list[str]:
    """Return the verbs of the changes. ASSIGNED and UNASSIGNED follow from the assignees, so they have no verb."""
    verbs = []
    if step.status != before.status and step.status not in ("ASSIGNED", "UNASSIGNED"):
        named = {"COMPLETED": "complete", "SKIPPED": "skip", "IN_PROGRESS": "start", "ON_HOLD": "suspend"}
        verbs.append(named.get(step.status, "update"))
    if step.assigned_to != before.assigned_to:
        verbs.append("assign" if step.assigned_to else "unassign")
    return verbs or ([] if step == before else ["update"])
