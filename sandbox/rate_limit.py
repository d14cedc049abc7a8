"""A sliding window over the requests to one stand-in."""

import math
from collections import deque
from dataclasses import dataclass, field

from sandbox.stand_in import Clock, Limits


@dataclass(frozen=True, slots=True)
class Admission:
    """`retry_after_s` is None if the request was admitted. `reset_epoch` is the Unix time when the oldest request leaves the window."""

    limit: int
    remaining: int
    reset_epoch: int
    retry_after_s: int | None


@dataclass(slots=True)
class _Window:
    limit: int
    seconds: float
    admitted: deque[float] = field(default_factory=deque)

    def admit(self, now: float) -> Admission:
        while self.admitted and self.admitted[0] <= now - self.seconds:
            self.admitted.popleft()
        if len(self.admitted) < self.limit:
            self.admitted.append(now)
            return Admission(self.limit, self.limit - len(self.admitted), self._reset(now), None)
        # A refused request is not counted. Otherwise a client that retries often would never be admitted again.
        reset = self._reset(now)
        return Admission(self.limit, 0, reset, max(1, math.ceil(self._free_at(now) - now)))

    def _free_at(self, now: float) -> float:
        return (self.admitted[0] if self.admitted else now) + self.seconds

    def _reset(self, now: float) -> int:
        return math.ceil(self._free_at(now))


class RateLimit:
    """Counts all requests together. If the limits have a number for writes, reads and writes are counted separately."""

    def __init__(self, limits: Limits, clock: Clock) -> None:
        self._clock = clock
        seconds = limits.window_ms / 1000
        self._reads = _Window(limits.limit, seconds)
        self._writes = self._reads if limits.write_limit is None else _Window(limits.write_limit, seconds)

    def admit(self, *, write: bool) -> Admission:
        return (self._writes if write else self._reads).admit(self._clock().timestamp())
