"""Until when an answer is of use to whoever asked, on the event loop's clock."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import anyio

_deadline: ContextVar[float | None] = ContextVar("traffic_deadline", default=None)


def current() -> float | None:
    return _deadline.get()


def remaining(monotonic: Callable[[], float] = anyio.current_time) -> float | None:
    """Seconds left, never below 0; None where nobody set a deadline."""
    at = _deadline.get()
    return None if at is None else max(0.0, at - monotonic())


@contextmanager
def anew(seconds: float, *, monotonic: Callable[[], float] = anyio.current_time) -> Iterator[None]:
    """A deadline of its own for work that others may come to wait for: not that of whoever caused it."""
    token = _deadline.set(monotonic() + seconds)
    try:
        yield
    finally:
        _deadline.reset(token)


@contextmanager
def within(seconds: float, *, monotonic: Callable[[], float] = anyio.current_time) -> Iterator[float]:
    """Narrow the deadline for the block, and for tasks begun there, to `seconds` from now; gives it.

    It is never widened: a part has no longer than the whole. The block itself is not interrupted.
    """
    outer, at = _deadline.get(), monotonic() + seconds
    at = at if outer is None else min(outer, at)
    token = _deadline.set(at)
    try:
        yield at
    finally:
        _deadline.reset(token)
