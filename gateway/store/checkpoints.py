"""Moves what the log of the SQLite file holds into the file, beside the writes: within one it would cost that write two
syncs of the disk and a copy of megabytes.
"""

import contextlib
import sqlite3
import threading
from pathlib import Path

# Synced commits between two checkpoints. A write puts some 25 pages of 4 KiB into the log, which SQLite keeps and writes anew.
COMMITS = 50
# Pages of the log at which a commit does what is left of it: where writes leave the thread no pause, the log cannot begin anew.
MOST_PAGES = 4_000


class Checkpoints:
    """A thread for each checkpoint, with a connection of its own. It holds no lock that a write needs."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._commits = 0
        self._running: threading.Thread | None = None

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
            db.execute("PRAGMA wal_checkpoint(PASSIVE)")
