"""Stops requests to a source that fails. Only a successful health probe closes it again.

An error answer to a request about one object, or with one person's token, says little about the source. Several of them in
a row are a doubt: a health probe decides, and requests are admitted until it has failed.
"""

from collections import deque
from collections.abc import Callable
from enum import Enum
from math import inf

# It opens after so many failures in a row, or if this share of the latest requests failed.
FAILURES = 3
LATEST = 20
RATIO = 0.5
# Seconds after a probe that succeeded at once, in which error answers (5xx) are ignored: the vendor works except for some
# objects, and requests for those must not make the source unavailable for everyone.
FORGIVENESS = 60.0


class BreakerState(Enum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half open"


class CircuitBreaker:
    """Results of requests that were sent before it last closed are ignored, and all results while it is not closed."""

    def __init__(self, *, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._state = BreakerState.CLOSED
        self._failures_in_a_row = 0
        self._unusable_in_a_row = 0
        self._latest: deque[bool] = deque(maxlen=LATEST)
        self._closed_at = -inf
        self._forgives_until = -inf
        self._had_answers_only = True
        self._probes_failed = 0
        self._doubts_in_a_row = 0

    @property
    def state(self) -> BreakerState:
        return self._state

    @property
    def had_answers_only(self) -> bool:
        """Whether all failures in a row were error answers: then the vendor can be reached and may otherwise work."""
        return self._had_answers_only

    def record_success(self, *, sent_at: float) -> None:
        if self._counts(sent_at):
            self._failures_in_a_row = 0
            self._doubts_in_a_row = 0
            self._latest.append(True)

    def record_failure(self, *, sent_at: float, answered: bool) -> bool:
        """True if this failure opened the breaker. `answered`: the vendor answered with an error, it was not silent."""
        if not self._counts(sent_at) or (answered and self._monotonic() < self._forgives_until):
            return False
        self._latest.append(False)
        self._had_answers_only = answered and (self._had_answers_only or not self._failures_in_a_row)
        self._failures_in_a_row += 1
        failures = self._latest.count(False)
        if self._failures_in_a_row < FAILURES and (len(self._latest) < LATEST or failures < RATIO * LATEST):
            return False
        self._open()
        return True

    def record_doubt(self, *, sent_at: float) -> bool:
        """An error answer about one object or one person. True if a probe should decide now."""
        if not self._counts(sent_at) or self._monotonic() < self._forgives_until:
            return False
        self._doubts_in_a_row += 1
        return self._doubts_in_a_row >= FAILURES

    def doubt_settled(self, *, is_available: bool) -> bool:
        """What the probe found. True if that opened the breaker."""
        self._doubts_in_a_row = 0
        if self._state is not BreakerState.CLOSED:
            return False
        if is_available:
            self._forgives_until = self._monotonic() + FORGIVENESS
            return False
        self._had_answers_only = True
        self._open()
        return True

    def record_usable(self) -> None:
        """A read could use the answers that it got."""
        self._unusable_in_a_row = 0

    def record_unusable(self) -> bool:
        """A read could not use an answer, whatever its status. True if that opened the breaker."""
        if self._state is not BreakerState.CLOSED or self._monotonic() < self._forgives_until:
            return False
        self._unusable_in_a_row += 1
        if self._unusable_in_a_row < FAILURES:
            return False
        self._had_answers_only = True
        self._open()
        return True

    def probe_started(self) -> None:
        self._state = BreakerState.HALF_OPEN

    def probe_failed(self) -> None:
        self._state = BreakerState.OPEN
        self._probes_failed += 1

    def probe_succeeded(self) -> None:
        now = self._monotonic()
        if self._had_answers_only and not self._probes_failed:
            self._forgives_until = now + FORGIVENESS
        self._state = BreakerState.CLOSED
        self._failures_in_a_row = 0
        self._unusable_in_a_row = 0
        self._doubts_in_a_row = 0
        self._had_answers_only = True
        self._latest.clear()
        self._closed_at = now

    def _open(self) -> None:
        self._state = BreakerState.OPEN
        self._probes_failed = 0

    def _counts(self, sent_at: float) -> bool:
        return self._state is BreakerState.CLOSED and sent_at >= self._closed_at
