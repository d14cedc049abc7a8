"""How many requests a vendor accepts within a window, counted so that it never has to refuse one.

A strict sliding window. The vendor counts a request at some time between its sending and its answer, so the slot of a
request becomes free one window after the *answer*. Counted from the sending, requests that travel at different speeds
would be refused.
"""

from bisect import bisect_right
from collections.abc import Callable
from datetime import datetime
from math import inf

from msgspec import Struct

from connectors.sdk.http import LONGEST
from gateway.federation.traffic.priority import Priority
from gateway.federation.traffic.rate_limit.adaptive import WINDOW as ADAPTIVE_WINDOW
from gateway.federation.traffic.rate_limit.adaptive import AdaptiveRateLimit
from gateway.federation.traffic.rate_limit.headers import NOTHING_STATED, RateLimitHeaders
from gateway.federation.traffic.rate_limit.write_reserve import WriteReservation
from gateway.shared import SlotLog

# The vendor's clock and ours may differ in speed by this share.
DRIFT = 0.0005
# Seconds within which a request that this side gave up may still arrive at the vendor.
STRAY = 5.0
# Seconds. Vendors state a reset in whole seconds: it counts only if it is later than expected by more than this.
ROUNDING = 1.5
# Seconds. Whatever the vendor's headers say, one request finds out after this time whether they were right.
MAX_PAUSE = LONGEST.total_seconds()
# Windows for which it is remembered that other clients use the same limit.
MEMORY = 10
UNLIMITED = 1_000_000
# Seconds. The pause after a refusal by a busy vendor that names no time; it doubles with each in a row, up to the longest.
BUSY_PAUSE = 0.5
LONGEST_BUSY_PAUSE = 10.0
# Slots that other clients are believed to use at most: a header may name any number.
MAX_FOREIGN = 20_000
# While it is unknown how much of the limit is used, at most limit / UNSURE_SHARE requests run at once.
UNSURE_SHARE = 30


class RateLimitView(Struct, frozen=True):
    """A limit as the graph shows it.

    `limit` is None if none is known. `reset_at` is when the next used slot becomes free; None if none is used.
    `observed`: the limit was stated by the vendor's headers, not assumed.
    """

    name: str
    limit: int | None
    remaining: int | None
    reset_at: datetime | None
    observed: bool


class WindowSlot(Struct, eq=False):
    """One request's part of the limit. `ended_before` and `freed_before` count the requests that had ended, and the
    slots that had become free, when it was taken.
    """

    taken_at: float
    ended_before: int
    freed_before: int
    priority: Priority


class RateLimitWindow:
    """`documented` is the vendor's promise until its headers state another limit; `ceiling` is never exceeded.

    Counts at most `ceiling` or the vendor's limit, whichever is lower, over `seconds`. Never waits; one event loop.
    """

    def __init__(
        self,
        name: str,
        *,
        slots: SlotLog,
        documented: int | None = None,
        ceiling: int | None = None,
        seconds: float = 60.0,
        monotonic: Callable[[], float],
    ) -> None:
        self.name = name
        self._slots = slots
        self._vendors = documented
        self._ceiling = ceiling
        self._configured_seconds = seconds
        self._seconds = seconds
        self._monotonic = monotonic
        self._observed = False
        # When the slots that other clients seem to use become free; ascending.
        self._foreign: list[float] = []
        # The ends of own and foreign slots in one order, for (limit, revision of the slots).
        self._ordered: tuple[tuple[int, int], list[float]] | None = None
        self._refusals = 0
        self._refused_at = -inf
        self._busy_in_a_row = 0
        self._busy_at = self._busy_until = -inf
        self._adaptive = AdaptiveRateLimit()
        self._reservation = WriteReservation(monotonic=monotonic)
        # Until the first of these times it is unknown how much the vendor has counted. The others are the times of the last
        # answer, of the last answer with a count, and of the last reset that was tried.
        self._unsure_until = -inf
        self._answered_at = -inf
        self._read_at = -inf
        self._reset_tried_at = -inf
        # Until when the vendor asked for a pause. Since an answer asked for a long one, requests go one at a time, until one
        # that was sent later is accepted.
        self._asked_until = -inf
        self._probing_since: float | None = None
        # Last time the vendor's count exceeded ours; last time this was certainly another client.
        self._shared_at = -inf
        self._rivals_at = -inf

    # Asking

    def free(self, priority: Priority) -> int:
        """Requests of `priority` that may be sent now; 0 or less: none."""
        now = self._now()
        if now < self._slots.paused_until:
            return 0
        limit = self._limit(now)
        if limit is None:
            free = UNLIMITED
        else:
            free = self._slots.room(limit) - len(self._rivals(limit)) - self._kept(priority, limit)
            if free > 0:
                free = min(free, self._slots.allotted(limit, is_write=priority is Priority.WRITE))
        in_flight = self._slots.in_flight
        if limit is not None and now < self._unsure_until:
            free = min(free, max(1, limit // UNSURE_SHARE) - in_flight)
        if now < self._shared_at + MEMORY * self._seconds:
            # Near the limit one request at a time: each answer then tells exactly how many are left.
            free = min(free, max(1, free // 4) - in_flight)
        return free if self._probing_since is None else min(free, 1 - in_flight)

    def earliest(self, position: int, priority: Priority, *, writes_ahead: int = 0) -> float:
        """When the request at `position` in the queue (from 1) may be sent at the earliest.

        The monotonic time of a lower bound: the queue asks again then. -inf if this window does not delay it.
        `writes_ahead` of the requests before it are going to use slots that are kept for mutations.
        """
        now = self._now()
        at, limit = -inf, self._limit(now)
        if limit is not None:
            kept = max(0, self._kept(priority, limit) - writes_ahead)
            lacking = position - (limit - self._taken(limit) - kept)
            if lacking > 0:
                ends = self._in_order(limit)
                # The slots of running and of waiting requests become free a window from now at the earliest.
                windows = -(-(lacking - len(ends)) // limit)
                at = ends[lacking - 1] if lacking <= len(ends) else now + windows * self._seconds
        return max(at, self._slots.paused_until, self._slots.closed_until)

    def view(self, date: Callable[[float], datetime]) -> RateLimitView:
        """As it is now; `date` turns monotonic times into dates."""
        now = self._now()
        limit, paused_until = self._limit(now), self._slots.paused_until
        taken = 0 if limit is None else self._taken(limit) + self._slots.elsewhere
        ends = [*self._slots.ends[:1], *self._foreign[:1]] if taken else []
        reset = max(paused_until, min(ends, default=now))
        remaining = None if limit is None else 0 if now < paused_until else max(0, limit - taken)
        return RateLimitView(self.name, limit, remaining, date(reset) if reset > now else None, self._observed)

    @property
    def why_none(self) -> str:
        """Why nothing may be sent now, as the end of a sentence."""
        now = self._now()
        if now < min(self._busy_until, self._slots.paused_until):
            return "the system is busy and accepts no requests at the moment; no limit was used up"
        if now < min(self._asked_until, self._slots.paused_until):
            return "the vendor asked for a pause"
        if now < self._slots.paused_until:
            return "the vendor refused a request as one too many"
        return f"the rate limit for {self.name} is used up"

    @property
    def is_idle(self) -> bool:
        """Whether a new window would have the same state."""
        now, slots = self._now(), self._slots
        return not (slots.in_flight or slots.ends or self._foreign) and now >= slots.paused_until

    # Using

    def announce(self, priority: Priority) -> None:
        """A request joins the queue."""
        if priority is Priority.WRITE:
            self._reservation.announce(self._seconds)

    def take(self, priority: Priority = Priority.INTERACTIVE) -> WindowSlot:
        now, slots = self._now(), self._slots
        if self._known_limit() is not None and not slots.in_flight and now >= self._answered_at + self._seconds:
            # There was no answer for a window: other clients, or this gateway before a restart, may have used the limit.
            self._unsure_until = now + self._seconds
        slots.take()
        if priority is Priority.WRITE:
            self._reservation.take()
        return WindowSlot(now, slots.ended, slots.freed, priority)

    def give_back(self, slot: WindowSlot) -> None:
        """Nothing was sent."""
        self._slots.give_back()
        if slot.priority is Priority.WRITE:
            self._reservation.settle(None)

    def settle_unanswered(self, slot: WindowSlot) -> None:
        """Sent and not answered: it may still be on its way to the vendor."""
        now = self._now()
        self._end(slot, now + min(STRAY, self._span()) + self._span())

    def settle_answered(
        self,
        slot: WindowSlot,
        *,
        headers: RateLimitHeaders = NOTHING_STATED,
        refused: bool = False,
        busy: bool = False,
        retry_after: float | None = None,
    ) -> None:
        """`refused`: as one request too many; `busy`: because the vendor has too much to do. Nothing is sent for `retry_after` seconds, whatever the answer was."""
        now = self._now()
        meanwhile = self._slots.ended - slot.ended_before + self._slots.in_flight - 1
        self._end(slot, now + self._span())
        if retry_after is not None:
            self._pause_as_asked(now + min(retry_after, MAX_PAUSE))
        self._learn(headers)
        if _is_long_pause(headers, refused=refused, retry_after=retry_after):
            self._probing_since = now
        elif self._probing_since is not None and slot.taken_at > self._probing_since:
            self._probing_since = None
        if busy:
            self._note_busy(slot, retry_after, now)
        else:
            self._busy_in_a_row = 0
        if refused:
            self._refuse(slot, headers, retry_after, now)
        else:
            self._refusals = 0
        if headers.remaining is not None:
            self._compare(slot, headers, meanwhile, now)
        self._answered_at = now

    # Knowing

    def _known_limit(self) -> int | None:
        return min((number for number in (self._vendors, self._ceiling) if number is not None), default=None)

    def _limit(self, now: float) -> int | None:
        known = self._known_limit()
        return self._adaptive.limit(now) if known is None else known

    def _span(self) -> float:
        """Seconds for which an answered request uses its slot."""
        return (ADAPTIVE_WINDOW if self._known_limit() is None else self._seconds) * (1 + DRIFT)

    def _rivals(self, limit: int) -> list[float]:
        """Foreign slots that reduce our limit: those above our own ceiling do not."""
        return self._foreign[max(0, (self._vendors or limit) - limit) :]

    def _taken(self, limit: int) -> int:
        return self._slots.in_flight + len(self._slots.ends) + len(self._rivals(limit))

    def _kept(self, priority: Priority, limit: int) -> int:
        """Slots kept from `priority`: what mutations may want, and a fifth more from background requests."""
        if priority is Priority.WRITE:
            return 0
        kept = self._reservation.kept(limit, self._seconds)
        return kept + limit // 5 if priority is Priority.BACKGROUND else kept

    def _now(self) -> float:
        now = self._monotonic()
        self._slots.expire(now)
        past = bisect_right(self._foreign, now)
        if past:
            del self._foreign[:past]
            self._ordered = None
        return now

    def _in_order(self, limit: int) -> list[float]:
        key = (limit, self._slots.revision)
        if self._ordered is None or self._ordered[0] != key:
            self._ordered = (key, sorted((*self._slots.ends, *self._rivals(limit))))
        return self._ordered[1]

    def _end(self, slot: WindowSlot, free_at: float) -> None:
        if slot.priority is Priority.WRITE:
            self._reservation.settle(free_at)
        self._slots.occupy_until(free_at)

    # Learning

    def _pause_as_asked(self, until: float) -> None:
        self._asked_until = max(self._asked_until, until)
        self._slots.pause(until)

    def _learn(self, headers: RateLimitHeaders) -> None:
        if headers.limit is not None:
            self._vendors = headers.limit
            self._observed = True
        if headers.window is not None:
            window = min(headers.window, MAX_PAUSE)
            self._seconds = max(window, self._configured_seconds) if self._ceiling else window

    def _refuse(self, slot: WindowSlot, headers: RateLimitHeaders, retry_after: float | None, now: float) -> None:
        if slot.taken_at <= self._refused_at:
            return  # sent before an earlier refusal was known: says nothing new
        self._refused_at = now
        self._refusals += 1
        if self._known_limit() is None:
            self._adaptive.record_refusal(len(self._slots.ends) + self._slots.in_flight, now)
        else:
            self._unsure_until = now + self._seconds
        if retry_after is None:
            span = self._span()
            pause = min(span, MAX_PAUSE, span / 60 * (1 << min(self._refusals - 1, 16)))
            self._slots.pause(now + pause)
            if headers.reset is not None:
                self._pause_as_asked(now + min(headers.reset, MAX_PAUSE))

    def _note_busy(self, slot: WindowSlot, retry_after: float | None, now: float) -> None:
        """Says nothing about a limit."""
        if slot.taken_at <= self._busy_at:
            return  # sent before an earlier refusal was known
        self._busy_at = now
        pause = min(BUSY_PAUSE * (1 << min(self._busy_in_a_row, 8)), LONGEST_BUSY_PAUSE)
        self._busy_in_a_row += 1
        self._busy_until = now + (pause if retry_after is None else min(retry_after, MAX_PAUSE))
        self._slots.pause(self._busy_until)

    def _compare(self, slot: WindowSlot, headers: RateLimitHeaders, meanwhile: int, now: float) -> None:
        """Compare what the vendor says is left with our own count: the difference is what other clients use.

        `meanwhile` requests of ours were running at the same time; the vendor may or may not have counted them. It may
        have counted slots, too, that became free here while its answer travelled: these may pass for another client's,
        but do not prove that there is one.
        """
        remaining = headers.remaining or 0
        reset = None if headers.reset is None else now + min(headers.reset, MAX_PAUSE)
        limit = self._vendors or self._ceiling
        if limit is None:
            if remaining == 0 and reset is not None:
                self._pause_as_asked(reset)
            return
        if self._slots.is_shared:
            # Other replicas' requests would pass for other clients'. A refusal still tells of these.
            if remaining == 0 and reset is not None and reset > now + self._seconds + ROUNDING:
                self._pause_as_asked(reset)
            return
        own = self._slots.in_flight + len(self._slots.ends)
        least, freed_meanwhile = limit - remaining - own, self._slots.freed - slot.freed_before
        most = limit - remaining - own + meanwhile
        known = len(self._foreign)
        self._ordered = None
        if least > known:
            self._foreign += [now + self._span()] * (min(least, limit, MAX_FOREIGN) - known)
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
        first = min((*self._slots.ends[:1], *self._foreign[:1]), default=now)
        if reset > first + ROUNDING:
            # The vendor's window is longer than ours, or fixed.
            self._pause_as_asked(reset)
        elif reset < first and self._foreign and now >= max(self._reset_tried_at, self._rivals_at) + self._seconds:
            # A foreign slot ends within a window at the latest. Once per window it is tried at the vendor's reset,
            # unless there are other clients, which would use it first.
            self._reset_tried_at = now
            self._foreign[0] = reset


def _is_long_pause(headers: RateLimitHeaders, *, refused: bool, retry_after: float | None) -> bool:
    """Whether the vendor wants a pause that is cut to `MAX_PAUSE`."""
    wanted = [retry_after or 0.0]
    if refused or headers.remaining == 0:
        wanted += [headers.reset or 0.0, headers.window or 0.0]
    return max(wanted) >= MAX_PAUSE
