"""What one subscriber is still to be told: bounded, with the changes of one task merged."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from connectors.sdk.model import Task, TaskRef
from schema.ports import ChangeKind, TaskEvent

MOST = 100
"""Events that wait. Beyond, one RESYNC replaces them all."""


class EventQueue:
    """One writer, one reader, one event loop. `now` dates events."""

    def __init__(self, *, now: Callable[[], datetime], most: int = MOST) -> None:
        self._now = now
        self._most = most
        self._events: dict[TaskRef | None, TaskEvent] = {}
        # Whether the subscriber had the task before the first event that waits for it.
        self._had: dict[TaskRef, bool] = {}
        self._is_closed = False
        self._arrived = asyncio.Event()

    def put(self, kind: ChangeKind, ref: TaskRef, task: Task | None) -> None:
        if None in self._events:
            # The list is to be read again anyway, later than this.
            return
        had = self._had.setdefault(ref, kind is not ChangeKind.ADDED)
        if kind is not ChangeKind.REMOVED:
            kind = ChangeKind.CHANGED if had else ChangeKind.ADDED
        self._events[ref] = TaskEvent(kind=kind, at=self._now(), ref=ref, task=task)
        if len(self._events) > self._most:
            self.resync()
        self._arrived.set()

    def resync(self) -> None:
        """Something may have been missed: instead of all that waits."""
        self._had.clear()
        self._events = {None: TaskEvent(kind=ChangeKind.RESYNC, at=self._now())}
        self._arrived.set()

    def close(self) -> None:
        """No event follows."""
        self._is_closed = True
        self._arrived.set()

    async def get(self) -> TaskEvent | None:
        """The next event; None once the queue is closed."""
        while not self._is_closed:
            if self._events:
                ref = next(iter(self._events))
                event = self._events.pop(ref)
                if ref is not None:
                    self._had.pop(ref, None)
                return event
            self._arrived.clear()
            await self._arrived.wait()
        return None
