"""Pages of tasks over many sources."""

import strawberry

from connectors.sdk.model import CountAccuracy
from schema.core.context import Context
from schema.core.relay import PageInfo
from schema.core.resolver import resolved
from schema.ports import TaskEdgeRow, TaskList
from schema.source.types import SourceResult
from schema.task.types import Task


@strawberry.type(description="A task in a list.")
class TaskEdge:
    node: Task = strawberry.field(description="The task. Never null.")
    row: strawberry.Private[TaskEdgeRow]

    @resolved(description="Where it stands, for `after`; fits the same filter and order only. Never null.")
    def cursor(self) -> str:
        return self.row.cursor()


@strawberry.type(description="A page of tasks, merged over all sources, with a report of each.")
class TaskConnection:
    nodes: list[Task] = strawberry.field(description="The tasks, at most `first`. Never null.")
    page_info: PageInfo = strawberry.field(description="Where the page lies in the list. Never null.")
    total_count: int | None = strawberry.field(
        description="Tasks over all pages, as far as known; null if no source says. May cost calls."
    )
    total_accuracy: CountAccuracy = strawberry.field(description="How far `totalCount` can be relied on. Never null.")
    is_complete: bool = strawberry.field(description="False if a source failed, was cut off or is stale. Never null.")
    sources: list[SourceResult] = strawberry.field(description="One report for each configured source. Never null.")
    rows: strawberry.Private[TaskList]

    @resolved(description="The tasks with their cursors, at most `first`. Never null.")
    def edges(self) -> list[TaskEdge]:
        return [TaskEdge(node=node, row=row) for node, row in zip(self.nodes, self.rows.edges, strict=True)]

    @classmethod
    def from_list(cls, tasks: TaskList, context: Context) -> "TaskConnection":
        edges = tasks.edges
        return cls(
            nodes=[Task.from_model(edge.task, context, is_listed=True) for edge in edges],
            page_info=PageInfo(
                has_next_page=tasks.has_next_page,
                has_previous_page=tasks.has_previous_page,
                first_cursor=edges[0].cursor if edges else None,
                last_cursor=edges[-1].cursor if edges else None,
            ),
            total_count=tasks.total,
            total_accuracy=tasks.total_accuracy,
            is_complete=tasks.is_complete,
            sources=[SourceResult.from_report(report, context.sources[report.source]) for report in tasks.sources],
            rows=tasks,
        )
