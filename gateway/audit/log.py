"""Where the lines go: into the log, or into a file of their own that the operator rotates."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import msgspec
import structlog
from msgspec import to_builtins

from gateway.audit.line import AuditLine

log = structlog.get_logger("taskgate.audit")


@contextlib.contextmanager
def open_audit(path: Path | None) -> Iterator["LogAudit | FileAudit"]:
    """Lines in the file, which is closed after the block; without one, in the log. OSError if it cannot be opened."""
    if path is None:
        yield LogAudit()
        return
    audit = FileAudit(path)
    try:
        yield audit
    finally:
        audit.close()


class LogAudit:
    """Lines of the log, each with `logger` = "taskgate.audit"."""

    def note(self, line: AuditLine) -> None:
        fields = to_builtins(line)
        # Not bound by the context: a line about a write of another request, found out during this one, names that one.
        log.info("audit", logger="taskgate.audit", **fields)

    def reopen(self) -> None:
        """There is no file."""


class FileAudit:
    """Lines at the end of a file that only its owner may read. Several processes may share it: each line is one write.

    A line that cannot be written (a full disk) goes to the log instead, with the reason. OSError if the file cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = _opened(path)

    def note(self, line: AuditLine) -> None:
        rest = memoryview(msgspec.json.encode(line) + b"\n")
        try:
            while rest:
                rest = rest[os.write(self._file, rest) :]
        except OSError as error:
            log.error("audit line not written", file=str(self._path), reason=error.strerror)  # noqa: TRY400 the reason says it
            LogAudit().note(line)

    def reopen(self) -> None:
        """Go on in the file that has the name now. If it cannot be opened, the lines go where they went."""
        try:
            opened = _opened(self._path)
        except OSError as error:
            log.error("audit file not reopened", file=str(self._path), reason=error.strerror)  # noqa: TRY400 the reason says it
            return
        self._file, before = opened, self._file
        os.close(before)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            os.close(self._file)


def audit_fault(path: Path | None) -> str | None:
    """Why the file cannot be used, in one line; None if it can. A file that is not there is not made."""
    if path is None:
        return None
    try:
        is_there = path.exists()
    except OSError as error:
        return f"{path}: the audit file cannot be written: {error.strerror}"
    if is_there:
        try:
            os.close(os.open(path, os.O_WRONLY | os.O_APPEND))
        except OSError as error:
            return f"{path}: the audit file cannot be written: {error.strerror}"
        return None
    return None if os.access(path.parent, os.W_OK) else f"{path}: the folder of the audit file cannot be written"


def _opened(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
