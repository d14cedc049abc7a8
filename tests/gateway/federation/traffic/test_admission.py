"""Admission control as a whole: the cost of a failing, silent or returning source, and what is visible of it."""

import asyncio
from collections.abc import Awaitable, Callable

import anyio
import pytest

from connectors.sdk.errors import (
    ForbiddenError,
    IdentityNotLinkedError,
    MalformedResponseError,
    RateLimitedError,
    UnavailableError,
    UpstreamTimeoutError,
)
from connectors.sdk.settings import LimitsSettings
from gateway.federation.traffic import (
    AdmissionControl,
    BreakerState,
    CallContext,
    Priority,
    RateLimitView,
    RequestCost,
    current_context,
    in_context,
    queue,
)
from gateway.federation.traffic.health_probe import IDLE_INTERVAL, INTERVAL
from tests.effort import sized
from tests.gateway.federation.traffic.vendor import Caller, StrictWindow, Vendor, admission_control, prioritised, within
from tests.gateway.federation.traffic.virtual_time import START

PLENTY = 1_000_000


class Source:
    """A source without known limits, whose probe is a read."""

    def __init__(self, limits: LimitsSettings | None = None) -> None:
        self.vendor = Vendor(StrictWindow(PLENTY, 60), service=0.02)
        self.admission: AdmissionControl = admission_control(limits, probe=self.probe)
        self.caller = Caller(self.admission, self.vendor)
        self.probes: list[float] = []

    async def probe(self) -> None:
        self.probes.append(anyio.current_time())
        status = await self.caller.call()
        if status >= 500:
            raise UnavailableError("failed", native_status=status)

    async def fail(self) -> None:
        """Be silent until the breaker opens."""
        self.vendor.silence = 100.0
        for _ in range(3):
            with within(0.8), pytest.raises(UpstreamTimeoutError):
                await self.caller.call()


async def outcomes(call: Callable[[], Awaitable[int]], times: int, *, every: float) -> list[str]:
    """The outcomes of calls that begin one after another."""
    seen: list[str] = []

    async def one() -> None:
        try:
            seen.append(str(await call()))
        except UnavailableError as error:
            seen.append(error.code)

    async with anyio.create_task_group() as group:
        for _ in range(times):
            group.start_soon(one)
            await anyio.sleep(every)
    return seen


async def test_a_silent_source_costs_three_waits_and_then_none() -> None:
    """A2: no call takes longer than its deadline, and after three calls none waits."""
    source = Source()
    source.vendor.silence = 100.0
    took = []
    for _ in range(10):
        start = anyio.current_time()
        with within(0.8), pytest.raises(UnavailableError):
            await source.caller.call()
        took.append(round(anyio.current_time() - start, 3))
    await source.admission.aclose()

    assert [0.8] * 3 + [0.0] * 7 == took
    assert len(source.vendor.arrivals) == 3


async def test_waiting_calls_fail_at_once_when_the_breaker_opens() -> None:
    """Waiting for an unavailable source is useless."""
    source = Source(LimitsSettings(concurrency=3))
    source.vendor.silence = 100.0
    told: list[float] = []

    start = anyio.current_time()

    async def ask(patience: float) -> None:
        start = anyio.current_time()
        with within(patience), pytest.raises(UnavailableError):
            await source.caller.call()
        told.append(round(anyio.current_time() - start, 3))

    async with anyio.create_task_group() as group:
        for patience in (0.8, 0.8, 0.8, 10, 10, 10):
            group.start_soon(ask, patience)
    await source.admission.aclose()

    # The first failure freed a place for a fourth call, which is running when the third fails.
    assert [0.8] * 5 == told[:5]
    assert len([at for at, _ in source.vendor.arrivals if at < start + INTERVAL]) == 4


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_a_failing_source_gets_hardly_more_requests_than_users_make(status: int) -> None:
    """R7: at most 1.1 requests for one request of a user, including retries and probes."""
    source = Source()
    source.vendor.status = status
    seen = await outcomes(source.caller.read, 200, every=0.25)
    await source.admission.aclose()

    assert len(source.vendor.arrivals) <= 1.1 * len(seen)
    assert {"UPSTREAM_UNAVAILABLE"} == set(seen)


async def test_only_the_probe_reaches_a_failing_source() -> None:
    """R7, A1: one probe an interval. No other call reaches the source, and none waits for the probe."""
    source = Source()
    await source.fail()
    source.vendor.arrivals.clear()
    source.vendor.silence = 3.0
    source.vendor.status = 503
    start = anyio.current_time()
    waited: list[float] = []

    async def ask() -> None:
        began = anyio.current_time()
        with pytest.raises(UnavailableError):
            await source.caller.read()
        waited.append(anyio.current_time() - began)

    async with anyio.create_task_group() as group:
        for _ in range(200):
            group.start_soon(ask)
            await anyio.sleep(0.15)
    await source.admission.aclose()

    gaps = [later - sooner for sooner, later in zip(source.probes, source.probes[1:], strict=False)]
    assert len(source.probes) == len(source.vendor.arrivals) == 6
    assert source.probes[0] - start >= INTERVAL - 0.01
    assert min(gaps) >= INTERVAL - 0.001
    assert max(waited) == 0.0


async def test_a_source_is_back_within_an_interval() -> None:
    """A5: it then gets no more requests than users make."""
    source = Source()
    await source.fail()
    source.vendor.silence = None
    start = anyio.current_time()
    source.vendor.arrivals.clear()
    back: list[float] = []
    while not back:
        if await outcomes(source.caller.read, 1, every=0.1) == ["200"]:
            back.append(anyio.current_time() - start)
    await source.admission.aclose()

    assert back[0] <= INTERVAL + 1
    assert len(source.vendor.arrivals) == 2


async def test_a_source_without_callers_is_probed_less_often() -> None:
    """Every half minute; at once again after a caller."""
    source = Source()
    await source.fail()
    await anyio.sleep(2 * IDLE_INTERVAL + 8)
    idle = len(source.probes)
    with pytest.raises(UnavailableError):
        await source.caller.call()
    await anyio.sleep(INTERVAL)
    await source.admission.aclose()

    assert (3, 4) == (idle, len(source.probes))


async def test_requests_that_fail_at_a_healthy_vendor_do_not_keep_the_breaker_open() -> None:
    """Some vendors answer 503 for ids of other clusters. A caller with such ids must not block the other callers."""
    probes = 0

    async def probe() -> None:
        nonlocal probes
        probes += 1

    source = admission_control(probe=probe)
    vendor = Vendor(StrictWindow(PLENTY, 60))
    caller = Caller(source, vendor)
    others = []
    for _ in range(100):
        vendor.status = 503
        with pytest.raises(UnavailableError):
            await caller.read()
        await anyio.sleep(0.5)
        vendor.status = None
        others += await outcomes(caller.read, 1, every=0)
    await source.aclose()

    assert ["200"] * 100 == others
    assert probes == 1


@pytest.mark.slow
async def test_a_flapping_source_is_not_probed_more_often() -> None:
    """One probe an interval, however often the breaker opens within it."""
    source = Source()
    end = anyio.current_time() + 60
    while anyio.current_time() < end:
        # It answers the probe, and fails again as soon as users call.
        source.vendor.status = 503 if source.admission.state is BreakerState.CLOSED or not source.probes else None
        await outcomes(source.caller.call, 1, every=0.05)
    await source.admission.aclose()

    gaps = [later - sooner for sooner, later in zip(source.probes, source.probes[1:], strict=False)]
    assert len(gaps) == 2  # from then on, only some requests are taken to fail, and the breaker stays closed
    assert min(gaps) >= INTERVAL - 0.001


async def test_a_probe_does_not_run_in_the_context_of_a_caller() -> None:
    """It has neither the deadline nor the priority of the caller whose call failed."""
    seen: list[tuple[Priority, float | None]] = []

    async def probe() -> None:
        seen.append((current_context().priority, current_context().remaining()))

    source = Source()
    source.admission._probe._probe = probe
    with prioritised(Priority.WRITE), within(2.4):
        await source.fail()
        await anyio.sleep(INTERVAL + 1)

    assert [(Priority.INTERACTIVE, 4.0)] == seen
    assert source.admission.state is BreakerState.CLOSED


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ForbiddenError("the account lacks a permission", native_status=403), BreakerState.CLOSED),
        (RateLimitedError("too many", native_status=429), BreakerState.CLOSED),
        (RateLimitedError("our own rate limit"), BreakerState.OPEN),
        (UnavailableError("cannot be reached"), BreakerState.OPEN),
        (IdentityNotLinkedError("no identity"), BreakerState.CLOSED),
        (RuntimeError("broken"), BreakerState.OPEN),
        (MalformedResponseError("not readable as JSON", native_status=200), BreakerState.OPEN),
    ],
)
async def test_any_answer_except_a_failure_closes_the_breaker(error: Exception, expected: BreakerState) -> None:
    """Refused credentials are an answer. A refusal by our own rate limit and an error in the probe are not."""

    async def probe() -> None:
        raise error

    source = Source()
    source.admission._probe._probe = probe
    await source.fail()
    await anyio.sleep(INTERVAL + 1)
    state = source.admission.state
    await source.admission.aclose()

    assert expected is state


async def test_a_probe_that_returns_a_failure_status_keeps_the_breaker_open() -> None:
    """A plain exchange returns a 503 as an answer."""
    source = Source()
    await source.fail()
    source.vendor.silence, source.vendor.status = None, 503
    source.admission._probe._probe = source.caller.call
    await anyio.sleep(INTERVAL + 1)
    state = source.admission.state
    await source.admission.aclose()

    assert state is BreakerState.OPEN


async def test_a_too_short_deadline_is_not_a_failure_of_the_vendor() -> None:
    """The deadline is 100 ms, and the vendor takes 200 ms."""
    source = Source()
    source.vendor.silence = 0.2
    for _ in range(10):
        with within(0.1), pytest.raises(UpstreamTimeoutError):
            await source.caller.call()

    assert source.admission.state is BreakerState.CLOSED


async def test_nothing_is_sent_after_the_deadline() -> None:
    """Neither a read nor a write."""
    source = Source()
    with within(1):
        await anyio.sleep(1)
        for is_write in (False, True):
            with pytest.raises(UpstreamTimeoutError) as caught:
                await source.caller.call(is_write=is_write)
            assert caught.value.maybe_applied is False

    assert [] == source.vendor.arrivals


async def test_a_write_under_way_is_not_cut_off_by_the_deadline() -> None:
    """Otherwise it would be unknown whether it was applied."""
    source = Source()
    source.vendor.silence = 3.0
    with within(1):
        status = await source.caller.call(is_write=True)

    assert status == 200


async def test_requests_at_once_stay_within_the_concurrency_limit() -> None:
    """A3: a slow source uses only its own places: 8 at first, at most 16. One is kept for writes."""
    source = Source()
    source.vendor.silence = 10.0
    async with anyio.create_task_group() as group:
        group.start_soon(lambda: outcomes(source.caller.call, 40, every=0))
        await anyio.sleep(1)
        reads = source.vendor.under_way
        group.start_soon(lambda: source.caller.call(is_write=True))
        await anyio.sleep(1)
        with_write = source.vendor.under_way
    assert (7, 8) == (reads, with_write)
    assert source.vendor.most_under_way <= 16


@pytest.mark.slow
async def test_a_full_queue_takes_no_more_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    """They would wait longer than any caller does. A queue of a tenth of the size is filled, all of it in a long run."""
    most = sized(queue.MAX_WAITING, queue.MAX_WAITING // 10)
    monkeypatch.setattr(queue, "MAX_WAITING", most)
    source = Source()
    source.vendor.silence = 1.0
    async with anyio.create_task_group() as group:
        for _ in range(most + 7):
            group.start_soon(lambda: outcomes(source.caller.call, 1, every=0))
        await anyio.sleep(0.5)
        start = anyio.current_time()
        with pytest.raises(UpstreamTimeoutError):
            await source.caller.call()
        waited = anyio.current_time() - start
        await source.admission.aclose()
        source.vendor.silence = None

    assert waited == 0.0


async def test_a_caller_does_not_see_a_short_failure() -> None:
    """The read is sent again and counted."""
    source = Source()
    cost = RequestCost()
    source.vendor.status = 502

    async def mend() -> None:
        await anyio.sleep(0.01)
        source.vendor.status = None

    async with anyio.create_task_group() as group:
        group.start_soon(mend)
        with in_context(CallContext(counters=(cost,))):
            status = await source.caller.read()

    assert (200, 1) == (status, cost.retries)


async def test_a_read_that_waits_for_its_retry_keeps_its_own_failure() -> None:
    """If the breaker opens during the pause, the read's own failure says more."""
    source = Source()
    source.vendor.status = 502
    failures: list[int | None] = []

    async def read() -> None:
        with pytest.raises(UnavailableError) as caught:
            await source.caller.read()
        failures.append(caught.value.native_status)

    async with anyio.create_task_group() as group:
        for _ in range(3):
            group.start_soon(read)
    await source.admission.aclose()

    assert [502] * 3 == failures
    assert len(source.vendor.arrivals) == 3 + len(source.probes)


async def test_no_retry_beyond_the_deadline() -> None:
    """The pause and the exchange must both fit before it."""
    source = Source()
    source.vendor.status = 502
    start = anyio.current_time()
    with within(0.3), pytest.raises(UnavailableError):
        await source.caller.read()

    assert anyio.current_time() - start <= 0.3
    assert len(source.vendor.arrivals) <= 2


async def test_waits_are_counted_for_their_operation() -> None:
    """One call waited two seconds, and one was refused."""
    limits = LimitsSettings(requests=1, writes=1, window=2)
    vendor = Vendor(StrictWindow(1, 2))
    caller = Caller(admission_control(limits), vendor)
    cost = RequestCost()
    with in_context(CallContext(counters=(cost,))):
        await caller.call()
        with within(10):
            await caller.call()
        with within(1), pytest.raises(RateLimitedError):
            await caller.call()

    assert (1, 1) == (cost.waits, cost.refusals)
    assert 2.0 <= cost.waited_seconds <= 2.01


async def test_reads_and_writes_have_separate_windows_if_the_vendor_counts_them_separately() -> None:
    """And one window if the vendor has one number for both."""
    apart = admission_control(LimitsSettings(requests=30, writes=10)).rate_limits()
    together = admission_control(LimitsSettings(requests=30)).rate_limits()
    unknown = admission_control().rate_limits()

    assert (RateLimitView("reads", 30, 30, None, False), RateLimitView("writes", 10, 10, None, False)) == apart
    assert (RateLimitView("requests", 30, 30, None, False),) == together
    assert (
        RateLimitView("reads", None, None, None, False),
        RateLimitView("writes", None, None, None, False),
    ) == unknown


async def test_a_limit_from_the_vendors_headers_is_observed() -> None:
    """The view needs no call, and its reset is a date."""
    vendor = Vendor(StrictWindow(30, 60), headers=True)
    source = admission_control(LimitsSettings(requests=25, writes=10))
    await Caller(source, vendor).call()
    reads, writes = source.rate_limits()

    assert (30, 29, True) == (reads.limit, reads.remaining, reads.observed)
    assert reads.reset_at is not None
    assert 59 <= (reads.reset_at - START).total_seconds() - (anyio.current_time() - 1000) <= 61
    assert not writes.observed


async def test_each_credential_has_its_own_window() -> None:
    """Vendors count each credential separately: alice's requests do not use up bob's limit."""
    who = "alice"
    vendor = Vendor(StrictWindow(PLENTY, 60))
    source = admission_control(LimitsSettings(requests=1, writes=1), credential=lambda: who)
    caller = Caller(source, vendor)
    await caller.call()
    with within(1), pytest.raises(RateLimitedError):
        await caller.call()
    who = "bob"

    assert await caller.call() == 200


async def test_windows_of_unused_credentials_are_forgotten() -> None:
    """For any number of people, only the windows of recent ones are in memory."""
    who = "0"
    vendor = Vendor(StrictWindow(PLENTY, 60))
    source = admission_control(LimitsSettings(requests=5, writes=1, window=1), credential=lambda: who)
    source._windows._max_credentials = 10
    for number in range(200):
        who = str(number)
        await Caller(source, vendor).call()
        await anyio.sleep(0.2)

    assert len(source._windows._pairs) <= 16


async def test_backpressure_lowers_the_concurrency_limit() -> None:
    """Camunda's 503 RESOURCE_EXHAUSTED is a refusal: fewer requests at once, and the breaker stays closed."""
    source = admission_control()
    limits = [source.concurrency]
    for _ in range(4):
        permit = await source.admit(is_write=True)
        await anyio.sleep(0.05)
        exhausted = RateLimitedError("took nothing in", native_status=503, native_code="RESOURCE_EXHAUSTED")
        permit.settle(status=503, error=exhausted)
        limits.append(source.concurrency)
        await anyio.sleep(15)

    assert [8, 5, 3, 2, 1] == limits
    assert source.state is BreakerState.CLOSED


async def test_a_call_cancelled_while_it_is_admitted_keeps_no_place() -> None:
    """The next waiting call gets the place."""
    source = admission_control(LimitsSettings(requests=5, writes=5, concurrency=1))
    under_way = await source.admit(is_write=True)
    fickle = asyncio.create_task(source.admit(is_write=True))
    patient = asyncio.create_task(source.admit(is_write=True))
    await anyio.sleep(0.1)
    under_way.settle(sent=False)
    fickle.cancel()
    permit = await patient
    permit.settle(sent=False)

    assert fickle.cancelled()
    assert (0, 5) == (source._concurrency._in_flight, source.rate_limits()[1].remaining)


async def test_settling_twice_counts_once() -> None:
    """An exchange ends once."""
    source = admission_control(LimitsSettings(requests=5, writes=5))
    permit = await source.admit(is_write=False)
    permit.settle(status=200)
    permit.settle(sent=False)

    assert (4, 0) == (source.rate_limits()[0].remaining, source._concurrency._in_flight)


async def about_one(source: Source, times: int) -> list[str]:
    with in_context(CallContext(operation="get task", is_about_one=True)):
        return await outcomes(source.caller.call, times, every=0.05)


async def test_error_answers_about_one_object_open_it_only_with_a_failing_probe() -> None:
    """The probe is asked after the third."""
    source = Source()
    source.vendor.status = 500
    seen = await about_one(source, 2)
    await anyio.sleep(1)
    before, probes = source.admission.state, len(source.probes)
    seen += await about_one(source, 1)
    await anyio.sleep(1)

    assert (["500"] * 3, BreakerState.CLOSED, 0) == (seen, before, probes)
    assert source.admission.state is not BreakerState.CLOSED
    await source.admission.aclose()


async def test_a_source_that_only_fails_for_some_objects_stays_available() -> None:
    """One probe says so for a minute."""
    source = Source()

    async def succeeding() -> None:
        source.probes.append(anyio.current_time())

    source.admission = admission_control(None, probe=succeeding)
    source.caller = Caller(source.admission, source.vendor)
    source.vendor.status = 500
    seen = await about_one(source, 20)
    await anyio.sleep(1)

    assert (["500"] * 20, 1) == (seen, len(source.probes))
    assert source.admission.state is BreakerState.CLOSED
    await source.admission.aclose()


@pytest.mark.parametrize("status", [502, 503, 504])
async def test_an_overloaded_vendor_is_no_object(status: int) -> None:
    """Nor is its proxy: these answers count as they are."""
    source = Source()
    source.vendor.status = status
    await about_one(source, 3)

    assert source.admission.state is not BreakerState.CLOSED
    await source.admission.aclose()


async def test_unusable_answers_about_one_object_are_a_doubt() -> None:
    """A record that does not fit the documentation, three times."""
    source = Source()
    for _ in range(3):
        source.admission.record_unusable(is_about_one=True)
    assert source.admission.state is BreakerState.CLOSED
    await anyio.sleep(1)

    assert 1 == len(source.probes)
    assert source.admission.state is BreakerState.CLOSED
    await source.admission.aclose()


async def test_a_write_that_is_cut_off_while_it_waits_was_not_sent() -> None:
    """The cost of its operation tells it from one that had a permit."""
    source = Source(LimitsSettings(writes=1, window=60))
    sent, waiting = RequestCost(), RequestCost()
    with in_context(CallContext().counted_by(sent)):
        await source.caller.call(is_write=True)

    with in_context(CallContext().counted_by(waiting)), anyio.move_on_after(1):
        await source.caller.call(is_write=True)

    assert [(1, False), (0, True)] == [(cost.writes, cost.was_write_cut_off_waiting) for cost in (sent, waiting)]
