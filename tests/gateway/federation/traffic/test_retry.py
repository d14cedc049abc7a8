"""Which reads are sent again, how soon, and how often at most."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.sdk.errors import (
    ConnectorError,
    MalformedResponseError,
    NotFoundError,
    RateLimitedError,
    UnauthenticatedError,
    UnavailableError,
    UpstreamTimeoutError,
)
from gateway.federation.traffic.retry import MAX_PAUSE, RetryThrottle, is_transient, pause


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (UnavailableError("cannot be reached"), True),
        (UnavailableError("bad gateway", native_status=502), True),
        (UnavailableError("unavailable", native_status=503), True),
        (UpstreamTimeoutError("gateway timeout", native_status=504), True),
        (RateLimitedError("too many", native_status=429), True),
        (RateLimitedError("backpressure", native_status=503), True),
        (RateLimitedError("our own rate limit"), False),
        (UpstreamTimeoutError("did not answer in time"), False),
        (UnavailableError("a fault within", native_status=500), False),
        (MalformedResponseError("no JSON", native_status=200), False),
        (NotFoundError("no such thing", native_status=404), False),
        (UnauthenticatedError("refused", native_status=401), False),
    ],
)
def test_only_transient_failures_are_retried(error: ConnectorError, expected: bool) -> None:
    """No connection, a broken one, 502, 503, 504, 429. Not our own timeout, and no failure that a person must repair."""
    assert expected is is_transient(error)


@given(st.integers(1, 20), st.floats(0, 1))
def test_the_pause_is_random_below_a_bound_that_doubles(attempt: int, drawn: float) -> None:
    """Up to 0.2 s, 0.4 s, 0.8 s, and at most 2 s."""
    assert 0 <= pause(attempt, lambda: drawn) <= min(0.1 * 2**attempt, MAX_PAUSE)


def test_a_source_that_only_fails_gets_few_retries() -> None:
    """Retries stop when half of the ten tokens are used."""
    throttle = RetryThrottle()
    allowed = 0
    while throttle.allows_retry:
        throttle.record_failure()
        allowed += throttle.allows_retry

    assert allowed == 4


def test_successes_earn_retries_back() -> None:
    """Ten successes for one retry."""
    throttle = RetryThrottle()
    for _ in range(20):
        throttle.record_failure()
    closed = not throttle.allows_retry
    for _ in range(51):
        throttle.record_success()

    assert (True, True) == (closed, throttle.allows_retry)
