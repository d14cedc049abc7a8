"""Admission control of one source: rate limit, concurrency limit, circuit breaker, deadline and retries."""

from collections.abc import Awaitable, Callable
from random import random as default_random

from msgspec import structs

from connectors.sdk.errors import ConnectorError, RateLimitedError, UnavailableError, UpstreamTimeoutError
from connectors.sdk.http import current_call
from connectors.sdk.settings import LimitsSettings
from gateway.federation.traffic import retry
from gateway.federation.traffic.call_context import CallContext, current_context
from gateway.federation.traffic.circuit_breaker import BreakerState, CircuitBreaker
from gateway.federation.traffic.clock import REAL_CLOCK, Clock
from gateway.federation.traffic.concurrency import ConcurrencyLimit
from gateway.federation.traffic.health_probe import HealthProbe
from gateway.federation.traffic.permit import SourcePermit
from gateway.federation.traffic.priority import Priority
from gateway.federation.traffic.queue import AdmissionQueue, Grant
from gateway.federation.traffic.rate_limit import CredentialWindows, RateLimitView, read_rate_limit_headers
from gateway.federation.traffic.request_outcome import RequestOutcome
from gateway.federation.traffic.request_record import Observe, UpstreamRequestRecord, ignore_record
from gateway.shared import RateLimitState
from gateway.telemetry import NO_TRACING, CallTracer

# Seconds that a request may wait for a permit, whatever its deadline is. That of a write is its mutation's, at most 300.
MAX_WAIT = {Priority.WRITE: 300.0, Priority.INTERACTIVE: 15.0, Priority.BACKGROUND: 60.0}
# A request needs at least MIN_TIME seconds before its deadline, or AMPLE times what requests take typically. Started
# later, the deadline would cut it off, and it would only use up the rate limit.
MIN_TIME = 0.25
AMPLE = 2.0
# Seconds. A shorter timeout was caused by our own deadline and does not count as a failure of the vendor.
FAIR_TIMEOUT = 0.5
# The weight of the latest request in the typical time.
LATEST_WEIGHT = 0.2


def acting_principal() -> str:
    """The key of the person in whose name the current call is made; empty for the source's service account."""
    authority = current_call().authority
    return "" if authority is None else authority.principal


class AdmissionControl:
    """Implements `connectors.sdk.http.AdmissionControl`.

    `documented` are the vendor's limits; what `configured` sets itself is never exceeded. `probe` sends the source a
    cheap request. `credential` names whose rate limit the current call counts against. `observe` is told of every
    request, refused ones included; `spans` has one for each that is sent. Nothing but the constructor may be called without a running event loop.
    """

    def __init__(
        self,
        source: str,
        *,
        probe: Callable[[], Awaitable[object]],
        rate_limits: RateLimitState,
        configured: LimitsSettings | None = None,
        documented: LimitsSettings | None = None,
        credential: Callable[[], str] = acting_principal,
        observe: Observe = ignore_record,
        spans: CallTracer = NO_TRACING,
        clock: Clock = REAL_CLOCK,
        random: Callable[[], float] = default_random,
    ) -> None:
        configured = configured or LimitsSettings()
        documented = documented or LimitsSettings()
        start = configured.over(documented).concurrency
        monotonic = clock.monotonic
        self.source = source
        self._clock = clock
        self._random = random
        self._credential = credential
        self._observe = observe
        self._spans = spans
        self._windows = CredentialWindows(
            source,
            configured,
            documented,
            state=rate_limits,
            has_room=self._serve,
            monotonic=monotonic,
        )
        self._concurrency = ConcurrencyLimit(start=start, maximum=2 * start, monotonic=monotonic)
        self._queue = AdmissionQueue(self._concurrency, monotonic=monotonic)
        self._breaker = CircuitBreaker(monotonic=monotonic)
        self._probe = HealthProbe(source, self._breaker, probe, monotonic=monotonic)
        self._throttle = retry.RetryThrottle()
        # Seconds that answered requests usually take.
        self._typical_time = 0.0

    # For the graph

    def rate_limits(self) -> tuple[RateLimitView, ...]:
        """The limits of the current credential, from memory."""
        windows = dict.fromkeys(self._windows.of(self._credential()))
        return tuple(window.view(self._clock.date) for window in windows)

    @property
    def state(self) -> BreakerState:
        return self._breaker.state

    @property
    def concurrency(self) -> int:
        """Requests that may run at once now."""
        return self._concurrency.limit

    # For connectors.sdk.http.Upstream

    async def admit(self, *, is_write: bool) -> SourcePermit:
        context = current_context()
        if is_write:
            context = structs.replace(context, priority=Priority.WRITE)
        arrived_at = self._clock.monotonic()
        try:
            permit = await self._admitted(context, is_write=is_write)
        except UnavailableError as error:
            self._record_refusal(context, error, is_write=is_write, waited=self._clock.monotonic() - arrived_at)
            raise
        except BaseException:
            # Cut off while it waited: nothing was sent.
            for cost in context.counters:
                cost.was_write_cut_off_waiting = cost.was_write_cut_off_waiting or is_write
            raise
        for cost in context.counters:
            cost.writes += is_write
        return permit

    async def wait_to_retry(self, error: ConnectorError, *, attempt: int) -> bool:
        if not self._may_retry(error, attempt):
            return False
        context = current_context()
        seconds = retry.pause(attempt, self._random)
        left = context.remaining(self._clock.monotonic)
        if left is not None and left < seconds + self._at_least(MIN_TIME):
            return False
        await self._clock.sleep(seconds)
        if self._breaker.state is not BreakerState.CLOSED:
            return False
        for cost in context.counters:
            cost.retries += 1
        return True

    # For the source

    def record_usable(self) -> None:
        """The answers of a read were used."""
        self._breaker.record_usable()

    def record_unusable(self, *, is_about_one: bool = False) -> None:
        """An answer of the vendor could not be used: it does not fit the documentation, or is too large."""
        if is_about_one:
            self._doubt(self._clock.monotonic())
        elif self._breaker.record_unusable():
            self._stop()

    async def aclose(self) -> None:
        """Stop probing and refuse all waiting requests."""
        self._queue.refuse_all()
        await self._probe.aclose()

    # Admitting

    async def _admitted(self, context: CallContext, *, is_write: bool) -> SourcePermit:
        self._refuse_while_unavailable(context)
        now = self._clock.monotonic()
        until = self._latest_start(context, now)
        windows = self._windows.of(self._credential())
        window = windows.writes if is_write else windows.reads
        outcome = await self._queue.admit(window, context.priority, until=until)
        if isinstance(outcome, Grant):
            return SourcePermit(
                outcome,
                context=context,
                is_write=is_write,
                waited=(waited := outcome.in_flight.started_at - now),
                span=self._spans.begin(context.operation, is_write=is_write, waited=waited),
                clock=self._clock,
                settled=self._settle,
            )
        self._refuse_while_unavailable(context)
        if outcome.retry_at is None:
            raise UpstreamTimeoutError("was not called: too many requests to it are running")
        raise RateLimitedError(f"was not called: {window.why_none}", retry_at=self._clock.date(outcome.retry_at))

    def _refuse_while_unavailable(self, context: CallContext) -> None:
        if self._breaker.state is not BreakerState.CLOSED and not context.is_probe:
            self._probe.note_demand()
            raise UnavailableError("is unavailable; the gateway checks in the background whether it is back")

    def _latest_start(self, context: CallContext, now: float) -> float:
        """Until when the request may wait, on the monotonic clock. UpstreamTimeoutError if the deadline has passed."""
        until = now + MAX_WAIT[context.priority]
        if context.deadline is None:
            return until
        if now >= context.deadline:
            raise UpstreamTimeoutError("was not called: the deadline has passed")
        return min(until, max(now, context.deadline - self._at_least(MIN_TIME)))

    def _may_retry(self, error: ConnectorError, attempt: int) -> bool:
        return (
            attempt < retry.MAX_ATTEMPTS
            and retry.is_transient(error)
            and self._throttle.allows_retry
            and self._breaker.state is BreakerState.CLOSED
        )

    def _at_least(self, seconds: float) -> float:
        """`seconds`, or more if requests typically take longer."""
        return max(seconds, AMPLE * self._typical_time)

    def _serve(self) -> None:
        """There is room that could not be foreseen."""
        self._queue.serve()

    # Settling

    def _settle(self, permit: SourcePermit, outcome: RequestOutcome) -> None:
        self._record(permit, outcome)
        self._settle_window(permit, outcome)
        failed = outcome.failed(in_haste=permit.age < self._at_least(FAIR_TIMEOUT))
        self._concurrency.finish(permit.grant.in_flight, overloaded=outcome.overloaded(failed=failed))
        self._judge(permit, outcome, failed=failed)
        self._queue.serve()

    def _settle_window(self, permit: SourcePermit, outcome: RequestOutcome) -> None:
        window, slot = permit.grant.window, permit.grant.slot
        if not outcome.sent:
            window.give_back(slot)
        elif not outcome.was_answered:
            window.settle_unanswered(slot)
        else:
            self._typical_time += LATEST_WEIGHT * (permit.age - self._typical_time)
            now = self._clock.now()
            window.settle_answered(
                slot,
                headers=read_rate_limit_headers(outcome.headers, now=now),
                refused=outcome.is_rate_limited and not outcome.is_busy,
                busy=outcome.is_busy,
                retry_after=outcome.retry_after(now),
            )

    def _judge(self, permit: SourcePermit, outcome: RequestOutcome, *, failed: bool | None) -> None:
        if failed and permit.context.is_about_one and not permit.context.is_probe and outcome.may_be_about_one:
            self._doubt(permit.started_at)
            return
        if failed or outcome.is_rate_limited:
            self._throttle.record_failure()
        elif failed is False:
            self._throttle.record_success()
        if failed is not None and permit.context.is_probe:
            self._probe.record(failed=failed)
        if failed is False:
            self._breaker.record_success(sent_at=permit.started_at)
        elif failed and self._breaker.record_failure(sent_at=permit.started_at, answered=outcome.was_answered):
            self._stop()

    def _doubt(self, sent_at: float) -> None:
        """An error answer that may be about one object or person."""
        if self._breaker.record_doubt(sent_at=sent_at):
            self._probe.settle_doubt(self._stop)

    def _stop(self) -> None:
        """The circuit breaker has opened."""
        self._queue.refuse_all()
        self._probe.start()

    # Recording

    def _record(self, permit: SourcePermit, outcome: RequestOutcome) -> None:
        permit.span.end(outcome=outcome.label, status=outcome.status, sent=outcome.sent)
        for cost in permit.context.counters:
            cost.add_wait(permit.waited)
            cost.sent += outcome.sent
        self._observe(
            UpstreamRequestRecord(
                source=self.source,
                operation=permit.context.operation,
                is_write=permit.is_write,
                priority=permit.context.priority,
                outcome=outcome.label,
                status=outcome.status,
                sent=outcome.sent,
                seconds=permit.age,
                waited=permit.waited,
            )
        )

    def _record_refusal(self, context: CallContext, error: ConnectorError, *, is_write: bool, waited: float) -> None:
        for cost in context.counters:
            cost.add_wait(waited)
            cost.refusals += 1
        self._observe(
            UpstreamRequestRecord(
                source=self.source,
                operation=context.operation,
                is_write=is_write,
                priority=context.priority,
                outcome=error.code,
                status=None,
                sent=False,
                seconds=0.0,
                waited=waited,
            )
        )
