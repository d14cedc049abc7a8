"""Options of commands, and what commands become on the wire in v2 and in v1."""

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Struct, UnsetType

from connectors.epilot import wire
from connectors.epilot.ids import FlowId, task_id
from connectors.epilot.mapping import time_to_wire
from connectors.epilot.settings import Generation
from connectors.epilot.wire import Execution
from connectors.sdk import (
    Assign,
    Complete,
    ConflictError,
    CreateTask,
    Flow,
    NotFoundError,
    Options,
    Task,
    TaskCommand,
    TaskKind,
    UnsupportedActionError,
    Update,
    UpdateField,
    ValidationFailedError,
    parse_options,
)

_NO_DATA = "epilot keeps form data in journeys, not in tasks"
_CLOSING_REASONS = ("options", "closing_reasons")


class AssignOptions(Options, frozen=True):
    """`add`: keep those who are assigned already."""

    add: bool = False


class UpdateOptions(Options, frozen=True):
    """`due_date` is the vendor's text and may lack a zone. `enabled`: whether the task can be worked on."""

    due_date: str | None = None
    enabled: bool | None = None


class CancelFlowOptions(Options, frozen=True):
    """`closing_reasons`: ids or titles of reasons that the flow is configured with."""

    closing_reasons: tuple[str, ...] = ()


class StartFlowOptions(Options, frozen=True):
    """`purposes` are taxonomy ids: the vendor leaves out phases and tasks with other purposes."""

    purposes: tuple[str, ...] = ()
    generation: Generation | None = None


class CreateTaskOptions(Options, frozen=True):
    """The place of the task: between which tasks (v2), or the section `phase_id` and the `index` within it (v1)."""

    previous_task_id: str | None = None
    next_task_id: str | None = None
    phase_id: str | None = None
    task_type: Literal["MANUAL", "AUTOMATION", "DECISION", "AI_AGENT"] | None = None
    automation_flow_id: str | None = None
    assigned_to: tuple[str, ...] | None = None
    due_date: str | None = None
    enabled: bool | None = None
    index: int = 0


class Change(Struct, frozen=True, kw_only=True):
    """The members of a task that a command changes; UNSET leaves a member as it is."""

    status: str | UnsetType = UNSET
    assigned_to: tuple[wire.Assignee, ...] | UnsetType = UNSET
    due_date: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET
    next_condition_id: str | UnsetType = UNSET

    def of_task(self) -> dict[str, object]:
        """The body for v2, PatchTaskReq."""
        body = {name: value for name, value in msgspec.structs.asdict(self).items() if value is not UNSET}
        if isinstance(self.assigned_to, tuple):
            body["assigned_to"] = [_sent(each) for each in self.assigned_to]
        if isinstance(self.description, str):
            body["description"] = _description(self.description)
        return body

    def of_step(self, actor: str | None) -> dict[str, object]:
        """The body for v1, UpdateStepReq. `actor` is the user id of the caller: v1 stores it with two statuses."""
        if self.next_condition_id is not UNSET:
            raise ValidationFailedError("workflows (v1) have no decisions", field=("outcome",))
        if self.enabled is not UNSET:
            raise UnsupportedActionError("workflows (v1) cannot enable or disable a step")
        plain = {"status": self.status, "dueDate": self.due_date, "name": self.name}
        body: dict[str, object] = {name: value for name, value in plain.items() if value is not UNSET}
        if isinstance(self.assigned_to, tuple):
            body["assignedTo"] = [each for each in self.assigned_to if isinstance(each, str)]
        if isinstance(self.description, str):
            body["description"] = _description(self.description)
        mover = {"IN_PROGRESS": "assignedToInProgress", "ON_HOLD": "assignedToOnHold"}.get(str(self.status))
        if mover is not None and actor is not None:
            body[mover] = actor
        return body


class _Native(Struct, frozen=True, kw_only=True):
    """Members of a task's payload that the model does not have: of a task (v2), a step (v1) or a row of a list."""

    assigned_to: tuple[wire.Assignee, ...] | None = None
    in_camel_case: tuple[wire.Assignee, ...] | None = msgspec.field(default=None, name="assignedTo")
    assigned_to_in_progress: str | None = msgspec.field(default=None, name="assignedToInProgress")
    analytics: wire.Analytics | None = None


def update_of(command: Update) -> Change:
    """No documented request clears a due date, or leaves a task without a name."""
    options = parse_options(command.options, UpdateOptions)
    if UpdateField.TITLE in command.clear or command.title == "":
        raise ValidationFailedError("a task needs a title", field=("title",))
    if UpdateField.DUE_AT in command.clear:
        raise UnsupportedActionError("epilot has no documented way to clear a due date")
    if command.due_at is not None and options.due_date is not None:
        raise ValidationFailedError(
            "the due date is given twice: as dueAt and as an option", field=("options", "due_date")
        )
    due_date = options.due_date if command.due_at is None else time_to_wire(command.due_at)
    description = "" if UpdateField.DESCRIPTION in command.clear else command.description
    change = Change(
        name=UNSET if command.title is None else command.title,
        description=UNSET if description is None else description,
        due_date=UNSET if due_date is None else due_date,
        enabled=UNSET if options.enabled is None else options.enabled,
    )
    if change == Change():
        raise ValidationFailedError("the update changes nothing")
    return change


def check_arguments(command: TaskCommand) -> None:
    """ValidationFailedError or UnsupportedActionError for what epilot takes for no task."""
    match command:
        case Update():
            update_of(command)
        case Assign(group_id=None):
            parse_options(command.options, AssignOptions)
            if not command.user_id:
                raise ValidationFailedError("names no user to assign to", field=("userId",))
        case Assign():
            raise ValidationFailedError("epilot assigns tasks to users only", field=("groupId",))
        case Complete() if command.data:
            raise ValidationFailedError(_NO_DATA, field=("data",))
        case Complete() if command.comment:
            raise ValidationFailedError("epilot keeps no comment on completion", field=("comment",))


def completion_of(command: Complete) -> Change:
    """`next_condition_id` is the branch that a decision takes."""
    if not command.outcome:
        return Change(status="COMPLETED")
    if command.task.kind not in {TaskKind.DECISION, TaskKind.UNKNOWN}:
        raise ValidationFailedError("only decisions have outcomes", field=("outcome",))
    return Change(status="COMPLETED", next_condition_id=command.outcome)


def assignees_without(task: Task, user_id: str) -> tuple[wire.Assignee, ...]:
    """The assignees without this user. A variable that stands for the user is removed: it cannot be sent in part."""
    return tuple(each for each in _assignees(task) if not _stands_for(each, user_id))


def assignees_with(task: Task, user_id: str) -> tuple[wire.Assignee, ...]:
    """The assignees with this user, who is added only if neither the list nor a variable in it has them."""
    kept = _assignees(task)
    return kept if any(_stands_for(each, user_id) for each in kept) else (*kept, user_id)


def status_after_pause(task: Task) -> str:
    """IN_PROGRESS if the payload says that work had begun, else PENDING."""
    native = _native(task)
    begun = native.analytics is not None and bool(native.analytics.in_progress_at or native.analytics.in_progress_by)
    return "IN_PROGRESS" if begun or native.assigned_to_in_progress else "PENDING"


def _assignees(task: Task) -> tuple[wire.Assignee, ...]:
    """From the payload, so that variables stay variables; without a payload from the task."""
    native = _native(task)
    written = native.assigned_to if native.assigned_to is not None else native.in_camel_case
    if written is None:
        return tuple(user.native_id for user in task.assignees)
    return tuple(str(each) if isinstance(each, int) else each for each in written if each is not None)


def _native(task: Task) -> _Native:
    try:
        return _Native() if task.payload is None else msgspec.json.decode(task.payload, type=_Native)
    except (msgspec.DecodeError, RecursionError):
        return _Native()


def _stands_for(assignee: wire.Assignee, user_id: str) -> bool:
    if isinstance(assignee, wire.Variable):
        return user_id in {str(each) for each in assignee.value or ()}
    return assignee == user_id


def _sent(assignee: wire.Assignee) -> object:
    if isinstance(assignee, wire.Variable):
        sent: dict[str, object] = {"variable": assignee.variable}
        return sent if assignee.value is None else {**sent, "value": [str(each) for each in assignee.value]}
    return assignee


def _description(text: str) -> dict[str, object]:
    """The vendor shows a description only while it is enabled."""
    return {"enabled": bool(text), "value": text}


# Closing reasons


def offered_reasons(execution: Execution) -> tuple[wire.Reason, ...]:
    """The reasons that the execution was configured with when it started."""
    closing = execution.record.closing_reason
    return () if closing is None else closing.configured_reasons or ()


def chosen_reasons(execution: Execution, names: Sequence[str]) -> tuple[wire.Reason, ...]:
    """The offered reasons with these ids or titles. ValidationFailedError for another name, or for too many."""
    found: dict[str, wire.Reason] = {}
    for name in names:
        reason = _reason(execution, name)
        if reason is None:
            raise ValidationFailedError("the flow is not configured with such a closing reason", field=_CLOSING_REASONS)
        found[reason.id] = reason
    if execution.record.single_closing_reason is True and len(found) > 1:
        raise ValidationFailedError("the flow takes one closing reason only", field=_CLOSING_REASONS)
    return tuple(found.values())


def preferred_reason(execution: Execution, names: Sequence[str]) -> tuple[wire.Reason, ...]:
    """The first of these names that the execution offers; empty if it offers none of them."""
    reasons = (_reason(execution, name) for name in names)
    return next(((reason,) for reason in reasons if reason is not None), ())


def _reason(execution: Execution, name: str) -> wire.Reason | None:
    return next((each for each in offered_reasons(execution) if name in {each.id, each.title}), None)


# New tasks


def flow_for(command: CreateTask) -> Flow:
    """The flow of the new task; ValidationFailedError for arguments that neither generation takes."""
    if command.flow is None:
        raise ValidationFailedError("epilot has tasks within flows only", field=("flowId",))
    if command.priority is not None:
        raise ValidationFailedError("epilot has no priorities", field=("priority",))
    if command.data:
        raise ValidationFailedError(_NO_DATA, field=("data",))
    return command.flow


def new_task_body(command: CreateTask, options: CreateTaskOptions) -> dict[str, object]:
    """The task for v2, `task` of AddTaskReq. It has no description."""
    if command.description:
        raise ValidationFailedError(
            "a new task takes no description; update the task afterwards", field=("description",)
        )
    automation = None if options.automation_flow_id is None else {"flow_id": options.automation_flow_id}
    members: dict[str, object] = {
        "name": _title(command),
        "task_type": options.task_type or "MANUAL",
        "phase_id": options.phase_id,
        "assigned_to": options.assigned_to,
        "due_date": options.due_date,
        "enabled": options.enabled,
        "automation_config": automation,
    }
    return {name: value for name, value in members.items() if value is not None}


def new_step_body(command: CreateTask, options: CreateTaskOptions) -> dict[str, object]:
    """The step for v1, CreateStepReq. It has fewer members than a task, but a description."""
    v2_only = (
        options.previous_task_id,
        options.next_task_id,
        options.assigned_to,
        options.due_date,
        options.enabled,
    )
    if any(each is not None for each in v2_only) or options.task_type in {"DECISION", "AI_AGENT"}:
        raise ValidationFailedError(
            "workflows (v1) take phase_id, index, task_type MANUAL or AUTOMATION, and automation_flow_id",
            field=("options",),
        )
    body: dict[str, object] = {"name": _title(command), "insertionIndex": options.index}
    if command.description:
        body["description"] = _description(command.description)
    if options.phase_id is not None:
        body["sectionId"] = options.phase_id
    if options.task_type is not None:
        body["executionType"] = options.task_type
    if options.automation_flow_id is not None:
        body["automationConfig"] = {"flowId": options.automation_flow_id}
    return body


def place_in(execution: Execution, previous: str | None, following: str | None) -> tuple[str, str]:
    """The neighbours of a new task. By default they are the one current task and the one task after it."""
    record = execution.record
    if previous is None:
        current = list(dict.fromkeys(each.id for each in record.crt_tasks or () if each.id))
        if len(current) != 1:
            raise ValidationFailedError(
                "the flow does not have exactly one current task; name the task before the new one",
                field=("options", "previous_task_id"),
            )
        previous = current[0]
    if following is None:
        after = dict.fromkeys(each.to_id for each in record.edges or () if each.from_id == previous and each.to_id)
        if len(after) != 1:
            raise ValidationFailedError(
                "there is not exactly one next task; name the task after the new one",
                field=("options", "next_task_id"),
            )
        following = next(iter(after))
    return previous, following


def vendor_task_id(given: str | None, flow: FlowId) -> str | None:
    """The vendor's id of a task of the flow. `given` is that id already, or the native id."""
    if given is None or not given.startswith(f"{flow}/"):
        return given
    try:
        return task_id(given).task
    except NotFoundError:
        return given


def check_neighbours(*ids: str) -> None:
    """ConflictError for an id that is not a UUID: the vendor takes no other, but tasks of old templates have other ids."""
    for each in ids:
        try:
            UUID(each)
        except ValueError as error:
            raise ConflictError(
                "epilot inserts a task only between tasks whose ids are UUIDs, and a neighbour's id is not"
            ) from error


def _title(command: CreateTask) -> str:
    if not command.title.strip():
        raise ValidationFailedError("a task needs a title", field=("title",))
    return command.title
