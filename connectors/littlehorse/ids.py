"""The native id of a task: run and task, because the bridge's own id is unique within a run only."""

import re
from urllib.parse import quote, unquote

from msgspec import Struct

from connectors.sdk import NotFoundError

_PART = r"(?:[A-Za-z0-9._~-]|%[0-9A-F]{2}){1,300}"
_NATIVE_ID = re.compile(f"({_PART}):({_PART})")


class TaskId(Struct, frozen=True):
    """The text is `<wfRunId>:<id>`, both percent-encoded. Each task has exactly one such text."""

    wf_run_id: str
    id: str

    def __str__(self) -> str:
        return f"{quote(self.wf_run_id, safe='')}:{quote(self.id, safe='')}"

    @classmethod
    def parse(cls, native_id: str) -> "TaskId":
        """NotFoundError for a text that cannot be the id of a task."""
        match = _NATIVE_ID.fullmatch(native_id)
        if match is None:
            raise NotFoundError("no such id in this source")
        try:
            parsed = cls(unquote(match[1], errors="strict"), unquote(match[2], errors="strict"))
        except UnicodeDecodeError:
            raise NotFoundError("no such id in this source") from None
        if str(parsed) != native_id or {".", ".."} & {parsed.wf_run_id, parsed.id}:
            raise NotFoundError("no such id in this source")
        return parsed


def is_native_id(text: str) -> bool:
    """Whether `text` has the form of an id of a task."""
    try:
        TaskId.parse(text)
    except NotFoundError:
        return False
    return True
