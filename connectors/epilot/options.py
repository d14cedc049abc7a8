"""The vendor's own options of commands, and changes in the words of both generations."""

from collections.abc import Mapping
from typing import Literal, TypeVar

import msgspec
from msgspec import UNSET, Struct, UnsetType

from connectors.epilot import wire
from connectors.epilot.mapping import time_to_wire
from connectors.epilot.settings import Generation
from connectors.sdk import Task, UnsupportedActionError, Update, UpdateField, ValidationFailedError

T = TypeVar("T")


class AssignOptions(Struct, frozen=True, forbid_unknown_fields=True):
    """`add`: beside those who are assigned already."""

    add: bool = False


class UpdateOptions(Struct, frozen=True, forbid_unknown_fields=True):
    """`due_date` in the vendor's spelling, which may lack a zone; `enabled` lets the task be worked on, or not."""

    due_date: str | None = None
    enabled: bool | None = None


class CancelFlowOptions(Struct, frozen=True, forbid_unknown_fields=True):
    """Ids or titles of reasons that the flow is configured with."""

    closing_reasons: tuple[str, ...] = ()


class StartFlowOptions(Struct, frozen=True, forbid_unknown_fields=True):
    """`purposes` are taxonomy ids: phases and tasks of others are left out."""

    purposes: tuple[str, ...] = ()
    generation: Generation | None = None


class CreateTaskOptions(Struct, frozen=True, forbid_unknown_fields=True):
    """Between which tasks (the newer generation) or where in which section (the older) the task stands."""

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
    """What of a task shall change, in either generation."""

    status: str | UnsetType = UNSET
    assigned_to: tuple[wire.Assignee, ...] | UnsetType = UNSET
    due_date: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET
    next_condition_id: str | UnsetType = UNSET

    def of_task(self) -> dict[str, object]:
        """PatchTaskReq."""
        body = {name: value for name, value in msgspec.structs.asdict(self).items() if value is not UNSET}
        if isinstance(self.assigned_to, tuple):
            body["assigned_to"] = [_sent(each) for each in self.assigned_to]
        if isinstance(self.description, str):
            body["description"] = _description(self.description)
        return body

    def of_step(self, actor: str | None) -> dict[str, object]:
        """UpdateStepReq; `actor` is who moves the step, which this generation wants to be told."""
        if self.next_condition_id is not UNSET:
            raise ValidationFailedError("workflows of this generation have no decisions", field=("outcome",))
        if self.enabled is not UNSET:
            raise UnsupportedActionError("workflows of this generation decide themselves what is enabled")
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
    """What a task's record says beyond ours, in the spelling of either generation or of a list."""

    assigned_to: tuple[wire.Assignee, ...] | None = None
    in_camel_case: tuple[wire.Assignee, ...] | None = msgspec.field(default=None, name="assignedTo")
    assigned_to_in_progress: str | None = msgspec.field(default=None, name="assignedToInProgress")
    analytics: wire.Analytics | None = None


def options_of(given: Mapping[str, object] | None, type_: type[T]) -> T:
    """Unknown names and wrong types are refused."""
    try:
        return msgspec.convert(dict(given or {}), type=type_, strict=True)
    except msgspec.ValidationError as error:
        raise ValidationFailedError(str(error), field=("options",)) from error


def change_of(command: Update) -> Change:
    """What an update asks for. Nothing documented clears a due date, or leaves a task without a name."""
    options = options_of(command.options, UpdateOptions)
    if UpdateField.TITLE in command.clear or command.title == "":
        raise ValidationFailedError("a task needs a title", field=("title",))
    if UpdateField.DUE_AT in command.clear:
        raise UnsupportedActionError("epilot tells no way to clear a due date")
    if command.due_at is not None and options.due_date is not None:
        raise ValidationFailedError("the due date is given twice", field=("options", "due_date"))
    due_date = options.due_date if command.due_at is None else time_to_wire(command.due_at)
    description = "" if UpdateField.DESCRIPTION in command.clear else command.description
    change = Change(
        name=UNSET if command.title is None else command.title,
        description=UNSET if description is None else description,
        due_date=UNSET if due_date is None else due_date,
        enabled=UNSET if options.enabled is None else options.enabled,
    )
    if change == Change():
        raise ValidationFailedError("names nothing to change")
    return change


def assignees_without(task: Task, user_id: str) -> tuple[wire.Assignee, ...]:
    """The list without a person. A variable that stands for that person goes too: a part of it cannot be sent."""
    return tuple(each for each in _assignees(task) if not _stands_for(each, user_id))


def assignees_with(task: Task, user_id: str) -> tuple[wire.Assignee, ...]:
    kept = _assignees(task)
    return kept if any(_stands_for(each, user_id) for each in kept) else (*kept, user_id)


def status_after_pause(task: Task) -> str:
    """Back to work where the vendor remembers that it had begun."""
    native = _native(task)
    begun = native.analytics is not None and bool(native.analytics.in_progress_at or native.analytics.in_progress_by)
    return "IN_PROGRESS" if begun or native.assigned_to_in_progress else "PENDING"


def _assignees(task: Task) -> tuple[wire.Assignee, ...]:
    """As the vendor wrote them, so that variables stay variables; else as we know them."""
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
