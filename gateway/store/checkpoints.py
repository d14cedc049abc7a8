"""Moves what the log of the SQLite file holds into the file, beside the writes: within one it would cost that write two
syncs of the disk and a copy of megabytes.
"""

import contextlib
import sqlite3
import threading
from pathlib import Path

# Synced commits between two checkpoints: fewer than one write of a hundred waits because of one. A write puts some 30 pages of
# 1 KiB into the log, which SQLite keeps and writes anew.
COMMITS = 150
# Pages of the log at which the next write waits for what is left of it: where writes leave no pause, the log cannot begin anew.
MOST_PAGES = 16_000


class Checkpoints:
    """A thread for each checkpoint, with a connection of its own. It holds no lock that a write needs."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._commits = 0
        self._running: threading.Thread | None = None
        # After one has moved all: the next commit begins the log anew, and waits for the disk once more than usual.
        self.has_ended = False
        self._is_long = False

    def finish(self, db: sqlite3.Connection) -> None:
        """Before a commit that may take long: move what is left of a long log."""
        self.has_ended = False
        if self._is_long:
            self._is_long = False
            with contextlib.suppress(sqlite3.Error):
                db.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def note_commit(self) -> None:
        """Not to be called by two threads at once."""
        self._commits += 1
        if self._commits >= COMMITS and (self._running is None or not self._running.is_alive()):
            self._commits = 0
            self._running = threading.Thread(target=self._run, name="journal checkpoint", daemon=True)
            self._running.start()

    def close(self) -> None:
        """Waits for the one that runs."""
        if self._running is not None:
            self._running.join()

    def _run(self) -> None:
        # What fails now is done by the next one.
        with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(self._path)) as db:
            db.execute("PRAGMA synchronous=NORMAL")
            _, pages, moved = db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            self._is_long = pages > MOST_PAGES
            self.has_ended = self._is_long or pages == moved
