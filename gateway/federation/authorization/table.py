"""Who may do what to a task in which state: the table of WS-HumanTask's roles, as this gateway applies it.

A task admin is WS-HumanTask's business administrator. What a source has, and who it knows, is not decided here.
"""

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType

from connectors.sdk.commands import TaskAction
from connectors.sdk.model import TaskState


class Relation(Enum):
    """What a person is to a task; several at once."""

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
_HELD = frozenset(
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

RULES: Mapping[TaskState, Row] = MappingProxyType(
    {
        TaskState.CREATED: _row(admin=_UPDATES | _ENDS),
        TaskState.READY: _row(
            candidate=frozenset({TaskAction.CLAIM, TaskAction.COMMENT}),
            admin=(_MANAGED | {TaskAction.CLAIM}) - {TaskAction.UNASSIGN},
        ),
        TaskState.RESERVED: _row(candidate=_COMMENT, owner=_HELD | {TaskAction.START}, admin=_MANAGED),
        TaskState.IN_PROGRESS: _row(candidate=_COMMENT, owner=_HELD, admin=_MANAGED),
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

TASK_ACTIONS = frozenset().union(*(actions for row in RULES.values() for actions in row.values()))
"""What can be done to a task that is there."""

ADMIN_ONLY = TASK_ACTIONS - frozenset().union(
    *(row[relation] for row in RULES.values() for relation in (Relation.CANDIDATE, Relation.OWNER))
) | {
    TaskAction.CREATE,
    TaskAction.START_FLOW,
    TaskAction.CANCEL_FLOW,
    TaskAction.SUSPEND_FLOW,
    TaskAction.RESUME_FLOW,
}
"""What no one but a task admin may do: with a technical account a source would let everybody."""


def states_for(action: TaskAction) -> tuple[TaskState, ...]:
    """The states in which anybody may do it."""
    return tuple(state for state, row in RULES.items() if any(action in actions for actions in row.values()))
