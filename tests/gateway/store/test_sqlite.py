import asyncio
import contextlib
import shutil
import sqlite3
import stat
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from msgspec import structs

from connectors.sdk.commands import MutationStatus
from connectors.sdk.errors import GatewayUnavailableError
from connectors.sdk.model import FlowRef, TaskRef
from gateway.store import KEPT_SECONDS, Journal, Record, Stage
from gateway.store.checkpoints import COMMITS
from gateway.store.migrations import STEPS
from gateway.store.sqlite import SqliteJournal
from gateway.store.worker import Access
from schema.ports import SourceRef
from tests.gateway.store.journal_contract import REF, TASK, Clock, JournalContract, OpenJournal, admit, ended, result


class TestSqliteJournal(JournalContract):
    @pytest.fixture
    def open_journal(self, tmp_path: Path) -> OpenJournal:
        @asynccontextmanager
        async def opened(now: Callable[[], float]) -> AsyncIterator[Journal]:
            journal = SqliteJournal(tmp_path / "journal.sqlite3", now=now)
            try:
                yield journal
            finally:
                journal.close()

        return opened

    @pytest.fixture
    async def broken(self) -> Journal:
        journal = SqliteJournal(None)
        journal.close()
        return journal


async def test_settled_writes_are_forgotten_after_a_day() -> None:
    """When the next one is admitted: the key can be used again."""
    clock, monotonic = Clock(), Clock(0)
    journal = SqliteJournal(None, now=clock, monotonic=monotonic)
    await admit(journal)
    await journal.mark_sent("op-1")
    await journal.settle("op-1", result())
    clock.now += KEPT_SECONDS + 1
    monotonic.now += KEPT_SECONDS + 1

    assert await admit(journal, "op-2") is None
    assert await journal.find("op-1") is None
    assert [] == await journal.steps("op-1")
    journal.close()


@pytest.mark.parametrize("status", [None, MutationStatus.UNKNOWN, MutationStatus.PENDING])
async def test_a_write_that_is_not_settled_is_never_forgotten(status: MutationStatus | None) -> None:
    """However old it is: its key must not send it again."""
    clock, monotonic = Clock(), Clock(0)
    journal = SqliteJournal(None, now=clock, monotonic=monotonic)
    await admit(journal)
    if status is not None:
        await journal.settle("op-1", result(status=status))
    clock.now += 9 * KEPT_SECONDS
    monotonic.now += 9 * KEPT_SECONDS

    assert await admit(journal, "op-2") is not None
    journal.close()


async def test_a_clock_that_jumps_frees_no_key(tmp_path: Path) -> None:
    """While the gateway runs, and over restarts, also after writes were admitted under the wrong time."""
    path, clock, monotonic = tmp_path / "journal.sqlite3", Clock(), Clock(0)
    journal = SqliteJournal(path, now=clock, monotonic=monotonic)
    await admit(journal)
    await journal.settle("op-1", result())
    for restart in range(3):
        clock.now += 25 * 3600
        assert await admit(journal, f"other-{restart}", key=f"other-{restart}") is None
        assert await admit(journal, "op-2") is not None
        journal.close()
        monotonic.now = 1e6 * restart  # It begins anywhere with each boot of the machine.
        journal = SqliteJournal(path, now=clock, monotonic=monotonic)
    # A gateway that ran for a day, in several pieces, forgets.
    for restart in range(3):
        monotonic.now += KEPT_SECONDS / 2
        await admit(journal, f"later-{restart}", key=None)
        journal.close()
        monotonic.now = 0
        journal = SqliteJournal(path, now=clock, monotonic=monotonic)

    assert await admit(journal, "op-2") is None
    journal.close()


def test_a_file_that_cannot_be_opened_is_one_error(tmp_path: Path) -> None:
    """In this test the path is a folder."""
    with pytest.raises(GatewayUnavailableError, match="cannot be opened"):
        SqliteJournal(tmp_path)


@pytest.mark.parametrize(
    ("packed", "status"),
    [
        (b"\x01", "UNKNOWN"),
        (b"\x81\xa1Z\x01", "UNKNOWN"),
        (b"\x82\xa6status\xa7APPLIED\xa4task\x01", "APPLIED"),
    ],
)
async def test_a_result_of_another_version_is_read_as_far_as_it_can_be(
    tmp_path: Path, packed: bytes, status: str
) -> None:
    """The write is settled all the same: it is never sent again. Ended tasks that cannot be read are left out."""
    path = tmp_path / "journal.sqlite3"
    journal = SqliteJournal(path, now=Clock())
    await admit(journal)
    await journal.settle("op-1", result(), ended=ended())
    with sqlite3.connect(path) as other:
        other.execute("UPDATE operation SET result = ?", (packed,))
        other.execute("UPDATE ended_task SET record = ?", (packed,))
    other.close()

    found, again = await journal.find("op-1"), await admit(journal, "op-2")

    assert found is not None
    assert again is not None
    assert ["another version"] == [problem.message[:15] for problem in found.problems]
    assert (status, Stage.SETTLED, None, []) == (
        found.status.value,
        again.stage,
        again.result,
        await journal.ended_tasks(most=9),
    )
    journal.close()


async def test_ended_tasks_outlive_their_writes(tmp_path: Path) -> None:
    """For as long as the journal was opened with, also when others are admitted."""
    clock, monotonic = Clock(), Clock(0)
    journal = SqliteJournal(tmp_path / "journal.sqlite3", keep_ended=3 * KEPT_SECONDS, now=clock, monotonic=monotonic)
    await admit(journal)
    await journal.settle("op-1", result(), ended=ended())
    clock.now += 3 * KEPT_SECONDS - 1
    monotonic.now += 3 * KEPT_SECONDS - 1
    await admit(journal, "op-2", key="another")
    kept = await journal.ended_tasks(most=9)
    clock.now += 2

    assert await journal.find("op-1") is None
    assert ([ended()], []) == (kept, await journal.ended_tasks(most=9))
    journal.close()


async def test_a_file_of_the_first_version_is_brought_up_to_date(tmp_path: Path) -> None:
    """Its files had no number. What it recorded stays."""
    path = tmp_path / "journal.sqlite3"
    with sqlite3.connect(path) as old:
        old.executescript(STEPS[0])
        old.execute(
            "INSERT INTO operation (id, person, client_key, fingerprint, source, target, action, stage, requested_at,"
            " kind) VALUES ('op-1', 'alice', 'k', 'f', 'north', '1', 'CLAIM', 'SENT', ?, 'TaskRef')",
            (Clock().now,),
        )
    old.close()

    journal = SqliteJournal(path, now=Clock())
    again = await admit(journal, "op-2")
    await journal.settle("op-1", result(), ended=ended())

    assert again is not None
    assert ("op-1", [ended()]) == (again.operation_id, await journal.ended_tasks(most=9))
    journal.close()


def test_a_file_of_a_newer_version_is_one_error(tmp_path: Path) -> None:
    """Nothing is written into tables that this version does not know."""
    path = tmp_path / "journal.sqlite3"
    with sqlite3.connect(path) as newer:
        newer.execute(f"PRAGMA user_version = {len(STEPS) + 1}")
    newer.close()

    with pytest.raises(GatewayUnavailableError, match="newer version"):
        SqliteJournal(path)


@pytest.mark.parametrize("number", [0, 2])
async def test_a_file_without_kinds_is_brought_up_to_date(tmp_path: Path, number: int) -> None:
    """The first files had none. A later version may have counted its steps in such a file, too."""
    path = tmp_path / "journal.sqlite3"
    with sqlite3.connect(path) as old:
        old.executescript(STEPS[0].replace("kind TEXT NOT NULL,", "") + (STEPS[1] if number else ""))
        for operation, target, action in (("op-1", "1", "CLAIM"), ("op-2", "7", "CANCEL_FLOW"), ("op-3", "", "CREATE")):
            old.execute(
                "INSERT INTO operation (id, person, fingerprint, source, target, action, stage, requested_at)"
                " VALUES (?, 'alice', 'f', 'north', ?, ?, 'SENT', ?)",
                (operation, target, action, Clock().now),
            )
        old.execute(f"PRAGMA user_version = {number}")
    old.close()

    journal = SqliteJournal(path, now=Clock())
    found = await journal.open_writes()

    assert [TaskRef("north", "1"), FlowRef("north", "7"), SourceRef("north")] == [write.target for write in found]
    assert await admit(journal, "op-4") is None
    journal.close()


def test_a_file_that_lacks_columns_is_one_error(tmp_path: Path) -> None:
    """It is found at the start and not with the first write."""
    path = tmp_path / "journal.sqlite3"
    SqliteJournal(path).close()
    with sqlite3.connect(path) as other:
        other.execute("ALTER TABLE operation DROP COLUMN fingerprint")
    other.close()

    with pytest.raises(GatewayUnavailableError, match="operation lacks fingerprint"):
        SqliteJournal(path)


def files(folder: Path) -> list[Path]:
    return list(folder.iterdir())


@pytest.mark.parametrize("mode", [None, 0o644])
async def test_only_its_owner_may_read_the_file(tmp_path: Path, mode: int | None) -> None:
    """Also a file that was there before, and the files that SQLite puts beside it."""
    path = tmp_path / "journal.sqlite3"
    if mode is not None:
        path.touch(mode)
        path.chmod(mode)
    journal = SqliteJournal(path)
    await admit(journal)

    assert {0o600} == {stat.S_IMODE(each.stat().st_mode) for each in files(tmp_path)}
    journal.close()


async def test_an_action_of_another_version_is_one_error(tmp_path: Path) -> None:
    """Its record is kept, and the key stays used."""
    path = tmp_path / "journal.sqlite3"
    journal = SqliteJournal(path, now=Clock())
    await admit(journal)
    with sqlite3.connect(path) as other:
        other.execute("UPDATE operation SET action = 'DANCE'")
    other.close()

    with pytest.raises(GatewayUnavailableError, match="action DANCE is not known"):
        await journal.find("op-1")
    assert [None] == [write.action for write in await journal.open_writes()]
    assert await admit(journal, "op-2") is not None
    journal.close()


async def test_a_result_that_cannot_be_stored_is_stored_without_its_objects() -> None:
    """A number that is too large for the record, for example."""
    journal = SqliteJournal(None, now=Clock())
    await admit(journal)
    task = structs.replace(TASK, priority_score=10**30)
    await journal.settle("op-1", structs.replace(result(), task=task))
    again = await admit(journal, "op-2")

    assert again is not None
    assert again.result == structs.replace(result(), task=None, flow=None)
    journal.close()


async def test_only_what_must_outlast_a_power_failure_waits_for_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That a write may have been sent: after its commit, and once for all of the same moment."""
    journal = SqliteJournal(tmp_path / "journal.sqlite3")
    done: list[str] = []
    journal._db.set_trace_callback(lambda statement: done.append(statement) if statement == "COMMIT" else None)
    monkeypatch.setattr("gateway.store.worker._sync", lambda _: done.append("sync"))
    await admit(journal)
    await journal.take(REF)
    await journal.mark_sent("op-1")
    await journal.give_back(REF)
    await journal.settle("op-1", result())
    alone = done.copy()
    done.clear()
    await admit(journal, "op-2", key=None)
    await admit(journal, "op-3", key=None)
    await asyncio.gather(*(journal.mark_sent(name) for name in ("op-2", "op-3", "op-2", "op-3")))
    journal.close()

    assert ["COMMIT", "COMMIT", "COMMIT", "sync", "COMMIT", "COMMIT"] == alone
    # The first waits for the disk while the three others are asked for.
    assert ["COMMIT", "COMMIT", "COMMIT", "sync", "COMMIT", "sync"] == done


async def test_a_disk_that_fails_lets_nothing_be_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits for it is refused, the rest is not."""

    def failing(_: int) -> None:
        raise OSError(5, "Input/output error")

    journal = SqliteJournal(tmp_path / "journal.sqlite3")
    await admit(journal)
    monkeypatch.setattr("gateway.store.worker._sync", failing)
    with pytest.raises(GatewayUnavailableError, match="not on the disk"):
        await journal.mark_sent("op-1")
    assert journal.trouble == "the journal of writes is not on the disk: [Errno 5] Input/output error"
    await journal.settle("op-1", result())
    assert not journal.trouble
    journal.close()


async def test_a_full_disk_is_told_until_a_write_is_taken(tmp_path: Path) -> None:
    """SQLite's own limit of pages stands for the disk's end."""
    journal = SqliteJournal(tmp_path / "journal.sqlite3")
    await admit(journal)
    (pages,) = journal._db.execute("PRAGMA page_count").fetchone()
    journal._db.execute(f"PRAGMA max_page_count={pages}")

    async def fill() -> None:
        for number in range(1_000):
            await admit(journal, f"op-{number + 2}", key=None)

    with pytest.raises(GatewayUnavailableError, match="full"):
        await fill()
    assert journal.trouble == "the journal of writes cannot be used: database or disk is full"
    journal._db.execute(f"PRAGMA max_page_count={pages + 1_000}")
    await admit(journal, "op-last", key=None)
    assert not journal.trouble
    journal.close()


async def test_a_file_that_another_program_has_holds_up_no_request(tmp_path: Path) -> None:
    """The event loop goes on while the thread waits for the file, and reads and writes keep their order."""
    journal = SqliteJournal(tmp_path / "journal.sqlite3")
    await admit(journal)
    with contextlib.closing(sqlite3.connect(tmp_path / "journal.sqlite3")) as other:
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        settled = asyncio.ensure_future(journal.settle("op-1", result()))
        found = asyncio.ensure_future(journal.record("op-1"))
        await asyncio.sleep(0)
        waited = time.monotonic() - began
        other.rollback()
    await settled
    record = await found
    journal.close()

    assert waited < 1
    assert record is not None
    assert record.stage is Stage.SETTLED


def test_a_journal_outlasts_the_event_loop_that_it_worked_for(tmp_path: Path) -> None:
    """One that ended while the thread worked for it."""
    journal = SqliteJournal(tmp_path / "journal.sqlite3")

    async def left() -> None:
        await admit(journal)
        journal._worker.begin(lambda: None, Access.SYNCED)
        journal._worker._go_on()

    loop = asyncio.new_event_loop()
    loop.run_until_complete(left())
    loop.close()

    async def found() -> Record | None:
        return await journal.record("op-1")

    record = asyncio.run(found())
    journal.close()

    assert record is not None


async def test_a_lease_ends_in_the_commit_of_the_result(tmp_path: Path) -> None:
    """Nothing waits for its end, so it takes part in what comes next."""
    journal = SqliteJournal(tmp_path / "journal.sqlite3")
    commits: list[str] = []
    await admit(journal)
    await journal.take(REF)
    journal._db.set_trace_callback(lambda statement: commits.append(statement) if statement == "COMMIT" else None)
    given = journal.give_back(REF)
    await journal.settle("op-1", result())
    await given
    journal.close()

    assert ["COMMIT"] == commits


async def test_a_write_puts_little_into_the_log(tmp_path: Path) -> None:
    """All of it waits for the disk before the request leaves. With pages of 4 KiB it was three times as much."""
    path, writes = tmp_path / "journal.sqlite3", 20
    with contextlib.closing(SqliteJournal(path)) as journal:
        for number in range(writes):
            name = f"op-{number}"
            await admit(journal, name, key=name)
            await journal.take(TaskRef("north", name))
            await journal.mark_sent(name)
            await journal.give_back(TaskRef("north", name))
            await journal.settle(name, result(name))
        size = path.with_name("journal.sqlite3-wal").stat().st_size

    assert size / writes < 48 * 1024


async def test_writes_of_a_moment_share_a_commit_and_fail_alone(tmp_path: Path) -> None:
    """They wait while another program has the file. One of them is refused by the journal itself, the others are recorded."""
    journal = SqliteJournal(tmp_path / "journal.sqlite3")
    await admit(journal, "op-1")
    await journal.settle("op-1", result())
    await admit(journal, "op-2", key=None)
    with contextlib.closing(sqlite3.connect(tmp_path / "journal.sqlite3")) as other:
        other.execute("BEGIN IMMEDIATE")
        calls = [
            asyncio.ensure_future(call)
            for call in (
                journal.take(REF),
                journal.mark_sent("op-1"),
                journal.mark_sent("op-2"),
                admit(journal, "op-3"),
            )
        ]
        await asyncio.sleep(0)
        other.rollback()
    told = await asyncio.gather(*calls, return_exceptions=True)
    stages = [(await journal.record(one)) for one in ("op-1", "op-2")]
    journal.close()

    assert [False, True, False, False] == [isinstance(one, GatewayUnavailableError) for one in told]
    assert [Stage.SETTLED, Stage.SENT] == [one and one.stage for one in stages]


async def test_a_journal_that_is_closed_takes_nothing_more(tmp_path: Path) -> None:
    """What was begun before is done."""
    journal = SqliteJournal(tmp_path / "journal.sqlite3")
    admitted = asyncio.ensure_future(admit(journal))
    await asyncio.sleep(0)
    journal.close()

    assert None is await admitted
    with pytest.raises(GatewayUnavailableError):
        await journal.give_back(REF)


async def test_the_log_is_moved_into_the_file_beside_the_writes(tmp_path: Path) -> None:
    """No write does it; the file alone has them then."""
    journal = SqliteJournal(tmp_path / "journal.sqlite3")
    for number in range(COMMITS):
        await admit(journal, f"op-{number}", key=None)
        await journal.mark_sent(f"op-{number}")
    assert journal._checkpoints is not None
    journal._checkpoints.close()
    shutil.copy(tmp_path / "journal.sqlite3", tmp_path / "alone.sqlite3")
    journal.close()

    with contextlib.closing(sqlite3.connect(tmp_path / "alone.sqlite3")) as alone:
        assert (COMMITS,) == alone.execute("SELECT count(*) FROM step").fetchone()
