"""The share of a source's reads that looks at open writes may take."""

import math
import time
from collections import deque
from collections.abc import Callable

SHARE = 0.2


class ReadShare:
    """At most a fifth of `limit` within any `window` of seconds; with a limit below five, one. None: no limit is known."""

    def __init__(self, limit: int | None, window: float, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._most = math.inf if limit is None else max(1, int(limit * SHARE))
        self._window = window
        self._monotonic = monotonic
        self._taken: deque[float] = deque()

    def has_room(self) -> bool:
        """Whether one more read may be sent now."""
        since = self._monotonic() - self._window
        while self._taken and self._taken[0] <= since:
            self._taken.popleft()
        return len(self._taken) < self._most

    def at_once(self, most: int) -> int:
        """How many looks may run at the same time, so that they do not go far beyond the share."""
        return int(max(1, min(most, self._most // 3)))

    def take(self, reads: int) -> None:
        """Note reads that were sent. A look may need several and goes beyond the share by these at most."""
        self._taken.extend([self._monotonic()] * reads)
