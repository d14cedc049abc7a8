"""Pages of flows over many sources."""

import strawberry

from connectors.sdk import model
from schema.core.context import Context
from schema.core.relay import PageInfo
from schema.core.resolver import resolved
from schema.flow.types import Flow
from schema.ports import EdgeRow, RowList
from schema.source.types import SourceResult


@strawberry.type(description="A flow in a list.")
class FlowEdge:
    node: Flow = strawberry.field(description="The flow. Never null.")
    row: strawberry.Private[EdgeRow[model.Flow]]

    @resolved(description="Where it stands, for `after`; fits the same filter only. Never null.")
    def cursor(self) -> str:
        return self.row.cursor()


@strawberry.type(description="A page of flows, newest first, merged over all sources, with a report of each.")
class FlowConnection:
    nodes: list[Flow] = strawberry.field(description="The flows, at most `first`. Never null.")
    edges: list[FlowEdge] = strawberry.field(description="The flows with their cursors, at most `first`.")
    page_info: PageInfo = strawberry.field(description="Where the page lies in the list. Never null.")
    total_count: int | None = strawberry.field(
        description="Flows over all pages, as far as known; null if no source says."
    )
    total_accuracy: model.CountAccuracy = strawberry.field(
        description="How far `totalCount` can be relied on. Never null."
    )
    sources: list[SourceResult] = strawberry.field(description="One report for each configured source. Never null.")

    @classmethod
    def from_list(cls, flows: RowList[model.Flow], context: Context) -> "FlowConnection":
        edges = [FlowEdge(node=Flow.from_model(edge.item, context), row=edge) for edge in flows.edges]
        return cls(
            nodes=[edge.node for edge in edges],
            edges=edges,
            page_info=PageInfo(
                has_next_page=flows.has_next_page,
                has_previous_page=flows.has_previous_page,
                first_cursor=edges[0].row.cursor if edges else None,
                last_cursor=edges[-1].row.cursor if edges else None,
            ),
            total_count=flows.total,
            total_accuracy=flows.total_accuracy,
            sources=[SourceResult.from_report(report, context.sources[report.source]) for report in flows.sources],
        )
