"""Requests for pages of lists over all sources, and the pages."""

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
    """`first` is 0..100, checked by the schema. `count`: ask for the total, which may cost upstream calls.

    `backward`: the last `first` rows, or the `first` rows before the cursor `after`. The page ends before the row of
    the cursor `until` in any case. `now` decides which tasks are
    overdue; None means the gateway's clock. `without_candidates`: the caller looks neither at the candidates of the rows
    nor at what depends on them (permitted actions, version). `with_data`: the caller will ask for the data of all rows.
    Both only spare calls. `cursors` False: the caller asks no row for its cursor, which would raise RuntimeError.
    """

    scope: InboxScope = InboxScope.ALL_VISIBLE
    filter: TaskFilter = TaskFilter()
    order: tuple[SortKey, ...] = ()
    first: int = 25
    after: str | None = None
    until: str | None = None
    backward: bool = False
    fresh: bool = False
    count: bool = True
    now: datetime | None = None
    without_candidates: bool = False
    with_data: bool = False
    cursors: bool = True


class PageRequest(Struct, frozen=True, kw_only=True):
    """As TaskListRequest. `sources` None means every source that has such a list."""

    sources: frozenset[str] | None = None
    first: int = 25
    after: str | None = None
    until: str | None = None
    backward: bool = False
    fresh: bool = False
    count: bool = True
    cursors: bool = True


class FlowListRequest(PageRequest, frozen=True, kw_only=True):
    """Ids and definitions of `query` are native."""

    query: FlowQuery = FlowQuery()


class DefinitionRow(Struct, frozen=True):
    """A task definition and the source that has it."""

    source: str
    definition: Definition

    @property
    def native_id(self) -> str:
        return self.definition.native_id


class EdgeRow(Struct, Generic[T], frozen=True):
    """A row. Its cursor is encoded when `cursor()` is called."""

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
    """A task. Its cursor is encoded when `cursor()` is called."""

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
