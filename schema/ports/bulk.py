"""Writes that are more than one: the same action on several tasks, and the claim of the next task of a list."""

from collections.abc import Mapping

from msgspec import Struct

from connectors.sdk.model import TaskRef
from connectors.sdk.query import SortKey
from schema.ports.filters import TaskFilter
from schema.ports.intents import TaskIntent
from schema.ports.writes import WriteResult


class BulkRequest(Struct, frozen=True, kw_only=True):
    """`intent` on each of `targets`. A target that is named twice is written to once.

    Every target is a write of its own under the idempotency key and its id, so the same key may come again with fewer or
    more targets. `dry_run`: nothing is written.
    """

    targets: tuple[TaskRef, ...]
    intent: TaskIntent
    idempotency_key: str | None = None
    dry_run: bool = False


class BulkEntry(Struct, frozen=True):
    """What became of one task. `is_recorded`: the journal has the write under `result.operation_id`."""

    result: WriteResult
    is_recorded: bool


class BulkResult(Struct, frozen=True):
    """One entry for each distinct target.

    In a dry run an entry that would be sent is PENDING, and `upstream_calls` are those that the writes would take.
    """

    entries: Mapping[TaskRef, BulkEntry]
    upstream_calls: int


class TakeNextRequest(Struct, frozen=True, kw_only=True):
    """Claim the first task of the list that the caller may claim, in this order."""

    filter: TaskFilter = TaskFilter()
    order: tuple[SortKey, ...] = ()
    idempotency_key: str | None = None
