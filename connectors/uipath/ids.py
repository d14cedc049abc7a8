"""Ids of this source: a task is `<folder id>-<task id>`, a flow is `<folder>-<instance GUID>`.

Nearly every operation on a task needs its folder, and Maestro finds an instance only by folder and GUID, so the folder is
part of the id. A flow's folder is the folder's id, or its key if the account may not read the id.
"""

import re

from msgspec import Struct

from connectors.sdk import NotFoundError

GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NUMBER = r"[1-9][0-9]{0,18}"
_TASK = re.compile(rf"({_NUMBER})-({_NUMBER})")
_FLOW = re.compile(rf"({_NUMBER}|{GUID.pattern})-({GUID.pattern})")
_NO_JOB = "00000000-0000-0000-0000-000000000000"


class TaskId(Struct, frozen=True):
    """The numeric ids of the folder and of the task, both int64."""

    folder: int
    task: int

    @classmethod
    def parse(cls, text: str) -> "TaskId | None":
        """None if `text` does not have the form of a task id."""
        match = _TASK.fullmatch(text)
        if match is None:
            return None
        folder, task = number(match[1]), number(match[2])
        return None if folder is None or task is None else cls(folder, task)

    @classmethod
    def require(cls, text: str) -> "TaskId":
        """NotFoundError if `text` does not have the form of a task id."""
        native = cls.parse(text)
        if native is None:
            raise _unknown()
        return native

    def __str__(self) -> str:
        return f"{self.folder}-{self.task}"


class FlowId(Struct, frozen=True):
    """`folder` is an id (int) or a key (GUID); `instance` is a GUID."""

    folder: int | str
    instance: str

    @classmethod
    def parse(cls, text: str) -> "FlowId | None":
        """None if `text` does not have the form of a flow id."""
        match = _FLOW.fullmatch(text)
        if match is None:
            return None
        if not match[1].isdigit():
            return cls(match[1], match[2])
        folder = number(match[1])
        return None if folder is None else cls(folder, match[2])

    @classmethod
    def require(cls, text: str) -> "FlowId":
        """NotFoundError if `text` does not have the form of a flow id."""
        native = cls.parse(text)
        if native is None:
            raise _unknown()
        return native

    def __str__(self) -> str:
        return f"{self.folder}-{self.instance}"


def number(text: str) -> int | None:
    """A numeric id of the vendor: a positive int64 without leading zeros. None for any other text."""
    value = int(text) if re.fullmatch(_NUMBER, text) else 0
    return value if 0 < value < 1 << 63 else None


def guid(text: str | None) -> str | None:
    """The GUID in lower case. None for any other text, and for the GUID of zeros, which means that there is no job."""
    folded = (text or "").strip().lower()
    return folded if GUID.fullmatch(folded) and folded != _NO_JOB else None


def _unknown() -> NotFoundError:
    return NotFoundError("this system has no such id")
