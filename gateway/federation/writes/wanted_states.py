"""The state that each command is to bring about, as a record shows it. `verbs` names these functions.

A state alone proves no write: another one may have brought it about. What proves one is in `proof`.
"""

from collections.abc import Callable, Mapping
from typing import Any

from connectors.sdk.commands import Assign, Claim, SetTags, TaskCommand, Update, UpdateField
from connectors.sdk.model import Flow, FlowState, Task, TaskState


def is_claimed(command: Claim, now: Task) -> bool:
    return command.actor is not None and _is_owned_by(now, command.actor.native_id)


def is_assigned(command: Assign, now: Task) -> bool:
    """To the user; or to the group, without an owner."""
    if command.user_id is not None:
        return _is_owned_by(now, command.user_id)
    groups = {group.native_id for group in now.candidate_groups or ()}
    return now.is_open and command.group_id in groups and not now.assignees


def has_no_owner(_command: TaskCommand, now: Task) -> bool:
    return now.is_open and not now.assignees


def is_resumed(_command: TaskCommand, now: Task) -> bool:
    return now.is_open and now.state is not TaskState.SUSPENDED


def is_retried(_command: TaskCommand, now: Task) -> bool:
    return now.state is not TaskState.FAILED


def has_state(*states: TaskState) -> Callable[[TaskCommand, Task], bool]:
    """The task is in one of these states."""
    return lambda _, now: now.state in states


def flow_has_state(state: FlowState) -> Callable[[Any, Flow], bool]:
    """The flow is in this state."""
    return lambda _, now: now.state is state


def has_tags(command: SetTags, now: Task) -> bool:
    return now.tags is not None and set(command.tags) == set(now.tags)


def is_updated(command: Update, now: Task) -> bool:
    """Every field has its new value, or none if it was cleared."""
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
        not shown[field] if field in command.clear else shown[field] == wanted
        for field, wanted in wanted_fields(command).items()
    )


def wanted_fields(command: Update) -> Mapping[UpdateField, object]:
    """The value that each changed field is to have; None for a cleared one."""
    given: Mapping[UpdateField, object] = {
        UpdateField.TITLE: command.title,
        UpdateField.DESCRIPTION: command.description,
        UpdateField.DUE_AT: command.due_at,
        UpdateField.FOLLOW_UP_AT: command.follow_up_at,
        UpdateField.PRIORITY: command.priority,
        UpdateField.CANDIDATE_USERS: command.candidate_users,
        UpdateField.CANDIDATE_GROUPS: command.candidate_groups,
    }
    return {field: None if field in command.clear else given[field] for field in command.fields}


def _is_owned_by(task: Task, native_id: str) -> bool:
    return task.is_open and any(user.native_id == native_id for user in task.assignees)
