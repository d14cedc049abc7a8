"""Pages of people and of groups over many sources."""

import strawberry

from schema.core.context import Context
from schema.core.relay import PageInfo
from schema.core.resolver import resolved
from schema.people.types import Group, User
from schema.ports import EdgeRow, GroupRow, PersonRow, RowList
from schema.source.types import SourceResult


@strawberry.type(description="A person in a list.")
class UserEdge:
    node: User = strawberry.field(description="The person. Never null.")
    row: strawberry.Private[EdgeRow[PersonRow]]

    @resolved(description="Where it stands, for `after`; fits the same arguments only. Never null.")
    def cursor(self) -> str:
        return self.row.cursor()


@strawberry.type(description="A page of people, by name, each once, with a report of each source.")
class UserConnection:
    nodes: list[User] = strawberry.field(description="The people, at most `first`. Never null.")
    edges: list[UserEdge] = strawberry.field(description="The people with their cursors, at most `first`.")
    page_info: PageInfo = strawberry.field(description="Where the page lies in the list. Never null.")
    total_count: int | None = strawberry.field(
        description="People over all pages; null where a source could not tell all of them."
    )
    sources: list[SourceResult] = strawberry.field(description="One report for each configured source. Never null.")

    @classmethod
    def from_list(cls, found: RowList[PersonRow], context: Context) -> "UserConnection":
        edges = [UserEdge(node=User.from_person_row(edge.item), row=edge) for edge in found.edges]
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


@strawberry.type(description="A group in a list.")
class GroupEdge:
    node: Group = strawberry.field(description="The group. Never null.")
    row: strawberry.Private[EdgeRow[GroupRow]]

    @resolved(description="Where it stands, for `after`; fits the same arguments only. Never null.")
    def cursor(self) -> str:
        return self.row.cursor()


@strawberry.type(description="A page of groups, by name, with a report of each source.")
class GroupConnection:
    nodes: list[Group] = strawberry.field(description="The groups, at most `first`. Never null.")
    edges: list[GroupEdge] = strawberry.field(description="The groups with their cursors, at most `first`.")
    page_info: PageInfo = strawberry.field(description="Where the page lies in the list. Never null.")
    total_count: int | None = strawberry.field(description="Groups over all pages, as far as known; null if not known.")
    sources: list[SourceResult] = strawberry.field(description="One report for each configured source. Never null.")

    @classmethod
    def from_list(cls, found: RowList[GroupRow], context: Context) -> "GroupConnection":
        edges = [GroupEdge(node=Group.from_group_row(edge.item, context), row=edge) for edge in found.edges]
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
