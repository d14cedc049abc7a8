import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from connectors.sdk.errors import GatewayUnavailableError
from gateway.store import KEPT_SECONDS, Journal
from gateway.store.sqlite import SqliteJournal
from tests.gateway.store.journal_contract import Clock, JournalContract, OpenJournal, admit, result


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


async def test_a_result_that_cannot_be_read_is_one_error(tmp_path: Path) -> None:
    """For example if a newer gateway wrote it."""
    path = tmp_path / "journal.sqlite3"
    journal = SqliteJournal(path, now=time.time)
    await admit(journal)
    await journal.settle("op-1", result())
    with sqlite3.connect(path) as other:
        other.execute("UPDATE operation SET result = ?", (b"\x01",))
    other.close()

    with pytest.raises(GatewayUnavailableError, match="cannot be used"):
        await journal.find("op-1")
    journal.close()
