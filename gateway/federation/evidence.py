"""What a record proves of a write whose answer was lost.

A record that shows what was wanted is proof. One that does not show it proves nothing, unless the vendor's own guard
refuses a second application and somebody else's shows.
"""

from connectors.sdk.caller import Identity
from connectors.sdk.commands import Assign, Cancel, Claim, Complete, Release, TaskCommand, Unassign
from connectors.sdk.model import Task, TaskState
from schema.port import (
    AssignIntent,
    CancelIntent,
    ClaimIntent,
    CompleteIntent,
    Intent,
    ReleaseIntent,
    UnassignIntent,
)


def shows(command: TaskCommand, now: Task) -> bool:
    """Whether the record shows what the command wanted."""
    match command:
        case Claim():
            return command.actor is not None and _owned_by(now, command.actor.native_id)
        case Assign(user_id=str(user_id)):
            return _owned_by(now, user_id)
        case Assign(group_id=str(group_id)):
            groups = {group.native_id for group in now.candidate_groups or ()}
            return now.is_open and group_id in groups and not now.assignees
        case Release() | Unassign():
            return now.is_open and not now.assignees
        case Complete():
            return now.state is TaskState.COMPLETED
        case Cancel():
            return now.state in {TaskState.CANCELED, TaskState.SKIPPED}
        case _:
            return False


def shows_another(command: TaskCommand, now: Task) -> bool:
    if not now.is_open:
        return True
    return isinstance(command, Claim) and bool(now.assignees)


def intent_shows(intent: Intent, actor: Identity | None, target: tuple[str | None, str | None], now: Task) -> bool:
    """`shows` for a write whose command is no longer at hand."""
    user, group = target
    match intent:
        case ClaimIntent():
            return shows(Claim(task=now, actor=actor), now)
        case AssignIntent():
            return shows(Assign(task=now, user_id=user, group_id=group), now)
        case ReleaseIntent() | UnassignIntent():
            return shows(Release(task=now), now)
        case CompleteIntent():
            return shows(Complete(task=now), now)
        case CancelIntent():
            return shows(Cancel(task=now), now)
        case _:
            return False


def _owned_by(task: Task, native_id: str) -> bool:
    return task.is_open and any(user.native_id == native_id for user in task.assignees)
