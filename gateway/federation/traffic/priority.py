"""Who goes first where not all can go at once."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import IntEnum


class Priority(IntEnum):
    """The lower goes first. WRITE is for everything that a mutation needs, its reads too."""

    WRITE = 0
    INTERACTIVE = 1
    BACKGROUND = 2


_priority: ContextVar[Priority] = ContextVar("traffic_priority", default=Priority.INTERACTIVE)


def current() -> Priority:
    return _priority.get()


@contextmanager
def prioritised(priority: Priority) -> Iterator[None]:
    """Every call upstream within the block, and in tasks begun there, goes with `priority`."""
    token = _priority.set(priority)
    try:
        yield
    finally:
        _priority.reset(token)
