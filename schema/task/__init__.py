"""Tasks.

types.py              Task
details.py            what costs the vendor's full record: form, outcomes, previous steps; tags and service level
history.py            Comment, Activity, TaskWrite, and pages of the first two
permitted_actions.py  PermittedAction: what the viewer may do to a task
relations.py          batch functions: one call for all rows of a list
dataloaders.py        details by ref and aspect
connection.py         pages of tasks
filters.py            TaskFilter and its members
sorting.py            TaskOrder
queries.py            `viewer`, `task`, `tasks`
viewer.py             Viewer: the person who asks, and their inbox
subscriptions.py      `taskChanged`, `inboxChanged`
stats.py              `taskStats`
definitions.py        TaskDefinition, `taskDefinitions`
mutations/            one file a group of mutations
"""

from schema.task.connection import TaskConnection
from schema.task.definitions import TaskDefinition, TaskDefinitionQueries, task_definition_by_id
from schema.task.details import Tag, TaskSla
from schema.task.filters import TaskFilter
from schema.task.mutations import (
    BulkMutations,
    ChangeMutations,
    CreateMutations,
    EndMutations,
    NextTaskMutations,
    OwnershipMutations,
    TaskPayload,
    WorkMutations,
)
from schema.task.queries import TaskQueries, comment_by_id, task_by_id
from schema.task.sorting import TaskOrder
from schema.task.stats import TaskStatsQueries
from schema.task.subscriptions import InboxChange, TaskChange, TaskSubscriptions
from schema.task.types import Task
from schema.task.viewer import Viewer

__all__ = [
    "BulkMutations",
    "ChangeMutations",
    "CreateMutations",
    "EndMutations",
    "InboxChange",
    "NextTaskMutations",
    "OwnershipMutations",
    "Tag",
    "Task",
    "TaskChange",
    "TaskConnection",
    "TaskDefinition",
    "TaskDefinitionQueries",
    "TaskFilter",
    "TaskOrder",
    "TaskPayload",
    "TaskQueries",
    "TaskSla",
    "TaskStatsQueries",
    "TaskSubscriptions",
    "Viewer",
    "WorkMutations",
    "comment_by_id",
    "task_by_id",
    "task_definition_by_id",
]
