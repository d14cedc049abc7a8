"""How many requests may run at once, and what raises or lowers that number."""

import pytest

from gateway.federation.traffic.concurrency import ConcurrencyLimit, InFlight
from gateway.federation.traffic.priority import Priority

READ, WRITE, BACKGROUND = Priority.INTERACTIVE, Priority.WRITE, Priority.BACKGROUND


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def concurrency(clock: Clock) -> ConcurrencyLimit:
    return ConcurrencyLimit(start=8, maximum=16, monotonic=clock)


def fill(concurrency: ConcurrencyLimit) -> list[InFlight]:
    return [concurrency.start() for _ in range(concurrency.limit)]


def test_one_place_is_kept_for_writes_and_half_are_closed_to_background(concurrency: ConcurrencyLimit) -> None:
    """Slow answers leave places for urgent requests."""
    assert (8, 7, 4) == tuple(concurrency.free(priority) for priority in (WRITE, READ, BACKGROUND))


def test_answers_raise_the_limit_up_to_its_maximum(concurrency: ConcurrencyLimit, clock: Clock) -> None:
    """By one for each round of answers."""
    limits = [concurrency.limit]
    for _ in range(12):
        for request in fill(concurrency):
            concurrency.finish(request, overloaded=False)
            concurrency.start()
        limits.append(concurrency.limit)
        for request in [InFlight(clock.now)] * concurrency._in_flight:
            concurrency.finish(request, overloaded=None)

    assert limits == sorted(limits)
    assert 16 == limits[-1] == max(limits)


def test_unused_places_do_not_raise_the_limit(concurrency: ConcurrencyLimit) -> None:
    """One request at a time does not show that ten would work."""
    for _ in range(100):
        concurrency.finish(concurrency.start(), overloaded=False)

    assert concurrency.limit == 8


def test_one_overload_counts_once(concurrency: ConcurrencyLimit, clock: Clock) -> None:
    """Requests that ran together met the same overload."""
    requests = fill(concurrency)
    clock.now = 1.0
    for request in requests:
        concurrency.finish(request, overloaded=True)

    assert concurrency.limit == 5


def test_overload_lowers_the_limit_to_one_at_least(concurrency: ConcurrencyLimit, clock: Clock) -> None:
    """With a limit of one, every priority may use it."""
    for _ in range(20):
        request = concurrency.start()
        clock.now += 1
        concurrency.finish(request, overloaded=True)

    assert (1, 1, 1) == (concurrency.limit, concurrency.free(READ), concurrency.free(BACKGROUND))
