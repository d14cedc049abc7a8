"""How many requests of one source may be under way at once: as many as the vendor takes well."""

from collections.abc import Callable

from msgspec import Struct

from gateway.federation.traffic.priority import Priority

# What remains of the number after a sign of overload.
DECREASE = 0.7


class Place(Struct, eq=False):
    """One request's place under way. `taken_at` on the monotonic clock."""

    taken_at: float


class Bulkhead:
    """Additive increase while answers come and the places are used, multiplicative decrease on overload.

    `start` places at first, between 1 and `most`. Of four and more, the last place is kept for writes, and background
    work uses half: answers that take long leave room for what cannot wait.
    """

    def __init__(self, *, start: int, most: int, monotonic: Callable[[], float]) -> None:
        self._limit = float(start)
        self._most = most
        self._monotonic = monotonic
        self._under_way = 0
        self._cut_at = float("-inf")

    @property
    def limit(self) -> int:
        return int(self._limit)

    @property
    def under_way(self) -> int:
        return self._under_way

    def free(self, priority: Priority) -> int:
        """Places that a request of `priority` may take; negative where more are taken than there should be now."""
        return self.limit - self._kept(priority) - self._under_way

    def _kept(self, priority: Priority) -> int:
        match priority:
            case Priority.WRITE:
                return 0
            case Priority.INTERACTIVE:
                return 1 if self.limit >= 4 else 0
            case Priority.BACKGROUND:
                return self.limit // 2

    def take(self) -> Place:
        self._under_way += 1
        return Place(self._monotonic())

    def leave(self, place: Place, *, overloaded: bool | None) -> None:
        """`overloaded` None tells nothing about the vendor."""
        was_full = 2 * self._under_way >= self._limit
        self._under_way -= 1
        if overloaded is None:
            return
        if not overloaded:
            if was_full:
                self._limit = min(self._most, self._limit + 1 / self._limit)
        elif place.taken_at >= self._cut_at:
            # Requests that were under way together tell of one overload, not of several.
            self._limit = max(1.0, self._limit * DECREASE)
            self._cut_at = self._monotonic()
