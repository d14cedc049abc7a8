"""How many upstream requests of one source may run at once: additive increase, multiplicative decrease (AIMD)."""

from collections.abc import Callable

from msgspec import Struct

from gateway.federation.traffic.priority import Priority

# The limit is multiplied by this after a sign of overload.
DECREASE = 0.7


class InFlight(Struct, eq=False):
    """One request that runs. `started_at` on the monotonic clock."""

    started_at: float


class ConcurrencyLimit:
    """The limit begins at `start` and stays between 1 and `maximum`.

    It grows by one per round of good answers while at least half of it is used, and shrinks on overload. Of a limit of 4
    or more, one place is kept for writes, and background requests may use half: slow answers leave room for urgent ones.
    """

    def __init__(self, *, start: int, maximum: int, monotonic: Callable[[], float]) -> None:
        self._limit = float(start)
        self._maximum = maximum
        self._monotonic = monotonic
        self._in_flight = 0
        self._decreased_at = float("-inf")

    @property
    def limit(self) -> int:
        return int(self._limit)

    def free(self, priority: Priority) -> int:
        """Requests of `priority` that may start now; negative if more run than the limit allows by now."""
        return self.limit - self._kept_from(priority) - self._in_flight

    def start(self) -> InFlight:
        self._in_flight += 1
        return InFlight(self._monotonic())

    def finish(self, request: InFlight, *, overloaded: bool | None) -> None:
        """`overloaded`: whether the answer was a sign of overload; None if it says nothing about that."""
        was_used = 2 * self._in_flight >= self._limit
        self._in_flight -= 1
        if overloaded is None:
            return
        if not overloaded:
            if was_used:
                self._limit = min(self._maximum, self._limit + 1 / self._limit)
        elif request.started_at >= self._decreased_at:
            # Requests that ran at the same time met the same overload: it counts once.
            self._limit = max(1.0, self._limit * DECREASE)
            self._decreased_at = self._monotonic()

    def _kept_from(self, priority: Priority) -> int:
        match priority:
            case Priority.WRITE:
                return 0
            case Priority.INTERACTIVE:
                return 1 if self.limit >= 4 else 0
            case Priority.BACKGROUND:
                return self.limit // 2
