"""How many requests a vendor takes within a window, counted so that it never has to refuse one.

A strict sliding window: a vendor counts a request at some time between its sending and its answer, so a slot is free
again one window after the *answer*. Counted from the sending, requests that travel at different speeds are refused.
"""

from bisect import insort
from collections.abc import Callable
from datetime import datetime
from math import inf

from msgspec import Struct

from gateway.federation.traffic.priority import Priority
from gateway.federation.traffic.rate_limit import adaptive as pace
from gateway.federation.traffic.rate_limit.headers import NOTHING, Quota
from gateway.federation.traffic.rate_limit.write_reserve import Reserve

# Clocks here and there may differ in speed by this part.
DRIFT = 0.0005
# Seconds within which a request that was given up may still arrive at the vendor.
STRAY = 5.0
# A reset, which vendors give in whole seconds, tells nothing new if it comes by less after what is known here.
ROUNDING = 1.5
# Seconds that a header's reset is believed; a Retry-After is believed for longer.
LONGEST_RESET = 3600.0
# Windows for which it is remembered that others use the same limit.
MEMORY = 10
UNLIMITED = 1_000_000
# Slots that others are believed to use at most: a header may name any number.
MOST_FOREIGN = 20_000
# The part of the limit that may be under way at once while it is not known how much of it is used: one in so many.
FEW = 30


class Bucket(Struct, frozen=True):
    """A limit as the graph shows it. `reset_at` is when the next used place is free again; None while all are.

    `observed`: by the vendor's headers, not by assumption. `limit` None: none is known.
    """

    name: str
    limit: int | None
    remaining: int | None
    reset_at: datetime | None
    observed: bool


class Slot(Struct, eq=False):
    """One request's part of the budget. `answered_before` and `freed_before` count the requests that were over, and
    those whose places were free again, when it was taken.
    """

    taken_at: float
    answered_before: int
    freed_before: int
    priority: Priority


class Budget:
    """`documented` is what the vendor promises, until its headers tell better; `ceiling` is never exceeded.

    Holds no locks and waits for nothing: one event loop asks it.
    """

    def __init__(
        self,
        name: str,
        *,
        documented: int | None = None,
        ceiling: int | None = None,
        window: float = 60.0,
        monotonic: Callable[[], float],
    ) -> None:
        self.name = name
        self._vendors = documented
        self._ceiling = ceiling
        self._configured_window = window
        self._window = window
        self._monotonic = monotonic
        self._observed = False
        self._under_way = 0
        self._answered = 0
        self._freed = 0
        # When own slots, and those that others seem to use, are free again; ascending.
        self._used: list[float] = []
        self._foreign: list[float] = []
        # Both in order, as long as they and the limit stay the same.
        self._ends: tuple[int, list[float]] | None = None
        self._hold_until = -inf
        self._refusals = 0
        self._refused_at = -inf
        self._pace = pace.Pace()
        # Until when it is not known what the vendor counts already, and when that was last heard of.
        self._unsure_until = -inf
        self._answered_at = -inf
        self._read_at = -inf
        self._tried_at = -inf
        # When the vendor counted what is not ours; and when that cannot have been this gateway before a restart.
        self._shared_at = -inf
        self._rivals_at = -inf
        self._reserve = Reserve(monotonic=monotonic)

    # Asking

    def free(self, priority: Priority) -> int:
        """Requests of `priority` that may be sent now; 0 and below: none."""
        now = self._now()
        if now < self._hold_until:
            return 0
        limit = self._limit(now)
        free = UNLIMITED if limit is None else limit - self._taken(limit) - self._kept(priority, limit)
        if limit is not None and now < self._unsure_until:
            free = min(free, max(1, limit // FEW) - self._under_way)
        if now < self._shared_at + MEMORY * self._window:
            # Near the end one at a time: then each answer tells exactly what is left.
            free = min(free, max(1, free // 4) - self._under_way)
        return free

    def earliest(self, place: int, priority: Priority, *, mutations: int = 0) -> float:
        """When the `place`-th in line (from 1) may go at the soonest, if nobody goes before those in line; a time that is
        past, it may be the beginning of all, where it need not wait for this budget.

        `mutations` of those before it are going to use what is kept for them.
        """
        now = self._now()
        at, limit = -inf, self._limit(now)
        if limit is not None:
            kept = max(0, self._kept(priority, limit) - mutations)
            lacking = place - (limit - self._taken(limit) - kept)
            if lacking > 0:
                ends = self._in_order(limit)
                # What is under way is free again a window from now at the soonest, and so are those in line.
                windows = -(-(lacking - len(ends)) // limit)
                at = ends[lacking - 1] if lacking <= len(ends) else now + windows * self._window
        return max(at, self._hold_until)

    def bucket(self, at: Callable[[float], datetime]) -> Bucket:
        """As it is now; `at` turns monotonic times into dates."""
        now = self._now()
        limit = self._limit(now)
        taken = limit is not None and self._taken(limit) > 0
        ends = [*self._used[:1], *self._foreign[:1]] if taken else []
        reset = max(self._hold_until, min(ends, default=now))
        return Bucket(
            self.name,
            limit,
            None if limit is None else 0 if now < self._hold_until else max(0, limit - self._taken(limit)),
            at(reset) if reset > now else None,
            self._observed,
        )

    @property
    def is_idle(self) -> bool:
        """Nothing is under way or remembered that a new budget would not know."""
        now = self._now()
        return not (self._under_way or self._used or self._foreign) and now >= self._hold_until

    # Using

    def want(self, priority: Priority) -> None:
        """Somebody gets in line."""
        if priority is Priority.WRITE:
            self._reserve.want(self._window)

    def take(self, priority: Priority = Priority.INTERACTIVE) -> Slot:
        now = self._now()
        if self._known() is not None and not self._under_way and now >= self._answered_at + self._window:
            # Nothing was heard for a window: others, or this gateway before a restart, may have used the limit up.
            self._unsure_until = now + self._window
        self._under_way += 1
        if priority is Priority.WRITE:
            self._reserve.take()
        return Slot(now, self._answered, self._freed, priority)

    def give_back(self, slot: Slot) -> None:
        """Nothing was sent."""
        self._under_way -= 1
        if slot.priority is Priority.WRITE:
            self._reserve.over(None)

    def unanswered(self, slot: Slot) -> None:
        """Sent, and not answered: it may still be on its way to the vendor."""
        now = self._now()
        self._over(slot, now + min(STRAY, self._span(now)) + self._span(now))

    def answered(
        self, slot: Slot, *, quota: Quota = NOTHING, refused: bool = False, retry_after: float | None = None
    ) -> None:
        """`refused`: as one too many. Nothing is sent for `retry_after` seconds, whatever the answer was."""
        now = self._now()
        meanwhile = self._answered - slot.answered_before + self._under_way - 1
        # Whatever was under way at the same time, the vendor counts what it has answered.
        self._over(slot, now + self._span(now))
        if retry_after is not None:
            self._hold_until = max(self._hold_until, now + retry_after)
        self._learn(quota)
        if refused:
            self._refuse(slot, quota, retry_after, now)
        else:
            self._refusals = 0
        if quota.remaining is not None:
            self._compare(slot, quota, meanwhile, now)
        self._answered_at = now

    # Knowing

    def _known(self) -> int | None:
        return min((number for number in (self._vendors, self._ceiling) if number is not None), default=None)

    def _limit(self, now: float) -> int | None:
        known = self._known()
        return self._pace.limit(now) if known is None else known

    def _span(self, now: float) -> float:
        return (pace.WINDOW if self._known() is None else self._window) * (1 + DRIFT)

    def _rivals(self, limit: int) -> list[float]:
        """Slots of others that stand in our way: those above our own ceiling do not."""
        return self._foreign[max(0, (self._vendors or limit) - limit) :]

    def _taken(self, limit: int) -> int:
        return self._under_way + len(self._used) + len(self._rivals(limit))

    def _kept(self, priority: Priority, limit: int) -> int:
        """What mutations may want, and a fifth more from background work."""
        if priority is Priority.WRITE:
            return 0
        kept = self._reserve.kept(limit, self._window)
        return kept + limit // 5 if priority is Priority.BACKGROUND else kept

    def _now(self) -> float:
        now = self._monotonic()
        for ends in (self._used, self._foreign):
            over = next((index for index, end in enumerate(ends) if end > now), len(ends))
            if over:
                del ends[:over]
                self._ends = None
                self._freed += over if ends is self._used else 0
        return now

    def _in_order(self, limit: int) -> list[float]:
        if self._ends is None or self._ends[0] != limit:
            self._ends = (limit, sorted((*self._used, *self._rivals(limit))))
        return self._ends[1]

    def _over(self, slot: Slot, free_at: float) -> None:
        if slot.priority is Priority.WRITE:
            self._reserve.over(free_at)
        self._under_way -= 1
        self._answered += 1
        insort(self._used, free_at)
        self._ends = None

    # Learning

    def _learn(self, quota: Quota) -> None:
        if quota.limit is not None:
            self._vendors = quota.limit
            self._observed = True
        if quota.window is not None:
            self._window = max(quota.window, self._configured_window) if self._ceiling else quota.window

    def _refuse(self, slot: Slot, quota: Quota, retry_after: float | None, now: float) -> None:
        if slot.taken_at <= self._refused_at:
            return  # sent before it was known: tells nothing new
        self._refused_at = now
        self._refusals += 1
        if self._known() is None:
            self._pace.refused(len(self._used) + self._under_way, now)
        else:
            self._unsure_until = now + self._window
        if retry_after is None:
            span = self._span(now)
            pause = min(span, span / 60 * (1 << min(self._refusals - 1, 16)))
            self._hold_until = max(self._hold_until, now + max(pause, min(quota.reset or 0.0, LONGEST_RESET)))

    def _compare(self, slot: Slot, quota: Quota, meanwhile: int, now: float) -> None:
        """What the vendor says is left, against what is known here: the difference is what others use.

        `meanwhile` requests of ours were under way at the same time; the vendor may or may not have counted them. Places
        that became free here while its word travelled it may have counted, too: they may pass for another's, but do
        not prove that there is one.
        """
        remaining = quota.remaining or 0
        reset = None if quota.reset is None else now + min(quota.reset, LONGEST_RESET)
        limit = self._vendors or self._ceiling
        if limit is None:
            if remaining == 0 and reset is not None:
                self._hold_until = max(self._hold_until, reset)
            return
        own = self._under_way + len(self._used)
        least, freed_meanwhile = limit - remaining - own, self._freed - slot.freed_before
        most = limit - remaining - own + meanwhile
        known = len(self._foreign)
        self._ends = None
        if least > known:
            self._foreign += [now + self._span(now)] * (min(least, limit, MOST_FOREIGN) - known)
            self._foreign.sort()
            if least - freed_meanwhile > known:
                self._shared_at = now
            if self._read_at > -inf:
                self._rivals_at = now
        elif most < known and slot.taken_at >= self._read_at:
            del self._foreign[: known - max(0, most)]
        if remaining == 0 and reset is not None:
            self._wait_for_reset(reset, now)
        self._unsure_until = -inf
        self._read_at = now

    def _wait_for_reset(self, reset: float, now: float) -> None:
        first = min((*self._used[:1], *self._foreign[:1]), default=now)
        if reset > first + ROUNDING:
            # The vendor's window is longer than ours, or fixed.
            self._hold_until = max(self._hold_until, reset)
        elif reset < first and self._foreign and now >= max(self._tried_at, self._rivals_at) + self._window:
            # What is not ours ends within a window at the latest. Once a window it is tried when the vendor says so,
            # unless there are rivals, who will be there first.
            self._tried_at = now
            self._foreign[0] = reset
