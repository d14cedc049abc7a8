"""The tables of the SQLite journal as numbered steps. `PRAGMA user_version` of the file is the last step it has.

A step that was released never changes: add the next one. The first two must do nothing in a file that has their tables
already, because they were released before files had numbers.
"""

import sqlite3

STEPS = (
    """
    CREATE TABLE IF NOT EXISTS operation (
      id TEXT PRIMARY KEY,
      person TEXT NOT NULL,
      client_key TEXT,
      fingerprint TEXT NOT NULL,
      source TEXT NOT NULL,
      target TEXT NOT NULL,
      action TEXT NOT NULL,
      stage TEXT NOT NULL,
      requested_at REAL NOT NULL,
      settled_at REAL,
      kind TEXT NOT NULL,
      result BLOB,
      UNIQUE (person, client_key)
    ) STRICT;
    CREATE INDEX IF NOT EXISTS operation_requested_at ON operation (requested_at);
    CREATE INDEX IF NOT EXISTS operation_target ON operation (source, target, requested_at);
    """,
    """
    CREATE TABLE IF NOT EXISTS ended_task (
      operation_id TEXT PRIMARY KEY,
      at REAL NOT NULL,
      record BLOB NOT NULL
    ) STRICT;
    CREATE INDEX IF NOT EXISTS ended_task_at ON ended_task (at);
    """,
    """
    ALTER TABLE operation ADD COLUMN sent_at REAL;
    ALTER TABLE operation ADD COLUMN freed INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE operation ADD COLUMN ran REAL NOT NULL DEFAULT 0;
    UPDATE operation SET sent_at = requested_at WHERE stage <> 'ADMITTED';
    CREATE INDEX operation_open ON operation (stage) WHERE stage <> 'SETTLED';
    CREATE INDEX operation_ran ON operation (ran);
    """,
    """
    ALTER TABLE operation ADD COLUMN seen INTEGER NOT NULL DEFAULT 0;
    UPDATE operation SET seen = 1 WHERE sent_at IS NOT NULL;
    CREATE INDEX operation_unsettled ON operation (requested_at) WHERE settled_at IS NULL;
    CREATE TABLE step (
      operation_id TEXT NOT NULL REFERENCES operation (id) ON DELETE CASCADE,
      number INTEGER NOT NULL,
      command TEXT NOT NULL,
      evidence BLOB,
      sent_at REAL NOT NULL,
      settled_at REAL,
      status TEXT,
      PRIMARY KEY (operation_id, number)
    ) STRICT;
    """,
    """
    CREATE TABLE undo (
      operation_id TEXT PRIMARY KEY,
      at REAL NOT NULL,
      record BLOB NOT NULL
    ) STRICT;
    """,
    """
    ALTER TABLE operation ADD COLUMN gateway TEXT;
    CREATE TABLE lease (
      source TEXT NOT NULL,
      target TEXT NOT NULL,
      kind TEXT NOT NULL,
      gateway TEXT,
      last TEXT,
      ran REAL NOT NULL DEFAULT 0,
      hidden BLOB,
      PRIMARY KEY (source, target, kind)
    ) STRICT;
    CREATE INDEX lease_ran ON lease (ran) WHERE gateway IS NULL;
    """,
    """
    CREATE TABLE person (
      key TEXT PRIMARY KEY,
      seen_at REAL NOT NULL,
      record BLOB NOT NULL
    ) STRICT;
    CREATE INDEX person_seen_at ON person (seen_at);
    """,
)

# The columns that this version reads and writes.
COLUMNS = {
    "operation": "id person client_key fingerprint source target action stage requested_at settled_at kind result "
    "sent_at freed ran seen gateway",
    "step": "operation_id number command evidence sent_at settled_at status",
    "ended_task": "operation_id at record",
    "undo": "operation_id at record",
    "lease": "source target kind gateway last ran hidden",
    "person": "key seen_at record",
}


class NewerFileError(sqlite3.DatabaseError):
    """The file has steps that this version does not know."""


class OtherFileError(sqlite3.DatabaseError):
    """The file has a table without the columns that every version with its number has."""


def migrate(db: sqlite3.Connection) -> None:
    """Bring the file to the last step. Raises NewerFileError, OtherFileError, sqlite3.Error; then nothing is changed."""
    if _number(db) < len(STEPS):
        _bring_up_to_date(db)
    if _number(db) > len(STEPS):
        raise NewerFileError("a newer version of taskgate wrote it; use that version, or another file")
    for table, names in COLUMNS.items():
        lacking = set(names.split()) - _columns(db, table)
        if lacking:
            raise OtherFileError(f"its table {table} lacks {', '.join(sorted(lacking))}; use another file")


def _bring_up_to_date(db: sqlite3.Connection) -> None:
    """All in one transaction: another process may open the file at the same time, or this one may end in between."""
    db.execute("BEGIN IMMEDIATE")
    try:
        has_kinds = "kind" in (_columns(db, "operation") or {"kind"})
        if not has_kinds:
            _add_kinds(db)
        for number, step in enumerate(STEPS[_number(db) :], start=_number(db) + 1):
            for statement in filter(None, map(str.strip, step.split(";"))):
                db.execute(statement)
            db.execute(f"PRAGMA user_version = {number}")
    except BaseException:
        db.rollback()
        raise
    db.commit()


def _add_kinds(db: sqlite3.Connection) -> None:
    """Files that are older than the numbers did not say what a target is; its action does."""
    db.execute("ALTER TABLE operation ADD COLUMN kind TEXT NOT NULL DEFAULT 'TaskRef'")
    db.execute(
        "UPDATE operation SET kind = CASE WHEN target = '' THEN 'SourceRef' WHEN action LIKE '%FLOW' THEN 'FlowRef'"
        " ELSE 'TaskRef' END"
    )


def _number(db: sqlite3.Connection) -> int:
    (number,) = db.execute("PRAGMA user_version").fetchone()
    return int(number)


def _columns(db: sqlite3.Connection, table: str) -> set[str]:
    return {row[1] for row in db.execute(f"PRAGMA table_info({table})")}
