"""Verbs as values. A command carries the record that it was decided on, so a connector need not read it first.

The verbs are WS-HumanTask's. The four ways to end a task without completing it have different effects, so they are four
commands; `strategy` is the graph's name for them.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from msgspec import Struct

from connectors.sdk.caller import Identity
from connectors.sdk.errors import IdentityNotLinkedError
from connectors.sdk.model import Flow, SubjectRef, Tag, Task, TaskPriority


class TaskAction(StrEnum):
    CREATE = "CREATE"
    CLAIM = "CLAIM"
    RELEASE = "RELEASE"
    ASSIGN = "ASSIGN"
    UNASSIGN = "UNASSIGN"
    START = "START"
    SUSPEND = "SUSPEND"
    RESUME = "RESUME"
    UPDATE_DUE = "UPDATE_DUE"
    UPDATE_FOLLOW_UP = "UPDATE_FOLLOW_UP"
    UPDATE_PRIORITY = "UPDATE_PRIORITY"
    UPDATE_CANDIDATES = "UPDATE_CANDIDATES"
    UPDATE_DETAILS = "UPDATE_DETAILS"
    SAVE_DRAFT = "SAVE_DRAFT"
    COMPLETE = "COMPLETE"
    CANCEL = "CANCEL"
    SKIP = "SKIP"
    COMMENT = "COMMENT"
    TAG = "TAG"
    RETRY = "RETRY"
    START_FLOW = "START_FLOW"
    CANCEL_FLOW = "CANCEL_FLOW"
    SUSPEND_FLOW = "SUSPEND_FLOW"
    RESUME_FLOW = "RESUME_FLOW"


class CancelStrategy(StrEnum):
    """In the order in which they are tried."""

    NATIVE = "NATIVE"
    SKIP = "SKIP"
    DELETE_TASK = "DELETE_TASK"
    CANCEL_FLOW = "CANCEL_FLOW"


class MutationStatus(StrEnum):
    APPLIED = "APPLIED"
    PENDING = "PENDING"
    UNKNOWN = "UNKNOWN"
    REJECTED = "REJECTED"


class IfLate(StrEnum):
    """What a step does that still arrives after the step before it was undone.

    REFUSED: the vendor documents that it refuses it. HARMLESS: it does what was asked for, or nothing. HARMFUL: the two
    together make a state that was not asked for, so the undo waits until the step cannot arrive any more.
    """

    REFUSED = "REFUSED"
    HARMLESS = "HARMLESS"
    HARMFUL = "HARMFUL"


class Command(Struct, frozen=True, kw_only=True):
    """`actor` is the caller's identity in the source, None if not linked; `reason` is for the vendor's history."""

    action: ClassVar[TaskAction]

    actor: Identity | None = None
    reason: str | None = None

    def require_actor(self) -> Identity:
        """`actor`; IdentityNotLinkedError for a caller without an identity in the source."""
        if self.actor is None:
            raise IdentityNotLinkedError("the caller has no user id in this source; link one in the configuration")
        return self.actor


class TaskCommand(Command, frozen=True, kw_only=True):
    """`task` is the record as last read.

    `expects_version`: the caller asked for this version of it. A connector that reads the record again raises
    VersionConflictError if it is another one.
    """

    task: Task
    expects_version: bool = False


class FlowCommand(Command, frozen=True, kw_only=True):
    """`flow` is the record as last read."""

    flow: Flow


class Claim(TaskCommand, frozen=True, kw_only=True):
    """Make `actor` the actual owner, unless another person is."""

    action = TaskAction.CLAIM


class Release(TaskCommand, frozen=True, kw_only=True):
    """The actual owner gives the task back to its potential owners."""

    action = TaskAction.RELEASE


class Assign(TaskCommand, frozen=True, kw_only=True):
    """Exactly one of `user_id` and `group_id`, both native, is given: the command cannot be made otherwise (ValueError).

    Replaces another owner only with `override`. `options` are the vendor's own (connectors.sdk.options).
    """

    action = TaskAction.ASSIGN

    user_id: str | None = None
    group_id: str | None = None
    override: bool = False
    keep_group: bool = True
    options: Mapping[str, object] | None = None

    def __post_init__(self) -> None:
        if (self.user_id is None) == (self.group_id is None):
            raise ValueError("give exactly one of user_id and group_id")


class Unassign(TaskCommand, frozen=True, kw_only=True):
    """A person with authority takes the task from its owner."""

    action = TaskAction.UNASSIGN


class Start(TaskCommand, frozen=True, kw_only=True):
    """The owner reports that work has begun."""

    action = TaskAction.START


class Suspend(TaskCommand, frozen=True, kw_only=True):
    """Pause work on the task."""

    action = TaskAction.SUSPEND


class Resume(TaskCommand, frozen=True, kw_only=True):
    """Go on with a suspended task."""

    action = TaskAction.RESUME


class UpdateField(StrEnum):
    """What can be changed or cleared on a task. The values are the names of the arguments in the graph."""

    TITLE = "title"
    DESCRIPTION = "description"
    DUE_AT = "dueAt"
    FOLLOW_UP_AT = "followUpAt"
    PRIORITY = "priority"
    CANDIDATE_USERS = "candidateUserIds"
    CANDIDATE_GROUPS = "candidateGroupIds"


_ACTION_OF_FIELD = {
    UpdateField.TITLE: TaskAction.UPDATE_DETAILS,
    UpdateField.DESCRIPTION: TaskAction.UPDATE_DETAILS,
    UpdateField.DUE_AT: TaskAction.UPDATE_DUE,
    UpdateField.FOLLOW_UP_AT: TaskAction.UPDATE_FOLLOW_UP,
    UpdateField.PRIORITY: TaskAction.UPDATE_PRIORITY,
    UpdateField.CANDIDATE_USERS: TaskAction.UPDATE_CANDIDATES,
    UpdateField.CANDIDATE_GROUPS: TaskAction.UPDATE_CANDIDATES,
}


class Update(TaskCommand, frozen=True, kw_only=True):
    """None leaves a field as it is; a field in `clear` loses its value. Candidates replace the whole list.

    A vendor may be able to change some fields only: `fields` of its capability.
    """

    action = TaskAction.UPDATE_DETAILS

    title: str | None = None
    description: str | None = None
    due_at: datetime | None = None
    follow_up_at: datetime | None = None
    priority: TaskPriority | None = None
    candidate_users: tuple[str, ...] | None = None
    candidate_groups: tuple[str, ...] | None = None
    clear: frozenset[UpdateField] = frozenset()
    options: Mapping[str, object] | None = None

    @property
    def fields(self) -> frozenset[UpdateField]:
        """The fields that are changed or cleared."""
        given = {
            UpdateField.TITLE: self.title,
            UpdateField.DESCRIPTION: self.description,
            UpdateField.DUE_AT: self.due_at,
            UpdateField.FOLLOW_UP_AT: self.follow_up_at,
            UpdateField.PRIORITY: self.priority,
            UpdateField.CANDIDATE_USERS: self.candidate_users,
            UpdateField.CANDIDATE_GROUPS: self.candidate_groups,
        }
        return self.clear | {field for field, value in given.items() if value is not None}

    @property
    def actions(self) -> frozenset[TaskAction]:
        """An update of the vendor's options alone is one of details."""
        return actions_of(self.fields) or frozenset({self.action})


def actions_of(fields: AbstractSet[UpdateField]) -> frozenset[TaskAction]:
    """The actions under which the graph lists changes of these fields."""
    return frozenset(_ACTION_OF_FIELD[field] for field in fields)


class SetTags(TaskCommand, frozen=True, kw_only=True):
    """Replace all tags of the task; an empty tuple removes them."""

    action = TaskAction.TAG

    tags: tuple[Tag, ...] = ()


class SaveDraft(TaskCommand, frozen=True, kw_only=True):
    """Save form data without completing; replaces an earlier draft. `given` as in Complete."""

    action = TaskAction.SAVE_DRAFT

    data: dict[str, object]
    given: Mapping[str, object] | None = None


class AddComment(TaskCommand, frozen=True, kw_only=True):
    """`text` begins with `added` characters that the gateway put there: the name of the person."""

    action = TaskAction.COMMENT

    text: str
    added: int = 0


class Retry(TaskCommand, frozen=True, kw_only=True):
    """Let the vendor try a failed automatic task again."""

    action = TaskAction.RETRY


class Complete(TaskCommand, frozen=True, kw_only=True):
    """`data` is keyed by form field keys; `outcome` is one of the task's outcome codes.

    `given` are the data as the caller sent them; the judgement of the form made `data` from them. A connector that reads
    the task again judges them again. None for data that were not judged. `is_ready`: the connector's `steps` has made
    `data` already, they are sent as they are.
    """

    action = TaskAction.COMPLETE

    outcome: str | None = None
    data: dict[str, object] | None = None
    given: Mapping[str, object] | None = None
    comment: str | None = None
    is_ready: bool = False


class Cancel(TaskCommand, frozen=True, kw_only=True):
    """End the task without completing it, by the vendor's own cancel of a task."""

    action = TaskAction.CANCEL
    strategy: ClassVar[CancelStrategy] = CancelStrategy.NATIVE


class Skip(Cancel, frozen=True, kw_only=True):
    """Close the task without work; the flow goes on."""

    action = TaskAction.SKIP
    strategy = CancelStrategy.SKIP


class DeleteTask(Cancel, frozen=True, kw_only=True):
    """Remove the task from the vendor."""

    strategy = CancelStrategy.DELETE_TASK


class CancelFlowOfTask(Cancel, frozen=True, kw_only=True):
    """End the whole flow that the task belongs to, with all its open tasks."""

    action = TaskAction.CANCEL_FLOW
    strategy = CancelStrategy.CANCEL_FLOW


class CreateTask(Command, frozen=True, kw_only=True):
    """Create a task: within `flow`, or on its own if the vendor has such tasks."""

    action = TaskAction.CREATE

    title: str
    description: str | None = None
    priority: TaskPriority | None = None
    data: dict[str, object] | None = None
    flow: Flow | None = None
    options: Mapping[str, object] | None = None


class StartFlow(Command, frozen=True, kw_only=True):
    """`version` None is the newest. `subjects` are business objects by type and native id."""

    action = TaskAction.START_FLOW

    definition_key: str
    version: str | None = None
    data: dict[str, object] | None = None
    subjects: tuple[SubjectRef, ...] = ()
    options: Mapping[str, object] | None = None


class CancelFlow(FlowCommand, frozen=True, kw_only=True):
    """End the flow and all its open tasks."""

    action = TaskAction.CANCEL_FLOW

    options: Mapping[str, object] | None = None


class SuspendFlow(FlowCommand, frozen=True, kw_only=True):
    action = TaskAction.SUSPEND_FLOW


class ResumeFlow(FlowCommand, frozen=True, kw_only=True):
    action = TaskAction.RESUME_FLOW


class Outcome(Struct, frozen=True, kw_only=True):
    """The result of a command on a task. `task` is the record that the vendor will show once its reads have caught up."""

    task: Task
    status: MutationStatus = MutationStatus.APPLIED
    effect: str | None = None


class FlowOutcome(Struct, frozen=True, kw_only=True):
    """The result of a command on a flow. `flow` is the record that the vendor will show once its reads have caught up.

    While the status is PENDING, it is the record that the vendor shows now.
    """

    flow: Flow
    status: MutationStatus = MutationStatus.APPLIED
    effect: str | None = None
