"""The share of a source's reads that looks at open writes may take."""

import math
import time
from collections import deque
from collections.abc import Callable

SHARE = 0.2
# With fewer reads in a window they are few: they are kept for the looks that decide.
FEW = 60


class ReadShare:
    """At most a fifth of the limit within any `window` of seconds; with a limit below five, one.

    `limit` tells the reads of a window that the source allows now; None: no limit is known.
    """

    def __init__(
        self, limit: Callable[[], int | None], window: float, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._limit = limit
        self._window = window
        self._monotonic = monotonic
        self._taken: deque[float] = deque()

    @property
    def _most(self) -> float:
        limit = self._limit()
        return math.inf if limit is None else max(1, int(limit * SHARE))

    @property
    def is_small(self) -> bool:
        """Whether looks must be chosen: each one is one less for another write."""
        return self._most < FEW

    def room(self, *, may_wait: bool = False) -> float:
        """How many reads may be sent now. `may_wait`: for looks that can be made later; half of the share is not for them."""
        self._forget()
        most = self._most
        return max(0, (most - most // 2 if may_wait and most < math.inf else most) - len(self._taken))

    def wait(self) -> float:
        """Seconds until there is room for one more read."""
        self._forget()
        over = len(self._taken) - self._most
        return 0.0 if over < 0 else self._taken[int(over)] + self._window - self._monotonic()

    def take(self, reads: int) -> None:
        """Note reads that were sent. A look may need several and goes beyond the share by these at most."""
        self._taken.extend([self._monotonic()] * reads)

    def _forget(self) -> None:
        since = self._monotonic() - self._window
        while self._taken and self._taken[0] <= since:
            self._taken.popleft()
