"""The enums of tasks, in words."""

from connectors.sdk import model
from connectors.sdk.commands import TaskAction
from connectors.sdk.query import SortDirection, TaskOrderField
from schema.core.enumeration import describe
from schema.ports import InboxScope

describe(
    model.TaskState,
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
    model.TaskKind,
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
    model.TaskPriority,
    "Priority in four steps; `priorityScore` is finer.",
    LOW="Score up to 25, unless the source's configuration says otherwise.",
    MEDIUM="Score up to 50, unless the source's configuration says otherwise.",
    HIGH="Score up to 75, unless the source's configuration says otherwise.",
    CRITICAL="Any higher score.",
)
describe(
    model.PendingTransition,
    "What is under way beside the state.",
    CREATE="The task is being created.",
    ASSIGN="An owner is being set or removed.",
    UPDATE="Its record is being changed.",
    COMPLETE="It is being completed; the source may still refuse.",
    CANCEL="It is being canceled.",
)
describe(
    model.FormFieldType,
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
    model.FormKind,
    "How a form is given.",
    FIELDS="By `fields`.",
    VENDOR_SCHEMA="By `vendorSchema`, and `fields` as far as they can be read from it.",
    EXTERNAL_URL="By a page of the vendor, at `url`.",
    NONE="There is no form.",
)
describe(
    model.OutcomeNature,
    "What an outcome means, for the colour of a button.",
    POSITIVE="Approval and the like.",
    NEGATIVE="Refusal and the like.",
    NEUTRAL="Neither, or not known.",
)
describe(
    model.Requirement,
    "Whether something must come along.",
    REQUIRED="It must.",
    OPTIONAL="It may.",
    UNSUPPORTED="It cannot.",
    UNKNOWN="The source does not say.",
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
    SortDirection,
    "Direction of an order; rows without a value come last in either.",
    ASC="Smallest or earliest first.",
    DESC="Largest or latest first.",
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
    model.ActivityType,
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
