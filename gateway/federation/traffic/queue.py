"""The line before one source: whoever is first by priority, then by arrival, goes when budget and bulkhead let them."""

import asyncio
from bisect import insort
from collections.abc import Callable

from msgspec import Struct

from gateway.federation.traffic.concurrency import Bulkhead, Place
from gateway.federation.traffic.priority import Priority
from gateway.federation.traffic.rate_limit.window import Budget, Slot

# Those in line at most. More would wait for longer than anybody asks.
MOST_WAITING = 1000
# Seconds: a timer that fires a little early does not fire again at once.
SHORTEST_TIMER = 0.001


class Leave(Struct, eq=False):
    """A slot of the budget and a place under way, held together."""

    slot: Slot
    place: Place


class Refusal(Struct, frozen=True):
    """`at`: when the budget would have let it pass at the soonest; None where it lacked a place under way."""

    at: float | None


class _Waiter:
    def __init__(
        self, budget: Budget, priority: Priority, number: int, until: float, outcome: "asyncio.Future[Leave | Refusal]"
    ) -> None:
        self.budget = budget
        self.priority = priority
        self.rank = (priority, number)
        self.until = until
        self.outcome = outcome


class Turnstile:
    """All its state changes between awaits, in `serve`; nobody holds a slot while still waiting for a place."""

    def __init__(self, bulkhead: Bulkhead, *, monotonic: Callable[[], float]) -> None:
        self._bulkhead = bulkhead
        self._monotonic = monotonic
        self._waiting: list[_Waiter] = []
        self._arrivals = 0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    async def enter(self, budget: Budget, priority: Priority, *, until: float) -> Leave | Refusal:
        """Wait in line until `until` at most, on the monotonic clock; refused at once where that cannot be enough."""
        if len(self._waiting) >= MOST_WAITING:
            return Refusal(None)
        self._arrivals += 1
        budget.want(priority)
        outcome: asyncio.Future[Leave | Refusal] = asyncio.get_running_loop().create_future()
        waiter = _Waiter(budget, priority, self._arrivals, until, outcome)
        insort(self._waiting, waiter, key=lambda each: each.rank)
        self.serve()
        if outcome.done():
            return outcome.result()
        try:
            return await outcome
        except asyncio.CancelledError:
            if outcome.done() and not outcome.cancelled():
                self._undo(budget, outcome.result())
            elif waiter in self._waiting:
                self._waiting.remove(waiter)
            self.serve()
            raise

    def serve(self) -> None:
        """Let pass whoever can, refuse whoever cannot in time, and come back when that may have changed."""
        now = self._monotonic()
        ahead: dict[Budget, int] = {}
        mutations: dict[Budget, int] = {}
        staying: list[_Waiter] = []
        wake: list[float] = []
        for waiter in self._waiting:
            if waiter.outcome.done():
                continue  # cancelled, and about to leave by itself
            budget, priority = waiter.budget, waiter.priority
            before = ahead.get(budget, 0)
            if not before and budget.free(priority) > 0 and self._bulkhead.free(priority) > 0:
                waiter.outcome.set_result(Leave(budget.take(priority), self._bulkhead.take()))
                continue
            at = budget.earliest(before + 1, priority, mutations=mutations.get(budget, 0))
            if at > waiter.until or now >= waiter.until:
                waiter.outcome.set_result(Refusal(at if at > now else None))
                continue
            ahead[budget] = before + 1
            if priority is Priority.WRITE:
                mutations[budget] = before + 1
            staying.append(waiter)
            wake.append(waiter.until)
            if at > now:
                wake.append(at)
        self._waiting = staying
        self._call_again(min(wake, default=None), now)

    def clear(self) -> None:
        """Refuse everybody in line."""
        for waiter in self._waiting:
            if not waiter.outcome.done():
                waiter.outcome.set_result(Refusal(None))
        self._waiting = []
        self._call_again(None, 0)

    def _undo(self, budget: Budget, outcome: Leave | Refusal) -> None:
        if isinstance(outcome, Leave):
            budget.give_back(outcome.slot)
            self._bulkhead.leave(outcome.place, overloaded=None)

    def _call_again(self, at: float | None, now: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        delay = None if at is None else max(at - now, SHORTEST_TIMER)
        self._timer = None if delay is None else asyncio.get_running_loop().call_later(delay, self.serve)
