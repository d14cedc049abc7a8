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
from schema.ports import ChangeKind, FilterPlacement, InboxScope, SourceStatus, TaskDimension

__all__ = [
    "ActivityType",
    "ActsAs",
    "CancelStrategy",
    "ChangeKind",
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
    "State of a task, after WS-HumanTask. Open states: READY, RESERVED, IN_PROGRESS, SUSPENDED, UNKNOWN.",
    CREATED="The task exists, but cannot be worked on yet.",
    READY="The task can be worked on and has no owner.",
    RESERVED="The task has an owner. Work has not started, as far as the source says.",
    IN_PROGRESS="The owner has started work.",
    SUSPENDED="The task is suspended. `stateReason` may say why.",
    COMPLETED="The task was completed.",
    SKIPPED="The task was closed without work. Its flow continues.",
    CANCELED="The task was withdrawn or deleted, or it ended with its flow.",
    FAILED="The task ended with a failure.",
    UNKNOWN="The source reports a state that has no mapping, see `native.state`.",
)
describe(
    TaskKind,
    "How a person works on a task.",
    FORM="In a form.",
    APP="In an app of the vendor.",
    EXTERNAL="Outside of the source, which only tracks the task.",
    DOCUMENT="On a document: validation, classification, labeling.",
    DECISION="By choosing one of several options.",
    MANUAL="By hand. The source only records that it is done.",
    AUTOMATION="A machine does the work, not a person.",
    AI="An AI agent does the work, not a person.",
    UNKNOWN="The source does not say, or reports a kind that has no mapping.",
)
describe(
    TaskPriority,
    "Priority in four levels. `priorityScore` is finer.",
    LOW="Score 0 to 25, unless the source is configured differently.",
    MEDIUM="Score 26 to 50, unless the source is configured differently.",
    HIGH="Score 51 to 75, unless the source is configured differently.",
    CRITICAL="Score 76 to 100, unless the source is configured differently.",
)
describe(
    PendingTransition,
    "A change that the source has accepted and not finished.",
    CREATE="The task is being created.",
    ASSIGN="The owner is being set or removed.",
    UPDATE="Fields of the task are being changed.",
    COMPLETE="The task is being completed. The source may still refuse it.",
    CANCEL="The task is being canceled.",
)
describe(
    TaskAction,
    "An action on a task or a flow.",
    CREATE="Create a task.",
    CLAIM="Become the owner of a task.",
    RELEASE="Return an owned task to its candidates.",
    ASSIGN="Assign a task to a user or a group.",
    UNASSIGN="Remove the owner of a task.",
    START="Report that work has started.",
    SUSPEND="Suspend a task.",
    RESUME="Resume a suspended task.",
    UPDATE_DUE="Change the due time.",
    UPDATE_FOLLOW_UP="Change the follow-up time.",
    UPDATE_PRIORITY="Change the priority.",
    UPDATE_CANDIDATES="Change the candidate users or groups.",
    UPDATE_DETAILS="Change the title or the description.",
    SAVE_DRAFT="Save form data without completing the task.",
    COMPLETE="Complete a task.",
    CANCEL="End a task without completing it.",
    SKIP="Close a task without work. Its flow continues.",
    COMMENT="Add a comment.",
    TAG="Replace the tags.",
    RETRY="Let the source retry a failed task.",
    START_FLOW="Start a flow.",
    CANCEL_FLOW="End a flow and all its open tasks.",
    SUSPEND_FLOW="Suspend a flow.",
    RESUME_FLOW="Resume a suspended flow.",
)
describe(
    Support,
    "Whether and how a source supports an action.",
    NATIVE="The source has this action.",
    EMULATED="The gateway builds it from other calls.",
    UNSUPPORTED="Not available.",
)
describe(
    FormKind,
    "How a form is described.",
    FIELDS="In `fields`.",
    VENDOR_SCHEMA="In `vendorSchema`, and in `fields` as far as they can be read from it.",
    EXTERNAL_URL="By a page of the vendor, at `url`.",
    NONE="There is no form.",
)
describe(
    FormFieldType,
    "Type of a form field's value.",
    TEXT="String.",
    NUMBER="Number, decimals allowed.",
    INTEGER="Integer.",
    BOOLEAN="Boolean.",
    DATE="Date, YYYY-MM-DD.",
    DATETIME="Time, ISO 8601.",
    SELECT="One of the options.",
    MULTI_SELECT="List of options.",
    FILE="File. It cannot be sent through this API.",
    JSON="Any JSON value.",
    UNKNOWN="A type that has no mapping, see `nativeType`.",
)
describe(
    OutcomeNature,
    "Meaning of an outcome, for example for the colour of its button.",
    POSITIVE="Approval and the like.",
    NEGATIVE="Rejection and the like.",
    NEUTRAL="Neither, or unknown.",
)
describe(
    Requirement,
    "Whether a value must be sent.",
    REQUIRED="It must be sent.",
    OPTIONAL="It may be sent.",
    UNSUPPORTED="It cannot be sent.",
    UNKNOWN="The source does not say.",
)
describe(
    ActivityType,
    "Type of an entry of a task's history.",
    CREATED="The task was created.",
    ASSIGNED="The task got an owner.",
    REASSIGNED="The task got another owner.",
    UNASSIGNED="The owner was removed or released the task.",
    STARTED="Work started.",
    SUSPENDED="The task was suspended.",
    RESUMED="The task was resumed.",
    UPDATED="Fields of the task were changed.",
    SAVED="Form data was saved.",
    FORWARDED="The owner forwarded the task to another user.",
    OPENED="A user opened the task.",
    COMPLETED="The task was completed.",
    CANCELED="The task was canceled.",
    SKIPPED="The task was closed without work.",
    FAILED="The task failed.",
    DELETED="The task was deleted.",
    COMMENTED="A comment was added.",
    COMMENT_EDITED="A comment was edited.",
    COMMENT_DELETED="A comment was deleted.",
    ESCALATED="The task was escalated.",
    OTHER="Another event, see `nativeType`.",
)
describe(
    FlowState,
    "State of a flow.",
    ACTIVE="The flow is running.",
    SUSPENDED="The flow is suspended.",
    COMPLETED="The flow ran to its end.",
    CANCELED="The flow was ended early.",
    FAILED="The flow ended with a failure.",
    UNKNOWN="The flow cannot be loaded, or its state has no mapping.",
)
describe(
    PhaseState,
    "State of a phase.",
    NOT_STARTED="The phase has not started.",
    ACTIVE="The phase is active.",
    COMPLETED="The phase is completed.",
    UNKNOWN="The state has no mapping.",
)
describe(
    SourceStatus,
    "How a source answered.",
    OK="The source answered, or a cached answer is young enough (`fetchedAt` tells its age). A cached answer may be refreshed in the background meanwhile.",
    STALE="The source failed (`error` says how). Older rows are shown.",
    PARTIAL="A part of the source's rows could not be read.",
    RATE_LIMITED="The rate limit of the source is used up.",
    UNAVAILABLE="The source cannot be reached or reports that it is unavailable.",
    UNAUTHORIZED="The source refused the gateway's credentials.",
    FORBIDDEN="The viewer may not read this from the source.",
    SKIPPED="The source was not asked: the filter excludes it, or it has no such list.",
)
describe(
    ActsAs,
    "Account with which the gateway calls a source.",
    VIEWER="The viewer's own account, by a forwarded or exchanged token.",
    SERVICE="A service account. The gateway decides what each viewer sees.",
)
describe(
    FilterPlacement,
    "Where a filter or an order was applied.",
    PUSHED_DOWN="By the source.",
    GATEWAY="By the gateway, on the rows that it read.",
    IGNORED="Nowhere.",
)
describe(
    CountAccuracy,
    "Accuracy of a count.",
    EXACT="The count is exact.",
    LOWER_BOUND="There are at least this many.",
    ESTIMATE="The count is derived, for example from older data.",
    UNKNOWN="There is no count.",
)
describe(
    Freshness,
    "Maximum age of data.",
    CACHED="As old as the gateway's caches allow, usually some seconds.",
    FRESH="Read from the source for this request. Costs upstream calls. No older answer is shown instead: a source that fails has no rows.",
)
describe(
    InboxScope,
    "Which tasks an inbox shows.",
    MINE="Tasks that the viewer owns.",
    CLAIMABLE="READY tasks for which the viewer or one of the viewer's groups is a candidate.",
    MINE_OR_CLAIMABLE="MINE and CLAIMABLE.",
    MY_GROUPS="Tasks for which one of the viewer's groups is a candidate, with or without an owner.",
    ALL_VISIBLE="All tasks that the viewer may see.",
)
describe(
    ChangeKind,
    "What has happened to a task, as the subscriber sees it.",
    ADDED="The task has come into the list, or has become visible.",
    CHANGED="The task is as before in the list, and something of it has changed.",
    REMOVED="The task has left the list, or is not visible any more.",
    RESYNC="Something may have been missed: read the tasks again.",
)
describe(
    TaskOrderField,
    "Field by which tasks are sorted.",
    DUE_AT="Due time.",
    FOLLOW_UP_AT="Follow-up time.",
    CREATED_AT="Creation time.",
    UPDATED_AT="Time of the last change.",
    COMPLETED_AT="Time when the task was closed.",
    PRIORITY="Priority. A task without one is sorted as MEDIUM.",
    TITLE="Title. Case is ignored.",
    STATE="State, in the order of TaskState.",
    SOURCE="Key of the source.",
)
describe(
    SortDirection,
    "Sort direction. Tasks without a value come last in both directions.",
    ASC="Smallest or earliest first.",
    DESC="Largest or latest first.",
)
describe(
    TaskDimension,
    "Dimension by which tasks are counted.",
    SOURCE="Source.",
    VENDOR="Vendor.",
    STATE="Unified state.",
    ASSIGNEE="Actual owner, the first one if there are several. A linked person is one value over all sources.",
    CANDIDATE_GROUP="Candidate group, the first one if there are several.",
    PRIORITY="Priority.",
    OVERDUE="Whether the task is overdue: true or false. No value if unknown.",
    DUE_DAY="Date of the due time, in UTC.",
    DEFINITION="Key of the task definition.",
    KIND="Kind of work.",
    TAG="Name of the first tag.",
)
describe(
    MutationStatus,
    "Result of a write.",
    APPLIED="The source has applied the write.",
    PENDING="The source has accepted the write and not finished it.",
    UNKNOWN="The source gave no clear answer: the write may or may not be applied. It is not sent again.",
    REJECTED="The write was not applied. `errors` has the reasons.",
)
describe(
    CancelStrategy,
    "Way to end a task without completing it. Strategies are tried in this order.",
    NATIVE="The source cancels the task. Nothing else ends.",
    SKIP="The task is closed without work. Its flow continues.",
    DELETE_TASK="The task is deleted from the source.",
    CANCEL_FLOW="The whole flow ends, with all its open tasks.",
)
describe(
    UserErrorCode,
    "Reason of a failure, for programs.",
    NOT_FOUND="The object does not exist, or the viewer may not see it.",
    FORBIDDEN="The viewer may not do this.",
    UNAUTHENTICATED="The source refused the gateway's credentials.",
    CAPABILITY_NOT_SUPPORTED="The source does not support the action. `alternatives` has the strategies that it supports.",
    INVALID_STATE="The task is closed, changing, or in a state that does not allow the action.",
    ALREADY_ASSIGNED="Another user owns the task.",
    VERSION_CONFLICT="The task has changed since `expectedVersion` was read.",
    VALIDATION_FAILED="An argument is wrong. `field` is its path.",
    RATE_LIMITED="The rate limit of the source is used up. `retryAt` is the time to try again, if known.",
    UPSTREAM_TIMEOUT="The source did not answer in time.",
    UPSTREAM_UNAVAILABLE="The source cannot be reached or reports that it is unavailable.",
    UPSTREAM_ERROR="The source answered with an error, or with an answer that does not match its documentation.",
    IDENTITY_NOT_LINKED="The viewer, or the user named, has no known account in the source.",
    IDEMPOTENCY_KEY_REUSED="The key was sent before with other arguments.",
    GATEWAY_UNAVAILABLE="The gateway cannot record writes at the moment, so it sends none.",
)
