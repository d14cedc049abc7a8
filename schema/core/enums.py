"""Every enum of the schema, with a description of every value.

GraphQL types import enums from here, also those that the SDK or the port defines: an enum cannot be used without
its descriptions.
"""

from enum import EnumMeta, StrEnum
from typing import TypeVar

import strawberry

from connectors.sdk.capability import Support
from connectors.sdk.commands import CancelStrategy, MutationStatus, TaskAction
from connectors.sdk.model import (
    ActivityType,
    CountAccuracy,
    FlowState,
    FormFieldType,
    FormKind,
    OutcomeNature,
    PendingTransition,
    PhaseState,
    Requirement,
    TaskKind,
    TaskPriority,
    TaskState,
)
from connectors.sdk.query import SortDirection, TaskOrderField
from schema.ports import FilterPlacement, InboxScope, SourceStatus, TaskDimension

__all__ = [
    "ActivityType",
    "ActsAs",
    "CancelStrategy",
    "CountAccuracy",
    "FilterPlacement",
    "FlowState",
    "FormFieldType",
    "FormKind",
    "Freshness",
    "InboxScope",
    "MutationStatus",
    "OutcomeNature",
    "PendingTransition",
    "PhaseState",
    "Requirement",
    "SortDirection",
    "SourceStatus",
    "Support",
    "TaskAction",
    "TaskDimension",
    "TaskKind",
    "TaskOrderField",
    "TaskPriority",
    "TaskState",
    "UserErrorCode",
    "describe",
]

E = TypeVar("E", bound=EnumMeta)


class Freshness(StrEnum):
    CACHED = "CACHED"
    FRESH = "FRESH"


class ActsAs(StrEnum):
    VIEWER = "VIEWER"
    SERVICE = "SERVICE"


class UserErrorCode(StrEnum):
    NOT_FOUND = "NOT_FOUND"
    FORBIDDEN = "FORBIDDEN"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    CAPABILITY_NOT_SUPPORTED = "CAPABILITY_NOT_SUPPORTED"
    INVALID_STATE = "INVALID_STATE"
    ALREADY_ASSIGNED = "ALREADY_ASSIGNED"
    VERSION_CONFLICT = "VERSION_CONFLICT"
    VALIDATION_FAILED = "VALIDATION_FAILED"
    RATE_LIMITED = "RATE_LIMITED"
    UPSTREAM_TIMEOUT = "UPSTREAM_TIMEOUT"
    UPSTREAM_UNAVAILABLE = "UPSTREAM_UNAVAILABLE"
    UPSTREAM_ERROR = "UPSTREAM_ERROR"
    IDENTITY_NOT_LINKED = "IDENTITY_NOT_LINKED"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    GATEWAY_UNAVAILABLE = "GATEWAY_UNAVAILABLE"


def describe(enum: E, description: str, **values: str) -> E:
    """Make `enum` a GraphQL enum. Raises ValueError unless `values` describes exactly its members."""
    names = set(enum.__members__)
    if names != set(values):
        raise ValueError(f"{enum.__name__}: described {sorted(values)}, has {sorted(names)}")
    offered = strawberry.enum(enum, description=description)
    for value in offered.__strawberry_definition__.values:  # type: ignore[attr-defined]
        value.description = values[value.name]
    return offered


describe(
    TaskState,
    "State of a task, after WS-HumanTask.",
    CREATED="It exists, but nobody can work on it yet. Not open.",
    READY="It can be worked on and nobody owns it. Open.",
    RESERVED="Somebody owns it; work is not reported as begun. Open.",
    IN_PROGRESS="The source says that work has begun. Open.",
    SUSPENDED="It is paused; `stateReason` says why. Open.",
    COMPLETED="It is done.",
    SKIPPED="It was closed without work; its flow goes on.",
    CANCELED="It was withdrawn, deleted, or ended with its flow.",
    FAILED="It was closed by a failure.",
    UNKNOWN="The source says something unknown; see `native.state`. Open.",
)
describe(
    TaskKind,
    "How a person works on a task.",
    FORM="By a form.",
    APP="In an app of the vendor.",
    EXTERNAL="Outside; the source only tracks it.",
    DOCUMENT="On a document: validation, classification, labeling.",
    DECISION="By choosing one of several ways.",
    MANUAL="By hand; the source only notes that it is done.",
    AUTOMATION="Not at all: a machine does.",
    AI="Not at all: an AI agent does.",
    UNKNOWN="The source does not say, or says something unknown.",
)
describe(
    TaskPriority,
    "Priority in four steps; `priorityScore` is finer.",
    LOW="Score up to 25, unless the source's configuration says otherwise.",
    MEDIUM="Score up to 50, unless the source's configuration says otherwise.",
    HIGH="Score up to 75, unless the source's configuration says otherwise.",
    CRITICAL="Any higher score.",
)
describe(
    PendingTransition,
    "What is under way beside the state.",
    CREATE="The task is being created.",
    ASSIGN="An owner is being set or removed.",
    UPDATE="Its record is being changed.",
    COMPLETE="It is being completed; the source may still refuse.",
    CANCEL="It is being canceled.",
)
describe(
    TaskAction,
    "What can be done: to a task, to a flow, or anew.",
    CREATE="Make a new task.",
    CLAIM="Become its owner.",
    RELEASE="Give it back to its candidates, as its owner.",
    ASSIGN="Give it to a person or a group.",
    UNASSIGN="Take its owner away.",
    START="Report that work has begun.",
    SUSPEND="Pause it.",
    RESUME="Go on with it.",
    UPDATE_DUE="Change when it is due.",
    UPDATE_FOLLOW_UP="Change when to look again.",
    UPDATE_PRIORITY="Change its priority.",
    UPDATE_CANDIDATES="Change who may take it.",
    UPDATE_DETAILS="Change its title or description.",
    SAVE_DRAFT="Keep form data without completing it.",
    COMPLETE="Complete it.",
    CANCEL="End it without completing it.",
    SKIP="Close it without work; its flow goes on.",
    COMMENT="Add a comment.",
    TAG="Replace its tags.",
    RETRY="Let the source try a failed one again.",
    START_FLOW="Start a flow.",
    CANCEL_FLOW="End a whole flow, with every open task of it.",
    SUSPEND_FLOW="Pause a flow.",
    RESUME_FLOW="Go on with a paused flow.",
)
describe(
    Support,
    "How far a source has an operation.",
    NATIVE="As an operation of its own.",
    EMULATED="By other calls, maybe several.",
    UNSUPPORTED="Not at all.",
)
describe(
    FormKind,
    "How a form is given.",
    FIELDS="By `fields`.",
    VENDOR_SCHEMA="By `vendorSchema`, and `fields` as far as they can be read from it.",
    EXTERNAL_URL="By a page of the vendor, at `url`.",
    NONE="There is no form.",
)
describe(
    FormFieldType,
    "Type of a form field's value.",
    TEXT="A text.",
    NUMBER="A number, decimals allowed.",
    INTEGER="A whole number.",
    BOOLEAN="True or false.",
    DATE="A day, as YYYY-MM-DD.",
    DATETIME="A moment, as ISO 8601.",
    SELECT="One of the options.",
    MULTI_SELECT="Some of the options, as a list.",
    FILE="A file; cannot be filled through this graph.",
    JSON="Any JSON.",
    UNKNOWN="Something unknown; see `nativeType`.",
)
describe(
    OutcomeNature,
    "What an outcome means, for the colour of a button.",
    POSITIVE="Approval and the like.",
    NEGATIVE="Refusal and the like.",
    NEUTRAL="Neither, or not known.",
)
describe(
    Requirement,
    "Whether something must come along.",
    REQUIRED="It must.",
    OPTIONAL="It may.",
    UNSUPPORTED="It cannot.",
    UNKNOWN="The source does not say.",
)
describe(
    ActivityType,
    "What happened to a task.",
    CREATED="It came to be.",
    ASSIGNED="Somebody got it.",
    REASSIGNED="Somebody else got it.",
    UNASSIGNED="Its owner lost it, or gave it back.",
    STARTED="Work began.",
    SUSPENDED="It was paused.",
    RESUMED="Work went on.",
    UPDATED="Its record was changed.",
    SAVED="Form data was kept.",
    FORWARDED="Its owner gave it to somebody else.",
    OPENED="Somebody looked at it.",
    COMPLETED="It was completed.",
    CANCELED="It was withdrawn.",
    SKIPPED="It was closed without work.",
    FAILED="It failed.",
    DELETED="It was deleted.",
    COMMENTED="A comment was added.",
    COMMENT_EDITED="A comment was changed.",
    COMMENT_DELETED="A comment was removed.",
    ESCALATED="It was escalated.",
    OTHER="Something else; see `nativeType`.",
)
describe(
    FlowState,
    "State of a flow.",
    ACTIVE="It runs.",
    SUSPENDED="It is paused.",
    COMPLETED="It came to its end.",
    CANCELED="It was ended before.",
    FAILED="It ended by a failure.",
    UNKNOWN="The source does not say, cannot be asked, or says something unknown.",
)
describe(
    PhaseState,
    "State of a phase.",
    NOT_STARTED="It has not begun.",
    ACTIVE="It is under way.",
    COMPLETED="It is over.",
    UNKNOWN="The source says something unknown.",
)
describe(
    SourceStatus,
    "How a source answers.",
    OK="It answered.",
    STALE="It did not answer; older rows are shown.",
    PARTIAL="It answered in part.",
    RATE_LIMITED="Its limit of requests is used up.",
    UNAVAILABLE="It cannot be reached, or says that it is not available.",
    UNAUTHORIZED="It refused the credentials that it was asked with.",
    FORBIDDEN="It does not let the viewer read.",
    SKIPPED="It was not asked, because the filter excludes it.",
)
describe(
    ActsAs,
    "Whose authority the source sees.",
    VIEWER="The viewer's own, by a token that is passed on or exchanged.",
    SERVICE="One technical account; the gateway decides who sees what.",
)
describe(
    FilterPlacement,
    "Who filtered or sorted.",
    PUSHED_DOWN="The source itself.",
    GATEWAY="The gateway, over the rows that it read.",
    IGNORED="Nobody.",
)
describe(
    CountAccuracy,
    "How far a count can be relied on.",
    EXACT="It is the number.",
    LOWER_BOUND="There are at least so many.",
    ESTIMATE="It is derived, from older data for instance.",
    UNKNOWN="There is no count.",
)
describe(
    Freshness,
    "How old an answer may be.",
    CACHED="As old as the gateway's caches allow, seconds as a rule.",
    FRESH="Asked of the source now; costs calls.",
)
describe(
    InboxScope,
    "Which tasks an inbox shows.",
    MINE="Those that the viewer owns.",
    CLAIMABLE="READY ones for which the viewer is a candidate, by person or by group.",
    MINE_OR_CLAIMABLE="Both of them.",
    MY_GROUPS="Those with one of the viewer's groups among the candidates, whoever owns them.",
    ALL_VISIBLE="All that the viewer may see.",
)
describe(
    TaskOrderField,
    "What tasks can be ordered by.",
    DUE_AT="When they are due.",
    FOLLOW_UP_AT="When they are to be looked at again.",
    CREATED_AT="When they were created.",
    UPDATED_AT="When they were last changed.",
    COMPLETED_AT="When they were completed.",
    PRIORITY="Priority; a task without any counts as MEDIUM.",
    TITLE="Title, without regard to case.",
    STATE="State, in the order of TaskState.",
    SOURCE="Key of the source.",
)
describe(
    SortDirection,
    "Direction of an order; rows without a value come last in either.",
    ASC="Smallest or earliest first.",
    DESC="Largest or latest first.",
)
describe(
    TaskDimension,
    "What tasks are counted by.",
    SOURCE="Source.",
    VENDOR="Product.",
    STATE="Unified state.",
    ASSIGNEE="Actual owner, the first where there are several; a linked person is one over all sources.",
    CANDIDATE_GROUP="Group that may take it, the first where there are several.",
    PRIORITY="Priority.",
    OVERDUE="Whether it is overdue: true, false, or without a value where that cannot be told.",
    DUE_DAY="Day on which it is due, in UTC.",
    DEFINITION="Key of what it was made by.",
    KIND="How a person works on it.",
    TAG="Name of its first tag.",
)
describe(
    MutationStatus,
    "What became of a write.",
    APPLIED="The source has it.",
    PENDING="The source accepted it and is not through with it.",
    UNKNOWN="It may or may not have happened: the source gave no clear answer. It is not repeated.",
    REJECTED="It did not happen; `errors` say why.",
)
describe(
    CancelStrategy,
    "How a task may be ended without completing it; tried in this order.",
    NATIVE="The source's own cancel of a task: only the task ends.",
    SKIP="The task is closed without work; its flow goes on.",
    DELETE_TASK="The task is removed from the source.",
    CANCEL_FLOW="The whole flow is ended, with every other open task of it.",
)
describe(
    UserErrorCode,
    "Why something did not happen, for programs.",
    NOT_FOUND="There is no such thing, or the viewer may not see it.",
    FORBIDDEN="The viewer may not do this.",
    UNAUTHENTICATED="The source refused the credentials that it was asked with.",
    CAPABILITY_NOT_SUPPORTED="The source has no such operation; `alternatives` names those that it has.",
    INVALID_STATE="The task is closed, in transition, or in a state that does not allow this.",
    ALREADY_ASSIGNED="Somebody else owns the task.",
    VERSION_CONFLICT="The task changed since `expectedVersion` was read.",
    VALIDATION_FAILED="An argument does not fit; `field` says which.",
    RATE_LIMITED="The source takes no more requests now; `retryAt` says when it will, where known.",
    UPSTREAM_TIMEOUT="The source did not answer in time.",
    UPSTREAM_UNAVAILABLE="The source cannot be reached, or says that it is not available.",
    UPSTREAM_ERROR="The source answered with an error, or with something that is not understood.",
    IDENTITY_NOT_LINKED="The viewer, or the person named, has no known account in that source.",
    IDEMPOTENCY_KEY_REUSED="The key was sent before with other arguments.",
    GATEWAY_UNAVAILABLE="The gateway cannot record writes now, so it sends none.",
)
