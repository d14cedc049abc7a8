"""Pages of tasks over all sources."""

from typing import Self

import strawberry

from schema.core.context import Context
from schema.core.enums import CountAccuracy
from schema.core.pagination import Connection
from schema.core.presenters import present
from schema.core.rows import Rows
from schema.ports import TaskList
from schema.source import SourceResult
from schema.task.types import Task


@strawberry.type(description="A page of tasks over all sources, in one order.")
class TaskConnection(Connection[Task]):
    total_accuracy: CountAccuracy = strawberry.field(description="Accuracy of `totalCount`.")
    is_complete: bool = strawberry.field(
        description="True if every source answered in full: none failed, was truncated or is stale."
    )
    sources: list[SourceResult] = strawberry.field(description="Report of each configured source on this list.")

    @classmethod
    def from_list(cls, tasks: TaskList, context: Context) -> Self:
        return cls.of(
            tasks,
            lambda edge: Task.from_model(edge.task, context, is_listed=True),
            total_accuracy=tasks.total_accuracy,
            is_complete=tasks.is_complete,
            sources=Rows(tasks.sources, lambda report: SourceResult.from_report(report, context)),
        )


@present.register
def present_tasks(tasks: TaskList, context: Context) -> TaskConnection:
    return TaskConnection.from_list(tasks, context)
