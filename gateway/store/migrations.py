"""The tables of the SQLite journal as numbered steps. `PRAGMA user_version` of the file is the last step it has.

A step that was released never changes: add the next one. Steps must do nothing in a file that has their tables already,
because the first one was released before files had numbers, and two processes may open one file at the same time.
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
)


class NewerFileError(sqlite3.DatabaseError):
    """The file has steps that this version does not know."""


def migrate(db: sqlite3.Connection) -> None:
    """Bring the file to the last step. Raises NewerFileError, sqlite3.Error."""
    (done,) = db.execute("PRAGMA user_version").fetchone()
    if done > len(STEPS):
        raise NewerFileError("a newer version of taskgate wrote it")
    for number, step in enumerate(STEPS[done:], start=done + 1):
        db.executescript(f"BEGIN IMMEDIATE; {step} PRAGMA user_version = {number}; COMMIT;")
