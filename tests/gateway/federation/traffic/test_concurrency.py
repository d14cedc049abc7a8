"""How many requests may be under way, and what makes that more or fewer."""

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


def test_the_last_place_is_kept_for_writes_and_half_from_background(concurrency: ConcurrencyLimit) -> None:
    """Answers that take long leave room for what cannot wait."""
    assert (8, 7, 4) == tuple(concurrency.free(priority) for priority in (WRITE, READ, BACKGROUND))


def test_answers_make_room_up_to_the_most(concurrency: ConcurrencyLimit, clock: Clock) -> None:
    """One more a round of answers."""
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


def test_unused_places_are_no_reason_for_more(concurrency: ConcurrencyLimit) -> None:
    """One request at a time says nothing about ten."""
    for _ in range(100):
        concurrency.finish(concurrency.start(), overloaded=False)

    assert concurrency.limit == 8


def test_one_overload_counts_once(concurrency: ConcurrencyLimit, clock: Clock) -> None:
    """Requests that were under way together met the same one."""
    requests = fill(concurrency)
    clock.now = 1.0
    for request in requests:
        concurrency.finish(request, overloaded=True)

    assert concurrency.limit == 5


def test_overload_sinks_to_one_and_not_below(concurrency: ConcurrencyLimit, clock: Clock) -> None:
    """With one request everybody may have it."""
    for _ in range(20):
        request = concurrency.start()
        clock.now += 1
        concurrency.finish(request, overloaded=True)

    assert (1, 1, 1) == (concurrency.limit, concurrency.free(READ), concurrency.free(BACKGROUND))
