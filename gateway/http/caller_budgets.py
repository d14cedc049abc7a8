"""What each person may ask for in a minute: so many requests, and so much cost. Token buckets, one pair a person."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable

from gateway.http.request import RefusedError
from gateway.settings import CallersSettings

# People whose budgets are remembered. Beyond, the one who asked longest ago begins anew.
MOST_PEOPLE = 50_000
SECONDS = 60.0


class _Bucket:
    """Fills evenly up to `most` in a minute. `now` in seconds of the monotonic clock."""

    __slots__ = ("_at", "_left", "_most")

    def __init__(self, most: int, now: float) -> None:
        self._most = most
        self._left = float(most)
        self._at = now

    def left(self, now: float) -> int:
        """What is left now; never below 0, also while a debt is paid off."""
        return max(0, math.floor(self._filled(now)))

    def take(self, amount: int, now: float) -> float:
        """Takes it and returns 0; or takes nothing, and returns the seconds until it could.

        An amount that no bucket holds is taken from a full one, which then is in debt: it is not refused for ever.
        """
        left = self._filled(now)
        missing = min(amount, self._most) - left
        # The clock's rounding must not refuse what was filled up exactly.
        if missing > 1e-9:
            return missing * SECONDS / self._most
        self._left, self._at = left - amount, now
        return 0.0

    def _filled(self, now: float) -> float:
        return min(float(self._most), self._left + max(0.0, now - self._at) * self._most / SECONDS)


class CallerBudgets:
    """Memory is bounded by `most_people`. A refused request takes nothing."""

    def __init__(
        self,
        settings: CallersSettings,
        *,
        most_people: int = MOST_PEOPLE,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limits = {
            name: limit
            for name, limit in (("requests", settings.requests), ("cost", settings.cost))
            if limit is not None
        }
        self._most_people = most_people
        self._monotonic = monotonic
        self._people: OrderedDict[str, dict[str, _Bucket]] = OrderedDict()

    def take_request(self, person: str) -> None:
        """For each request. RefusedError (429, CALLER_LIMITED) if that person has no request left."""
        self._take(person, "requests", 1)

    def take_cost(self, person: str, cost: int) -> None:
        """For an operation that is about to run. RefusedError as well."""
        self._take(person, "cost", max(1, cost))

    def remaining(self, person: str) -> dict[str, int] | None:
        """What is left, by the name of the limit; None where no limit is configured."""
        if not self._limits:
            return None
        now = self._monotonic()
        buckets = self._people.get(person, {})
        return {name: buckets[name].left(now) if name in buckets else most for name, most in self._limits.items()}

    def _take(self, person: str, name: str, amount: int) -> None:
        most = self._limits.get(name)
        if most is None:
            return
        now = self._monotonic()
        buckets = self._people.setdefault(person, {})
        self._people.move_to_end(person)
        while len(self._people) > self._most_people:
            self._people.popitem(last=False)
        if name not in buckets:
            buckets[name] = _Bucket(most, now)
        wait = buckets[name].take(amount, now)
        if wait:
            seconds = math.ceil(wait)
            what = f"{most} requests" if name == "requests" else f"operations of cost {most}"
            raise RefusedError(
                429,
                "CALLER_LIMITED",
                f"You may send {what} a minute; try again in {seconds} s.",
                {"Retry-After": str(seconds)},
            )
