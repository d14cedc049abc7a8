import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from connectors.sdk.errors import GatewayUnavailableError
from gateway.store import KEPT_SECONDS, Journal, Stage
from gateway.store.migrations import STEPS
from gateway.store.sqlite import SqliteJournal
from tests.gateway.store.journal_contract import Clock, JournalContract, OpenJournal, admit, ended, result


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


async def test_writes_are_forgotten_after_a_day() -> None:
    """When the next one is admitted: the key can be used again."""
    clock = Clock()
    journal = SqliteJournal(None, now=clock)
    await admit(journal)
    clock.now += KEPT_SECONDS + 1

    assert await admit(journal, "op-2") is None
    assert await journal.find("op-1") is None
    journal.close()


def test_a_file_that_cannot_be_opened_is_one_error(tmp_path: Path) -> None:
    """In this test the path is a folder."""
    with pytest.raises(GatewayUnavailableError, match="cannot be opened"):
        SqliteJournal(tmp_path)


@pytest.mark.parametrize(
    ("packed", "status"), [(b"\x01", "UNKNOWN"), (b"\x82\xa6status\xa7APPLIED\xa4task\x01", "APPLIED")]
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
    assert (status, Stage.SETTLED, None, []) == (
        found.status.value,
        again.stage,
        again.result,
        await journal.ended_tasks(most=9),
    )
    journal.close()


async def test_ended_tasks_outlive_their_writes(tmp_path: Path) -> None:
    """For as long as the journal was opened with, also when others are admitted."""
    clock = Clock()
    journal = SqliteJournal(tmp_path / "journal.sqlite3", keep_ended=3 * KEPT_SECONDS, now=clock)
    await admit(journal)
    await journal.settle("op-1", result(), ended=ended())
    clock.now += 3 * KEPT_SECONDS - 1
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
