"""The virtual clock of the model: an event loop that jumps to the next timer and never asks the system for events."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.gateway.federation.traffic.virtual_time import HungError, VirtualTimeLoop, _JumpingSelector

START = datetime(2026, 6, 15, 9, tzinfo=UTC)
_START_SECONDS = START.timestamp() - 1000


class _Selector(_JumpingSelector):
    """Nothing in the model waits for a file or a socket."""

    def select(self, timeout: float | None = None) -> Any:
        if timeout is None:
            raise HungError
        if timeout:
            self.now += max(timeout, 1e-9)
        return []


class ModelLoop(VirtualTimeLoop):
    def __init__(self) -> None:
        self._clock = _Selector()
        asyncio.SelectorEventLoop.__init__(self, self._clock)


class ModelClock:
    """Of the loop that runs when it is made. Seconds begin with 1000."""

    def __init__(self) -> None:
        self.seconds = asyncio.get_running_loop().time
        # Time stands still while anything runs, and making a datetime takes long.
        self._last = 1000.0, START

    def now(self) -> datetime:
        seconds, found = self.seconds(), self._last
        if found[0] != seconds:
            found = self._last = seconds, START + timedelta(seconds=seconds - 1000)
        return found[1]

    def timestamp(self) -> float:
        return _START_SECONDS + self.seconds()
