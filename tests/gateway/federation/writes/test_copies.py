"""Copies of one write: they wait for the first and get its answer, in one process and over two gateways on one journal."""

from pathlib import Path

import anyio
import pytest
from msgspec import structs

from connectors.sdk.commands import CreateTask, MutationStatus, Outcome, TaskAction, TaskCommand
from connectors.sdk.errors import RateLimitedError, UpstreamTimeoutError
from gateway.federation.service import FederatedSources
from gateway.federation.traffic import CallContext, in_context
from gateway.store import Record
from gateway.store.sqlite import SqliteJournal
from schema.ports import ClaimIntent, WriteResult
from tests.gateway.federation.memory_source import MemoryConnector, federation, task
from tests.gateway.federation.write_requests import ALICE, PEOPLE, REF, codes, perform


class SlowConnector(MemoryConnector):
    """A write takes as long as the test says."""

    def __init__(self) -> None:
        super().__init__("north", [task("north", "1")])
        self.may_end = anyio.Event()
        self.has_begun = anyio.Event()

    async def perform(self, command: TaskCommand | CreateTask) -> Outcome:
        self.has_begun.set()
        await self.may_end.wait()
        return await super().perform(command)


async def copies(north: SlowConnector, *gateways: FederatedSources, number: int = 20) -> list[WriteResult]:
    """The answers to copies of one claim that are sent while the first is under way."""
    results: list[WriteResult] = []

    async def claim(sources: FederatedSources) -> None:
        results.append(await perform(sources, ClaimIntent(), ALICE, key="k"))

    async with anyio.create_task_group() as group:
        for n in range(number):
            group.start_soon(claim, gateways[n % len(gateways)])
        await north.has_begun.wait()
        await anyio.sleep(0.05)
        north.may_end.set()
    return results


def as_one(results: list[WriteResult]) -> WriteResult:
    """The answer of all of them, of which one is not replayed."""
    assert 1 == sum(not result.replayed for result in results)
    first = structs.replace(results[0], replayed=False)
    assert [first] * len(results) == [structs.replace(result, replayed=False) for result in results]
    return first


async def test_copies_get_the_answer_of_the_first() -> None:
    north = SlowConnector()

    found = as_one(await copies(north, federation(north, people=PEOPLE)))

    assert (MutationStatus.APPLIED, ["claim"]) == (found.status, north.writes)


async def test_copies_at_another_gateway_get_it_too(tmp_path: Path) -> None:
    """They look into the journal that both share."""
    path, north = tmp_path / "journal.sqlite3", SlowConnector()
    gateways = [federation(north, people=PEOPLE, journal=SqliteJournal(path)) for _ in range(2)]

    found = as_one(await copies(north, *gateways))

    assert (MutationStatus.APPLIED, ["claim"]) == (found.status, north.writes)


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (RateLimitedError("asked too often"), MutationStatus.REJECTED, "RATE_LIMITED"),
        (UpstreamTimeoutError("no answer", maybe_applied=True), MutationStatus.UNKNOWN, "UPSTREAM_TIMEOUT"),
    ],
)
async def test_copies_get_a_failure_of_the_first(
    tmp_path: Path, error: RateLimitedError, status: MutationStatus, code: str
) -> None:
    """Also one that frees the key: they asked at the same moment."""
    path, north = tmp_path / "journal.sqlite3", SlowConnector()
    north.fail_write = error
    gateways = [federation(north, people=PEOPLE, journal=SqliteJournal(path)) for _ in range(2)]

    found = as_one(await copies(north, *gateways))

    assert (status, code) == (found.status, codes(found)[0])


@pytest.mark.parametrize("is_elsewhere", [False, True])
async def test_a_copy_that_cannot_wait_longer_is_told_why(tmp_path: Path, is_elsewhere: bool) -> None:
    """PENDING with a reason; never UNKNOWN for a write that is merely under way."""
    path, north = tmp_path / "journal.sqlite3", SlowConnector()
    one = federation(north, people=PEOPLE, journal=SqliteJournal(path))
    other = federation(north, people=PEOPLE, journal=SqliteJournal(path)) if is_elsewhere else one
    found: list[WriteResult] = []

    async with anyio.create_task_group() as group:
        group.start_soon(perform_quietly, one)
        await north.has_begun.wait()
        with in_context(CallContext().with_deadline(0.1)):
            found.append(await perform(other, ClaimIntent(), ALICE, key="k"))
        north.may_end.set()
    later = await perform(other, ClaimIntent(), ALICE, key="k")

    assert (MutationStatus.PENDING, ["UPSTREAM_TIMEOUT"], True) == (
        found[0].status,
        codes(found[0]),
        found[0].replayed,
    )
    assert (MutationStatus.APPLIED, found[0].operation_id) == (later.status, later.operation_id)


async def perform_quietly(sources: FederatedSources) -> None:
    await perform(sources, ClaimIntent(), ALICE, key="k")


@pytest.mark.parametrize("was_sent", [False, True])
async def test_a_copy_notices_that_the_first_gateway_has_ended(tmp_path: Path, was_sent: bool) -> None:
    """What was not sent is REJECTED and can be sent again; what may have left is looked up."""
    path, north = tmp_path / "journal.sqlite3", SlowConnector()
    first, journal = SqliteJournal(path), SqliteJournal(path)
    other = federation(north, people=PEOPLE, journal=journal)
    await admitted(first, await fingerprint_of_a_claim())
    if was_sent:
        await first.mark_sent("op")
    found: list[WriteResult] = []

    async def follow() -> None:
        found.append(await perform(other, ClaimIntent(), ALICE, key="k"))

    async with anyio.create_task_group() as group:
        group.start_soon(follow)
        await anyio.sleep(0.05)
        assert [] == found
        first.close()

    expected = (MutationStatus.UNKNOWN, []) if was_sent else (MutationStatus.REJECTED, ["GATEWAY_UNAVAILABLE"])
    assert expected == (found[0].status, [code for code in codes(found[0]) if code != "UPSTREAM_ERROR"])
    journal.close()


async def admitted(journal: SqliteJournal, fingerprint: str) -> Record | None:
    return await journal.admit(
        operation_id="op",
        person="alice",
        client_key="k",
        fingerprint=fingerprint,
        source="north",
        target=REF,
        action=TaskAction.CLAIM,
    )


async def fingerprint_of_a_claim() -> str:
    journal = SqliteJournal(None)
    north = MemoryConnector("north", [task("north", "1")])
    await perform(federation(north, people=PEOPLE, journal=journal), ClaimIntent(), ALICE, key="k")
    found = await admitted(journal, "")
    assert found is not None
    return found.fingerprint
