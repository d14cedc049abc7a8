"""Leases on targets: one write at a time, over all gateways on one journal."""

import asyncio
from pathlib import Path
from typing import Any
from unittest.mock import patch

import anyio
from structlog.testing import capture_logs

from connectors.sdk.commands import MutationStatus
from connectors.sdk.errors import GatewayUnavailableError
from connectors.sdk.model import Task, TaskRef
from gateway.federation.traffic import CallContext, in_context
from gateway.federation.writes.target_lease import TargetLeases
from gateway.shared.memory import MemoryLeases
from gateway.store import Lease
from gateway.store.sqlite import SqliteJournal
from schema.ports import ClaimIntent, ReleaseIntent, Target
from tests.gateway.federation.memory_source import MemoryConnector, federation, task
from tests.gateway.federation.write_requests import ALICE, BOB, PEOPLE, REF, codes, perform


class FailingLeases(SqliteJournal):
    """Its storage fails in the named methods, as often as each is named."""

    def __init__(self, path: Path | None, *fails: str) -> None:
        super().__init__(path)
        self._fails = list(fails)

    async def take(self, target: Target) -> Lease | None:
        self._check("take")
        return await super().take(target)

    def give_back(self, target: Target, *, hidden: Task | None = None) -> "asyncio.Future[None]":
        try:
            self._check("give_back")
        except GatewayUnavailableError as error:
            failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            failed.set_exception(error)
            return failed
        return super().give_back(target, hidden=hidden)

    def _check(self, method: str) -> None:
        if method in self._fails:
            self._fails.remove(method)
            raise GatewayUnavailableError("disk full")


async def test_without_a_lease_nothing_is_sent() -> None:
    """The key is free: it works when the journal does."""
    north = MemoryConnector("north", [task("north", "1")])
    sources = federation(north, people=PEOPLE, journal=FailingLeases(None, "take"))

    refused = await perform(sources, ClaimIntent(), ALICE, key="k")
    nothing = list(north.writes)
    again = await perform(sources, ClaimIntent(), ALICE, key="k")

    assert (MutationStatus.REJECTED, ["GATEWAY_UNAVAILABLE"], []) == (refused.status, codes(refused), nothing)
    assert (MutationStatus.APPLIED, False) == (again.status, again.replayed)


async def test_a_lease_that_cannot_be_given_back_changes_no_result(tmp_path: Path) -> None:
    """It is given back before the next write, so that other gateways get it."""
    path = tmp_path / "journal.sqlite3"
    north = MemoryConnector("north", [task("north", "1"), task("north", "2")])
    other = SqliteJournal(path)
    sources = federation(north, people=PEOPLE, journal=FailingLeases(path, "give_back"))

    with capture_logs() as logs:
        applied = await perform(sources, ClaimIntent(), ALICE)
        await anyio.lowlevel.checkpoint()
    held = await other.take(REF)
    await perform(sources, ClaimIntent(), ALICE, target=task("north", "2").ref)

    assert (MutationStatus.APPLIED, None) == (applied.status, held)
    assert "lease not given back" in [line["event"] for line in logs]
    given = await other.take(REF)
    assert given is not None
    assert given.is_from_another
    other.close()


async def test_a_write_that_cannot_wait_longer_for_another_gateway_is_told_so(tmp_path: Path) -> None:
    """Nothing was sent, and the key is free."""
    path = tmp_path / "journal.sqlite3"
    north, other = MemoryConnector("north", [task("north", "1")]), SqliteJournal(path)
    sources = federation(north, people=PEOPLE, journal=SqliteJournal(path))
    await other.take(REF)

    with in_context(CallContext().with_deadline(0.1)):
        refused = await perform(sources, ClaimIntent(), ALICE, key="k")
    await other.give_back(REF)
    again = await perform(sources, ClaimIntent(), ALICE, key="k")

    assert (MutationStatus.REJECTED, ["UPSTREAM_UNAVAILABLE"]) == (refused.status, codes(refused))
    assert (MutationStatus.APPLIED, ["claim"]) == (again.status, north.writes)
    other.close()


async def test_what_another_gateway_wrote_outdates_what_is_known_here(tmp_path: Path) -> None:
    """Cached records, and records as our own writes left them: alice's release here, then her claim there."""
    path = tmp_path / "journal.sqlite3"
    north = MemoryConnector("north", [task("north", "1")])
    here, there = (federation(north, people=PEOPLE, journal=SqliteJournal(path)) for _ in range(2))
    await perform(here, ClaimIntent(), ALICE)
    await perform(here, ReleaseIntent(), ALICE)
    await perform(there, ClaimIntent(), ALICE)

    second = await perform(here, ClaimIntent(), BOB)

    assert (MutationStatus.REJECTED, ["ALREADY_ASSIGNED"]) == (second.status, codes(second))
    assert ["claim", "release", "claim"] == north.writes


async def test_gateways_take_turns(tmp_path: Path) -> None:
    """No two of them are in the block at once, and it is told where the target comes from another one."""
    path = tmp_path / "journal.sqlite3"
    inside: list[str] = []
    told: list[Any] = []

    def leases() -> TargetLeases:
        return TargetLeases(
            MemoryLeases(), journal=SqliteJournal(path), changed_elsewhere=lambda *what: told.append(what)
        )

    async def write(held: TargetLeases, name: str) -> None:
        async with held.hold(REF):
            inside.append(name)
            await anyio.sleep(0.01)
            assert [name] == inside[-1:]
            inside.append(f"end {name}")

    one, other = leases(), leases()
    async with anyio.create_task_group() as group:
        for n in range(6):
            group.start_soon(write, (one, other)[n % 2], str(n))

    assert [f"end {name}" for name in inside[::2]] == inside[1::2]
    assert told
    assert {(REF, None)} == set(told)


async def test_what_was_not_given_back_is_not_taken_from_a_write_that_has_it_again(tmp_path: Path) -> None:
    """Its target is still noted as one to give back, while a write to another target begins."""
    first, second = TaskRef("north", "1"), TaskRef("north", "2")
    journal, other = (
        FailingLeases(tmp_path / "journal.sqlite3", "give_back"),
        SqliteJournal(tmp_path / "journal.sqlite3"),
    )
    leases = TargetLeases(MemoryLeases(), journal=journal, changed_elsewhere=lambda *_: None)
    async with leases.hold(first):
        pass
    take, waits, goes_on = journal.take, anyio.Event(), anyio.Event()

    async def taken(target: Target) -> Lease | None:
        lease = await take(target)
        if target == first:
            waits.set()
            await goes_on.wait()
        return lease

    with patch.object(journal, "take", taken):
        async with anyio.create_task_group() as group:

            async def again() -> None:
                async with leases.hold(first):
                    assert None is await other.take(first)

            group.start_soon(again)
            await waits.wait()
            async with leases.hold(second):
                assert None is await other.take(first)
            goes_on.set()
    await journal.undos()  # what began before has been done
    given = await other.take(first)

    assert given is not None
    other.close()
    journal.close()
