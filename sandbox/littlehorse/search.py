"""The kernel's searches, and the bookmarks with which a search continues."""

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime

from sandbox.littlehorse.records import TaskRun

START = b""
"""The place before the first task of a partition."""

# The base64 of this mark begins with +/+/, so that a client must encode a bookmark in a query string.
_MARK = b"\xfb\xff\xbf"


@dataclass(frozen=True, slots=True)
class TaskSearch:
    """Conditions that must all hold. None does not filter; both time bounds are inclusive."""

    definition: str | None = None
    status: str | None = None
    user: str | None = None
    group: str | None = None
    earliest: datetime | None = None
    latest: datetime | None = None

    def matches(self, task: TaskRun) -> bool:
        return (
            self.definition in (None, task.definition)
            and self.status in (None, task.status)
            and self.user in (None, task.user)
            and self.group in (None, task.group)
            and (self.earliest is None or self.earliest <= task.scheduled_at)
            and (self.latest is None or task.scheduled_at <= self.latest)
        )


def bookmark_of(partition: int, place: bytes) -> str:
    return base64.b64encode(_MARK + bytes([partition]) + place).decode()


def position_of(bookmark: str | None) -> tuple[int, bytes]:
    """Return partition and place; the start if there is no bookmark or it cannot be read."""
    try:
        raw = base64.b64decode(bookmark or "", validate=True)
    except (binascii.Error, ValueError):
        return 0, START
    return (raw[3], raw[4:]) if len(raw) in {4, 12} and raw.startswith(_MARK) else (0, START)
