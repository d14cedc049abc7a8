"""Erases a person from the journal of writes."""

import contextlib
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
from msgspec import Struct

from connectors.sdk.errors import GatewayUnavailableError
from gateway.store.migrations import migrate

# Seconds for which a settled write is kept all the same: what is known of it may decide about an open write to the same
# target. Longer than `late_max` and `read_lag` may be together.
DECIDES_SECONDS = 900.0


class Forgotten(Struct, frozen=True, kw_only=True):
    """What was erased, and the writes that were not: they are open, or so new that they decide about other writes.

    `was_known`: what tokens told of the person was kept.
    """

    writes: int
    ended_tasks: int
    left: int
    was_known: bool = False


class _Author(Struct):
    """The one member of a record of ended tasks and undos that is needed, whatever version wrote it."""

    person: str


def forget_person(path: Path, person: str, *, now: Callable[[], float] = time.time) -> Forgotten:
    """Erases what tokens told of the person, their settled writes with their idempotency keys, and the tasks that they ended.

    The bytes are overwritten. Gateways may run over the file. Raises GatewayUnavailableError if it cannot be used.
    """
    try:
        with contextlib.closing(sqlite3.connect(path)) as db:
            db.execute("PRAGMA busy_timeout=5000")
            db.execute("PRAGMA foreign_keys=ON")
            db.execute("PRAGMA secure_delete=ON")
            migrate(db)
            with db:
                forgotten = _erased(db, person, before=now() - DECIDES_SECONDS)
            # The log still has the pages as they were.
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            return forgotten
    except sqlite3.Error as error:
        raise GatewayUnavailableError(f"the journal of writes cannot be changed: {error}") from error


def _erased(db: sqlite3.Connection, person: str, *, before: float) -> Forgotten:
    settled = "settled_at IS NOT NULL AND requested_at < ?"
    undos = [one for one, record in db.execute("SELECT operation_id, record FROM undo") if is_by(record, person)]
    marks = ", ".join("?" * len(undos))
    writes = db.execute(
        f"DELETE FROM operation WHERE person = ? AND {settled} AND id NOT IN ({marks})",  # noqa: S608 only marks
        (person, before, *undos),
    ).rowcount
    rows = db.execute("SELECT operation_id, record FROM ended_task").fetchall()
    ended = [(operation_id,) for operation_id, record in rows if is_by(record, person)]
    db.executemany("DELETE FROM ended_task WHERE operation_id = ?", ended)
    (left,) = db.execute("SELECT count(*) FROM operation WHERE person = ?", (person,)).fetchone()
    known = db.execute("DELETE FROM person WHERE key = ?", (person,)).rowcount
    return Forgotten(writes=writes, ended_tasks=len(ended), left=left, was_known=known > 0)


def is_by(record: bytes, person: str) -> bool:
    try:
        return msgspec.msgpack.decode(record, type=_Author).person == person
    except msgspec.MsgspecError:
        return False
