"""The two searches of version 1. They are deprecated but still answered."""

from typing import Any, Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType

from sandbox.epilot.answers import Reply, json_reply
from sandbox.epilot.directory import ORG
from sandbox.epilot.records import FlowStatus, Workflow, WorkflowStep
from sandbox.epilot.requests import Call, body_of
from sandbox.epilot.store import WorkflowStore

PAGE = 25
"""Executions on a page. The vendor does not document the number."""

WorkflowOrder = Literal["A_Z", "Z_A", "DUE_DATE_ASC", "DUE_DATE_DESC", "TRIGGER_DATE_ASC", "TRIGGER_DATE_DESC"]


class LastKey(Struct, rename="camel"):
    org_id: str = ORG
    creation_time: str = ""


class ExecutionSearch(Struct, rename="camel"):
    name: str = ""
    status: FlowStatus | UnsetType = UNSET
    include_done_workflows: bool = False
    assigned_to: str | UnsetType = UNSET
    sorting: WorkflowOrder = "TRIGGER_DATE_DESC"
    pagination: LastKey | UnsetType = UNSET


class StepPage(Struct, rename="camel"):
    start: int = msgspec.field(default=0, name="from")
    size: int = 25


class StepSearch(Struct, rename="camel"):
    execution_name: str = ""
    step_name: str = ""
    assigned_to: int | UnsetType = UNSET
    include_done_workflows: bool = False
    manually_created: bool | UnsetType = UNSET
    status: Literal["OPEN", "COMPLETE", "NEXT_OPEN_ITEM_IN_WORKFLOW"] | UnsetType = UNSET
    sorting: WorkflowOrder = "TRIGGER_DATE_DESC"
    pagination: StepPage = msgspec.field(default_factory=StepPage)


def search_executions(workflows: WorkflowStore, call: Call) -> Reply:
    call.caller.require("workflow:execution:view")
    body = body_of(call.content, ExecutionSearch)
    found = [
        workflow
        for workflow in workflows.all()
        if body.name.casefold() in workflow.name.casefold()
        and body.status in (UNSET, workflow.status)
        and (body.status is not UNSET or body.include_done_workflows or workflow.status == "STARTED")
        and (body.assigned_to is UNSET or body.assigned_to in workflow.assigned_to)
    ]
    found.sort(
        key=lambda each: _key(body.sorting, each.name, each.due_date, each.creation_time),
        reverse=_is_descending(body.sorting),
    )
    if body.pagination is not UNSET:
        last = body.pagination.creation_time
        start = next((n for n, each in enumerate(found, start=1) if each.creation_time == last), len(found))
        found = found[start:]
    answer: dict[str, Any] = {"executions": [each.slim() for each in found[:PAGE]]}
    if len(found) > PAGE:
        answer["lastEvaluatedKey"] = LastKey(ORG, found[PAGE - 1].creation_time)
    return json_reply(answer)


def search_steps(workflows: WorkflowStore, call: Call) -> Reply:
    call.caller.require("workflow:execution:view")
    body = body_of(call.content, StepSearch)
    found = [
        (workflow, step)
        for workflow in workflows.all()
        if body.execution_name.casefold() in workflow.name.casefold()
        and (body.include_done_workflows or workflow.status == "STARTED")
        for step in workflow.steps()
        if _fits(body, workflow, step)
    ]
    found.sort(
        key=lambda pair: _key(body.sorting, pair[1].name, pair[1].due_date, pair[0].creation_time),
        reverse=_is_descending(body.sorting),
    )
    start = max(0, body.pagination.start)
    page = found[start : start + max(0, body.pagination.size)]
    return json_reply({"hits": len(found), "results": [_extended(workflow, step) for workflow, step in page]})


def _fits(body: StepSearch, workflow: Workflow, step: WorkflowStep) -> bool:
    following = workflow.next_open_step
    return (
        body.step_name.casefold() in step.name.casefold()
        and (body.assigned_to is UNSET or str(body.assigned_to) in step.assigned_to)
        and body.manually_created in (UNSET, step.manually_created)
        and (
            body.status is UNSET
            or (body.status == "OPEN" and not step.is_finished)
            or (body.status == "COMPLETE" and step.is_finished)
            or (body.status == "NEXT_OPEN_ITEM_IN_WORKFLOW" and following is not UNSET and following.id == step.id)
        )
    )


def _extended(workflow: Workflow, step: WorkflowStep) -> dict[str, Any]:
    row: dict[str, Any] = msgspec.to_builtins(step)
    return row | {
        "executionName": workflow.name,
        "executionStatus": workflow.status,
        "contexts": msgspec.to_builtins(workflow.contexts),
    }


def _is_descending(order: WorkflowOrder) -> bool:
    return order in ("Z_A", "DUE_DATE_DESC", "TRIGGER_DATE_DESC")


def _key(order: WorkflowOrder, name: str, due: str | UnsetType, created: str) -> tuple[bool, str]:
    """Sort key by name, due date (none last) or creation."""
    if order in ("A_Z", "Z_A"):
        return False, name.casefold()
    if order.startswith("TRIGGER"):
        return False, created
    return (due is UNSET) != _is_descending(order), "" if due is UNSET else due
