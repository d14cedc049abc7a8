"""Goals R1 and R3 to R6, with a vendor that counts strictly behind a network with jitter, in virtual time."""

from random import Random

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.sdk.errors import RateLimitedError, UnavailableError, UpstreamTimeoutError
from connectors.sdk.settings import LimitsSettings
from gateway.federation.traffic import AdmissionControl, Priority
from tests.effort import sized, some
from tests.gateway.federation.traffic.vendor import (
    Caller,
    StrictWindow,
    Vendor,
    admission_control,
    prioritised,
    within,
)
from tests.gateway.federation.traffic.virtual_time import run

pytestmark = pytest.mark.slow

LIMITS = LimitsSettings(requests=30, writes=10)


async def greedy(caller: Caller, until: float, *, is_write: bool = False, patience: float = 10.0) -> None:
    """Calls again as soon as a call is answered, and half a second after a refusal."""
    while anyio.current_time() < until:
        try:
            with within(min(patience, max(0.01, until - anyio.current_time()))):
                await caller.call(is_write=is_write)
        except (RateLimitedError, UpstreamTimeoutError):
            await anyio.sleep(0.5)


@pytest.mark.parametrize("jitter", some([0.3, 0.0]))
@pytest.mark.parametrize("headers", [False, True])
async def test_greedy_users_never_make_the_vendor_refuse(jitter: float, headers: bool) -> None:
    """R1: many users, 30 reads and 10 writes a minute. No refusal, and at least 85 % of the possible requests are sent."""
    vendor = Vendor(StrictWindow(30, 60), StrictWindow(10, 60), jitter=jitter, headers=headers)
    source = admission_control(LIMITS)
    caller = Caller(source, vendor)
    until = anyio.current_time() + 120
    async with anyio.create_task_group() as group:
        for number in range(sized(200, 40)):
            group.start_soon(lambda write: greedy(caller, until, is_write=write), number % 4 == 0)
    await source.aclose()

    assert (0, 0) == (vendor.reads.refusals, vendor.writes.refusals)
    assert vendor.reads.total >= 0.85 * 2 * 30
    assert vendor.writes.total >= 0.85 * 2 * 10


@given(
    limit=st.integers(1, 40),
    window=st.sampled_from([1.0, 2.0, 10.0, 60.0]),
    jitter=st.floats(0, 0.5),
    service=st.floats(0, 0.5),
    arrivals=st.lists(st.tuples(st.floats(0, 30), st.booleans(), st.floats(0.05, 20)), min_size=1, max_size=80),
    seed=st.integers(0, 2**16),
    headers=st.booleans(),
    apart=st.booleans(),
)
def test_no_pattern_of_arrivals_makes_the_vendor_refuse(
    limit: int,
    window: float,
    jitter: float,
    service: float,
    arrivals: list[tuple[float, bool, float]],
    seed: int,
    headers: bool,
    apart: bool,
) -> None:
    """For any times of arrival and travel, also if readers give up. No request is left waiting or in flight."""

    async def main() -> tuple[int, int]:
        reads = StrictWindow(limit, window)
        vendor = Vendor(
            reads,
            StrictWindow(limit, window) if apart else None,
            jitter=jitter,
            service=service,
            seed=seed,
            headers=headers,
        )
        limits = LimitsSettings(requests=limit, writes=limit if apart else None, window=window)
        source = admission_control(limits)
        caller = Caller(source, vendor)

        async def ask(at: float, is_write: bool, patience: float) -> None:
            await anyio.sleep(at)
            # Some have a deadline, others are cancelled.
            with anyio.move_on_after(patience if patience > 10 else None), within(patience):
                try:
                    await caller.call(is_write=is_write)
                except (RateLimitedError, UnavailableError):
                    return

        async with anyio.create_task_group() as group:
            for arrival in arrivals:
                group.start_soon(ask, *arrival)
        left = len(source._queue._waiting) + source._concurrency._in_flight
        await source.aclose()
        return reads.refusals + (vendor.writes.refusals if apart else 0), left

    assert (0, 0) == run(main)


async def test_a_restart_in_the_middle_of_a_window_costs_one_refusal_at_most() -> None:
    """R3: the vendor still counts the requests of the previous process. With and without headers."""
    for headers in (True, False):
        for before in (5, 20, 30):
            vendor = Vendor(StrictWindow(30, 60), jitter=0.1, headers=headers)
            for _ in range(before):
                vendor.reads.admit()
            source = admission_control(LIMITS)
            caller = Caller(source, vendor)
            until = anyio.current_time() + 60
            async with anyio.create_task_group() as group:
                for _ in range(sized(50, 20)):
                    group.start_soon(greedy, caller, until)
            await source.aclose()

            assert vendor.reads.refusals <= 1, (headers, before)


@pytest.mark.parametrize("jitter", [0.05, 0.3])
@pytest.mark.parametrize("seed", some([1, 2, 3]))
async def test_another_client_is_detected_by_the_remaining_requests(jitter: float, seed: int) -> None:
    """R4: another client uses half of the same limit, each place again at once. At most one refusal a window."""
    vendor = Vendor(StrictWindow(30, 60), jitter=jitter, seed=seed, headers=True)
    source = admission_control(LIMITS)
    caller = Caller(source, vendor)
    until = anyio.current_time() + 300
    refused: list[float] = []
    taken: list[float] = []

    async def rival() -> None:
        while anyio.current_time() < until:
            if len(taken) >= 15:
                await anyio.sleep(max(0.0, taken[0] + 60 - anyio.current_time()))
                del taken[0]
            if vendor.reads.admit():
                taken.append(anyio.current_time())
            else:
                await anyio.sleep(0.2)

    async def user() -> None:
        while anyio.current_time() < until:
            try:
                with within(10):
                    status = await caller.call()
            except (RateLimitedError, UpstreamTimeoutError):
                await anyio.sleep(0.5)
            else:
                if status == 429:
                    refused.append(anyio.current_time())

    async with anyio.create_task_group() as group:
        group.start_soon(rival)
        for _ in range(sized(40, 15)):
            group.start_soon(user)
    await source.aclose()

    windows = [sum(1 for at in refused if start <= at < start + 60) for start in refused]
    assert max(windows, default=0) <= 1
    assert vendor.reads.total >= 0.85 * 5 * 30


@pytest.mark.parametrize("as_date", [False, True])
async def test_nothing_is_sent_before_retry_after(as_date: bool) -> None:
    """R5: waiting requests are sent at most 250 ms later. For seconds and for dates."""
    vendor = Vendor(StrictWindow(30, 60))
    source = admission_control(LIMITS)
    caller = Caller(source, vendor)
    await caller.call()
    vendor.status = None
    vendor.reads.limit = 0
    value = "Mon, 15 Jun 2026 09:00:07 GMT" if as_date else "7"
    vendor.refused_with = {"Retry-After": value}
    refused = await caller.call()
    vendor.reads.limit = 30
    vendor.arrivals.clear()
    at = anyio.current_time()
    async with anyio.create_task_group() as group:
        for _ in range(20):
            group.start_soon(greedy, caller, at + 9)
    await source.aclose()

    first = vendor.arrivals[0][0] - at
    assert refused == 429
    assert 7.0 <= first <= 7.25


class Line:
    """A source whose read limit is used up for the next minute."""

    def __init__(self, source: AdmissionControl, vendor: Vendor) -> None:
        self.source, self.vendor = source, vendor
        self.caller = Caller(source, vendor)


async def used_up(**limits: int) -> Line:
    given = LimitsSettings(**{"requests": 30, "writes": 10, **limits})
    assert given.requests is not None
    vendor = Vendor(StrictWindow(given.requests, 60))
    line = Line(admission_control(given), vendor)
    for _ in range(given.requests):
        await line.caller.call()
    return line


async def test_a_request_that_cannot_be_in_time_is_refused_at_once() -> None:
    """R6: the error has the time from which the request is possible."""
    line = await used_up()
    at = anyio.current_time()
    with within(10), pytest.raises(RateLimitedError) as caught:
        await line.caller.call()

    assert at == anyio.current_time()
    assert caught.value.retry_at is not None
    # One window after the first answer, plus the tolerance of the clocks.
    assert 59 <= (caught.value.retry_at - line.source._clock.now()).total_seconds() <= 61


async def test_a_request_that_can_be_in_time_waits_and_is_sent() -> None:
    """It is not refused."""
    line = await used_up()
    await anyio.sleep(55)
    with within(10):
        status = await line.caller.call()

    assert status == 200


async def test_a_waiting_request_that_loses_its_slot_is_refused_at_once() -> None:
    """The read of a mutation takes the only slot that is free in time."""
    line = await used_up(requests=1, writes=1)
    await anyio.sleep(55)
    told: list[float] = []

    async def interactive() -> None:
        with within(10), pytest.raises(RateLimitedError):
            await line.caller.call()
        told.append(anyio.current_time())

    async with anyio.create_task_group() as group:
        group.start_soon(interactive)
        await anyio.sleep(4.5)
        pushed = anyio.current_time()
        with prioritised(Priority.WRITE):
            group.start_soon(line.caller.call)

    assert [pushed] == told


async def test_the_higher_priority_goes_first() -> None:
    """Write, then interactive read, then background. The order of arrival decides only between equal priorities."""
    line = await used_up(requests=5, writes=5)
    await anyio.sleep(59.3)
    order: list[str] = []

    async def ask(name: str, priority: Priority) -> None:
        with prioritised(priority), within(300):
            await line.caller.call()
        order.append(name)

    async with anyio.create_task_group() as group:
        for name, priority in (
            ("background", Priority.BACKGROUND),
            ("read 1", Priority.INTERACTIVE),
            ("read 2", Priority.INTERACTIVE),
            ("write", Priority.WRITE),
        ):
            group.start_soon(ask, name, priority)
            await anyio.sleep(0.1)

    assert ["write", "read 1", "read 2", "background"] == order


@pytest.mark.parametrize("seed", some(range(3)))
@pytest.mark.parametrize("pause", [30.0, 8.0])
async def test_mutations_wait_at_most_a_second_while_lists_saturate(seed: int, pause: float) -> None:
    """R6: including the mutations' own reads, which share the limit of the lists. For few mutations, and for mutations
    near their own limit.
    """
    vendor = Vendor(StrictWindow(30, 60), StrictWindow(10, 60), jitter=0.1, seed=seed)
    source = admission_control(LIMITS)
    caller = Caller(source, vendor)
    began, minutes = anyio.current_time(), sized(10, 4)
    until = began + 60 * minutes
    waits: list[tuple[float, float]] = []
    refused: list[float] = []

    async def mutations() -> None:
        random = Random(seed)
        while anyio.current_time() < until:
            await anyio.sleep(random.uniform(0.8, 1.2) * pause)
            start = anyio.current_time()
            try:
                with prioritised(Priority.WRITE), within(10):
                    await caller.call()
                    await caller.call(is_write=True)
            except RateLimitedError:
                refused.append(start)
            waits.append((start, anyio.current_time() - start - 0.4))

    async with anyio.create_task_group() as group:
        group.start_soon(mutations)
        for _ in range(sized(30, 15)):
            group.start_soon(greedy, caller, until)
    await source.aclose()

    # At the start, while the number of mutations is unknown, one may wait as long as its deadline allows.
    assert max(wait for start, wait in waits if start > began + 75) <= 1.0
    assert all(at <= began + 75 for at in refused)
    assert vendor.reads.total >= 0.85 * minutes * 30
    assert (0, 0) == (vendor.reads.refusals, vendor.writes.refusals)


@given(
    st.lists(st.tuples(st.floats(0, 5), st.floats(0, 5)), min_size=1, max_size=60),
    st.integers(1, 5),
    st.integers(0, 2**16),
)
def test_cancelled_requests_do_not_affect_others(readers: list[tuple[float, float]], limit: int, seed: int) -> None:
    """A6: no other request is cancelled or left waiting, and no slot is lost."""

    async def main() -> tuple[int, int, int, int]:
        vendor = Vendor(StrictWindow(limit, 1.0), jitter=0.2, seed=seed)
        source = admission_control(LimitsSettings(requests=limit, window=1.0, concurrency=2))
        caller = Caller(source, vendor)
        served = 0

        async def fickle(at: float, patience: float) -> None:
            await anyio.sleep(at)
            with anyio.move_on_after(patience):
                try:
                    await caller.call()
                except (RateLimitedError, UpstreamTimeoutError):
                    return

        async def patient() -> None:
            nonlocal served
            with within(1000), prioritised(Priority.BACKGROUND):
                served += await caller.call() == 200

        async with anyio.create_task_group() as group:
            for reader in readers:
                group.start_soon(fickle, *reader)
            group.start_soon(patient)
        await anyio.sleep(20)
        left = len(source._queue._waiting) + source._concurrency._in_flight
        free = source._windows.of("").reads.free(Priority.WRITE)
        await source.aclose()
        return served, left, free, vendor.reads.refusals

    assert (1, 0, limit, 0) == run(main)
