"""Decides whether a person may use a verb on a task now: by state, relation and role, without an upstream call.

A task that belongs to another person stays as it is, even where the vendor would allow the write.
"""

from typing import Any

from connectors.sdk.caller import Caller, Identity
from connectors.sdk.commands import TaskAction, Update, actions_of
from connectors.sdk.connector import Connector
from connectors.sdk.errors import (
    AlreadyAssignedError,
    ConflictError,
    ForbiddenError,
    IdentityNotLinkedError,
    RejectedError,
)
from connectors.sdk.model import UNREADABLE, Task, TaskState, UserRef
from connectors.sdk.settings import LinkSettings
from gateway.federation.authorization.known_accounts import KnownAccounts
from gateway.federation.authorization.own_work import OWN_WORK
from gateway.federation.authorization.table import ADMIN_ONLY, PERSONAL, TABLE, Relation, states_for
from gateway.federation.authorization.visibility import is_candidate, is_open_to, is_owner
from schema.ports import AssignIntent, CompleteIntent, Intent

_ADMINS = "only task admins may do this"


def unlinked(links: LinkSettings) -> str:
    """Why a person gets nothing of a source, and what to configure."""
    return f"you are not linked to a user of this source; it takes {links.described()}"


class Policy:
    """What one caller may do in one source."""

    def __init__(self, caller: Caller, connector: Connector[Any], known: KnownAccounts | None = None) -> None:
        """`known` is for the texts of refusals."""
        self._connector = connector
        self._known = known
        self._identity = caller.identity(connector.source)
        self._admin = caller.is_task_admin

    def refusal(self, task: Task, action: TaskAction, *, override: bool = False) -> RejectedError | None:
        """The first condition that fails, as the error to raise; None if the action is allowed.

        `override`: a task admin may assign the task although it has another owner.
        """
        if task.rule == OWN_WORK:
            # What is left of the task for this person is its record.
            return ConflictError(f"the task is {task.state}")
        if task.rule == UNREADABLE:
            return self._refusal_of_unreadable(action)
        if task.is_open and task.pending_transition is not None:
            return ConflictError(
                f"the vendor is still processing the task ({task.pending_transition}); try again in a moment"
            )
        row = TABLE[task.state]
        if not any(action in actions for actions in row.values()):
            return self._wrong_state(task, action)
        relations = self._relations(task)
        if action is TaskAction.ASSIGN and task.assignees and Relation.OWNER not in relations:
            refused = self._assigned_to_another(task, override=override)
            return refused or self._connector.refusal_of(task, action, self._identity)
        if not any(action in row[relation] for relation in relations):
            return self._wrong_relation(task, action)
        if action in PERSONAL and self._identity is None:
            return IdentityNotLinkedError(unlinked(self._connector.settings.people))
        return self._connector.refusal_of(task, action, self._identity)

    def check(self, task: Task, intent: Intent, action: TaskAction) -> None:
        """Raises RejectedError with the first condition that fails."""
        refusal = self.refusal(task, action, override=isinstance(intent, AssignIntent) and intent.override)
        if (
            refusal is not None
            and isinstance(intent, CompleteIntent)
            and intent.claim_if_needed
            and task.state is TaskState.READY
            and not task.assignees
        ):
            # The task is claimed first: a person who may claim it may then complete it.
            refusal = self.refusal(task, TaskAction.CLAIM) or self._connector.refusal_of(task, action, self._identity)
        if refusal is not None:
            raise refusal

    def refusal_unseen(self, task: Task, action: TaskAction) -> RejectedError:
        """Why a write to a task is refused that the person saw a moment ago and sees no longer."""
        if not task.is_open:
            return ConflictError(f"the task is {task.state}")
        if task.assignees:
            return AlreadyAssignedError(f"the task is assigned to {self.owner_name(task)}")
        return self.refusal(task, action) or ForbiddenError("you are no candidate for this task any more")

    def check_admin(self, action: TaskAction) -> None:
        """For verbs of a flow, and those that create something. Raises ForbiddenError."""
        if action in ADMIN_ONLY and not self._admin:
            raise ForbiddenError(_ADMINS)

    def identity(self) -> Identity:
        """The caller's identity in the source. Raises IdentityNotLinkedError if there is none."""
        if self._identity is None:
            raise IdentityNotLinkedError(unlinked(self._connector.settings.people))
        return self._identity

    def is_mine(self, task: Task) -> bool:
        return self._identity is not None and is_owner(self._identity, task)

    def owner_name(self, task: Task) -> str:
        """For texts: the name of the task's owner as far as it is known, else the native id."""
        owner = task.assignee
        return "another person" if owner is None else self._name(task.source, owner)

    def _name(self, source: str, user: UserRef) -> str:
        return (user.name if self._known is None else self._known.name_of(source, user)) or user.native_id

    def _refusal_of_unreadable(self, action: TaskAction) -> RejectedError | None:
        """A task admin may do what the vendor needs no record for: that may be the way to repair the task."""
        if self._admin and action in ADMIN_ONLY and self._is_by_id(action):
            return None
        return ConflictError("the source's record of this task cannot be read; use the vendor's own interface")

    def _is_by_id(self, action: TaskAction) -> bool:
        capabilities = self._connector.info.capabilities.items()
        return any(
            how.by_id and action in (actions_of(how.fields) if issubclass(command, Update) else {command.action})
            for command, how in capabilities
        )

    def _relations(self, task: Task) -> set[Relation]:
        relations = set()
        if self._admin:
            relations.add(Relation.ADMIN)
        if self.is_mine(task):
            relations.add(Relation.OWNER)
        identity = self._identity
        if identity is not None and (is_candidate(identity, task) or is_open_to(identity, self._connector, task)):
            relations.add(Relation.CANDIDATE)
        return relations

    def _assigned_to_another(self, task: Task, *, override: bool) -> RejectedError | None:
        if not self._admin:
            return AlreadyAssignedError(
                f"the task is assigned to {self.owner_name(task)}; only the owner or a task admin may assign it to another"
            )
        if not override:
            return AlreadyAssignedError(
                f"the task is assigned to {self.owner_name(task)}; send override: true to replace the owner"
            )
        return None

    def _wrong_state(self, task: Task, action: TaskAction) -> RejectedError:
        if task.state is TaskState.UNKNOWN:
            return ConflictError("the vendor's state of this task is not known here; use the vendor's own interface")
        if not task.is_open and task.state is not TaskState.CREATED:
            done = "" if task.completed_by is None else f" by {self._name(task.source, task.completed_by)}"
            return ConflictError(f"the task is {task.state}{done}")
        if action is TaskAction.CLAIM and task.assignees:
            return AlreadyAssignedError(f"the task is assigned to {self.owner_name(task)}")
        if action in {TaskAction.RELEASE, TaskAction.UNASSIGN} and not task.assignees:
            return ConflictError("the task has no owner")
        possible = ", ".join(states_for(action))
        return ConflictError(f"the task is {task.state}; this can be done in: {possible}")

    def _wrong_relation(self, task: Task, action: TaskAction) -> RejectedError:
        row = TABLE[task.state]
        if action in row[Relation.OWNER]:
            if not task.assignees:
                return (
                    ConflictError("the task has no owner; claim it first") if task.is_open else ForbiddenError(_ADMINS)
                )
            if action is TaskAction.COMPLETE:
                return AlreadyAssignedError(
                    f"the task is assigned to {self.owner_name(task)}; only the owner may complete it"
                )
            return ForbiddenError(f"the task is assigned to {self.owner_name(task)}; only the owner may do this")
        if action in row[Relation.CANDIDATE]:
            return ForbiddenError("you are not a candidate for this task")
        if action is TaskAction.COMPLETE:
            return ConflictError("the task has no owner; claim it first, or send claimIfNeeded: true")
        if action is TaskAction.ASSIGN:
            return ForbiddenError("claim the task first, or ask a task admin to assign it")
        return ForbiddenError(_ADMINS)
