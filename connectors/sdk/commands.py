"""Verbs as values. A command carries the record that it was decided on, so a connector never reads first.

Verbs are WS-HumanTask's. The four ways to end a task without completing it are four commands, because their effects
differ; `strategy` is how the graph names them.
"""

from enum import StrEnum
from typing import ClassVar

from msgspec import Struct

from connectors.sdk.caller import Identity
from connectors.sdk.model import Task


class TaskAction(StrEnum):
    CLAIM = "CLAIM"
    RELEASE = "RELEASE"
    ASSIGN = "ASSIGN"
    UNASSIGN = "UNASSIGN"
    COMPLETE = "COMPLETE"
    CANCEL = "CANCEL"
    SKIP = "SKIP"
    CANCEL_FLOW = "CANCEL_FLOW"


class CancelStrategy(StrEnum):
    """In the order in which they are tried."""

    NATIVE = "NATIVE"
    SKIP = "SKIP"
    DELETE_TASK = "DELETE_TASK"
    CANCEL_FLOW = "CANCEL_FLOW"


class MutationStatus(StrEnum):
    APPLIED = "APPLIED"
    PENDING = "PENDING"
    UNKNOWN = "UNKNOWN"
    REJECTED = "REJECTED"


class Command(Struct, frozen=True, kw_only=True):
    """`task` is the record as last read; `actor` the caller's identity in that source, None if not linked."""

    action: ClassVar[TaskAction]

    task: Task
    actor: Identity | None = None
    reason: str | None = None


class Claim(Command, frozen=True, kw_only=True):
    """Make `actor` the actual owner, unless somebody else is."""

    action = TaskAction.CLAIM


class Release(Command, frozen=True, kw_only=True):
    """The actual owner gives the task back to its potential owners."""

    action = TaskAction.RELEASE


class Assign(Command, frozen=True, kw_only=True):
    """Exactly one of `user_id` and `group_id`, both native. Replaces the owner when `override`."""

    action = TaskAction.ASSIGN

    user_id: str | None = None
    group_id: str | None = None
    override: bool = False
    keep_group: bool = True


class Unassign(Command, frozen=True, kw_only=True):
    """Somebody with authority takes the owner away."""

    action = TaskAction.UNASSIGN


class Complete(Command, frozen=True, kw_only=True):
    """`data` is keyed by form field keys; `outcome` is one of the task's outcome codes."""

    action = TaskAction.COMPLETE

    outcome: str | None = None
    data: dict[str, object] | None = None
    comment: str | None = None


class Cancel(Command, frozen=True, kw_only=True):
    """End the task without completing it, by the vendor's own cancel of a task."""

    action = TaskAction.CANCEL
    strategy: ClassVar[CancelStrategy] = CancelStrategy.NATIVE


class Skip(Cancel, frozen=True, kw_only=True):
    """Close the task without work; the flow goes on."""

    action = TaskAction.SKIP
    strategy = CancelStrategy.SKIP


class DeleteTask(Cancel, frozen=True, kw_only=True):
    """Remove the task from the vendor."""

    strategy = CancelStrategy.DELETE_TASK


class CancelFlowOfTask(Cancel, frozen=True, kw_only=True):
    """End the whole flow that the task belongs to, with every other open task of it."""

    action = TaskAction.CANCEL_FLOW
    strategy = CancelStrategy.CANCEL_FLOW


class Outcome(Struct, frozen=True, kw_only=True):
    """What came of a command. `task` is the record that the vendor will show once its reads caught up."""

    task: Task
    status: MutationStatus = MutationStatus.APPLIED
    effect: str | None = None
