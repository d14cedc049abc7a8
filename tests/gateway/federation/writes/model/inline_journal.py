"""The journal in memory without threads, which the next gateway can take over."""

import sqlite3
from collections.abc import Callable, Mapping
from typing import TypeVar

from msgspec import Struct

from connectors.sdk.commands import TaskAction
from connectors.sdk.errors import GatewayUnavailableError
from connectors.sdk.model import Task
from gateway.store import Lease, Stage
from gateway.store.presence import Presence
from gateway.store.rows import decoded
from gateway.store.sqlite import SqliteJournal
from schema.ports import Target, WriteResult

T = TypeVar("T")


class End(Struct, frozen=True):
    """A write as the journal has it in the end. `steps`: how many vendor writes may have left."""

    action: TaskAction
    stage: Stage
    settled_at: float | None
    result: WriteResult | None
    steps: int


class InlineJournal(SqliteJournal):
    """`after`: the journal of a gateway that ended, over the same storage."""

    def __init__(self, now: Callable[[], float], after: "InlineJournal | None" = None) -> None:
        if after is None:
            super().__init__(None, now=now, monotonic=now)
        else:
            vars(self).update(vars(after))
            self._presence = Presence(None)
        self.is_closed = False

    def ends(self) -> Mapping[str, End]:
        """All writes by id."""
        steps = "(SELECT count(*) FROM step WHERE operation_id = operation.id)"
        rows = self._db.execute(f"SELECT id, action, stage, settled_at, result, {steps} FROM operation")  # noqa: S608 no input
        return {
            row[0]: End(TaskAction(row[1]), Stage(row[2]), row[3], decoded(row[4], WriteResult), row[5]) for row in rows
        }

    async def take(self, target: Target) -> Lease | None:
        """Its gateways run one after the other, so none shares a lease; `test_target_lease` has those that do."""
        self._check_open()
        return Lease()

    async def give_back(self, target: Target, *, hidden: Task | None = None) -> None:
        self._check_open()

    def _check_open(self) -> None:
        if self.is_closed:
            raise GatewayUnavailableError("the journal is closed")

    async def _run(self, work: Callable[[], T]) -> T:
        self._check_open()
        try:
            return work()
        except sqlite3.Error as error:
            raise GatewayUnavailableError("the journal of writes cannot be used") from error
