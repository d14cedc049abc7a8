"""A task, and the details of it that are read on demand."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

import msgspec
from msgspec import Struct

from connectors.sdk.errors import ConnectorError
from connectors.sdk.model.enums import (
    OPEN_STATES,
    ActivityType,
    DetailAspect,
    PendingTransition,
    TaskKind,
    TaskPriority,
    TaskState,
)
from connectors.sdk.model.form import Form, TaskOutcome
from connectors.sdk.model.refs import Definition, GroupRef, SubjectRef, TaskRef, UserRef

UNREADABLE = "record.unreadable"
"""`Task.rule` of a task whose record cannot be decoded: its native id is known, its state is UNKNOWN."""


class Sla(Struct, frozen=True, kw_only=True):
    """Service level in the vendor's own values. `ends_on` may be a text without a time zone."""

    status: str | None = None
    starts_on: str | None = None
    ends_on: str | None = None
    expires_at: datetime | None = None


class PreviousStep(Struct, frozen=True, kw_only=True):
    """`completed_by` is a user, or (in GEOtareas) a login name that is no user id, as id and name."""

    name: str
    completed_by: UserRef | None = None
    completed_at: datetime | None = None
    outcome: str | None = None
    data: object = None


class Tag(Struct, frozen=True, kw_only=True):
    """`label` is the text for people, if the vendor has one beside the name."""

    name: str
    value: str | None = None
    label: str | None = None


class Comment(Struct, frozen=True, kw_only=True):
    """`native_id` is unique among the comments of its task."""

    native_id: str
    text: str
    author: UserRef | None = None
    created_at: datetime | None = None
    edited_at: datetime | None = None


class Activity(Struct, frozen=True, kw_only=True):
    """One entry of a task's history. `before` and `after` are the changed values; `message` is the vendor's text.

    `account` is the technical account that did it, where the vendor's entry has one in place of a person.
    """

    at: datetime
    type: ActivityType
    native_type: str | None = None
    actor: UserRef | None = None
    account: str | None = None
    target: UserRef | None = None
    before: object = None
    after: object = None
    message: str | None = None


class TaskDetail(Struct, frozen=True, kw_only=True):
    """The requested aspects; the others keep their defaults.

    `failures` are the requested aspects that could not be read although the others could.
    """

    description: str | None = None
    form: Form | None = None
    outcomes: tuple[TaskOutcome, ...] | None = None
    data: object = None
    previous_steps: tuple[PreviousStep, ...] | None = None
    comments: tuple[Comment, ...] | None = None
    activities: tuple[Activity, ...] | None = None
    failures: Mapping[DetailAspect, ConnectorError] = MappingProxyType({})


class Task(Struct, frozen=True, kw_only=True):
    """One human task as a list row carries it.

    `rule` names the row of the vendor's state table that decided `state`. `is_overdue` is set only if the vendor itself
    tells it. `due_at` is None for a time without a zone; its text is then in `sla.ends_on`. `access_key`: the part of the
    source that rights are given for (UiPath: a folder); see `ConnectorInfo.access`.
    """

    source: str
    native_id: str
    title: str
    state: TaskState
    rule: str
    fetched_at: datetime
    kind: TaskKind = TaskKind.UNKNOWN
    description: str | None = None
    state_reason: str | None = None
    pending_transition: PendingTransition | None = None
    priority: TaskPriority | None = None
    priority_score: int | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    assigned_at: datetime | None = None
    started_at: datetime | None = None
    due_at: datetime | None = None
    follow_up_at: datetime | None = None
    completed_at: datetime | None = None
    is_overdue: bool | None = None
    is_escalated: bool | None = None
    sla: Sla | None = None
    assignees: tuple[UserRef, ...] = ()
    candidate_users: tuple[UserRef, ...] | None = None
    candidate_groups: tuple[GroupRef, ...] | None = None
    completed_by: UserRef | None = None
    definition: Definition | None = None
    flow_id: str | None = None
    flow_name: str | None = None
    subjects: tuple[SubjectRef, ...] | None = None
    business_key: str | None = None
    outcome: str | None = None
    tags: tuple[Tag, ...] | None = None
    url: str | None = None
    native_type: str | None = None
    native_state: str | None = None
    access_key: str | None = None
    payload: msgspec.Raw | None = None

    @property
    def ref(self) -> TaskRef:
        return TaskRef(self.source, self.native_id)

    @property
    def assignee(self) -> UserRef | None:
        """The actual owner; the first one if the vendor has several."""
        return self.assignees[0] if self.assignees else None

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES

    @property
    def version(self) -> str:
        """A hash of the fields that a write can change, because no vendor gives an etag."""
        seen = (
            self.native_id,
            self.state,
            self.state_reason,
            self.pending_transition,
            self.priority_score,
            self.due_at,
            self.follow_up_at,
            self.updated_at,
            self.completed_at,
            [user.native_id for user in self.assignees],
            [user.native_id for user in self.candidate_users or ()],
            [group.native_id for group in self.candidate_groups or ()],
            self.title,
            [(tag.name, tag.value) for tag in self.tags or ()],
        )
        return hashlib.blake2b(msgspec.json.encode(seen), digest_size=9).hexdigest()
