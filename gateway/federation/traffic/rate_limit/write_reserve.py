"""The share of a rate limit window that is kept for mutations: as many slots as they recently needed."""

from bisect import bisect_right, insort
from collections import deque
from collections.abc import Callable

# Windows for which it is remembered how many requests mutations made.
MEMORY = 10
# While mutations arrive, at least and at most this share of the limit is kept for them: lists need the rest.
MIN_SHARE = 1 / 10
MAX_SHARE = 1 / 3


class WriteReservation:
    """Keeps one slot more than mutations used in their busiest recent window, without those that they use now.

    When a mutation's slot becomes free, it is kept for the next mutation. So even if lists use all other slots, a
    mutation need not wait for the window to move on.
    """

    def __init__(self, *, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._wanted: deque[float] = deque()
        self._peak = 0
        self._peak_at = self._last_at = float("-inf")
        self._in_flight = 0
        # When the slots that mutations used become free; ascending.
        self._used: list[float] = []

    def announce(self, window: float) -> None:
        """A request of a mutation joins the queue. `window` in seconds."""
        now = self._monotonic()
        while self._wanted and self._wanted[0] <= now - window:
            self._wanted.popleft()
        self._wanted.append(now)
        self._last_at = now
        if len(self._wanted) >= self._peak or now > self._peak_at + MEMORY * window:
            self._peak, self._peak_at = len(self._wanted), now

    def take(self) -> None:
        self._in_flight += 1

    def settle(self, free_at: float | None) -> None:
        """The request ended; its slot becomes free at `free_at`. None: it was not sent."""
        self._in_flight -= 1
        if free_at is not None:
            # Also here, because `kept` is never called for a window that only counts writes.
            self._expire(self._monotonic())
            insort(self._used, free_at)

    def kept(self, limit: int, window: float) -> int:
        """Slots of `limit` that only a mutation may take now."""
        now = self._monotonic()
        if now >= self._last_at + MEMORY * window:
            return 0
        self._expire(now)
        wanted = max(int(limit * MIN_SHARE), min(self._peak + 1, int(limit * MAX_SHARE)))
        return max(0, wanted - self._in_flight - len(self._used))

    def _expire(self, now: float) -> None:
        del self._used[: bisect_right(self._used, now)]
