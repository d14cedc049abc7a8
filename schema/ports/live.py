"""What subscribers are told: changes of tasks."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from connectors.sdk.model import Task, TaskRef
from schema.ports.filters import TaskFilter
from schema.ports.lists import InboxScope


class ChangeKind(StrEnum):
    ADDED = "ADDED"
    CHANGED = "CHANGED"
    REMOVED = "REMOVED"
    RESYNC = "RESYNC"


class TaskEvent(Struct, frozen=True, kw_only=True):
    """`ref` is None with RESYNC; `task` also with REMOVED. `at`: when the gateway learned of it."""

    kind: ChangeKind
    at: datetime
    ref: TaskRef | None = None
    task: Task | None = None


class InboxWatchRequest(Struct, frozen=True, kw_only=True):
    """The list whose changes are told: as `TaskListRequest`, without order and page."""

    scope: InboxScope = InboxScope.MINE
    filter: TaskFilter = TaskFilter()
