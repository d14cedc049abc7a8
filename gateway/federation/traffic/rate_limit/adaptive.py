"""A limit learned from 429 answers, where the vendor names none."""

# Seconds over which requests are counted.
WINDOW = 10.0
# The limit becomes this share of the requests that were too many.
DECREASE = 0.7
# A vendor that refuses fewer requests per window is overloaded by other clients: sending less would not help.
MIN_LIMIT = 5


class AdaptiveRateLimit:
    """No limit until the first refusal. Then it grows a little every window, until it is twice what was refused."""

    def __init__(self) -> None:
        self._limit: int | None = None
        self._step = 1
        self._lifted_above = 0
        self._raise_at = 0.0

    def limit(self, now: float) -> int | None:
        while self._limit is not None and now >= self._raise_at:
            self._limit += self._step
            self._raise_at += WINDOW
            if self._limit > self._lifted_above:
                self._limit = None
        return self._limit

    def record_refusal(self, used: int, now: float) -> None:
        """`used`: requests within the window when the vendor refused one."""
        self._limit = max(MIN_LIMIT, int(DECREASE * used))
        self._step = max(1, self._limit // 20)
        self._lifted_above = 2 * max(used, MIN_LIMIT)
        self._raise_at = now + WINDOW
