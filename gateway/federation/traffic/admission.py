"""The gate of one source: every HTTP exchange passes it, and what came of it makes it wider or narrower."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from random import random

import anyio

from connectors.sdk.clock import utc_now
from connectors.sdk.errors import (
    ConnectorError,
    MalformedResponseError,
    RateLimitedError,
    UnavailableError,
    UpstreamTimeoutError,
)
from connectors.sdk.http import NO_HEADERS, authority
from connectors.sdk.settings import LimitsSettings
from gateway.federation.traffic import deadline, priority, retry
from gateway.federation.traffic import request_record as exchange
from gateway.federation.traffic.circuit_breaker import Breaker, BreakerState
from gateway.federation.traffic.concurrency import Bulkhead
from gateway.federation.traffic.health_probe import Watch
from gateway.federation.traffic.priority import Priority
from gateway.federation.traffic.queue import Leave, Turnstile
from gateway.federation.traffic.rate_limit.credentials import Budgets
from gateway.federation.traffic.rate_limit.headers import read_quota, read_retry_after
from gateway.federation.traffic.rate_limit.window import Bucket, Budget
from gateway.federation.traffic.request_record import Exchange, Observe, unobserved
from gateway.federation.traffic.usage import usage

# Seconds that a call may wait at the gate, whatever its deadline says: a write is refused rather than queued.
PATIENCE = {Priority.WRITE: 1.0, Priority.INTERACTIVE: 15.0, Priority.BACKGROUND: 60.0}
# Seconds that an exchange takes at least, and how much of its usual time is left for it: begun later it would be cut
# off by the deadline, and only use up the budget.
SHORTEST_EXCHANGE = 0.25
AMPLE = 2.0
# Seconds that a vendor must have had before its silence counts against it: before, the haste is ours.
FAIR_CHANCE = 0.5
# The weight of the latest exchange in what is usual.
WEIGHT = 0.2
# Statuses of a vendor, or of what stands before it, that has too much to do.
OVERLOADED = frozenset({429, 502, 503, 504})


def acting_principal() -> str:
    """Whose credentials the current call uses: the person's where the source sees them, else the source's own."""
    who = authority.get()
    return "" if who is None else who.principal


class SourceGate:
    """`defaults` are the vendor's documented limits; what `limits` sets itself is never exceeded.

    `probe` asks the source something cheap. `credential` names whose limits the current call counts against. `observe`
    is told of every request, those that were refused here too. Needs a running event loop but to be made.
    """

    def __init__(
        self,
        source: str,
        *,
        probe: Callable[[], Awaitable[object]],
        limits: LimitsSettings | None = None,
        defaults: LimitsSettings | None = None,
        credential: Callable[[], str] = acting_principal,
        observe: Observe = unobserved,
        monotonic: Callable[[], float] = anyio.current_time,
        now: Callable[[], datetime] = utc_now,
        random: Callable[[], float] = random,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
    ) -> None:
        given = limits or LimitsSettings()
        defaults = defaults or LimitsSettings()
        chosen = given.over(defaults)
        self.source = source
        self._monotonic = monotonic
        self._now = now
        self._random = random
        self._sleep = sleep
        self._credential = credential
        self._observe = observe
        self._budgets = Budgets(given, defaults, monotonic=monotonic)
        self._bulkhead = Bulkhead(start=chosen.concurrency, most=2 * chosen.concurrency, monotonic=monotonic)
        self._turnstile = Turnstile(self._bulkhead, monotonic=monotonic)
        self._breaker = Breaker(monotonic=monotonic)
        self._watch = Watch(source, self._breaker, probe, monotonic=monotonic)
        self._quota = retry.RetryQuota()
        # Seconds that answered exchanges usually take.
        self._usual = 0.0

    # For the graph

    def buckets(self) -> tuple[Bucket, ...]:
        """The limits of the current credential, from memory."""
        return tuple(budget.bucket(self._date) for budget in dict.fromkeys(self._budgets.of(self._credential())))

    @property
    def state(self) -> BreakerState:
        return self._breaker.state

    @property
    def concurrency(self) -> int:
        """Exchanges that may be under way at once now."""
        return self._bulkhead.limit

    # For connectors.sdk.http.upstream

    async def admit(self, *, is_write: bool) -> "Passage":
        began = self._monotonic()
        rank = Priority.WRITE if is_write else priority.current()
        try:
            return await self._admitted(rank, is_write=is_write)
        except UnavailableError as error:
            waited = self._monotonic() - began
            spent = usage.get()
            if spent is not None:
                spent.waited(waited)
                spent.refusals += 1
            self._observe(
                Exchange(
                    source=self.source,
                    operation=exchange.current(),
                    is_write=is_write,
                    priority=rank,
                    outcome=error.code,
                    status=None,
                    sent=False,
                    seconds=0.0,
                    waited=waited,
                )
            )
            raise

    async def _admitted(self, rank: Priority, *, is_write: bool) -> "Passage":
        self._refuse_while_away()
        now = self._monotonic()
        until = now + PATIENCE[rank]
        by = deadline.current()
        if by is not None:
            if now >= by:
                raise UpstreamTimeoutError("was not asked: the time for the answer is over")
            until = min(until, max(now, by - self._ample(SHORTEST_EXCHANGE)))
        pair = self._budgets.of(self._credential())
        budget = pair.writes if is_write else pair.reads
        outcome = await self._turnstile.enter(budget, rank, until=until)
        if isinstance(outcome, Leave):
            waited = outcome.place.taken_at - now
            return Passage(
                self, budget, outcome, is_write=is_write, by=None if is_write else by, rank=rank, waited=waited
            )
        self._refuse_while_away()
        if outcome.at is None:
            raise UpstreamTimeoutError("has as many requests under way as it takes well")
        raise RateLimitedError(f"has no {budget.name} left within its limit for now", retry_at=self._date(outcome.at))

    async def retry(self, error: ConnectorError, *, attempt: int) -> bool:
        if not self._may_retry(error, attempt):
            return False
        seconds = retry.pause(attempt, self._random)
        left = deadline.remaining(self._monotonic)
        if left is not None and left < seconds + self._ample(SHORTEST_EXCHANGE):
            return False
        await self._sleep(seconds)
        if self._breaker.state is not BreakerState.CLOSED:
            return False
        spent = usage.get()
        if spent is not None:
            spent.retries += 1
        return True

    async def aclose(self) -> None:
        """Ends the watch and refuses whoever still waits."""
        self._turnstile.clear()
        await self._watch.aclose()

    # For its passages

    def observe(
        self,
        leave: Leave,
        rank: Priority,
        waited: float,
        *,
        is_write: bool,
        status: int | None,
        error: ConnectorError | None,
        sent: bool,
    ) -> None:
        spent = usage.get()
        if spent is not None:
            spent.waited(waited)
            spent.calls += sent
        self._observe(
            Exchange(
                source=self.source,
                operation=exchange.current(),
                is_write=is_write,
                priority=rank,
                outcome=error.code if error is not None else "GIVEN_UP" if status is None else "ok",
                status=status,
                sent=sent,
                seconds=self._took(leave),
                waited=waited,
            )
        )

    def remaining(self, by: float | None) -> float | None:
        return None if by is None else max(0.0, by - self._monotonic())

    def settle(
        self,
        budget: Budget,
        leave: Leave,
        *,
        status: int | None,
        headers: Mapping[str, str],
        error: ConnectorError | None,
        sent: bool,
    ) -> None:
        refused = status == 429 or (status is not None and isinstance(error, RateLimitedError))
        self._settle_budget(budget, leave, status, headers, error, refused=refused, sent=sent)
        has_failed = self._has_failed(leave, status, error, refused=refused)
        overloaded: bool | None = has_failed
        if refused or status in OVERLOADED:
            overloaded = True
        elif has_failed and status is not None:
            overloaded = None  # a fault within, such as 500: fewer requests would not mend it
        self._bulkhead.leave(leave.place, overloaded=overloaded)
        self._judge(leave, status, has_failed=has_failed, refused=refused)
        self._turnstile.serve()

    def _settle_budget(
        self,
        budget: Budget,
        leave: Leave,
        status: int | None,
        headers: Mapping[str, str],
        error: ConnectorError | None,
        *,
        refused: bool,
        sent: bool,
    ) -> None:
        if not sent:
            budget.give_back(leave.slot)
        elif status is None and not isinstance(error, MalformedResponseError):
            budget.unanswered(leave.slot)
        else:
            self._usual += WEIGHT * (self._took(leave) - self._usual)
            now = self._now()
            pause = read_retry_after(headers, now=now) if status is not None and status >= 400 else None
            if pause is None and isinstance(error, RateLimitedError) and error.retry_at is not None:
                pause = max(0.0, (error.retry_at - now).total_seconds())
            budget.answered(leave.slot, quota=read_quota(headers, now=now), refused=refused, retry_after=pause)

    def _has_failed(
        self, leave: Leave, status: int | None, error: ConnectorError | None, *, refused: bool
    ) -> bool | None:
        """Whether the exchange speaks against the source; None where it tells nothing."""
        if refused:
            return False
        if status is not None:
            return status >= 500 and status != 501
        if isinstance(error, UpstreamTimeoutError) and self._took(leave) < self._ample(FAIR_CHANCE):
            return None
        if isinstance(error, UnavailableError):
            return True
        return None if error is None else False

    def _judge(self, leave: Leave, status: int | None, *, has_failed: bool | None, refused: bool) -> None:
        if has_failed or refused:
            self._quota.failed()
        elif has_failed is False:
            self._quota.succeeded()
        if has_failed is not None and self._watch.is_probing():
            self._watch.note(failed=has_failed)
        if has_failed is False:
            self._breaker.succeeded(sent_at=leave.place.taken_at)
        elif has_failed and self._breaker.failed(sent_at=leave.place.taken_at, answered=status is not None):
            self._turnstile.clear()
            self._watch.begin()

    def _took(self, leave: Leave) -> float:
        return self._monotonic() - leave.place.taken_at

    def _ample(self, least: float) -> float:
        """Seconds that are enough for an exchange by all that is known."""
        return max(least, AMPLE * self._usual)

    def _may_retry(self, error: ConnectorError, attempt: int) -> bool:
        return (
            attempt < retry.MOST_ATTEMPTS
            and retry.is_passing(error)
            and self._quota.is_open
            and self._breaker.state is BreakerState.CLOSED
        )

    def _refuse_while_away(self) -> None:
        if self._breaker.state is not BreakerState.CLOSED and not self._watch.is_probing():
            self._watch.asked()
            raise UnavailableError("does not answer; it is looked after in the background")

    def _date(self, at: float) -> datetime:
        return self._now() + timedelta(seconds=at - self._monotonic())


class Passage:
    """Leave for one exchange; see `connectors.sdk.http.admission.Admission`. `by`: the deadline of a read."""

    def __init__(
        self,
        gate: SourceGate,
        budget: Budget,
        leave: Leave,
        *,
        is_write: bool,
        by: float | None,
        rank: Priority,
        waited: float,
    ) -> None:
        self._gate = gate
        self._budget = budget
        self._leave: Leave | None = leave
        self._is_write = is_write
        self._by = by
        self._rank = rank
        self._waited = waited

    @property
    def seconds(self) -> float | None:
        """None for a write: one that is cut off may be applied, and nobody would know."""
        return self._gate.remaining(self._by)

    def settle(
        self,
        *,
        status: int | None = None,
        headers: Mapping[str, str] = NO_HEADERS,
        error: ConnectorError | None = None,
        sent: bool = True,
    ) -> None:
        leave, self._leave = self._leave, None
        if leave is not None:
            self._gate.observe(
                leave, self._rank, self._waited, is_write=self._is_write, status=status, error=error, sent=sent
            )
            self._gate.settle(self._budget, leave, status=status, headers=headers, error=error, sent=sent)
