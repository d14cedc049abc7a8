"""Native ids: `v2/<execution>/<task>` and `v2/<execution>`, each part percent-encoded; `v1/…` for workflows."""

import re
from urllib.parse import quote, unquote

from msgspec import Struct

from connectors.epilot.settings import Generation
from connectors.sdk import NotFoundError

_FLOW = re.compile(r"(v[12])/([A-Za-z0-9_.~%-]{1,1536})")
_TASK = re.compile(rf"{_FLOW.pattern}/([A-Za-z0-9_.~%-]{{1,1536}})")


class FlowId(Struct, frozen=True):
    """An execution of one generation."""

    generation: Generation
    execution: str

    def __str__(self) -> str:
        return f"{self.generation}/{quote(self.execution, safe='')}"


class TaskId(Struct, frozen=True):
    """A task, in v1 a step, within its execution."""

    flow: FlowId
    task: str

    def __str__(self) -> str:
        return f"{self.flow}/{quote(self.task, safe='')}"


def flow_id(native_id: str) -> FlowId:
    """NotFoundError for a text that is not a flow's id, or another spelling of one."""
    match = _FLOW.fullmatch(native_id)
    found = None if match is None else FlowId(Generation(match[1]), unquote(match[2]))
    if found is None or str(found) != native_id:
        raise NotFoundError("no such flow in this system")
    return found


def task_id(native_id: str) -> TaskId:
    """NotFoundError for a text that is not a task's id, or another spelling of one."""
    match = _TASK.fullmatch(native_id)
    found = None if match is None else TaskId(FlowId(Generation(match[1]), unquote(match[2])), unquote(match[3]))
    if found is None or str(found) != native_id:
        raise NotFoundError("no such task in this system")
    return found


def is_task_id(native_id: str) -> bool:
    try:
        task_id(native_id)
    except NotFoundError:
        return False
    return True
