"""People who signed in, in the journal's file: for a time, and a number of them."""

import sqlite3
import time
from collections.abc import Callable, Sequence

import structlog

from connectors.sdk.errors import GatewayError
from gateway.store.worker import Access, Worker

log = structlog.get_logger("taskgate.people")

# People who are kept at most: those who signed in longest ago go first.
MOST_PEOPLE = 50_000
# Seconds from one deletion of old records to the next.
FORGETS_EVERY = 3_600.0


class SqlitePeople:
    """Implements `gateway.people.PeopleStore`. `keep`: seconds after the last sign-in; 0 keeps no one."""

    def __init__(
        self, db: sqlite3.Connection, worker: Worker, *, keep: float, now: Callable[[], float] = time.time
    ) -> None:
        self._db, self._worker, self._keep, self._now = db, worker, keep, now
        self._forgot_at = float("-inf")

    async def people(self) -> Sequence[tuple[str, float, bytes]]:
        def select() -> list[tuple[str, float, bytes]]:
            self._forget_old()
            return self._db.execute("SELECT key, seen_at, record FROM person ORDER BY seen_at, key").fetchall()

        try:
            return await self._worker.do(select, Access.WRITE)
        except GatewayError:
            log.exception("people not read")
            return ()

    def keep_person(self, key: str, seen_at: float, record: bytes) -> None:
        def insert() -> None:
            if self._keep > 0:
                row = (key, seen_at, record)
                self._db.execute("INSERT OR REPLACE INTO person (key, seen_at, record) VALUES (?, ?, ?)", row)
            if not 0 <= self._now() - self._forgot_at < FORGETS_EVERY:
                self._forget_old()

        # A person who could not be kept is kept with a later sign-in.
        self._worker.begin(insert, Access.WRITE)

    def _forget_old(self) -> None:
        self._forgot_at = self._now()
        self._db.execute("DELETE FROM person WHERE seen_at <= ?", (self._forgot_at - self._keep,))
        self._db.execute(
            "DELETE FROM person WHERE key IN (SELECT key FROM person ORDER BY seen_at DESC, key LIMIT -1 OFFSET ?)",
            (MOST_PEOPLE,),
        )
