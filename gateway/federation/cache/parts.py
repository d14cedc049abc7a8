"""What one GraphQL operation was answered from: the kept answers of sources that it read, and the tasks that it showed."""

from collections.abc import Iterable
from datetime import datetime

from connectors.sdk.model import Task, TaskRef
from gateway.federation.cache.key import CacheKey

Marks = dict[CacheKey, object]
"""The mark of each kept answer (`Cache.mark`); None for a question that had none."""


class Parts:
    """Collected while the operation runs. `is_whole`: all that it read was kept already, fresh, and no fallback.

    `due_at`: the next moment at which a shown task is overdue.
    """

    __slots__ = ("due_at", "is_whole", "marks", "shown")

    def __init__(self) -> None:
        self.marks: Marks = {}
        self.is_whole = True
        self.shown: list[TaskRef] = []
        self.due_at: datetime | None = None

    def spoil(self) -> None:
        """Something was read that is not kept."""
        self.is_whole = False

    def note(self, key: CacheKey, mark: object) -> None:
        """The same question with another answer meanwhile spoils the whole."""
        if self.marks.setdefault(key, mark) is not mark:
            self.is_whole = False

    def note_shown(self, tasks: Iterable[Task], now: datetime) -> None:
        for task in tasks:
            self.shown.append(task.ref)
            due = task.due_at
            if due is not None and due >= now and (self.due_at is None or due < self.due_at):
                self.due_at = due
