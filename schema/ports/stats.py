"""Counts of tasks in buckets."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from connectors.sdk.model import CountAccuracy, NativeRef
from schema.ports.filters import TaskFilter
from schema.ports.lists import InboxScope
from schema.ports.people import PersonId
from schema.ports.sources import SourceReport


class TaskDimension(StrEnum):
    SOURCE = "SOURCE"
    VENDOR = "VENDOR"
    STATE = "STATE"
    ASSIGNEE = "ASSIGNEE"
    CANDIDATE_GROUP = "CANDIDATE_GROUP"
    PRIORITY = "PRIORITY"
    OVERDUE = "OVERDUE"
    DUE_DAY = "DUE_DAY"
    DEFINITION = "DEFINITION"
    KIND = "KIND"
    TAG = "TAG"


class StatsRequest(Struct, frozen=True, kw_only=True):
    """`scope` and `now` as for TaskListRequest."""

    scope: InboxScope = InboxScope.ALL_VISIBLE
    filter: TaskFilter = TaskFilter()
    group_by: tuple[TaskDimension, ...] = ()
    fresh: bool = False
    now: datetime | None = None


class BucketKey(Struct, frozen=True):
    """One value of one dimension. `value` is None for tasks without a value."""

    dimension: TaskDimension
    value: str | None = None
    label: str | None = None
    user: PersonId | None = None
    group: NativeRef | None = None
    source: str | None = None


class TaskBucket(Struct, frozen=True, kw_only=True):
    keys: tuple[BucketKey, ...]
    count: int
    overdue: int
    oldest_created_at: datetime | None
    next_due_at: datetime | None
    accuracy: CountAccuracy


class TaskStats(Struct, frozen=True, kw_only=True):
    """Counts of buckets add up to `total`. The largest bucket comes first."""

    total: int
    accuracy: CountAccuracy
    overdue: int
    buckets: Sequence[TaskBucket]
    sources: Sequence[SourceReport]
