"""Whether, and after which pause, a failed read is sent again."""

from collections.abc import Callable

from connectors.sdk.errors import ConnectorError, RateLimitedError, UnavailableError, UpstreamTimeoutError

# Requests for one read at most, the first included.
MOST_ATTEMPTS = 3
# Seconds: the pause is drawn from 0 to twice as much after each attempt.
FIRST_PAUSE = 0.1
LONGEST_PAUSE = 2.0


def is_passing(error: ConnectorError) -> bool:
    """Whether the same read may well succeed in a moment: no connection, a cut one, 502, 503, 504, or refused as too many.

    A timeout of ours is none: the time that a second attempt would need is gone.
    """
    match error:
        case RateLimitedError():
            return error.native_status is not None
        case UpstreamTimeoutError():
            return error.native_status == 504
        case UnavailableError():
            return error.native_status in {None, 502, 503}
        case _:
            return False


def pause(attempt: int, random: Callable[[], float]) -> float:
    """Seconds after the `attempt`-th failure, with full jitter: those who failed together do not come back together."""
    return random() * min(FIRST_PAUSE * (1 << attempt), LONGEST_PAUSE)


class RetryQuota:
    """As gRPC's proposal A6: each failure costs a token, each success gives a tenth back, at half and below none retries.

    An upstream that only fails is therefore asked little more often than users ask.
    """

    MOST = 10.0
    GAIN = 0.1

    def __init__(self) -> None:
        self._tokens = self.MOST

    @property
    def is_open(self) -> bool:
        return self._tokens > self.MOST / 2

    def succeeded(self) -> None:
        self._tokens = min(self.MOST, self._tokens + self.GAIN)

    def failed(self) -> None:
        self._tokens = max(0.0, self._tokens - 1)
