"""What is kept for mutations of a limit that lists would use up."""

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


def test_nothing_is_kept_where_no_mutation_came(reservation: WriteReservation) -> None:
    """Lists may use the whole limit."""
    assert reservation.kept(LIMIT, WINDOW) == 0


@pytest.mark.parametrize(("wanted", "kept"), [(1, 3), (2, 3), (5, 6), (9, 10), (50, 10)])
def test_as_much_is_kept_as_was_wanted_and_one_more(reservation: WriteReservation, wanted: int, kept: int) -> None:
    """A tenth at least and a third at most."""
    announce(reservation, wanted)

    assert kept == reservation.kept(LIMIT, WINDOW)


def test_what_mutations_hold_is_theirs_already(reservation: WriteReservation, clock: Clock) -> None:
    """Under way and, after the answer, until the slot is free; then it is kept for the next."""
    announce(reservation, 5)
    reservation.take()
    reservation.take()
    under_way = reservation.kept(LIMIT, WINDOW)
    reservation.settle(clock.now + WINDOW)
    reservation.settle(None)
    answered, clock.now = reservation.kept(LIMIT, WINDOW), clock.now + WINDOW

    assert (4, 5, 6) == (under_way, answered, reservation.kept(LIMIT, WINDOW))


def test_the_busiest_window_lately_counts(reservation: WriteReservation, clock: Clock) -> None:
    """Quieter ones after it do not make it forgotten at once; only after some windows do they."""
    announce(reservation, 8)
    clock.now += WINDOW
    announce(reservation, 1)
    soon = reservation.kept(LIMIT, WINDOW)
    clock.now += MEMORY * WINDOW - 1
    reservation.announce(WINDOW)
    later, clock.now = reservation.kept(LIMIT, WINDOW), clock.now + MEMORY * WINDOW

    assert (9, 3, 0) == (soon, later, reservation.kept(LIMIT, WINDOW))


def test_what_is_free_again_is_forgotten_where_nobody_asks(reservation: WriteReservation, clock: Clock) -> None:
    """A window of writes alone is never asked what it keeps from others."""
    for _ in range(1000):
        reservation.announce(WINDOW)
        reservation.take()
        clock.now += 1
        reservation.settle(clock.now + WINDOW)

    assert len(reservation._used) <= WINDOW + 1
    assert len(reservation._wanted) <= WINDOW + 1
