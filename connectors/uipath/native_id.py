"""Ids of this source: `<folder id>-<task id>` of tasks, `<folder>-<instance GUID>` of flows.

Nearly every operation on a task wants its folder, and an instance is found by folder and GUID alone, so the folder is
part of the id. A flow's folder is the folder's id, or its key where the account may not look the id up.
"""

import re

from msgspec import Struct

GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NUMBER = r"[1-9][0-9]{0,18}"
_TASK = re.compile(rf"({_NUMBER})-({_NUMBER})")
_FLOW = re.compile(rf"({_NUMBER}|{GUID.pattern})-({GUID.pattern})")
_NO_JOB = "00000000-0000-0000-0000-000000000000"


class TaskId(Struct, frozen=True):
    folder: int
    task: int

    def __str__(self) -> str:
        return f"{self.folder}-{self.task}"


class FlowId(Struct, frozen=True):
    """`folder` is an id or a key."""

    folder: int | str
    instance: str

    def __str__(self) -> str:
        return f"{self.folder}-{self.instance}"


def task_id(text: str) -> TaskId | None:
    """None for a text that no task has as its id; both numbers are int64."""
    match = _TASK.fullmatch(text)
    if match is None:
        return None
    folder, task = number(match[1]), number(match[2])
    return None if folder is None or task is None else TaskId(folder, task)


def flow_id(text: str) -> FlowId | None:
    """None for a text that no flow has as its id."""
    match = _FLOW.fullmatch(text)
    if match is None:
        return None
    if not match[1].isdigit():
        return FlowId(match[1], match[2])
    folder = number(match[1])
    return None if folder is None else FlowId(folder, match[2])


def number(text: str) -> int | None:
    """An id of the vendor's: a positive int64 as it prints it."""
    value = int(text) if re.fullmatch(_NUMBER, text) else 0
    return value if 0 < value < 1 << 63 else None


def guid(text: str | None) -> str | None:
    """The GUID in lower case; None for none, for another text, and for the GUID of zeros."""
    folded = (text or "").strip().lower()
    return folded if GUID.fullmatch(folded) and folded != _NO_JOB else None
