"""The clocks of admission control. Tests replace them."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import anyio
from msgspec import Struct

from connectors.sdk.clock import utc_now


class Clock(Struct, frozen=True):
    """`monotonic` in seconds, `now` for dates that are shown, `sleep` for pauses."""

    monotonic: Callable[[], float] = anyio.current_time
    now: Callable[[], datetime] = utc_now
    sleep: Callable[[float], Awaitable[None]] = anyio.sleep

    def date(self, at: float) -> datetime:
        """The date of a monotonic time."""
        return self.now() + timedelta(seconds=at - self.monotonic())


REAL_CLOCK = Clock()
