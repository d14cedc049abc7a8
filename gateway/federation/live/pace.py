"""How often a source is looked at: what its rate limit leaves decides."""

from collections import deque

from gateway.federation.traffic import RateLimitView

WINDOW = 60.0
"""Seconds in which calls are counted."""
IDLE_TIMES = 4.0
"""A source without a rate limit is left alone for so many times as long as the last look at it took."""


class Pace:
    """Times are seconds of one clock."""

    def __init__(self, *, least: float, most: float, share: float) -> None:
        self._least, self._most, self._share = least, most, share
        self._looks: deque[tuple[float, int]] = deque()
        self._failures = 0

    def note(self, now: float, calls: int, *, failed: bool) -> None:
        """A look has ended."""
        self._looks.append((now, calls))
        self._failures = self._failures + 1 if failed else 0

    def pause(self, now: float, *, calls: float, seconds: float, limit: RateLimitView | None) -> float:
        """Seconds until the next look, which costs so many calls and takes about as long as the last one."""
        while self._looks and self._looks[0][0] <= now - WINDOW:
            self._looks.popleft()
        wanted = max(self._least, IDLE_TIMES * seconds)
        if limit is not None and limit.limit is not None:
            wanted = max(self._least, self._within(limit.limit, limit.remaining, calls))
        if self._failures:
            wanted = max(wanted, self._least * 2.0 ** min(self._failures, 10))
        return min(wanted, self._most)

    def soonest(self, now: float, *, calls: float, limit: RateLimitView | None, pause: float) -> float:
        """As `pause`, which is given, for a look that a webhook asks for: it may use the share of a minute up early."""
        if self._failures:
            return pause
        if limit is None or limit.limit is None:
            return min(pause, self._least)
        own = sum(cost for at, cost in self._looks if at > now - WINDOW)
        return min(pause, self._least) if own + calls <= self._budget(limit.limit, limit.remaining) else pause

    def _within(self, limit: int, remaining: int | None, calls: float) -> float:
        """At `share` of the limit without what people's requests took in the last window."""
        budget = self._budget(limit, remaining)
        return self._most if budget <= 0 else max(1.0, calls) * WINDOW / budget

    def _budget(self, limit: int, remaining: int | None) -> float:
        """Calls in a window."""
        own = sum(cost for _, cost in self._looks)
        interactive = max(0, limit - (limit if remaining is None else remaining) - own)
        return self._share * (limit - interactive)
