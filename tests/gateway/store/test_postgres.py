"""The journal in PostgreSQL, over a real server."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager

import anyio
import psycopg
import pytest
from msgspec import structs

from connectors.sdk.errors import GatewayUnavailableError
from connectors.sdk.model import FlowRef, TaskRef
from gateway.store import KEPT_SECONDS, Journal, Lease, Stage
from gateway.store.postgres import PostgresJournal, forget_person, migrate_database, schema_status
from gateway.store.postgres.migrations import STEPS
from tests.engines import EngineServer, postgres_server
from tests.gateway.store.journal_contract import REF, TASK, Clock, JournalContract, OpenJournal, admit, ended, result

pytestmark = [pytest.mark.server, pytest.mark.slow]

OTHER = TaskRef("south", "1")


@pytest.fixture(scope="module")
def server() -> Iterator[EngineServer]:
    with postgres_server() as running:
        yield running


@pytest.fixture
def url(server: EngineServer) -> str:
    """A database without tables."""
    address = f"postgresql://taskgate@127.0.0.1:{server.port}/postgres"
    with psycopg.connect(address) as db:
        db.execute("DROP SCHEMA IF EXISTS taskgate CASCADE")
    return address


@pytest.fixture
def opened(url: str) -> Iterator[Callable[..., PostgresJournal]]:
    """Opens gateways' journals; they are closed with the test. They renew their rows only when they begin."""
    journals: list[PostgresJournal] = []

    def another(
        now: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic
    ) -> PostgresJournal:
        journals.append(PostgresJournal(url, beat=3600, now=now, monotonic=monotonic))
        return journals[-1]

    yield another
    for journal in journals:
        journal.close()


class TestPostgresJournal(JournalContract):
    @pytest.fixture
    def open_journal(self, url: str) -> OpenJournal:
        @asynccontextmanager
        async def opened(now: Callable[[], float]) -> AsyncIterator[Journal]:
            journal = PostgresJournal(url, now=now)
            try:
                yield journal
            finally:
                journal.close()

        return opened

    @pytest.fixture
    async def broken(self, url: str) -> Journal:
        journal = PostgresJournal(url)
        journal.close()
        return journal


def gone(url: str) -> None:
    """All gateways, as far as the others can see."""
    with psycopg.connect(url) as db:
        db.execute("DELETE FROM taskgate.running_gateway")


async def test_one_gateway_at_a_time_has_a_target(opened: Callable[..., PostgresJournal]) -> None:
    """The next one is told that another gateway had it, and what it has hidden; the same gateway again is not."""
    one, two = opened(), opened()
    hidden = structs.replace(TASK, payload=None)

    first = await one.take(REF)
    refused = await two.take(REF)
    others = [await two.take(FlowRef("north", "1")), await two.take(OTHER)]
    await two.give_back(REF)  # not its own: nothing happens
    still = await two.take(REF)
    await one.give_back(REF)
    again = await one.take(REF)
    one.give_back(REF, hidden=hidden)  # nothing waits for it: what the same gateway asks for later comes later
    once_more = await one.take(REF)
    await one.give_back(REF, hidden=hidden)
    handed_over = await two.take(REF)

    assert (Lease(), None, [Lease(), Lease()], None) == (first, refused, others, still)
    assert (Lease(), Lease()) == (again, once_more)
    assert Lease(is_from_another=True, hidden=hidden) == handed_over


async def test_a_gateway_that_ends_leaves_its_targets_and_writes(opened: Callable[..., PostgresJournal]) -> None:
    one, two = opened(), opened()
    await one.take(REF)
    await admit(one)
    seen = await two.record("op-1")
    counts = (len(await one.open_writes()), len(await two.open_writes()), len(await two.abandoned()))
    one.close()
    left = await two.record("op-1")

    assert seen is not None
    assert left is not None
    assert (Stage.ADMITTED, True, False) == (seen.stage, seen.is_elsewhere, left.is_elsewhere)
    assert (1, 0, 0) == counts
    assert ["op-1"] == [write.operation_id for write in await two.abandoned()]
    assert Lease(is_from_another=True, was_left=True) == await two.take(REF)


async def test_a_gateway_that_was_cut_off_sends_nothing_to_a_target_that_another_took(
    opened: Callable[..., PostgresJournal], url: str
) -> None:
    """Nor a write that another gave up. What it still holds, it may send."""
    one, two = opened(), opened()
    for operation_id, target in (("op-1", REF), ("op-2", OTHER), ("op-3", TaskRef("north", "3"))):
        await admit(one, operation_id, key=operation_id, target=target)
        await one.take(target)
    gone(url)
    await two.take(REF)
    await two.give_back(REF)
    await two.settle("op-3", result("op-3"))

    with pytest.raises(GatewayUnavailableError, match="another gateway took the target"):
        await one.mark_sent("op-1")
    with pytest.raises(GatewayUnavailableError, match="given up"):
        await one.mark_sent("op-3")
    assert 1 == await one.mark_sent("op-2")
    found = await two.record("op-1")
    assert found is not None
    assert Stage.ADMITTED is found.stage


async def test_of_copies_at_once_over_two_gateways_one_is_admitted(opened: Callable[..., PostgresJournal]) -> None:
    """Of 50 with one key."""
    journals = [opened(), opened()]
    found = await asyncio.gather(*(admit(journals[number % 2], f"op-{number}") for number in range(50)))

    first = [number for number, record in enumerate(found) if record is None]
    assert 1 == len(first)
    assert {f"op-{first[0]}"} == {record.operation_id for record in found if record is not None}


async def test_settled_writes_are_forgotten_after_a_day_that_both_clocks_tell(
    opened: Callable[..., PostgresJournal],
) -> None:
    """When the next one is admitted. A clock that jumps frees no key."""
    clock, monotonic = Clock(), Clock(0)
    journal = opened(now=clock, monotonic=monotonic)
    await admit(journal)
    await journal.mark_sent("op-1")
    await journal.settle("op-1", result())
    clock.now += KEPT_SECONDS + 1
    jumped = await admit(journal, "op-2")
    monotonic.now += KEPT_SECONDS + 1

    assert jumped is not None
    assert await admit(journal, "op-3") is None
    assert await journal.find("op-1") is None
    assert [] == await journal.steps("op-1")


async def test_people_are_kept_for_their_time_beyond_the_process(opened: Callable[..., PostgresJournal]) -> None:
    """Counted from the last sign-in; the newest record counts."""
    day, clock = 86_400.0, Clock()
    journal = opened(now=clock)
    people = journal.people(keep=2 * day)
    people.keep_person("ann", clock(), b"old")
    people.keep_person("ben", clock(), b"ben")
    journal.people(keep=0).keep_person("cid", clock() + 9 * day, b"cid")
    await people.people()
    clock.now += day
    people.keep_person("ann", clock(), b"new")
    journal.close()
    clock.now += day
    again = opened(now=clock)

    assert [("ann", b"new")] == [(key, record) for key, _, record in await again.people(keep=2 * day).people()]
    assert [] == list(await again.people(keep=0).people())


async def test_a_person_is_erased(opened: Callable[..., PostgresJournal], url: str) -> None:
    """But for writes that are open or new."""
    clock = Clock()
    journal = opened(now=clock)
    for operation_id in ("op-1", "op-2"):
        await admit(journal, operation_id, key=operation_id)
    await admit(journal, "op-3", person="bob")
    await journal.settle("op-1", result("op-1"), ended=ended("op-1"))
    journal.people(keep=9).keep_person("alice", clock(), b"x")
    await journal.people(keep=9).people()

    new = forget_person(url, "alice", now=clock)
    clock.now += 3600
    old = forget_person(url, "alice", now=clock)

    assert (0, 1, 2, True) == (new.writes, new.ended_tasks, new.left, new.was_known)
    assert (1, 0, 1, False) == (old.writes, old.ended_tasks, old.left, old.was_known)
    assert await journal.record("op-3") is not None


def test_a_newer_schema_is_refused(url: str) -> None:
    """An older process does not start, and changes nothing."""
    none = schema_status(url)
    before = migrate_database(url)
    with psycopg.connect(url) as db:
        db.execute("INSERT INTO taskgate.schema_step VALUES (%s, now())", (len(STEPS) + 1,))

    with pytest.raises(GatewayUnavailableError, match="newer version"):
        PostgresJournal(url)
    assert (0, 0, len(STEPS) + 1) == (none.number, before.number, schema_status(url).number)


def test_an_address_is_not_quoted() -> None:
    """It has the password."""
    for address in ("postgresql://ann:s3cret@127.0.0.1:notaport/x", "postgresql://ann:s3cret@127.0.0.1:1/x"):
        with pytest.raises(GatewayUnavailableError) as failure:
            PostgresJournal(address)
        assert "s3cret" not in str(failure.value)


async def test_without_the_engine_writes_are_refused_and_go_on_when_it_is_back() -> None:
    """Its crash takes nothing that was recorded, and what is asked for meanwhile is refused soon."""
    with postgres_server() as server:
        journal = PostgresJournal(f"postgresql://taskgate@127.0.0.1:{server.port}/postgres", beat=0.05)
        try:
            await admit(journal)
            await journal.take(REF)
            server.kill()
            began = time.monotonic()
            for _ in range(100):
                with pytest.raises(GatewayUnavailableError):
                    await admit(journal, "op-2", key="2")
            await_all = time.monotonic() - began
            with pytest.raises(GatewayUnavailableError):
                await journal.give_back(REF)
            trouble = journal.trouble
            server.start()
            other = PostgresJournal(f"postgresql://taskgate@127.0.0.1:{server.port}/postgres")
            for _ in range(400):
                if (lease := await other.take(REF)) is not None:
                    break
                await anyio.sleep(0.05)
            number = await journal.mark_sent("op-1")
            other.close()
        finally:
            journal.close()

    assert trouble is not None
    assert await_all < 20
    assert Lease(is_from_another=True) == lease
    assert 1 == number
