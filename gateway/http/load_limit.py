"""How many GraphQL requests are carried out side by side: as many as the process manages.

Requests that wait for a vendor cost nothing, so their number says little. What counts is how late the event loop comes to
its timers. While it is in time, every request is carried out at once. If it has been late for a while, the number of
requests in work becomes a limit, which falls until the loop is in time again. Further requests wait for their turn, in the
order of their arrival; one that would wait too long, by the rate at which requests end, is refused at once. What was
admitted is never cut off.
"""

import asyncio
import math
import statistics
import time
from collections import deque
from collections.abc import Callable

from msgspec import Struct

from gateway.http.request import RefusedError
from gateway.settings import AdmissionSettings

TICK = 0.01
"""Seconds between two looks at the clock."""
INTERVAL, LOOKS = 0.1, 3
"""The loop counts as late if it was so at each look of this many seconds, and at so many looks: one long request is no load."""
VERY_LATE = 5
"""So many times the lateness that is allowed is load, without a second look: looks are rare then."""
CALM = 10
"""Intervals in time, with nothing waiting, after which there is no limit any more."""
LEAST, WAITING = 2, 16
"""The limit never falls below the one, and so many requests may wait in any case: a page that opens sends some at once."""
LEAST_LESS, MOST_LESS, MORE = 0.9, 0.25, 1.5
"""By what the limit is multiplied. The lateness grows with the requests that run, so it tells how many are too many."""
RISE, FALL = 0.3, 1.0
"""Seconds over which the rate is averaged. Before a load it is the rate at which requests came, which is too low."""
LONGEST_RETRY = 30


class LoadView(Struct, frozen=True, kw_only=True):
    """`limit` is None while the gateway is not busy. `lag` in seconds: the least of the last interval."""

    in_work: int
    waiting: int
    limit: int | None
    lag: float


class _Waiting:
    __slots__ = ("since", "told")

    def __init__(self, since: float, told: Callable[[bool], None]) -> None:
        self.since = since
        self.told = told


class _Place:
    """As a class it costs a third of a generator."""

    __slots__ = ("_limit",)

    def __init__(self, limit: "LoadLimit") -> None:
        self._limit = limit

    async def __aenter__(self) -> None:
        await self._limit.wait_for_place()

    async def __aexit__(self, *_raised: object) -> None:
        self._limit.leave()


class LoadLimit:
    """`monotonic` in seconds. `place` is for requests; the other methods are its parts, for tests with a clock of their own."""

    def __init__(self, settings: AdmissionSettings, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._monotonic = monotonic
        self._in_work = 0
        self._waiting: deque[_Waiting] = deque()
        self._limit: float | None = None
        # Requests that end in a second, while there are any.
        self._rate = 0.0
        self._began = self._monotonic()
        self._ends = 0
        self._lags: list[float] = []
        self._lag = 0.0
        self._calm = 0
        self._due = math.inf
        self._ticking: asyncio.TimerHandle | None = None

    def change(self, settings: AdmissionSettings) -> None:
        """From now on these settings hold. What is in work or waits stays."""
        self._settings = settings

    def view(self) -> LoadView:
        return LoadView(
            in_work=self._in_work,
            waiting=len(self._waiting),
            limit=None if self._limit is None else int(self._limit),
            lag=self._lag,
        )

    def place(self) -> "_Place":
        """Around a request, which may wait for its turn. RefusedError (503, OVERLOADED) if there is no place for it."""
        return _Place(self)

    async def wait_for_place(self) -> None:
        """Until the request is in work. Then `leave` must be called when it has ended."""
        turn: asyncio.Future[bool] | None = None

        def told(entered: bool) -> None:  # noqa: FBT001 as `enter` documents
            if turn is not None and not turn.done():
                turn.set_result(entered)

        waiting = self.enter(told)
        if self._ticking is None:
            self._begin_interval()
            self._tick_later(asyncio.get_running_loop())
        if waiting is not None:
            # Nothing is told before the event loop has its turn.
            turn = asyncio.get_running_loop().create_future()
            await self._turn(waiting, turn)

    def enter(self, told: Callable[[bool], None]) -> _Waiting | None:
        """None: the request is in work, until `leave`. Else it waits; `told` is called with True when it is in work, with
        False if it has waited too long. RefusedError if it need not wait.
        """
        if self._limit is None and self._is_very_late(self._monotonic() - self._due):
            self._limit = max(LEAST, self._in_work)
        if not self._waiting and self._has_place():
            self._in_work += 1
            return None
        expected = self._expected_wait()
        is_long = expected > self._settings.queue_seconds and len(self._waiting) >= WAITING
        if is_long or len(self._waiting) >= max(WAITING, self._settings.in_work):
            raise _overloaded(expected)
        waiting = _Waiting(self._monotonic(), told)
        self._waiting.append(waiting)
        return waiting

    def leave(self) -> None:
        """A request that was in work has ended."""
        self._in_work -= 1
        self._ends += 1
        self._admit()

    def next_look(self) -> float:
        """When to call `look` again, by the clock."""
        self._due = self._monotonic() + TICK
        return self._due

    def look(self) -> None:
        """At the time of `next_look`, or as soon after it as the event loop comes to it."""
        now = self._monotonic()
        lag = max(0.0, now - self._due)
        self._due = math.inf
        self._lags.append(lag)
        elapsed = now - self._began
        if not self._is_very_late(lag) and (elapsed < INTERVAL or len(self._lags) < LOOKS):
            return
        change = self._ends / elapsed - self._rate
        self._rate += (1 - math.exp(-elapsed / (RISE if change > 0 else FALL))) * change
        self._lag = min(self._lags) if len(self._lags) >= LOOKS else lag
        self._adapt(usual=statistics.median(self._lags))
        self._begin_interval()
        self._admit()
        while self._waiting and now - self._waiting[0].since > 2 * self._settings.queue_seconds:
            self._waiting.popleft().told(False)  # noqa: FBT003 as documented

    def _adapt(self, usual: float) -> None:
        """`usual`: how late the loop was at most looks of the interval."""
        if self._lag > self._settings.lag_seconds:
            less = max(MOST_LESS, min(LEAST_LESS, self._settings.lag_seconds / self._lag))
            self._limit = max(LEAST, (self._in_work if self._limit is None else self._limit) * less)
            self._calm = 0
        elif self._limit is not None:
            self._calm = 0 if self._waiting else self._calm + 1
            if self._calm >= CALM:
                self._limit = None
            elif usual <= self._settings.lag_seconds / 2:
                # Requests that only wait for vendors do not count against the others.
                self._limit = max(self._limit, self._in_work) * MORE
            else:
                self._limit = max(self._limit, self._in_work) + 1

    def _is_very_late(self, lag: float) -> bool:
        return lag > VERY_LATE * self._settings.lag_seconds and self._in_work > LEAST

    def _has_place(self) -> bool:
        most = self._settings.in_work
        return self._in_work < (most if self._limit is None else min(most, int(self._limit)))

    def _expected_wait(self) -> float:
        """Seconds, by the rate at which requests end."""
        limit = self._settings.in_work if self._limit is None else self._limit
        ahead = len(self._waiting) + 1 + max(0.0, self._in_work - limit)
        elapsed = self._monotonic() - self._began
        rate = max(self._rate, self._ends / elapsed) if elapsed > INTERVAL else self._rate
        return ahead / rate if rate else math.inf

    def _admit(self) -> None:
        while self._waiting and self._has_place():
            self._in_work += 1
            self._waiting.popleft().told(True)  # noqa: FBT003 as documented

    def _begin_interval(self) -> None:
        self._began = self._monotonic()
        self._ends = 0
        self._lags.clear()

    async def _turn(self, waiting: _Waiting, turn: "asyncio.Future[bool]") -> None:
        try:
            entered = await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.result():
                self.leave()
            elif waiting in self._waiting:
                self._waiting.remove(waiting)
            raise
        if not entered:
            raise _overloaded(self._expected_wait())

    def _tick_later(self, loop: asyncio.AbstractEventLoop) -> None:
        self.next_look()
        self._ticking = loop.call_later(TICK, self._tick, loop)

    def _tick(self, loop: asyncio.AbstractEventLoop) -> None:
        """Only while there is something to measure: an idle process sleeps."""
        self.look()
        self._ticking = None
        if self._in_work or self._waiting or self._limit is not None:
            self._tick_later(loop)


def _overloaded(expected: float) -> RefusedError:
    seconds = LONGEST_RETRY if math.isinf(expected) else max(1, min(LONGEST_RETRY, math.ceil(expected)))
    return RefusedError(
        503,
        "OVERLOADED",
        f"The gateway has more requests than it can answer in time; try again in {seconds} s.",
        {"Retry-After": str(seconds)},
    )
