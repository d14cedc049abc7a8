"""What every vendor's records become: frozen Structs in the field's terms (WS-HumanTask states and roles).

Times are aware and UTC, ids are strings in the vendor's own spelling, a value outside our tables is UNKNOWN.
`None` means that the vendor has no such thing or did not say; an empty tuple means that there are none.
"""

import hashlib
from datetime import datetime
from enum import Enum, StrEnum

import msgspec
from msgspec import Struct


class TaskState(StrEnum):
    CREATED = "CREATED"
    READY = "READY"
    RESERVED = "RESERVED"
    IN_PROGRESS = "IN_PROGRESS"
    SUSPENDED = "SUSPENDED"
    COMPLETED = "COMPLETED"
    SKIPPED = "SKIPPED"
    CANCELED = "CANCELED"
    FAILED = "FAILED"
    UNKNOWN = "UNKNOWN"


OPEN_STATES = frozenset(
    {TaskState.READY, TaskState.RESERVED, TaskState.IN_PROGRESS, TaskState.SUSPENDED, TaskState.UNKNOWN}
)


class FlowState(StrEnum):
    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"
    COMPLETED = "COMPLETED"
    CANCELED = "CANCELED"
    FAILED = "FAILED"
    UNKNOWN = "UNKNOWN"


class TaskKind(StrEnum):
    FORM = "FORM"
    APP = "APP"
    EXTERNAL = "EXTERNAL"
    DOCUMENT = "DOCUMENT"
    DECISION = "DECISION"
    MANUAL = "MANUAL"
    AUTOMATION = "AUTOMATION"
    AI = "AI"
    UNKNOWN = "UNKNOWN"


class TaskPriority(StrEnum):
    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"
    CRITICAL = "CRITICAL"


class PendingTransition(StrEnum):
    CREATE = "CREATE"
    ASSIGN = "ASSIGN"
    UPDATE = "UPDATE"
    COMPLETE = "COMPLETE"
    CANCEL = "CANCEL"


class FormFieldType(StrEnum):
    TEXT = "TEXT"
    NUMBER = "NUMBER"
    INTEGER = "INTEGER"
    BOOLEAN = "BOOLEAN"
    DATE = "DATE"
    DATETIME = "DATETIME"
    SELECT = "SELECT"
    MULTI_SELECT = "MULTI_SELECT"
    FILE = "FILE"
    JSON = "JSON"
    UNKNOWN = "UNKNOWN"


class FormKind(StrEnum):
    FIELDS = "FIELDS"
    VENDOR_SCHEMA = "VENDOR_SCHEMA"
    EXTERNAL_URL = "EXTERNAL_URL"
    NONE = "NONE"


class OutcomeNature(StrEnum):
    POSITIVE = "POSITIVE"
    NEGATIVE = "NEGATIVE"
    NEUTRAL = "NEUTRAL"


class Requirement(StrEnum):
    REQUIRED = "REQUIRED"
    OPTIONAL = "OPTIONAL"
    UNSUPPORTED = "UNSUPPORTED"
    UNKNOWN = "UNKNOWN"


class PhaseState(StrEnum):
    NOT_STARTED = "NOT_STARTED"
    ACTIVE = "ACTIVE"
    COMPLETED = "COMPLETED"
    UNKNOWN = "UNKNOWN"


class ActivityType(StrEnum):
    CREATED = "CREATED"
    ASSIGNED = "ASSIGNED"
    REASSIGNED = "REASSIGNED"
    UNASSIGNED = "UNASSIGNED"
    STARTED = "STARTED"
    SUSPENDED = "SUSPENDED"
    RESUMED = "RESUMED"
    UPDATED = "UPDATED"
    SAVED = "SAVED"
    FORWARDED = "FORWARDED"
    OPENED = "OPENED"
    COMPLETED = "COMPLETED"
    CANCELED = "CANCELED"
    SKIPPED = "SKIPPED"
    FAILED = "FAILED"
    DELETED = "DELETED"
    COMMENTED = "COMMENTED"
    COMMENT_EDITED = "COMMENT_EDITED"
    COMMENT_DELETED = "COMMENT_DELETED"
    ESCALATED = "ESCALATED"
    OTHER = "OTHER"


class CountAccuracy(StrEnum):
    EXACT = "EXACT"
    LOWER_BOUND = "LOWER_BOUND"
    ESTIMATE = "ESTIMATE"
    UNKNOWN = "UNKNOWN"


class DetailAspect(Enum):
    """Parts of a task that cost the vendor's full record, or a call of their own; loaded only when asked for."""

    DESCRIPTION = "description"
    FORM = "form"
    OUTCOMES = "outcomes"
    DATA = "data"
    PREVIOUS_STEPS = "previous_steps"
    COMMENTS = "comments"
    ACTIVITIES = "activities"


class NativeRef(Struct, frozen=True):
    """A thing of one source by the vendor's id. Hashable: loaders and caches key by it."""

    source: str
    native_id: str


class TaskRef(NativeRef, frozen=True):
    """Source and native id of a task: the inside of its global id."""


class FlowRef(NativeRef, frozen=True):
    """Source and native id of a flow (process instance, execution, workflow run)."""


class UserRef(Struct, frozen=True, kw_only=True):
    """A person as a row names them. `name` and `email` only where the row itself carries them."""

    native_id: str
    name: str | None = None
    email: str | None = None


class GroupRef(Struct, frozen=True, kw_only=True):
    """A group as a row names it. Match by id and by name: vendors mix the two."""

    native_id: str
    name: str | None = None


class User(Struct, frozen=True, kw_only=True):
    """A person as the vendor's directory knows them."""

    native_id: str
    name: str | None = None
    username: str | None = None
    email: str | None = None
    is_active: bool | None = None


class Group(Struct, frozen=True, kw_only=True):
    native_id: str
    name: str
    aliases: tuple[str, ...] = ()
    member_count: int | None = None


class Definition(Struct, frozen=True, kw_only=True):
    """A task or flow definition; `native_id` addresses one deployed version, `key` all versions."""

    native_id: str
    key: str
    name: str | None = None
    version: str | None = None


class SubjectRef(Struct, frozen=True, kw_only=True):
    """The business object a task is about: an account, an order, an asset."""

    type: str
    native_id: str
    label: str | None = None
    url: str | None = None
    is_primary: bool | None = None


class Sla(Struct, frozen=True, kw_only=True):
    """Service level as the vendor words it. `ends_on` may be a text without a time zone."""

    status: str | None = None
    starts_on: str | None = None
    ends_on: str | None = None
    expires_at: datetime | None = None


class FormOption(Struct, frozen=True, kw_only=True):
    value: str
    label: str | None = None


class FormField(Struct, frozen=True, kw_only=True):
    """`key` is what completing takes in `data`, not the vendor's field id."""

    key: str
    type: FormFieldType
    required: bool
    label: str | None = None
    native_type: str | None = None
    value: object = None
    options: tuple[FormOption, ...] | None = None
    description: str | None = None


class Form(Struct, frozen=True, kw_only=True):
    kind: FormKind
    fields: tuple[FormField, ...] = ()
    json_schema: object = None
    vendor_schema: object = None
    url: str | None = None
    key: str | None = None


class TaskOutcome(Struct, frozen=True, kw_only=True):
    """One way to complete a task. `data` and `comment` say whether they must, may or cannot come along."""

    code: str
    label: str | None = None
    nature: OutcomeNature = OutcomeNature.NEUTRAL
    data: Requirement = Requirement.UNKNOWN
    comment: Requirement = Requirement.UNKNOWN


class PreviousStep(Struct, frozen=True, kw_only=True):
    """`completed_by` is the vendor's text for a person (GEOtareas: a user name), no id to join by."""

    name: str
    completed_by: str | None = None
    completed_at: datetime | None = None
    outcome: str | None = None
    data: object = None


class Tag(Struct, frozen=True, kw_only=True):
    """`label` is the name for people, where the vendor has one beside the name."""

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
    """One entry of a task's history. `before` and `after` are what changed, as plain values; `message` the vendor's text."""

    at: datetime
    type: ActivityType
    native_type: str | None = None
    actor: UserRef | None = None
    target: UserRef | None = None
    before: object = None
    after: object = None
    message: str | None = None


class FlowPhase(Struct, frozen=True, kw_only=True):
    """`progress` is the share of it that is done, 0 to 1."""

    key: str
    name: str
    state: PhaseState
    due_at: datetime | None = None
    progress: float | None = None


class TaskDetail(Struct, frozen=True, kw_only=True):
    """The aspects that were asked for; the others keep their defaults."""

    description: str | None = None
    form: Form | None = None
    outcomes: tuple[TaskOutcome, ...] | None = None
    data: object = None
    previous_steps: tuple[PreviousStep, ...] | None = None
    comments: tuple[Comment, ...] | None = None
    activities: tuple[Activity, ...] | None = None


class Task(Struct, frozen=True, kw_only=True):
    """One human task as a list row carries it.

    `rule` names the row of the state table that decided `state`. `is_overdue` is only set where the vendor says so
    itself; `due_at` is None for a time without a zone, whose text then stands in `sla.ends_on`.
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
    payload: msgspec.Raw | None = None

    @property
    def ref(self) -> TaskRef:
        return TaskRef(self.source, self.native_id)

    @property
    def assignee(self) -> UserRef | None:
        """The actual owner; the first where a vendor has several."""
        return self.assignees[0] if self.assignees else None

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES

    @property
    def version(self) -> str:
        """Hash of what a write can change: no vendor gives an etag. Equal while nothing visible changed."""
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


class Flow(Struct, frozen=True, kw_only=True):
    """One running or ended process. A stub (state UNKNOWN, nothing but the id) is valid.

    `current_task_ids` are the tasks that can be worked on now, where the vendor's record names them.
    """

    source: str
    native_id: str
    state: FlowState
    rule: str
    fetched_at: datetime
    name: str | None = None
    definition: Definition | None = None
    has_incident: bool | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    due_at: datetime | None = None
    started_by: UserRef | None = None
    business_key: str | None = None
    subjects: tuple[SubjectRef, ...] | None = None
    parent_id: str | None = None
    root_id: str | None = None
    phases: tuple[FlowPhase, ...] | None = None
    current_task_ids: tuple[str, ...] | None = None
    url: str | None = None
    native_type: str | None = None
    native_state: str | None = None
    payload: msgspec.Raw | None = None

    @property
    def ref(self) -> FlowRef:
        return FlowRef(self.source, self.native_id)
