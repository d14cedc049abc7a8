"""Requests of one source that wait for a permit, ordered by priority and arrival."""

import asyncio
from bisect import insort
from collections.abc import Callable

from msgspec import Struct

from gateway.federation.traffic.concurrency import ConcurrencyLimit, InFlight
from gateway.federation.traffic.priority import Priority
from gateway.federation.traffic.rate_limit import RateLimitWindow, WindowSlot

# Requests that may wait. More would wait longer than any deadline.
MAX_WAITING = 1000
# Seconds. Keeps a timer that fires a little early from firing again at once.
MIN_TIMER = 0.001


class Grant(Struct, eq=False):
    """A slot in the rate limit window and a place under the concurrency limit, held together."""

    window: RateLimitWindow
    slot: WindowSlot
    in_flight: InFlight


class Refusal(Struct, frozen=True):
    """`retry_at`: the earliest monotonic time at which the rate limit allows it; None if the concurrency limit refused."""

    retry_at: float | None


class _Waiter:
    def __init__(
        self,
        window: RateLimitWindow,
        priority: Priority,
        number: int,
        until: float,
        outcome: "asyncio.Future[Grant | Refusal]",
    ) -> None:
        self.window = window
        self.priority = priority
        self.rank = (priority, number)
        self.until = until
        self.outcome = outcome


class AdmissionQueue:
    """A slot and a place are taken together, in `serve`, without an await in between: no waiter holds only one of them."""

    def __init__(self, concurrency: ConcurrencyLimit, *, monotonic: Callable[[], float]) -> None:
        self._concurrency = concurrency
        self._monotonic = monotonic
        self._waiting: list[_Waiter] = []
        self._arrivals = 0
        self._timer: asyncio.TimerHandle | None = None

    async def admit(self, window: RateLimitWindow, priority: Priority, *, until: float) -> Grant | Refusal:
        """Wait until the monotonic time `until` at most; refused at once if it cannot be granted by then."""
        if len(self._waiting) >= MAX_WAITING:
            return Refusal(None)
        self._arrivals += 1
        window.announce(priority)
        outcome: asyncio.Future[Grant | Refusal] = asyncio.get_running_loop().create_future()
        waiter = _Waiter(window, priority, self._arrivals, until, outcome)
        insort(self._waiting, waiter, key=lambda each: each.rank)
        self.serve()
        if outcome.done():
            return outcome.result()
        try:
            return await outcome
        except asyncio.CancelledError:
            if outcome.done() and not outcome.cancelled():
                self._undo(outcome.result())
            elif waiter in self._waiting:
                self._waiting.remove(waiter)
            self.serve()
            raise

    def serve(self) -> None:
        """Grant what is possible, refuse what cannot be granted in time, and set a timer for the next change."""
        now = self._monotonic()
        ahead: dict[RateLimitWindow, int] = {}
        writes_ahead: dict[RateLimitWindow, int] = {}
        staying: list[_Waiter] = []
        wake: list[float] = []
        for waiter in self._waiting:
            if waiter.outcome.done():
                continue  # cancelled; it removes itself
            window, priority = waiter.window, waiter.priority
            before = ahead.get(window, 0)
            if not before and window.free(priority) > 0 and self._concurrency.free(priority) > 0:
                waiter.outcome.set_result(Grant(window, window.take(priority), self._concurrency.start()))
                continue
            at = window.earliest(before + 1, priority, writes_ahead=writes_ahead.get(window, 0))
            if at > waiter.until or now >= waiter.until:
                waiter.outcome.set_result(Refusal(at if at > now else None))
                continue
            ahead[window] = before + 1
            if priority is Priority.WRITE:
                writes_ahead[window] = before + 1
            staying.append(waiter)
            wake.append(waiter.until)
            if at > now:
                wake.append(at)
        self._waiting = staying
        self._set_timer(min(wake, default=None), now)

    def refuse_all(self) -> None:
        for waiter in self._waiting:
            if not waiter.outcome.done():
                waiter.outcome.set_result(Refusal(None))
        self._waiting = []
        self._set_timer(None, 0)

    def _undo(self, outcome: Grant | Refusal) -> None:
        if isinstance(outcome, Grant):
            outcome.window.give_back(outcome.slot)
            self._concurrency.finish(outcome.in_flight, overloaded=None)

    def _set_timer(self, at: float | None, now: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        delay = None if at is None else max(at - now, MIN_TIMER)
        self._timer = None if delay is None else asyncio.get_running_loop().call_later(delay, self.serve)
