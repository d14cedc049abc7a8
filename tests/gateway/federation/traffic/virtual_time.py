"""An event loop whose clock jumps to the next timer as soon as all tasks wait."""

import asyncio
import selectors
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import anyio

T = TypeVar("T")

START = datetime(2026, 6, 15, 9, tzinfo=UTC)


class HungError(BaseException):
    """All tasks wait, and no timer can wake one of them. Not an Exception, so no code takes it for a vendor's failure."""


class _JumpingSelector(selectors.DefaultSelector):
    now = 1000.0

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None:
            raise HungError
        self.now += max(timeout, 1e-9)
        return []


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._clock = _JumpingSelector()
        super().__init__(self._clock)

    def time(self) -> float:
        return self._clock.now


def run(main: Callable[[], Awaitable[T]]) -> T:
    """Run `main` in a new event loop, whose time starts anew."""
    return anyio.run(main, backend="asyncio", backend_options={"loop_factory": VirtualTimeLoop})


def wall_clock() -> datetime:
    """The date for `anyio.current_time` in such a loop."""
    return START + timedelta(seconds=anyio.current_time() - 1000)
