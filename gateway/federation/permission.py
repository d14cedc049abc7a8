"""Whether a person may do a thing to a task now: state table and authority, and the command that it comes to.

`domain`: CLAIM from READY by candidates; RELEASE, COMPLETE and forwarding by the owner; everything that takes work away
from others by task admins. A task reserved by somebody else is not touched by us, even where the vendor would allow it.
"""

from typing import Any

from connectors.sdk.caller import Caller, Identity
from connectors.sdk.commands import (
    Assign,
    Cancel,
    CancelStrategy,
    Claim,
    Complete,
    Release,
    TaskCommand,
    Unassign,
)
from connectors.sdk.connector import Connector
from connectors.sdk.errors import (
    AlreadyAssignedError,
    ConflictError,
    ForbiddenError,
    IdentityNotLinkedError,
    UnsupportedActionError,
    ValidationFailedError,
)
from connectors.sdk.model import Task, TaskState
from gateway.federation.visibility import is_candidate, is_free_for_all, is_owner
from schema.port import AssignIntent, CancelIntent, ClaimIntent, CompleteIntent, Intent, ReleaseIntent, UnassignIntent

HELD = frozenset({TaskState.RESERVED, TaskState.IN_PROGRESS})

COMMANDS: dict[type[Intent], type[TaskCommand]] = {
    ClaimIntent: Claim,
    ReleaseIntent: Release,
    UnassignIntent: Unassign,
    AssignIntent: Assign,
    CompleteIntent: Complete,
}


def command_type(connector: Connector[Any], intent: Intent) -> type[TaskCommand]:
    """The command that this source would carry out; UnsupportedActionError, without a call, where it has none."""
    if isinstance(intent, CancelIntent):
        return _cancel_type(connector, intent)
    command = COMMANDS[type(intent)]
    if command not in connector.capabilities:
        raise UnsupportedActionError(f"{connector.title} has no way to {command.action.lower()} a task")
    return command


def _cancel_type(connector: Connector[Any], intent: CancelIntent) -> type[TaskCommand]:
    by_strategy = {command.strategy: command for command in connector.capabilities if issubclass(command, Cancel)}
    for strategy in CancelStrategy:
        if strategy in intent.allow and strategy in by_strategy:
            return by_strategy[strategy]
    possible = connector.cancel_strategies()
    advice = f"allow one of {', '.join(possible)}" if possible else "it has none"
    raise UnsupportedActionError(
        f"{connector.title} cannot cancel a task in an allowed way; {advice}", alternatives=possible
    )


class Permission:
    """Judges one intent of one caller against one record. Raises RejectedError with the first failing condition."""

    def __init__(self, caller: Caller, connector: Connector[Any]) -> None:
        self._caller = caller
        self._connector = connector
        self._identity = caller.identity(connector.source)
        self._admin = caller.is_task_admin

    def check(self, task: Task, intent: Intent) -> None:
        if not task.is_open:
            done = "" if task.completed_by is None else f" by {task.completed_by.name or task.completed_by.native_id}"
            raise ConflictError(f"the task is {task.state}{done}")
        if task.state is TaskState.UNKNOWN:
            raise ConflictError(
                "the vendor's state of this task is not known here; act on it in the vendor's own interface"
            )
        if task.pending_transition is not None:
            raise ConflictError(
                f"the vendor still works on it ({task.pending_transition}); try again when it is through"
            )
        match intent:
            case ClaimIntent():
                self._claim(task)
            case ReleaseIntent():
                self._owner_only(task, "release")
            case UnassignIntent():
                if not task.assignees:
                    raise ConflictError("nobody owns the task")
                self._admin_only("take a task away from its owner")
            case AssignIntent():
                self._assign(task, intent)
            case CompleteIntent():
                self._complete(task, intent)
            case CancelIntent():
                self._admin_only("cancel a task")
            case other:
                raise TypeError(f"no rule for {type(other).__name__}")

    def identity(self) -> Identity:
        if self._identity is None:
            raise IdentityNotLinkedError(
                "you are not linked to a user of this system; add an identity for this source to your entry in people"
            )
        return self._identity

    def is_mine(self, task: Task) -> bool:
        return self._identity is not None and is_owner(self._identity, task)

    def _claim(self, task: Task) -> None:
        identity = self.identity()
        if task.assignees:
            raise AlreadyAssignedError(f"{_owner(task)} has it already")
        if task.state is not TaskState.READY:
            raise ConflictError(f"only READY tasks can be claimed, this one is {task.state}")
        free = is_free_for_all(self._connector, task)
        if not (self._admin or free or is_candidate(identity, task)):
            raise ForbiddenError("you are no candidate for this task")

    def _owner_only(self, task: Task, verb: str) -> None:
        if not task.assignees:
            raise ConflictError("nobody owns the task")
        if not self.is_mine(task):
            raise ForbiddenError(f"only its owner may {verb} it; {_owner(task)} has it")

    def _assign(self, task: Task, intent: AssignIntent) -> None:
        if self.is_mine(task):
            return
        if not self._admin:
            if task.assignees:
                raise AlreadyAssignedError(f"{_owner(task)} has it; only the owner or a task admin may forward it")
            raise ForbiddenError("claim the task first, or ask a task admin to assign it")
        if task.assignees and not intent.override:
            raise AlreadyAssignedError(f"{_owner(task)} has it; send override: true to take it away")

    def _complete(self, task: Task, intent: CompleteIntent) -> None:
        if task.state is TaskState.SUSPENDED:
            raise ConflictError("the task is SUSPENDED; resume it first")
        if self.is_mine(task):
            return
        if task.assignees:
            if not self._admin:
                raise AlreadyAssignedError(f"{_owner(task)} has it; a task is completed by its owner")
            return
        if self._admin and not intent.claim_if_needed:
            return
        if not intent.claim_if_needed:
            raise ConflictError("nobody owns the task; claim it first, or send claimIfNeeded: true")
        self._claim(task)

    def _admin_only(self, what: str) -> None:
        if not self._admin:
            raise ForbiddenError(f"only task admins may {what}")


def _owner(task: Task) -> str:
    owner = task.assignee
    return "somebody" if owner is None else (owner.name or owner.native_id)


def check_assignment(intent: Intent) -> None:
    """Exactly one of user and group, before anything is read."""
    if isinstance(intent, AssignIntent) and (intent.user is None) == (intent.group is None):
        raise ValidationFailedError("send exactly one of userId and groupId", field=("userId",))
