"""The record that the vendor will show after a command, once its reads have caught up; pure functions."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from connectors.camunda.mapping import priority_of, score_of, state_rule
from connectors.camunda.settings import PriorityThresholds
from connectors.sdk import GroupRef, Task, Update, UpdateField, UserRef, ValidationFailedError


def assigned(task: Task, user: str | None, *, at: datetime) -> Task:
    rule = state_rule("CREATED", assigned=user is not None)
    return msgspec.structs.replace(
        task,
        state=rule.state,
        rule=rule.rule,
        pending_transition=None,
        native_state="CREATED",
        assignees=() if user is None else (UserRef(native_id=user),),
        fetched_at=at,
    )


def closed(task: Task, native: str, *, outcome: str | None = None, at: datetime) -> Task:
    rule = state_rule(native, assigned=bool(task.assignees))
    return msgspec.structs.replace(
        task,
        state=rule.state,
        rule=rule.rule,
        pending_transition=None,
        native_state=native,
        completed_at=at,
        outcome=outcome,
        fetched_at=at,
    )


def changeset_of(command: Update, thresholds: PriorityThresholds) -> dict[str, object]:
    """What is to be sent; ValidationFailedError for what cannot be changed like that."""
    if not command.fields:
        raise ValidationFailedError("names nothing to change")
    if UpdateField.PRIORITY in command.clear:
        raise ValidationFailedError("a task of Camunda 8 always has a priority", field=("clear",))
    given: dict[UpdateField, tuple[str, object, object]] = {
        UpdateField.DUE_AT: ("dueDate", _whole(command.due_at), ""),
        UpdateField.FOLLOW_UP_AT: ("followUpDate", _whole(command.follow_up_at), ""),
        UpdateField.PRIORITY: ("priority", command.priority and score_of(command.priority, thresholds), None),
        UpdateField.CANDIDATE_USERS: ("candidateUsers", _distinct(command.candidate_users), ()),
        UpdateField.CANDIDATE_GROUPS: ("candidateGroups", _distinct(command.candidate_groups), ()),
    }
    changeset: dict[str, object] = {}
    for field, (member, value, cleared) in given.items():
        if field in command.clear:
            if value is not None:
                raise ValidationFailedError("is given a value and cleared", field=(field.value,))
            changeset[member] = cleared
        elif value is not None:
            changeset[member] = value
    return changeset


def updated(command: Update, thresholds: PriorityThresholds, *, at: datetime) -> Task:
    task, clear = command.task, command.clear
    score = task.priority_score if command.priority is None else score_of(command.priority, thresholds)
    users, groups = _distinct(command.candidate_users), _distinct(command.candidate_groups)
    if UpdateField.CANDIDATE_USERS in clear:
        users = ()
    if UpdateField.CANDIDATE_GROUPS in clear:
        groups = ()
    return msgspec.structs.replace(
        assigned(task, None if task.assignee is None else task.assignee.native_id, at=at),
        due_at=None if UpdateField.DUE_AT in clear else _whole(command.due_at) or task.due_at,
        follow_up_at=None if UpdateField.FOLLOW_UP_AT in clear else _whole(command.follow_up_at) or task.follow_up_at,
        priority=priority_of(score, thresholds),
        priority_score=score,
        candidate_users=task.candidate_users if users is None else tuple(UserRef(native_id=each) for each in users),
        candidate_groups=task.candidate_groups if groups is None else groups_of(groups),
    )


def groups_of(ids: Sequence[str]) -> tuple[GroupRef, ...]:
    return tuple(GroupRef(native_id=each) for each in ids)


def _whole(moment: datetime | None) -> datetime | None:
    """Whole milliseconds: some of the vendor's stores keep no more."""
    return None if moment is None else moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _distinct(ids: Sequence[str] | None) -> tuple[str, ...] | None:
    return None if ids is None else tuple(dict.fromkeys(ids))
