"""The records of every vendor in one model: frozen Structs with the states and roles of WS-HumanTask.

Times are aware and UTC. Ids are strings as the vendor spells them. A value outside of our tables is UNKNOWN.
`None` means that the vendor has no such thing or did not say; an empty tuple means that there are none.

enums       states, kinds, priorities, field types and the other closed lists
refs        how a record names a task, flow, person, group, definition or subject
people      a user and a group of the directory
form        a form, its fields and options, and the outcomes of a task
task        a task and its details: comments, activities, tags, previous steps
flow        a flow and its phases
"""

from connectors.sdk.model.enums import (
    OPEN_STATES,
    ActivityType,
    CountAccuracy,
    DetailAspect,
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
from connectors.sdk.model.flow import Flow, FlowPhase
from connectors.sdk.model.form import Form, FormFault, FormField, FormJudgement, FormOption, TaskOutcome
from connectors.sdk.model.people import Group, User
from connectors.sdk.model.refs import Definition, FlowRef, GroupRef, NativeRef, SubjectRef, TaskRef, UserRef
from connectors.sdk.model.task import UNREADABLE, Activity, Comment, PreviousStep, Sla, Tag, Task, TaskDetail

__all__ = [
    "OPEN_STATES",
    "UNREADABLE",
    "Activity",
    "ActivityType",
    "Comment",
    "CountAccuracy",
    "Definition",
    "DetailAspect",
    "Flow",
    "FlowPhase",
    "FlowRef",
    "FlowState",
    "Form",
    "FormFault",
    "FormField",
    "FormFieldType",
    "FormJudgement",
    "FormKind",
    "FormOption",
    "Group",
    "GroupRef",
    "NativeRef",
    "OutcomeNature",
    "PendingTransition",
    "PhaseState",
    "PreviousStep",
    "Requirement",
    "Sla",
    "SubjectRef",
    "Tag",
    "Task",
    "TaskDetail",
    "TaskKind",
    "TaskOutcome",
    "TaskPriority",
    "TaskRef",
    "TaskState",
    "User",
    "UserRef",
]
