"""What a record proves of a write whose answer was lost.

A record that shows what was wanted is proof. One that does not show it proves nothing, unless the vendor's own guard
refuses a second application and somebody else's shows. What was made anew has no record to look for.
"""

from connectors.sdk.commands import (
    Assign,
    Cancel,
    CancelFlow,
    Claim,
    Complete,
    FlowCommand,
    Release,
    Resume,
    ResumeFlow,
    Retry,
    SetTags,
    Start,
    Suspend,
    SuspendFlow,
    TaskCommand,
    Unassign,
    Update,
    UpdateField,
)
from connectors.sdk.model import Flow, FlowState, Task, TaskState


def shows(command: TaskCommand, now: Task) -> bool:
    """Whether the record shows what the command wanted. Drafts and comments show in no record."""
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
        case Start():
            return now.state is TaskState.IN_PROGRESS
        case Suspend():
            return now.state is TaskState.SUSPENDED
        case Resume():
            return now.is_open and now.state is not TaskState.SUSPENDED
        case Retry():
            return now.state is not TaskState.FAILED
        case Update():
            return _updated(command, now)
        case SetTags(tags=tags):
            return now.tags is not None and set(tags) == set(now.tags)
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


def flow_shows(command: FlowCommand, now: Flow) -> bool:
    match command:
        case CancelFlow():
            return now.state is FlowState.CANCELED
        case SuspendFlow():
            return now.state is FlowState.SUSPENDED
        case ResumeFlow():
            return now.state is FlowState.ACTIVE
        case _:
            return False


def _updated(command: Update, now: Task) -> bool:
    wanted: dict[UpdateField, object] = {
        UpdateField.TITLE: command.title,
        UpdateField.DESCRIPTION: command.description,
        UpdateField.DUE_AT: command.due_at,
        UpdateField.FOLLOW_UP_AT: command.follow_up_at,
        UpdateField.PRIORITY: command.priority,
        UpdateField.CANDIDATE_USERS: command.candidate_users,
        UpdateField.CANDIDATE_GROUPS: command.candidate_groups,
    }
    users, groups = now.candidate_users, now.candidate_groups
    shown: dict[UpdateField, object] = {
        UpdateField.TITLE: now.title,
        UpdateField.DESCRIPTION: now.description,
        UpdateField.DUE_AT: now.due_at,
        UpdateField.FOLLOW_UP_AT: now.follow_up_at,
        UpdateField.PRIORITY: now.priority,
        UpdateField.CANDIDATE_USERS: None if users is None else tuple(user.native_id for user in users),
        UpdateField.CANDIDATE_GROUPS: None if groups is None else tuple(group.native_id for group in groups),
    }
    return all(
        not shown[field] if field in command.clear else shown[field] == wanted[field] for field in command.fields
    )


def _owned_by(task: Task, native_id: str) -> bool:
    return task.is_open and any(user.native_id == native_id for user in task.assignees)
