"""The authorization table: who may use which verb on a task in which state. The roles are those of WS-HumanTask.

A task admin is WS-HumanTask's business administrator. Whether the source supports the verb is not decided here.
"""

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType

from connectors.sdk.commands import TaskAction
from connectors.sdk.model import TaskState


class Relation(Enum):
    """What a person is to a task. A person can have several relations to one task."""

    CANDIDATE = "candidate"
    OWNER = "owner"
    ADMIN = "task admin"


Row = Mapping[Relation, frozenset[TaskAction]]

_UPDATES = frozenset(
    {
        TaskAction.UPDATE_DUE,
        TaskAction.UPDATE_FOLLOW_UP,
        TaskAction.UPDATE_PRIORITY,
        TaskAction.UPDATE_CANDIDATES,
        TaskAction.UPDATE_DETAILS,
        TaskAction.TAG,
    }
)
_ENDS = frozenset({TaskAction.CANCEL, TaskAction.SKIP, TaskAction.CANCEL_FLOW})
_OWNED = frozenset(
    {
        TaskAction.RELEASE,
        TaskAction.SUSPEND,
        TaskAction.SAVE_DRAFT,
        TaskAction.COMPLETE,
        TaskAction.ASSIGN,
        TaskAction.COMMENT,
    }
)
_MANAGED = _UPDATES | _ENDS | {TaskAction.ASSIGN, TaskAction.UNASSIGN, TaskAction.COMPLETE, TaskAction.COMMENT}


def _row(
    *,
    candidate: frozenset[TaskAction] = frozenset(),
    owner: frozenset[TaskAction] = frozenset(),
    admin: frozenset[TaskAction] = frozenset(),
) -> Row:
    return MappingProxyType({Relation.CANDIDATE: candidate, Relation.OWNER: owner, Relation.ADMIN: admin})


_COMMENT = frozenset({TaskAction.COMMENT})
_CLOSED = _row(owner=_COMMENT, admin=_COMMENT)

TABLE: Mapping[TaskState, Row] = MappingProxyType(
    {
        TaskState.CREATED: _row(admin=_UPDATES | _ENDS),
        TaskState.READY: _row(
            candidate=frozenset({TaskAction.CLAIM, TaskAction.COMMENT}),
            admin=(_MANAGED | {TaskAction.CLAIM}) - {TaskAction.UNASSIGN},
        ),
        TaskState.RESERVED: _row(candidate=_COMMENT, owner=_OWNED | {TaskAction.START}, admin=_MANAGED),
        TaskState.IN_PROGRESS: _row(candidate=_COMMENT, owner=_OWNED, admin=_MANAGED),
        TaskState.SUSPENDED: _row(
            owner=frozenset({TaskAction.RESUME, TaskAction.RELEASE}),
            admin=_ENDS | {TaskAction.RESUME, TaskAction.ASSIGN, TaskAction.UNASSIGN, TaskAction.COMMENT},
        ),
        TaskState.COMPLETED: _CLOSED,
        TaskState.SKIPPED: _CLOSED,
        TaskState.CANCELED: _CLOSED,
        TaskState.FAILED: _row(owner=_COMMENT, admin=_COMMENT | {TaskAction.RETRY}),
        TaskState.UNKNOWN: _row(),
    }
)

PERSONAL = frozenset({TaskAction.CLAIM})
"""Verbs done in the person's own name: the person must have an identity in the source."""


def _allowed_to(*relations: Relation) -> frozenset[TaskAction]:
    return frozenset(action for row in TABLE.values() for relation in relations for action in row[relation])


TASK_ACTIONS = _allowed_to(*Relation)
"""What can be done to an existing task. The other actions are about flows, or create something."""

ADMIN_ONLY = frozenset(TaskAction) - _allowed_to(Relation.CANDIDATE, Relation.OWNER)
"""What the table allows to no candidate or owner: only task admins may do it, also where the source would let all."""


def states_for(action: TaskAction) -> tuple[TaskState, ...]:
    """The states in which the table allows the action to any person."""
    return tuple(state for state, row in TABLE.items() if any(action in actions for actions in row.values()))
