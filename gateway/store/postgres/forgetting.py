"""Erases a person from the journal of writes in PostgreSQL."""

import time
from collections.abc import Callable

import psycopg

from connectors.sdk.errors import GatewayUnavailableError
from gateway.store.forgetting import DECIDES_SECONDS, Forgotten, is_by
from gateway.store.postgres.engine import Connection, connect, reason
from gateway.store.postgres.migrations import migrate


def forget_person(url: str, person: str, *, now: Callable[[], float] = time.time) -> Forgotten:
    """As that of the file. Gateways may run over the database. Raises GatewayUnavailableError.

    The engine keeps the bytes of deleted rows until VACUUM, and its log for as long as the operator archives it.
    """
    try:
        with connect(url) as db:
            migrate(db)
            return _erased(db, person, before=now() - DECIDES_SECONDS)
    except psycopg.Error as error:
        raise GatewayUnavailableError(f"the journal of writes cannot be changed: {reason(error)}") from error


def _erased(db: Connection, person: str, *, before: float) -> Forgotten:
    undos = [one for one, record in db.execute("SELECT operation_id, record FROM undo") if is_by(record, person)]
    writes = db.execute(
        "DELETE FROM operation WHERE person = %s AND settled_at IS NOT NULL AND requested_at < %s AND id <> ALL(%s)",
        (person, before, undos),
    ).rowcount
    rows = db.execute("SELECT operation_id, record FROM ended_task").fetchall()
    ended = [operation_id for operation_id, record in rows if is_by(record, person)]
    db.execute("DELETE FROM ended_task WHERE operation_id = ANY(%s)", (ended,))
    left = db.execute("SELECT count(*) FROM operation WHERE person = %s", (person,)).fetchone()
    known = db.execute("DELETE FROM person WHERE key = %s", (person,)).rowcount
    return Forgotten(
        writes=writes, ended_tasks=len(ended), left=0 if left is None else int(left[0]), was_known=known > 0
    )
