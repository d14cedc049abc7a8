"""What is kept for mutations of a limit that lists would use up."""

import pytest

from gateway.federation.traffic.rate_limit.write_reserve import MEMORY, Reserve

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
def reserve(clock: Clock) -> Reserve:
    return Reserve(monotonic=clock)


def want(reserve: Reserve, times: int) -> None:
    for _ in range(times):
        reserve.want(WINDOW)


def test_nothing_is_kept_where_no_mutation_came(reserve: Reserve) -> None:
    """Lists may use the whole limit."""
    assert reserve.kept(LIMIT, WINDOW) == 0


@pytest.mark.parametrize(("wanted", "kept"), [(1, 3), (2, 3), (5, 6), (9, 10), (50, 10)])
def test_as_much_is_kept_as_was_wanted_and_one_more(reserve: Reserve, wanted: int, kept: int) -> None:
    """A tenth at least and a third at most."""
    want(reserve, wanted)

    assert kept == reserve.kept(LIMIT, WINDOW)


def test_what_mutations_hold_is_theirs_already(reserve: Reserve, clock: Clock) -> None:
    """Under way and, after the answer, until the slot is free; then it is kept for the next."""
    want(reserve, 5)
    reserve.take()
    reserve.take()
    under_way = reserve.kept(LIMIT, WINDOW)
    reserve.over(clock.now + WINDOW)
    reserve.over(None)
    answered, clock.now = reserve.kept(LIMIT, WINDOW), clock.now + WINDOW

    assert (4, 5, 6) == (under_way, answered, reserve.kept(LIMIT, WINDOW))


def test_the_busiest_window_lately_counts(reserve: Reserve, clock: Clock) -> None:
    """Quieter ones after it do not make it forgotten at once; only after some windows do they."""
    want(reserve, 8)
    clock.now += WINDOW
    want(reserve, 1)
    soon = reserve.kept(LIMIT, WINDOW)
    clock.now += MEMORY * WINDOW - 1
    reserve.want(WINDOW)
    later, clock.now = reserve.kept(LIMIT, WINDOW), clock.now + MEMORY * WINDOW

    assert (9, 3, 0) == (soon, later, reserve.kept(LIMIT, WINDOW))


def test_what_is_free_again_is_forgotten_where_nobody_asks(reserve: Reserve, clock: Clock) -> None:
    """A budget of writes alone is never asked what it keeps from others."""
    for _ in range(1000):
        reserve.want(WINDOW)
        reserve.take()
        clock.now += 1
        reserve.over(clock.now + WINDOW)

    assert len(reserve._used) <= WINDOW + 1
    assert len(reserve._wanted) <= WINDOW + 1
