"""A limit found by trying, where the vendor names none."""

# Seconds within which requests are counted.
WINDOW = 10.0
# What remains of the requests that were refused.
DECREASE = 0.7
# A vendor that refuses fewer requests in a window is overloaded by others: fewer of ours would not help it.
LEAST = 5


class Pace:
    """None until the first refusal; then additive increase a window, until twice what was refused is reached."""

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

    def refused(self, used: int, now: float) -> None:
        """`used`: requests within the window when the vendor refused one."""
        self._limit = max(LEAST, int(DECREASE * used))
        self._step = max(1, self._limit // 20)
        self._lifted_above = 2 * max(used, LEAST)
        self._raise_at = now + WINDOW
