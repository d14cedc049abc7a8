"""What tasks are made from, over many sources."""

from typing import Annotated

import strawberry

from schema.core.arguments import given, source_key, window
from schema.core.context import Context
from schema.core.relay import PageInfo
from schema.core.resolver import resolved
from schema.execution import selects
from schema.ports import DefinitionRow, EdgeRow, PageRequest, RowList
from schema.source.types import SourceResult
from schema.task.types import TaskDefinition


@strawberry.type(description="A task definition in a list.")
class TaskDefinitionEdge:
    node: TaskDefinition = strawberry.field(description="The definition. Never null.")
    row: strawberry.Private[EdgeRow[DefinitionRow]]

    @resolved(description="Where it stands, for `after`. Never null.")
    def cursor(self) -> str:
        return self.row.cursor()


@strawberry.type(description="A page of task definitions, by name, merged over all sources, with a report of each.")
class TaskDefinitionConnection:
    nodes: list[TaskDefinition] = strawberry.field(description="The definitions, at most `first`. Never null.")
    edges: list[TaskDefinitionEdge] = strawberry.field(description="With their cursors, at most `first`.")
    page_info: PageInfo = strawberry.field(description="Where the page lies in the list. Never null.")
    total_count: int | None = strawberry.field(
        description="Definitions over all pages, as far as known; null if no source says."
    )
    sources: list[SourceResult] = strawberry.field(description="One report for each configured source. Never null.")

    @classmethod
    def from_list(cls, found: RowList[DefinitionRow], context: Context) -> "TaskDefinitionConnection":
        edges = [
            TaskDefinitionEdge(node=TaskDefinition.from_model(edge.item.definition, edge.item.source), row=edge)
            for edge in found.edges
        ]
        return cls(
            nodes=[edge.node for edge in edges],
            edges=edges,
            page_info=PageInfo(
                has_next_page=found.has_next_page,
                has_previous_page=found.has_previous_page,
                first_cursor=edges[0].row.cursor if edges else None,
                last_cursor=edges[-1].row.cursor if edges else None,
            ),
            total_count=found.total,
            sources=[SourceResult.from_report(report, context.sources[report.source]) for report in found.sources],
        )


@strawberry.type
class TaskDefinitionQueries:
    @resolved(
        description=(
            "What tasks are made from, at most 100 a page. A failing source does not fail it, one that lists no "
            "definitions is SKIPPED: see `sources`."
        )
    )
    async def task_definitions(
        self,
        info: strawberry.Info[Context, None],
        first: Annotated[
            int | None, strawberry.argument(description="Rows of the page, 1 to 100; null or absent means 25.")
        ] = strawberry.UNSET,
        after: Annotated[
            str | None,
            strawberry.argument(description="Cursor of the edge before the page; null means from the start."),
        ] = strawberry.UNSET,
        last: Annotated[
            int | None, strawberry.argument(description="Rows from the end, 1 to 100; not with `first`.")
        ] = strawberry.UNSET,
        before: Annotated[
            str | None, strawberry.argument(description="Cursor of the edge after the page.")
        ] = strawberry.UNSET,
        source: Annotated[
            strawberry.ID | None, strawberry.argument(description="Of this Source only; null means of all.")
        ] = strawberry.UNSET,
    ) -> TaskDefinitionConnection:
        context, wanted = info.context, given(source)
        page = window(first, after, last, before)
        request = PageRequest(
            sources=None if wanted is None else frozenset({source_key(wanted, ("source",), context)}),
            first=page.size,
            after=page.cursor,
            backward=page.backward,
            count=selects(info, ("totalCount",), ("sources", "count")),
        )
        found = await context.federation.list_task_definitions(context.caller, request)
        return TaskDefinitionConnection.from_list(found, context)
