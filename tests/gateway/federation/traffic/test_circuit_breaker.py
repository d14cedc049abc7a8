"""When a source counts as unavailable, and that only a probe changes this."""

import pytest

from gateway.federation.traffic.circuit_breaker import FAILURES, FORGIVENESS, LATEST, BreakerState, CircuitBreaker


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> CircuitBreaker:
    return CircuitBreaker(monotonic=clock)


def fail(breaker: CircuitBreaker, clock: Clock, *, times: int = 1, answered: bool = False) -> bool:
    return True in [breaker.record_failure(sent_at=clock.now, answered=answered) for _ in range(times)]


def test_three_failures_in_a_row_open_it(breaker: CircuitBreaker, clock: Clock) -> None:
    """A2: a success in between resets the count."""
    fail(breaker, clock, times=FAILURES - 1)
    breaker.record_success(sent_at=clock.now)
    not_yet = fail(breaker, clock, times=FAILURES - 1)

    assert (False, True) == (not_yet, fail(breaker, clock))
    assert breaker.state is BreakerState.OPEN


def test_failures_in_half_of_the_latest_open_it(breaker: CircuitBreaker, clock: Clock) -> None:
    """Even if there are never three in a row."""
    opened = []
    for _ in range(LATEST):
        opened.append(fail(breaker, clock))
        breaker.record_success(sent_at=clock.now)

    assert opened.index(True) == LATEST // 2


def test_three_unusable_answers_in_a_row_open_it(breaker: CircuitBreaker, clock: Clock) -> None:
    """Whatever their status: each request succeeded. A read that could use its answer begins anew."""
    opened = []
    for usable in (False, False, True, False, False, False):
        breaker.record_success(sent_at=clock.now)
        if usable:
            breaker.record_usable()
        else:
            opened.append(breaker.record_unusable())

    assert [False] * 4 + [True] == opened
    assert (BreakerState.OPEN, True) == (breaker.state, breaker.had_answers_only)


def test_a_vendor_that_is_well_otherwise_is_forgiven_unusable_answers(breaker: CircuitBreaker, clock: Clock) -> None:
    """For a minute after a probe that succeeded at once."""
    for _ in range(FAILURES):
        breaker.record_unusable()
    breaker.probe_started()
    breaker.probe_succeeded()
    forgiven = [breaker.record_unusable() for _ in range(2 * FAILURES)]
    clock.now += FORGIVENESS

    assert {False} == set(forgiven)
    assert [False, False, True] == [breaker.record_unusable() for _ in range(FAILURES)]


def test_only_a_probe_closes_it(breaker: CircuitBreaker, clock: Clock) -> None:
    """Answers to earlier requests do not. A failed probe leaves it open."""
    fail(breaker, clock, times=FAILURES)
    breaker.record_success(sent_at=clock.now)
    states = [breaker.state]
    breaker.probe_started()
    states.append(breaker.state)
    breaker.probe_failed()
    states.append(breaker.state)
    breaker.probe_started()
    breaker.probe_succeeded()
    states.append(breaker.state)

    assert [BreakerState.OPEN, BreakerState.HALF_OPEN, BreakerState.OPEN, BreakerState.CLOSED] == states


def test_requests_sent_before_it_closed_do_not_open_it(breaker: CircuitBreaker, clock: Clock) -> None:
    """Requests to a silent source time out long after the source is back."""
    sent_at = clock.now
    fail(breaker, clock, times=FAILURES)
    clock.now += 5
    breaker.probe_started()
    breaker.probe_succeeded()

    assert [False] * 20 == [breaker.record_failure(sent_at=sent_at, answered=False) for _ in range(20)]


def test_requests_that_fail_at_a_healthy_vendor_do_not_open_it_again(breaker: CircuitBreaker, clock: Clock) -> None:
    """If the probe is answered at once, 5xx answers in a row are ignored for a minute. Silence is not."""
    fail(breaker, clock, times=FAILURES, answered=True)
    breaker.probe_started()
    breaker.probe_succeeded()
    forgiven = fail(breaker, clock, times=FAILURES, answered=True)
    silence = fail(breaker, clock, times=FAILURES, answered=False)

    assert (False, True) == (forgiven, silence)


def test_failures_are_ignored_for_a_limited_time(breaker: CircuitBreaker, clock: Clock) -> None:
    """The vendor may fail completely an hour later."""
    fail(breaker, clock, times=FAILURES, answered=True)
    breaker.probe_started()
    breaker.probe_succeeded()
    clock.now += FORGIVENESS

    assert fail(breaker, clock, times=FAILURES, answered=True)


@pytest.mark.parametrize(
    ("failures", "expected"),
    [([True, True, True], True), ([True, False, True], False), ([False, False, False], False)],
)
def test_it_tells_whether_the_vendor_was_silent(
    breaker: CircuitBreaker, clock: Clock, failures: list[bool], expected: bool
) -> None:
    """For the failures in a row; a success resets them."""
    fail(breaker, clock, answered=False)
    breaker.record_success(sent_at=clock.now)
    for answered in failures:
        fail(breaker, clock, answered=answered)

    assert expected is breaker.had_answers_only


def test_doubts_do_not_open_it(breaker: CircuitBreaker, clock: Clock) -> None:
    """After three in a row a probe should decide. A success in between resets the count."""
    asked = [breaker.record_doubt(sent_at=clock.now) for _ in range(FAILURES - 1)]
    breaker.record_success(sent_at=clock.now)
    asked += [breaker.record_doubt(sent_at=clock.now) for _ in range(FAILURES)]

    assert [*[False] * (2 * FAILURES - 2), True] == asked
    assert breaker.state is BreakerState.CLOSED


def test_a_probe_settles_a_doubt(breaker: CircuitBreaker, clock: Clock) -> None:
    """It opens the breaker, or the doubts of the next minute are ignored."""
    opened = breaker.doubt_settled(is_available=True)
    ignored = [breaker.record_doubt(sent_at=clock.now) for _ in range(2 * FAILURES)]
    clock.now += FORGIVENESS
    later = [breaker.record_doubt(sent_at=clock.now) for _ in range(FAILURES)]

    assert (False, False, True) == (opened, any(ignored), later[-1])
    assert breaker.doubt_settled(is_available=False)
    assert (BreakerState.OPEN, True) == (breaker.state, breaker.had_answers_only)
    assert not breaker.doubt_settled(is_available=False)
    assert not breaker.record_doubt(sent_at=clock.now)
