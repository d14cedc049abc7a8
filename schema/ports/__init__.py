"""What passes between the graph and the gateway: the port `Federation` and its values. No GraphQL, no vendor.

federation.py  Federation: what the graph asks of the gateway
lists.py       requests for pages of tasks, flows, definitions and people, and the pages
filters.py     TaskFilter: which tasks
stats.py       counts of tasks in buckets
sources.py     configured sources, and the report of each on a list
people.py      PersonId, a person's accounts, and rows of lists of people and groups
actions.py     what a source can do (ActionCapability), what a person may do to a task (Verdict)
intents.py     one struct a verb, with its arguments
writes.py      request, result and journal record of a write
live.py        what subscribers are told
bulk.py        one action on several tasks, and the claim of the next task of a list
problem.py     failures as data
"""

from schema.ports.actions import ActionCapability, Verdict
from schema.ports.bulk import BulkEntry, BulkRequest, BulkResult, TakeNextRequest
from schema.ports.federation import Federation
from schema.ports.filters import SubjectMatch, TaskFilter
from schema.ports.intents import (
    AssignIntent,
    CancelFlowIntent,
    CancelIntent,
    ClaimIntent,
    CommentIntent,
    CompleteIntent,
    CreateTaskIntent,
    FlowIntent,
    Intent,
    ReleaseIntent,
    ResumeFlowIntent,
    ResumeIntent,
    RetryIntent,
    SaveDraftIntent,
    SourceIntent,
    StartFlowIntent,
    StartIntent,
    SuspendFlowIntent,
    SuspendIntent,
    TagIntent,
    TaskIntent,
    UnassignIntent,
    UpdateIntent,
)
from schema.ports.lists import (
    DefinitionRow,
    EdgeRow,
    FlowListRequest,
    InboxScope,
    PageRequest,
    RowList,
    TaskEdgeRow,
    TaskList,
    TaskListRequest,
)
from schema.ports.live import ChangeKind, InboxWatchRequest, TaskEvent
from schema.ports.people import AccountLink, GroupRow, LinkedBy, PersonId, PersonRow
from schema.ports.problem import Problem
from schema.ports.sources import CacheInfo, FilterPlacement, RateLimit, SourceInfo, SourceReport, SourceStatus
from schema.ports.stats import BucketKey, StatsRequest, TaskBucket, TaskDimension, TaskStats
from schema.ports.writes import Operation, SourceRef, Target, WriteRequest, WriteResult

__all__ = [
    "AccountLink",
    "ActionCapability",
    "AssignIntent",
    "BucketKey",
    "BulkEntry",
    "BulkRequest",
    "BulkResult",
    "CacheInfo",
    "CancelFlowIntent",
    "CancelIntent",
    "ChangeKind",
    "ClaimIntent",
    "CommentIntent",
    "CompleteIntent",
    "CreateTaskIntent",
    "DefinitionRow",
    "EdgeRow",
    "Federation",
    "FilterPlacement",
    "FlowIntent",
    "FlowListRequest",
    "GroupRow",
    "InboxScope",
    "InboxWatchRequest",
    "Intent",
    "LinkedBy",
    "Operation",
    "PageRequest",
    "PersonId",
    "PersonRow",
    "Problem",
    "RateLimit",
    "ReleaseIntent",
    "ResumeFlowIntent",
    "ResumeIntent",
    "RetryIntent",
    "RowList",
    "SaveDraftIntent",
    "SourceInfo",
    "SourceIntent",
    "SourceRef",
    "SourceReport",
    "SourceStatus",
    "StartFlowIntent",
    "StartIntent",
    "StatsRequest",
    "SubjectMatch",
    "SuspendFlowIntent",
    "SuspendIntent",
    "TagIntent",
    "TakeNextRequest",
    "Target",
    "TaskBucket",
    "TaskDimension",
    "TaskEdgeRow",
    "TaskEvent",
    "TaskFilter",
    "TaskIntent",
    "TaskList",
    "TaskListRequest",
    "TaskStats",
    "UnassignIntent",
    "UpdateIntent",
    "Verdict",
    "WriteRequest",
    "WriteResult",
]
