"""People who signed in, in the journal's database: for a time, and a number of them."""

import time
from collections.abc import Callable, Sequence

import structlog

from connectors.sdk.errors import GatewayError
from gateway.store.people import FORGETS_EVERY, MOST_PEOPLE
from gateway.store.postgres.engine import Connection, Engine

log = structlog.get_logger("taskgate.people")


class PostgresPeople:
    """Implements `gateway.people.PeopleStore`. `keep`: seconds after the last sign-in; 0 keeps no one."""

    def __init__(self, engine: Engine, *, keep: float, now: Callable[[], float] = time.time) -> None:
        self._engine, self._keep, self._now = engine, keep, now
        self._forgot_at = float("-inf")

    async def people(self) -> Sequence[tuple[str, float, bytes]]:
        def select(db: Connection) -> list[tuple[str, float, bytes]]:
            self._forget_old(db)
            found = db.execute("SELECT key, seen_at, record FROM person ORDER BY seen_at, key").fetchall()
            return [(key, seen_at, bytes(record)) for key, seen_at, record in found]

        try:
            return await self._engine.do(select)
        except GatewayError:
            log.exception("people not read")
            return ()

    def keep_person(self, key: str, seen_at: float, record: bytes) -> None:
        def insert(db: Connection) -> None:
            if self._keep > 0:
                db.execute(
                    "INSERT INTO person (key, seen_at, record) VALUES (%s, %s, %s) ON CONFLICT (key) DO UPDATE"
                    " SET seen_at = excluded.seen_at, record = excluded.record WHERE person.seen_at <= excluded.seen_at",
                    (key, seen_at, record),
                )
            if not 0 <= self._now() - self._forgot_at < FORGETS_EVERY:
                self._forget_old(db)

        # A person who could not be kept is kept with a later sign-in.
        self._engine.begin(insert)

    def _forget_old(self, db: Connection) -> None:
        self._forgot_at = self._now()
        db.execute("DELETE FROM person WHERE seen_at <= %s", (self._forgot_at - self._keep,))
        db.execute(
            "DELETE FROM person WHERE key IN (SELECT key FROM person ORDER BY seen_at DESC, key OFFSET %s)",
            (MOST_PEOPLE,),
        )
