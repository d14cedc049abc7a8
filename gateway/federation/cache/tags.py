"""What an answer is about. A write invalidates by tag."""

from enum import StrEnum

from msgspec import Struct

from connectors.sdk.commands import TaskAction


class Kind(StrEnum):
    TASK = "TASK"
    TASK_LIST = "TASK_LIST"
    FLOW = "FLOW"
    FLOW_LIST = "FLOW_LIST"
    DIRECTORY = "DIRECTORY"
    DEFINITION = "DEFINITION"


class Tag(Struct, frozen=True, cache_hash=True):
    """One thing of a source; without an id all things of that kind; without a kind everything of the source.

    An answer carries the narrowest tag that fits. Invalidating a wider tag reaches it, too.
    """

    source: str
    kind: Kind | None = None
    native_id: str | None = None


# These change the task, its lists and its flow. All other actions may also end, start or change other tasks.
_WITHIN_TASK = frozenset(
    {
        TaskAction.CLAIM,
        TaskAction.RELEASE,
        TaskAction.ASSIGN,
        TaskAction.UNASSIGN,
        TaskAction.START,
        TaskAction.SUSPEND,
        TaskAction.RESUME,
        TaskAction.UPDATE_DUE,
        TaskAction.UPDATE_FOLLOW_UP,
        TaskAction.UPDATE_PRIORITY,
        TaskAction.UPDATE_CANDIDATES,
        TaskAction.UPDATE_DETAILS,
        TaskAction.SAVE_DRAFT,
        TaskAction.COMMENT,
        TaskAction.TAG,
    }
)


def touched(
    source: str, action: TaskAction, *, task_id: str | None = None, flow_id: str | None = None
) -> tuple[Tag, ...]:
    """What a write may change: the task, its flow and every list that could hold it; or else all tasks and flows.

    No write changes people, groups and definitions.
    """
    if action in _WITHIN_TASK and task_id is not None:
        flow = () if flow_id is None else (Tag(source, Kind.FLOW, flow_id),)
        return (Tag(source, Kind.TASK, task_id), Tag(source, Kind.TASK_LIST), *flow)
    return tuple(Tag(source, kind) for kind in (Kind.TASK, Kind.TASK_LIST, Kind.FLOW, Kind.FLOW_LIST))
