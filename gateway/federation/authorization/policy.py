"""Whether a person may do a thing to a task now, by state, relation and role; costs no call.

A task reserved by somebody else is not touched by us, even where the vendor would allow it.
"""

from typing import Any

from connectors.sdk.caller import Caller, Identity
from connectors.sdk.commands import TaskAction
from connectors.sdk.connector import Connector
from connectors.sdk.errors import (
    AlreadyAssignedError,
    ConflictError,
    ForbiddenError,
    IdentityNotLinkedError,
    RejectedError,
    ValidationFailedError,
)
from connectors.sdk.model import Task, TaskState
from gateway.federation.authorization.table import ADMIN_ONLY, RULES, Relation, states_for
from gateway.federation.authorization.visibility import is_candidate, is_free_for_all, is_owner
from schema.ports import AssignIntent, CompleteIntent, Intent

UNLINKED = "you are not linked to a user of this system; add an identity for this source to your entry in people"

# Done in the person's own name, so the source must know the person.
_PERSONAL = frozenset({TaskAction.CLAIM})


class Permission:
    """Judges what one caller may do in one source."""

    def __init__(self, caller: Caller, connector: Connector[Any]) -> None:
        self._connector = connector
        self._identity = caller.identity(connector.source)
        self._admin = caller.is_task_admin

    def refusal(self, task: Task, action: TaskAction, *, override: bool = False) -> RejectedError | None:
        """The first condition that fails; None when the table allows it. `override`: take it from its owner."""
        if task.is_open and task.pending_transition is not None:
            return ConflictError(
                f"the vendor still works on it ({task.pending_transition}); try again when it is through"
            )
        row = RULES[task.state]
        if not any(action in actions for actions in row.values()):
            return self._wrong_state(task, action)
        relations = self._relations(task)
        if action is TaskAction.ASSIGN and task.assignees and Relation.OWNER not in relations:
            return self._taken(task, override=override)
        if not any(action in row[relation] for relation in relations):
            return self._wrong_relation(task, action)
        if action in _PERSONAL and self._identity is None:
            return IdentityNotLinkedError(UNLINKED)
        return None

    def check(self, task: Task, intent: Intent, action: TaskAction) -> None:
        """Raises RejectedError with the first failing condition."""
        refusal = self.refusal(task, action, override=isinstance(intent, AssignIntent) and intent.override)
        if (
            refusal is not None
            and isinstance(intent, CompleteIntent)
            and intent.claim_if_needed
            and task.state is TaskState.READY
            and not task.assignees
        ):
            # What claiming allows, completing may follow.
            refusal = self.refusal(task, TaskAction.CLAIM)
        if refusal is not None:
            raise refusal

    def check_admin(self, action: TaskAction) -> None:
        """For what is about a flow, or makes something new."""
        if action in ADMIN_ONLY and not self._admin:
            raise ForbiddenError(_ADMINS)

    def identity(self) -> Identity:
        if self._identity is None:
            raise IdentityNotLinkedError(UNLINKED)
        return self._identity

    def is_mine(self, task: Task) -> bool:
        return self._identity is not None and is_owner(self._identity, task)

    def _relations(self, task: Task) -> set[Relation]:
        relations = set()
        if self._admin:
            relations.add(Relation.ADMIN)
        if self.is_mine(task):
            relations.add(Relation.OWNER)
        if is_free_for_all(self._connector, task) or (
            self._identity is not None and is_candidate(self._identity, task)
        ):
            relations.add(Relation.CANDIDATE)
        return relations

    def _wrong_state(self, task: Task, action: TaskAction) -> RejectedError:
        if task.state is TaskState.UNKNOWN:
            return ConflictError(
                "the vendor's state of this task is not known here; act on it in the vendor's own interface"
            )
        if not task.is_open and task.state is not TaskState.CREATED:
            done = "" if task.completed_by is None else f" by {task.completed_by.name or task.completed_by.native_id}"
            return ConflictError(f"the task is {task.state}{done}")
        if action is TaskAction.CLAIM and task.assignees:
            return AlreadyAssignedError(f"{_owner(task)} has it already")
        if action in {TaskAction.RELEASE, TaskAction.UNASSIGN} and not task.assignees:
            return ConflictError("nobody owns the task")
        possible = ", ".join(states_for(action))
        return ConflictError(f"the task is {task.state}; this can be done in: {possible}")

    def _wrong_relation(self, task: Task, action: TaskAction) -> RejectedError:
        row = RULES[task.state]
        if action in row[Relation.OWNER]:
            if not task.assignees and task.is_open:
                return ConflictError("nobody owns the task; claim it first")
            if action is TaskAction.COMPLETE:
                return AlreadyAssignedError(f"{_owner(task)} has it; a task is completed by its owner")
            return ForbiddenError(f"only its owner may do this; {_owner(task)} has it" if task.assignees else _ADMINS)
        if action in row[Relation.CANDIDATE]:
            return ForbiddenError("you are no candidate for this task")
        if action is TaskAction.COMPLETE:
            return ConflictError("nobody owns the task; claim it first, or send claimIfNeeded: true")
        if action is TaskAction.ASSIGN:
            return ForbiddenError("claim the task first, or ask a task admin to assign it")
        return ForbiddenError(_ADMINS)

    def _taken(self, task: Task, *, override: bool) -> RejectedError | None:
        if not self._admin:
            return AlreadyAssignedError(f"{_owner(task)} has it; only the owner or a task admin may forward it")
        if not override:
            return AlreadyAssignedError(f"{_owner(task)} has it; send override: true to take it away")
        return None


_ADMINS = "only task admins may do this"


def _owner(task: Task) -> str:
    owner = task.assignee
    return "somebody" if owner is None else (owner.name or owner.native_id)


def check_assignment(intent: Intent) -> None:
    """Exactly one of user and group, before anything is read."""
    if isinstance(intent, AssignIntent) and (intent.user is None) == (intent.group is None):
        raise ValidationFailedError("send exactly one of userId and groupId", field=("userId",))
