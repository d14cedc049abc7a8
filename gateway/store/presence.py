"""Which gateways run over one journal file. No clock is asked: the kernel tells."""

import contextlib
import fcntl
import os
import secrets
from pathlib import Path

_SUFFIX = ".running"


class Presence:
    """This gateway's mark beside the journal: a file that stays locked until the process ends, however it ends.

    A gateway over a journal in memory is alone. OSError if the mark cannot be made.
    """

    def __init__(self, journal: Path | None) -> None:
        self.id = secrets.token_hex(8)
        self._journal = journal
        self._mark: int | None = None
        if journal is None:
            return
        for left in journal.parent.glob(f"{journal.name}-*{_SUFFIX}"):
            if not _is_locked(left):
                left.unlink(missing_ok=True)
        # It is locked under another name first: without its lock it would look like a mark that was left behind.
        unnamed = journal.with_name(f"{journal.name}-{self.id}.new")
        self._mark = os.open(unnamed, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
            unnamed.rename(self._path(self.id))
        except OSError:
            self.close()
            raise

    def is_running(self, gateway: str | None) -> bool:
        """Whether that gateway runs; None: an unknown one, which does not."""
        if gateway == self.id:
            return True
        return gateway is not None and self._journal is not None and _is_locked(self._path(gateway))

    def close(self) -> None:
        if self._mark is not None:
            with contextlib.suppress(OSError):
                self._path(self.id).unlink(missing_ok=True)
            os.close(self._mark)
            self._mark = None

    def _path(self, gateway: str) -> Path:
        if self._journal is None:
            raise TypeError("a journal in memory has no marks")
        return self._journal.with_name(f"{self._journal.name}-{gateway}{_SUFFIX}")


def _is_locked(mark: Path) -> bool:
    try:
        found = os.open(mark, os.O_RDONLY)
    except FileNotFoundError:
        return False
    except OSError:
        # It is there and cannot be asked: the gateway may run.
        return True
    try:
        fcntl.flock(found, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(found)
    return False
