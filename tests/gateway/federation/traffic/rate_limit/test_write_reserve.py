"""The part of a limit that is kept for mutations, which lists would use up otherwise."""

import pytest

from gateway.federation.traffic.rate_limit.write_reserve import MEMORY, WriteReservation

LIMIT, WINDOW = 30, 60.0


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def reservation(clock: Clock) -> WriteReservation:
    return WriteReservation(monotonic=clock)


def announce(reservation: WriteReservation, times: int) -> None:
    for _ in range(times):
        reservation.announce(WINDOW)


def test_without_mutations_nothing_is_kept(reservation: WriteReservation) -> None:
    """Lists may use the whole limit."""
    assert reservation.kept(LIMIT, WINDOW) == 0


@pytest.mark.parametrize(("wanted", "kept"), [(1, 3), (2, 3), (5, 6), (9, 10), (50, 10)])
def test_the_slots_that_mutations_used_and_one_more_are_kept(
    reservation: WriteReservation, wanted: int, kept: int
) -> None:
    """At least a tenth and at most a third."""
    announce(reservation, wanted)

    assert kept == reservation.kept(LIMIT, WINDOW)


def test_slots_that_mutations_hold_are_not_kept_twice(reservation: WriteReservation, clock: Clock) -> None:
    """While a request runs, and after its answer until the slot is free. Then the slot is kept for the next mutation."""
    announce(reservation, 5)
    reservation.take()
    reservation.take()
    under_way = reservation.kept(LIMIT, WINDOW)
    reservation.settle(clock.now + WINDOW)
    reservation.settle(None)
    answered, clock.now = reservation.kept(LIMIT, WINDOW), clock.now + WINDOW

    assert (4, 5, 6) == (under_way, answered, reservation.kept(LIMIT, WINDOW))


def test_the_busiest_recent_window_counts(reservation: WriteReservation, clock: Clock) -> None:
    """A quieter window does not replace it at once. After several windows it does."""
    announce(reservation, 8)
    clock.now += WINDOW
    announce(reservation, 1)
    soon = reservation.kept(LIMIT, WINDOW)
    clock.now += MEMORY * WINDOW - 1
    reservation.announce(WINDOW)
    later, clock.now = reservation.kept(LIMIT, WINDOW), clock.now + MEMORY * WINDOW

    assert (9, 3, 0) == (soon, later, reservation.kept(LIMIT, WINDOW))


def test_free_slots_are_forgotten_without_a_call_of_kept(reservation: WriteReservation, clock: Clock) -> None:
    """For a window of writes only, `kept` is never called."""
    for _ in range(1000):
        reservation.announce(WINDOW)
        reservation.take()
        clock.now += 1
        reservation.settle(clock.now + WINDOW)

    assert len(reservation._used) <= WINDOW + 1
    assert len(reservation._wanted) <= WINDOW + 1
