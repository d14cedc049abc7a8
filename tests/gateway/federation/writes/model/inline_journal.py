"""The journal in memory without threads, which several gateways can share."""

import asyncio
import itertools
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
from gateway.store.worker import Access
from schema.ports import Target, WriteResult

T = TypeVar("T")


class End(Struct, frozen=True):
    """A write as the journal has it in the end. `steps`: how many vendor writes may have left."""

    action: TaskAction
    stage: Stage
    settled_at: float | None
    result: WriteResult | None
    steps: int


class Marks(Presence):
    """The marks of gateways that are one process here. `running`: the ids of all that run."""

    def __init__(self, running: set[str], gateway: str) -> None:
        self.id = gateway
        self._running = running
        running.add(gateway)

    def is_running(self, gateway: str | None) -> bool:
        return gateway in self._running

    def close(self) -> None:
        self._running.discard(self.id)


class InlineJournal(SqliteJournal):
    """`beside`: the journal of another gateway over the same storage, which runs or has ended.

    `has_leases` False: the gateways run one after the other, so that none shares a lease.
    """

    def __init__(
        self, now: Callable[[], float], beside: "InlineJournal | None" = None, *, has_leases: bool = False
    ) -> None:
        if beside is None:
            super().__init__(None, now=now, monotonic=now)
            self._running: set[str] = set()
            self._numbers = itertools.count()
        else:
            vars(self).update(vars(beside))
        self._presence = Marks(self._running, f"gateway {next(self._numbers)}")
        self._has_leases = has_leases
        self.is_closed = False

    def ends(self) -> Mapping[str, End]:
        """All writes by id."""
        steps = "(SELECT count(*) FROM step WHERE operation_id = operation.id)"
        rows = self._db.execute(f"SELECT id, action, stage, settled_at, result, {steps} FROM operation")  # noqa: S608 no input
        return {
            row[0]: End(TaskAction(row[1]), Stage(row[2]), row[3], decoded(row[4], WriteResult), row[5]) for row in rows
        }

    def end(self) -> None:
        """The process of this gateway has ended, or does nothing more."""
        self.is_closed = True
        self._presence.close()

    async def take(self, target: Target) -> Lease | None:
        self._check_open()
        return await super().take(target) if self._has_leases else Lease()

    def give_back(self, target: Target, *, hidden: Task | None = None) -> "asyncio.Future[None]":
        if self._has_leases and not self.is_closed:
            return super().give_back(target, hidden=hidden)
        given: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        given.set_result(None)
        return given

    def _check_open(self) -> None:
        if self.is_closed:
            raise GatewayUnavailableError("the journal is closed")

    async def _run(self, work: Callable[[], T], access: Access = Access.READ) -> T:
        self._check_open()
        return await super()._run(work, access)
