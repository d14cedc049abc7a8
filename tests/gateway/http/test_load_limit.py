"""A process with one event loop, on a clock of its own."""

import asyncio

import pytest
from msgspec import structs

from gateway.http.load_limit import LEAST, WAITING, LoadLimit
from gateway.http.request import RefusedError
from gateway.settings import AdmissionSettings

WORK = 0.015
"""CPU seconds of a request."""
SLICE = 0.005
REFUSAL = 0.0004
"""CPU seconds of a refused request."""
CAPACITY = 1 / WORK


class Request:
    def __init__(self, at: float, waits: float) -> None:
        self.at, self.waits, self.left = at, waits, WORK


class Process:
    """Each turn of its loop runs all that can run for a slice each, then takes what has arrived, then the timer."""

    def __init__(self, settings: AdmissionSettings | None = None) -> None:
        self.now = 0.0
        self.limit = LoadLimit(settings or AdmissionSettings(), monotonic=lambda: self.now)
        self.running: list[Request] = []
        self.answered: list[tuple[float, float]] = []
        self.refused: list[tuple[float, float]] = []
        self._due = self.limit.next_look()

    def run(self, seconds: float, rate: float, *, waits: float = 0.0) -> None:
        """`rate` requests a second arrive evenly. Each first waits for a vendor for so many seconds, which costs nothing."""
        start, taken = self.now, 0
        while self.now < start + seconds:
            ready = [request for request in self.running if request.at + request.waits <= self.now]
            for request in ready:
                self._work(request)
            while (at := start + taken / rate) <= self.now:
                taken += 1
                self._arrive(at, waits)
            if self.now >= self._due:
                self.limit.look()
                self._due = self.limit.next_look()
            if not ready:
                self.now = min(start + taken / rate, self._due)

    def _work(self, request: Request) -> None:
        spent = min(SLICE, request.left)
        self.now += spent
        request.left -= spent
        if request.left <= 1e-9:
            self.running.remove(request)
            self.answered.append((self.now, self.now - request.at))
            self.limit.leave()

    def _arrive(self, at: float, waits: float) -> None:
        request = Request(at, waits)

        def told(entered: bool) -> None:
            if entered:
                self.running.append(request)
            else:
                self.refused.append((self.now, self.now - at))

        try:
            if self.limit.enter(told) is None:
                self.running.append(request)
        except RefusedError:
            self.now += REFUSAL
            self.refused.append((self.now, self.now - at))

    def goodput(self, since: float) -> float:
        return sum(at > since for at, _ in self.answered) / (self.now - since)

    def latencies(self, since: float) -> list[float]:
        return sorted(seconds for at, seconds in self.answered if at > since)


def test_three_times_the_capacity() -> None:
    """Goodput stays, what is admitted is answered soon, the rest is refused at once; all as usual within five seconds."""
    process = Process()
    process.run(10, 3 * CAPACITY)
    goodput, slowest = process.goodput(2), process.latencies(3)[-1]
    refusals = sorted(seconds for _, seconds in process.refused)
    overloaded = process.limit.view()
    process.run(5, 0.5 * CAPACITY)
    calm, refused = process.now, len(process.refused)
    process.run(10, 0.5 * CAPACITY)

    assert goodput > 0.8 * CAPACITY
    assert slowest < 2.0
    assert refusals[len(refusals) // 2] < 0.01 + SLICE * LEAST
    assert overloaded.limit is not None
    assert overloaded.waiting > 0
    assert process.limit.view().limit is None
    assert len(process.refused) == refused
    assert process.latencies(calm)[-1] < 0.1


@pytest.mark.parametrize("rate", [0.3, 0.9])
def test_below_the_capacity_nothing_is_refused(rate: float) -> None:
    process = Process()
    process.run(10, rate * CAPACITY)

    assert process.refused == []


def test_a_burst_is_answered() -> None:
    """A quarter of a second's work at one moment: all of it is taken, also what comes right after."""
    process = Process()
    process.run(2, 0.5 * CAPACITY)
    process.run(0.02, 500)
    process.run(3, 0.3 * CAPACITY)

    assert process.refused == []


def test_requests_that_wait_for_a_vendor_are_no_load() -> None:
    """Hundreds at once: the process has little to do meanwhile."""
    process = Process()
    process.run(20, 0.8 * CAPACITY, waits=8.0)

    assert process.limit.view().in_work > 300
    assert process.refused == []


def test_slow_vendors_take_no_places_from_others() -> None:
    """Requests that wait for a vendor when the load comes: others get the capacity."""
    process = Process()
    process.run(8, 0.5 * CAPACITY, waits=8.0)
    process.run(6, 3 * CAPACITY)

    assert process.goodput(process.now - 3) > 0.8 * CAPACITY


def test_so_many_side_by_side_at_most() -> None:
    """The rest waits, and is told when it has waited too long."""
    process = Process(AdmissionSettings(in_work=4, queue_seconds=0.5))
    process.run(1.5, 20, waits=60.0)

    assert process.limit.view().in_work == 4
    assert {round(seconds, 1) for _, seconds in process.refused} <= {0.0, 1.0, 1.1}


async def test_places_are_given_in_order_and_given_back() -> None:
    """Also by a request whose task is cancelled, be it in work or waiting."""
    limit = LoadLimit(AdmissionSettings(in_work=4))
    order: list[int] = []
    hold = asyncio.Event()

    async def request(number: int) -> None:
        async with limit.place():
            order.append(number)
            await hold.wait()

    tasks = [asyncio.create_task(request(number)) for number in range(8)]
    await asyncio.sleep(0)
    full = limit.view()
    tasks[5].cancel()
    tasks[1].cancel()
    await asyncio.wait({tasks[5], tasks[1]})
    await asyncio.sleep(0)
    after = limit.view()
    hold.set()
    await asyncio.gather(*tasks, return_exceptions=True)

    assert ((4, 4), (4, 2)) == ((full.in_work, full.waiting), (after.in_work, after.waiting))
    assert order == [0, 1, 2, 3, 4, 6, 7]
    assert (0, 0) == (limit.view().in_work, limit.view().waiting)


async def test_a_refusal_says_when_to_come_again() -> None:
    """Few wait where it is not known how fast requests end."""
    limit = LoadLimit(AdmissionSettings(in_work=4))
    for _ in range(4 + WAITING):
        limit.enter(lambda _: None)

    with pytest.raises(RefusedError) as refused:
        limit.enter(lambda _: None)

    error = refused.value
    assert (503, "OVERLOADED") == (error.status, error.code)
    assert error.headers == {"Retry-After": "30"}
    assert structs.asdict(limit.view())["waiting"] == WAITING
