"""The closed lists of values that records use. A vendor's value outside of our tables becomes UNKNOWN."""

from enum import Enum, StrEnum


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
    """Parts of a task that need the vendor's full record, or a call of their own. They are loaded on demand."""

    DESCRIPTION = "description"
    FORM = "form"
    OUTCOMES = "outcomes"
    DATA = "data"
    PREVIOUS_STEPS = "previous_steps"
    COMMENTS = "comments"
    ACTIVITIES = "activities"
