"""A task that is put into a running flow: what is sent, and where it goes."""

from uuid import UUID

from connectors.epilot.ids import FlowId, task_id
from connectors.epilot.mapping import Execution
from connectors.epilot.options import CreateTaskOptions
from connectors.sdk import ConflictError, CreateTask, NotFoundError, ValidationFailedError


def task_body(command: CreateTask, given: CreateTaskOptions) -> dict[str, object]:
    """`task` of AddTaskReq."""
    automation = None if given.automation_flow_id is None else {"flow_id": given.automation_flow_id}
    members: dict[str, object] = {
        "name": _title(command),
        "task_type": given.task_type or "MANUAL",
        "phase_id": given.phase_id,
        "assigned_to": given.assigned_to,
        "due_date": given.due_date,
        "enabled": given.enabled,
        "automation_config": automation,
    }
    return {name: value for name, value in members.items() if value is not None}


def step_body(command: CreateTask, given: CreateTaskOptions) -> dict[str, object]:
    """CreateStepReq: fewer members, but a description."""
    beyond = (given.previous_task_id, given.next_task_id, given.assigned_to, given.due_date, given.enabled)
    if any(each is not None for each in beyond) or given.task_type in {"DECISION", "AI_AGENT"}:
        raise ValidationFailedError(
            "workflows of this generation take phase_id, index, task_type and automation_flow_id", field=("options",)
        )
    body: dict[str, object] = {"name": _title(command), "insertionIndex": given.index}
    if command.description:
        body["description"] = {"enabled": True, "value": command.description}
    if given.phase_id is not None:
        body["sectionId"] = given.phase_id
    if given.task_type is not None:
        body["executionType"] = given.task_type
    if given.automation_flow_id is not None:
        body["automationConfig"] = {"flowId": given.automation_flow_id}
    return body


def place(execution: Execution, previous: str | None, following: str | None) -> tuple[str, str]:
    """What is not given: behind the one current task, before the one task that follows there."""
    record = execution.record
    if previous is None:
        current = list(dict.fromkeys(each.id for each in record.crt_tasks or () if each.id))
        if len(current) != 1:
            raise ValidationFailedError(
                "the flow has no single current task; say which task comes before",
                field=("options", "previous_task_id"),
            )
        previous = current[0]
    if following is None:
        after = dict.fromkeys(each.to_id for each in record.edges or () if each.from_id == previous and each.to_id)
        if len(after) != 1:
            raise ValidationFailedError(
                "not one task follows there; say which comes after", field=("options", "next_task_id")
            )
        following = next(iter(after))
    return previous, following


def own_id(given: str | None, flow: FlowId) -> str | None:
    """The vendor's id of a task of the flow, also out of our native id."""
    if given is None or not given.startswith(f"{flow}/"):
        return given
    try:
        return task_id(given).task
    except NotFoundError:
        return given


def checked(previous: str, following: str) -> tuple[str, str]:
    """The vendor takes UUIDs only; the tasks of old templates may have other ids."""
    for each in (previous, following):
        try:
            UUID(each)
        except ValueError as error:
            raise ConflictError("the neighbours' ids are no UUIDs, which epilot asks for here") from error
    return previous, following


def _title(command: CreateTask) -> str:
    if not command.title.strip():
        raise ValidationFailedError("a task needs a title", field=("title",))
    return command.title
