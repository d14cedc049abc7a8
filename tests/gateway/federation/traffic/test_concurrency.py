"""How many requests may be under way, and what makes that more or fewer."""

import pytest

from gateway.federation.traffic.concurrency import Bulkhead, Place
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
def bulkhead(clock: Clock) -> Bulkhead:
    return Bulkhead(start=8, most=16, monotonic=clock)


def fill(bulkhead: Bulkhead) -> list[Place]:
    return [bulkhead.take() for _ in range(bulkhead.limit)]


def test_the_last_place_is_kept_for_writes_and_half_from_background(bulkhead: Bulkhead) -> None:
    """Answers that take long leave room for what cannot wait."""
    assert (8, 7, 4) == tuple(bulkhead.free(priority) for priority in (WRITE, READ, BACKGROUND))


def test_answers_make_room_up_to_the_most(bulkhead: Bulkhead, clock: Clock) -> None:
    """One more a round of answers."""
    limits = [bulkhead.limit]
    for _ in range(12):
        for place in fill(bulkhead):
            bulkhead.leave(place, overloaded=False)
            bulkhead.take()
        limits.append(bulkhead.limit)
        for place in [Place(clock.now)] * bulkhead.under_way:
            bulkhead.leave(place, overloaded=None)

    assert limits == sorted(limits)
    assert 16 == limits[-1] == max(limits)


def test_unused_places_are_no_reason_for_more(bulkhead: Bulkhead) -> None:
    """One request at a time says nothing about ten."""
    for _ in range(100):
        bulkhead.leave(bulkhead.take(), overloaded=False)

    assert bulkhead.limit == 8


def test_one_overload_counts_once(bulkhead: Bulkhead, clock: Clock) -> None:
    """Requests that were under way together met the same one."""
    places = fill(bulkhead)
    clock.now = 1.0
    for place in places:
        bulkhead.leave(place, overloaded=True)

    assert bulkhead.limit == 5


def test_overload_sinks_to_one_and_not_below(bulkhead: Bulkhead, clock: Clock) -> None:
    """With one place everybody may have it."""
    for _ in range(20):
        place = bulkhead.take()
        clock.now += 1
        bulkhead.leave(place, overloaded=True)

    assert (1, 1, 1) == (bulkhead.limit, bulkhead.free(READ), bulkhead.free(BACKGROUND))
