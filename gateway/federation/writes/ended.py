"""What a write that ended a task leaves for the person who ended it, and for those who owned the task then."""

from datetime import datetime

from msgspec import structs

from connectors.sdk.commands import MutationStatus
from connectors.sdk.model import Task, TaskState, UserRef
from connectors.sdk.time import whole_milliseconds
from gateway.federation.authorization import OWN_WORK
from gateway.federation.writes.attempt import Attempt
from gateway.store import EndedTask
from schema.ports import CancelIntent, CompleteIntent, WriteResult

_ENDED = frozenset({TaskState.COMPLETED, TaskState.SKIPPED, TaskState.CANCELED})
# `Task.state_reason` of a task that the vendor shows no more.
_DELETED = "DELETED"


def ended_task(attempt: Attempt, result: WriteResult, at: datetime) -> EndedTask | None:
    """The task as an applied completion, skip or cancel left it; None for other writes and other results.

    Its owner is the one whom it had before: a technical account that took it over to end it never worked on it.
    """
    intent, task = attempt.request.intent, result.task
    is_end = isinstance(intent, CompleteIntent | CancelIntent) and result.status is MutationStatus.APPLIED
    if not is_end or task is None or task.state not in _ENDED:
        return None
    owners = task.assignees if attempt.task is None else attempt.task.assignees
    return EndedTask(
        operation_id=attempt.operation_id,
        person=attempt.caller.key,
        at=at,
        owners=tuple(owner.native_id for owner in owners),
        vendor_owners=None if task.state_reason == _DELETED else tuple(owner.native_id for owner in task.assignees),
        task=structs.replace(
            task,
            rule=OWN_WORK,
            assignees=owners or task.assignees,
            completed_at=task.completed_at or whole_milliseconds(at),
            completed_by=_author(attempt) or task.completed_by,
            outcome=task.outcome or _outcome(attempt, task),
            state_reason=task.state_reason or getattr(intent, "reason", None),
            payload=None,
        ),
    )


def _author(attempt: Attempt) -> UserRef | None:
    identity = attempt.caller.identity(attempt.source.key)
    return None if identity is None else UserRef(native_id=identity.native_id, name=attempt.caller.name)


def _outcome(attempt: Attempt, task: Task) -> str | None:
    intent = attempt.request.intent
    return intent.outcome if isinstance(intent, CompleteIntent) and task.state is TaskState.COMPLETED else None
