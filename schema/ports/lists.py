"""Lists over all sources: what is asked, and the page that comes back."""

from collections.abc import Callable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar

from msgspec import Struct

from connectors.sdk.model import CountAccuracy, Definition, Task
from connectors.sdk.query import FlowQuery, SortKey
from schema.ports.filters import TaskFilter
from schema.ports.sources import SourceReport

T = TypeVar("T")


class InboxScope(StrEnum):
    MINE = "MINE"
    CLAIMABLE = "CLAIMABLE"
    MINE_OR_CLAIMABLE = "MINE_OR_CLAIMABLE"
    MY_GROUPS = "MY_GROUPS"
    ALL_VISIBLE = "ALL_VISIBLE"


class TaskListRequest(Struct, frozen=True, kw_only=True):
    """`first` is 1..100, checked by the graph. `count` asks for the total, which may cost calls.

    `backward`: the last `first` rows, or those that end before the cursor `after`. `now` is the moment at which tasks are overdue; the gateway's own where it is None.
    """

    scope: InboxScope = InboxScope.ALL_VISIBLE
    filter: TaskFilter = TaskFilter()
    order: tuple[SortKey, ...] = ()
    first: int = 25
    after: str | None = None
    backward: bool = False
    fresh: bool = False
    count: bool = True
    now: datetime | None = None


class PageRequest(Struct, frozen=True, kw_only=True):
    """`first` is 1..100, checked by the graph. `sources` None asks all that have such a list. `backward` as for tasks."""

    sources: frozenset[str] | None = None
    first: int = 25
    after: str | None = None
    backward: bool = False
    fresh: bool = False
    count: bool = True


class FlowListRequest(PageRequest, frozen=True, kw_only=True):
    """The query's ids and definitions are the vendors' own."""

    query: FlowQuery = FlowQuery()


class DefinitionRow(Struct, frozen=True):
    """A task definition and the source that has it."""

    source: str
    definition: Definition

    @property
    def native_id(self) -> str:
        return self.definition.native_id


class EdgeRow(Struct, Generic[T], frozen=True):
    """A row and the way to its cursor; cursors are made when asked for."""

    item: T
    cursor: Callable[[], str]


class RowList(Struct, Generic[T], frozen=True, kw_only=True):
    edges: Sequence[EdgeRow[T]]
    has_next_page: bool
    has_previous_page: bool
    total: int | None
    total_accuracy: CountAccuracy
    sources: Sequence[SourceReport]


class TaskEdgeRow(Struct, frozen=True):
    """A task and the way to its cursor; cursors are made when asked for."""

    task: Task
    cursor: Callable[[], str]


class TaskList(Struct, frozen=True, kw_only=True):
    edges: Sequence[TaskEdgeRow]
    has_next_page: bool
    has_previous_page: bool
    total: int | None
    total_accuracy: CountAccuracy
    is_complete: bool
    sources: Sequence[SourceReport]
