"""What a write that ended a task leaves for the person who ended it, and for those who owned the task then."""

from datetime import datetime

from msgspec import structs

from connectors.sdk.caller import Caller
from connectors.sdk.commands import Cancel, Complete, MutationStatus
from connectors.sdk.model import Task, TaskState, UserRef
from connectors.sdk.time import whole_milliseconds
from gateway.federation.authorization import OWN_WORK
from gateway.federation.writes.attempt import Attempt
from gateway.federation.writes.proof import command_of
from gateway.store import EndedTask, Evidence
from schema.ports import CancelIntent, CompleteIntent, WriteResult

_ENDED = frozenset({TaskState.COMPLETED, TaskState.SKIPPED, TaskState.CANCELED})
# `Task.state_reason` of a task that the vendor shows no more.
_DELETED = "DELETED"


def ended_task(attempt: Attempt, result: WriteResult, at: datetime) -> EndedTask | None:
    """The task as an applied completion, skip or cancel left it; None for other writes and other results."""
    intent, task = attempt.request.intent, result.task
    is_end = isinstance(intent, CompleteIntent | CancelIntent) and result.status is MutationStatus.APPLIED
    if not is_end or task is None:
        return None
    owners = task.assignees if attempt.task is None else attempt.task.assignees
    return _ended(
        attempt.operation_id,
        attempt.caller,
        task,
        owners=owners,
        outcome=intent.outcome if isinstance(intent, CompleteIntent) else None,
        reason=getattr(intent, "reason", None),
        at=at,
    )


def ended_later(operation_id: str, caller: Caller, evidence: Evidence, task: Task, *, at: datetime) -> EndedTask | None:
    """The same for a write that was found to be applied later."""
    command = command_of(evidence)
    if command is None or not issubclass(command, Complete | Cancel):
        return None
    owners = tuple(UserRef(native_id=owner) for owner in evidence.owners)
    return _ended(operation_id, caller, task, owners=owners, outcome=evidence.outcome, reason=None, at=at)


def _ended(
    operation_id: str,
    caller: Caller,
    task: Task,
    *,
    owners: tuple[UserRef, ...],
    outcome: str | None,
    reason: str | None,
    at: datetime,
) -> EndedTask | None:
    """Its owner is the one whom it had before: a technical account that took it over to end it never worked on it."""
    if task.state not in _ENDED:
        return None
    identity = caller.identity(task.source)
    author = None if identity is None else UserRef(native_id=identity.native_id, name=caller.name)
    return EndedTask(
        operation_id=operation_id,
        person=caller.key,
        at=at,
        owners=tuple(owner.native_id for owner in owners),
        vendor_owners=None if task.state_reason == _DELETED else tuple(owner.native_id for owner in task.assignees),
        task=structs.replace(
            task,
            rule=OWN_WORK,
            assignees=owners or task.assignees,
            completed_at=task.completed_at or whole_milliseconds(at),
            completed_by=author or task.completed_by,
            outcome=task.outcome or (outcome if task.state is TaskState.COMPLETED else None),
            state_reason=task.state_reason or reason,
            payload=None,
        ),
    )
