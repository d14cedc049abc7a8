"""The journal in memory does what the journal in a file does."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from gateway.store import Journal
from tests.gateway.store.journal_contract import JournalContract, OpenJournal
from tests.gateway.store.memory_journal import MemoryJournal, Storage


class TestMemoryJournal(JournalContract):
    @pytest.fixture
    def open_journal(self) -> OpenJournal:
        storage = Storage()

        @asynccontextmanager
        async def opened(now: Callable[[], float]) -> AsyncIterator[Journal]:
            yield MemoryJournal(storage, now=now)

        return opened

    @pytest.fixture
    async def broken(self) -> Journal:
        journal = MemoryJournal(Storage())
        journal.close()
        return journal
