"""Intents: a verb with its arguments as the graph received it. The gateway turns it into a connector's commands."""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

from msgspec import Struct

from connectors.sdk.commands import CancelStrategy, TaskAction, UpdateField
from connectors.sdk.model import FlowRef, NativeRef, SubjectRef, Tag, TaskPriority
from schema.ports.people import PersonId


class Intent(Struct, frozen=True, kw_only=True, tag=True):
    """Base of all intents. `action` is the verb's name in the schema."""

    action: ClassVar[TaskAction]

    @property
    def verb(self) -> str:
        """Name for messages and logs: claim, saveDraft, startFlow."""
        name = type(self).__name__.removesuffix("Intent")
        return name[0].lower() + name[1:]


class TaskIntent(Intent, frozen=True, kw_only=True):
    """About an existing task."""


class FlowIntent(Intent, frozen=True, kw_only=True):
    """About an existing flow."""

    reason: str | None = None


class SourceIntent(Intent, frozen=True, kw_only=True):
    """Creates something in a source."""


class ClaimIntent(TaskIntent, frozen=True, kw_only=True):
    action = TaskAction.CLAIM


class ReleaseIntent(TaskIntent, frozen=True, kw_only=True):
    action = TaskAction.RELEASE

    reason: str | None = None


class UnassignIntent(TaskIntent, frozen=True, kw_only=True):
    action = TaskAction.UNASSIGN

    reason: str | None = None


class AssignIntent(TaskIntent, frozen=True, kw_only=True):
    """Exactly one of `user` and `group` is set; the schema checks it."""

    action = TaskAction.ASSIGN

    user: PersonId | None = None
    group: NativeRef | None = None
    override: bool = False
    keep_group: bool = True
    reason: str | None = None
    options: Mapping[str, object] | None = None


class StartIntent(TaskIntent, frozen=True, kw_only=True):
    action = TaskAction.START

    reason: str | None = None


class SuspendIntent(TaskIntent, frozen=True, kw_only=True):
    action = TaskAction.SUSPEND

    reason: str | None = None


class ResumeIntent(TaskIntent, frozen=True, kw_only=True):
    action = TaskAction.RESUME

    reason: str | None = None


class UpdateIntent(TaskIntent, frozen=True, kw_only=True):
    """Members that are None stay unchanged; `clear` removes values."""

    action = TaskAction.UPDATE_DETAILS

    title: str | None = None
    description: str | None = None
    due_at: datetime | None = None
    follow_up_at: datetime | None = None
    priority: TaskPriority | None = None
    candidate_users: tuple[PersonId, ...] | None = None
    candidate_groups: tuple[NativeRef, ...] | None = None
    clear: frozenset[UpdateField] = frozenset()
    options: Mapping[str, object] | None = None

    @property
    def fields(self) -> frozenset[UpdateField]:
        """Fields that get a value or are cleared."""
        return self.clear | self.given

    @property
    def given(self) -> frozenset[UpdateField]:
        """Fields that get a value."""
        values = {
            UpdateField.TITLE: self.title,
            UpdateField.DESCRIPTION: self.description,
            UpdateField.DUE_AT: self.due_at,
            UpdateField.FOLLOW_UP_AT: self.follow_up_at,
            UpdateField.PRIORITY: self.priority,
            UpdateField.CANDIDATE_USERS: self.candidate_users,
            UpdateField.CANDIDATE_GROUPS: self.candidate_groups,
        }
        return frozenset(field for field, value in values.items() if value is not None)


class TagIntent(TaskIntent, frozen=True, kw_only=True):
    action = TaskAction.TAG

    tags: tuple[Tag, ...]


class SaveDraftIntent(TaskIntent, frozen=True, kw_only=True):
    action = TaskAction.SAVE_DRAFT

    data: dict[str, object]


class CommentIntent(TaskIntent, frozen=True, kw_only=True):
    action = TaskAction.COMMENT

    text: str


class RetryIntent(TaskIntent, frozen=True, kw_only=True):
    action = TaskAction.RETRY

    reason: str | None = None


class CompleteIntent(TaskIntent, frozen=True, kw_only=True):
    action = TaskAction.COMPLETE

    outcome: str | None = None
    data: dict[str, object] | None = None
    comment: str | None = None
    claim_if_needed: bool = False


class CancelIntent(TaskIntent, frozen=True, kw_only=True):
    action = TaskAction.CANCEL

    allow: tuple[CancelStrategy, ...] = (CancelStrategy.NATIVE,)
    reason: str | None = None


class CreateTaskIntent(SourceIntent, frozen=True, kw_only=True):
    action = TaskAction.CREATE

    title: str
    description: str | None = None
    priority: TaskPriority | None = None
    data: dict[str, object] | None = None
    flow: FlowRef | None = None
    options: Mapping[str, object] | None = None


class StartFlowIntent(SourceIntent, frozen=True, kw_only=True):
    action = TaskAction.START_FLOW

    definition_key: str
    version: str | None = None
    data: dict[str, object] | None = None
    subjects: tuple[SubjectRef, ...] = ()
    options: Mapping[str, object] | None = None


class CancelFlowIntent(FlowIntent, frozen=True, kw_only=True):
    action = TaskAction.CANCEL_FLOW

    options: Mapping[str, object] | None = None


class SuspendFlowIntent(FlowIntent, frozen=True, kw_only=True):
    action = TaskAction.SUSPEND_FLOW


class ResumeFlowIntent(FlowIntent, frozen=True, kw_only=True):
    action = TaskAction.RESUME_FLOW
