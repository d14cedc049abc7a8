"""Whether a source is worth asking: after failures nobody waits for it, and one probe looks whether it is back."""

from collections import deque
from collections.abc import Callable
from enum import Enum
from math import inf

# Failures in a row, and their part of the latest exchanges, that open it.
FAILURES = 3
LATEST = 20
RATIO = 0.5
# Seconds for which a vendor that answers the probe at once may fail single requests: some of its objects are broken,
# or asked for under ids at which it fails, and nobody should be able to shut a source by asking for those.
FORGIVING = 60.0


class BreakerState(Enum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half open"


class Breaker:
    """Only a probe closes it: what else was under way is older news."""

    def __init__(self, *, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._state = BreakerState.CLOSED
        self._in_a_row = 0
        self._latest: deque[bool] = deque(maxlen=LATEST)
        self._closed_at = -inf
        self._forgiving_until = -inf
        self._answers_only = True
        self._probes_failed = 0

    @property
    def state(self) -> BreakerState:
        return self._state

    @property
    def answers_only(self) -> bool:
        """Whether all failures in a row were answers: then the vendor can be reached, and may be well but for them."""
        return self._answers_only

    def succeeded(self, *, sent_at: float) -> None:
        if self._counts(sent_at):
            self._in_a_row = 0
            self._latest.append(True)

    def failed(self, *, sent_at: float, answered: bool) -> bool:
        """True when this one opened it. `answered`: the failure was an answer, no silence."""
        if not self._counts(sent_at) or (answered and self._monotonic() < self._forgiving_until):
            return False
        self._latest.append(False)
        self._answers_only = answered and (self._answers_only or not self._in_a_row)
        self._in_a_row += 1
        failures = self._latest.count(False)
        if self._in_a_row < FAILURES and (len(self._latest) < LATEST or failures < RATIO * LATEST):
            return False
        self._state = BreakerState.OPEN
        self._probes_failed = 0
        return True

    def probe_began(self) -> None:
        self._state = BreakerState.HALF_OPEN

    def probe_failed(self) -> None:
        self._state = BreakerState.OPEN
        self._probes_failed += 1

    def probe_succeeded(self) -> None:
        now = self._monotonic()
        if self._answers_only and not self._probes_failed:
            self._forgiving_until = now + FORGIVING
        self._state = BreakerState.CLOSED
        self._in_a_row = 0
        self._answers_only = True
        self._latest.clear()
        self._closed_at = now

    def _counts(self, sent_at: float) -> bool:
        return self._state is BreakerState.CLOSED and sent_at >= self._closed_at
