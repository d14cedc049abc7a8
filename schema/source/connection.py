"""Pages of lists over all sources."""

from collections.abc import Callable
from typing import Any, Generic, Self, TypeVar

import strawberry

from schema.core.context import Context
from schema.core.pagination import Connection
from schema.core.rows import Rows
from schema.ports import RowList
from schema.source.types import SourceResult

R = TypeVar("R")
T = TypeVar("T")


@strawberry.type
class MergedConnection(Connection[T], Generic[T]):
    """A page of a list over all sources, with a report per source. Subclass it like `Connection`."""

    sources: list[SourceResult] = strawberry.field(description="Report of each configured source on this list.")

    @classmethod
    def merged(cls, page: RowList[R], context: Context, show: Callable[[R], T], **members: Any) -> Self:
        """`show` turns a row into its GraphQL object; `members` are the fields that the subclass adds."""
        reports = Rows(page.sources, lambda report: SourceResult.from_report(report, context))
        return cls.of(page, lambda edge: show(edge.item), sources=reports, **members)
