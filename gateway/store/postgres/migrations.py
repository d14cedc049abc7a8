"""The tables of the journal in PostgreSQL as numbered steps that only go forward.

A step that was released never changes: add the next one. A step runs while gateways of the version before it still run, so
it adds, and removes only what that version does not use. The database may belong to something else too: everything of
taskgate lies in a schema of its own.
"""

from collections.abc import Callable

import psycopg
from msgspec import Struct

from connectors.sdk.errors import GatewayUnavailableError
from gateway.store.postgres.engine import Connection, connect, reason

STEPS = (
    """
    CREATE TABLE operation (
      id text PRIMARY KEY,
      place bigint GENERATED ALWAYS AS IDENTITY,
      person text NOT NULL,
      client_key text,
      fingerprint text NOT NULL,
      source text NOT NULL,
      target text NOT NULL,
      kind text NOT NULL,
      action text NOT NULL,
      stage text NOT NULL,
      requested_at double precision NOT NULL,
      sent_at double precision,
      settled_at double precision,
      result bytea,
      freed boolean NOT NULL DEFAULT false,
      seen boolean NOT NULL DEFAULT false,
      ran double precision NOT NULL,
      gateway text,
      UNIQUE (person, client_key)
    );
    CREATE INDEX operation_requested_at ON operation (requested_at);
    CREATE INDEX operation_target ON operation (source, target, requested_at);
    CREATE INDEX operation_open ON operation (stage) WHERE stage <> 'SETTLED';
    CREATE INDEX operation_unsettled ON operation (requested_at) WHERE settled_at IS NULL;
    CREATE INDEX operation_ran ON operation (ran);
    CREATE TABLE step (
      operation_id text NOT NULL REFERENCES operation (id) ON DELETE CASCADE,
      number integer NOT NULL,
      command text NOT NULL,
      evidence bytea,
      sent_at double precision NOT NULL,
      settled_at double precision,
      status text,
      PRIMARY KEY (operation_id, number)
    );
    CREATE TABLE ended_task (
      operation_id text PRIMARY KEY,
      place bigint GENERATED ALWAYS AS IDENTITY,
      at double precision NOT NULL,
      record bytea NOT NULL
    );
    CREATE INDEX ended_task_at ON ended_task (at);
    CREATE TABLE undo (
      operation_id text PRIMARY KEY,
      place bigint GENERATED ALWAYS AS IDENTITY,
      at double precision NOT NULL,
      record bytea NOT NULL
    );
    CREATE TABLE lease (
      source text NOT NULL,
      target text NOT NULL,
      kind text NOT NULL,
      gateway text,
      last text,
      ran double precision NOT NULL DEFAULT 0,
      hidden bytea,
      PRIMARY KEY (source, target, kind)
    );
    CREATE INDEX lease_ran ON lease (ran) WHERE gateway IS NULL;
    CREATE TABLE person (
      key text PRIMARY KEY,
      seen_at double precision NOT NULL,
      record bytea NOT NULL
    );
    CREATE INDEX person_seen_at ON person (seen_at);
    CREATE TABLE running_gateway (
      id text PRIMARY KEY,
      renewed_at timestamptz NOT NULL
    );
    """,
)

# Of two processes that migrate, one waits for the other. Any number that nothing else in the database uses.
_LOCK = 0x7461736B67617465


class SchemaStatus(Struct, frozen=True):
    """`number`: the last step that the database has, 0 for none. `wanted`: the last that this version knows."""

    number: int
    wanted: int


def migrate(db: Connection) -> SchemaStatus:
    """Bring the database to the last step, in one transaction. The status is that of before.

    Raises GatewayUnavailableError for a newer schema, and psycopg.Error; then nothing is changed. A database that is up to
    date is only read, so that the gateway's account needs no right to create tables there.
    """
    before = status(db)
    if before.number < before.wanted:
        with db.transaction():
            db.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
            db.execute("CREATE SCHEMA IF NOT EXISTS taskgate")
            db.execute("CREATE TABLE IF NOT EXISTS schema_step (number integer PRIMARY KEY, at timestamptz NOT NULL)")
            for number, step in enumerate(STEPS, start=1):
                if number > _number(db):
                    for statement in filter(None, map(str.strip, step.split(";"))):
                        db.execute(statement.encode())
                    db.execute("INSERT INTO schema_step VALUES (%s, clock_timestamp())", (number,))
    if status(db).number > len(STEPS):
        raise GatewayUnavailableError(
            "a newer version of taskgate made the tables in this database; use that version, or another database"
        )
    return before


def status(db: Connection) -> SchemaStatus:
    found = db.execute("SELECT to_regclass('taskgate.schema_step') IS NOT NULL").fetchone()
    return SchemaStatus(_number(db) if found is not None and found[0] else 0, len(STEPS))


def migrate_database(url: str) -> SchemaStatus:
    """The status of before. Raises GatewayUnavailableError."""
    return _with(url, migrate)


def schema_status(url: str) -> SchemaStatus:
    """Changes nothing. Raises GatewayUnavailableError."""
    return _with(url, status)


def _with(url: str, work: Callable[[Connection], SchemaStatus]) -> SchemaStatus:
    try:
        with connect(url) as db:
            return work(db)
    except psycopg.Error as error:
        raise GatewayUnavailableError(f"the database of writes cannot be used: {reason(error)}") from error


def _number(db: Connection) -> int:
    row = db.execute("SELECT coalesce(max(number), 0) FROM schema_step").fetchone()
    return 0 if row is None else int(row[0])
