"""The part of a source's budget that nothing but mutations may use: as much as they wanted lately."""

from bisect import bisect_right, insort
from collections import deque
from collections.abc import Callable

# Windows for which it is remembered how much mutations wanted.
MEMORY = 10
# Where mutations come, one in so many slots is kept at least, and one in so many at most: lists must not starve.
LEAST, MOST = 10, 3


class Reserve:
    """Mutations hold slots of their own within the budget, as long as reads would take all others.

    Kept free is what mutations wanted in the busiest window lately and one more, less what they hold already: what is
    free of theirs again is kept for the next, and where lists took all slots at once nobody waits for a window to change
    a task.
    """

    def __init__(self, *, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._wanted: deque[float] = deque()
        self._peak = 0
        self._peak_at = self._last_at = float("-inf")
        self._under_way = 0
        # When the slots that mutations used are free again; ascending.
        self._used: list[float] = []

    def want(self, window: float) -> None:
        """A mutation gets in line."""
        now = self._monotonic()
        while self._wanted and self._wanted[0] <= now - window:
            self._wanted.popleft()
        self._wanted.append(now)
        self._last_at = now
        if len(self._wanted) >= self._peak or now > self._peak_at + MEMORY * window:
            self._peak, self._peak_at = len(self._wanted), now

    def take(self) -> None:
        self._under_way += 1

    def over(self, free_at: float | None) -> None:
        """None: nothing was sent."""
        self._under_way -= 1
        if free_at is not None:
            # Not every budget is ever asked what it keeps: nobody but mutations uses one of writes.
            self._forget(self._monotonic())
            insort(self._used, free_at)

    def kept(self, limit: int, window: float) -> int:
        """Slots of `limit` that only a mutation may take now."""
        now = self._monotonic()
        if now >= self._last_at + MEMORY * window:
            return 0
        self._forget(now)
        wanted = max(limit // LEAST, min(self._peak + 1, limit // MOST))
        return max(0, wanted - self._under_way - len(self._used))

    def _forget(self, now: float) -> None:
        del self._used[: bisect_right(self._used, now)]
