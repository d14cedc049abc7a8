"""Whether a failed read is sent again, and after which pause."""

from collections.abc import Callable

from connectors.sdk.errors import ConnectorError, RateLimitedError, UnavailableError, UpstreamTimeoutError

# Requests for one read, the first included.
MAX_ATTEMPTS = 3
# Seconds. The pause is random, from 0 up to a bound that doubles with each attempt.
FIRST_PAUSE = 0.1
MAX_PAUSE = 2.0


def is_transient(error: ConnectorError) -> bool:
    """Whether the same read may succeed in a moment: no connection, a cut one, 502, 503, 504, or 429.

    A timeout on this side is not transient: the time that a second attempt would need is used up.
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
    """Seconds after failure number `attempt`, with full jitter: requests that failed together do not return together."""
    return random() * min(FIRST_PAUSE * (1 << attempt), MAX_PAUSE)


class RetryThrottle:
    """gRPC proposal A6: a failure costs one token, a success returns a tenth; with half of the tokens or fewer, no retry.

    An upstream that only fails therefore receives hardly more requests than users cause.
    """

    MAX_TOKENS = 10.0
    GAIN = 0.1

    def __init__(self) -> None:
        self._tokens = self.MAX_TOKENS

    @property
    def allows_retry(self) -> bool:
        return self._tokens > self.MAX_TOKENS / 2

    def record_success(self) -> None:
        self._tokens = min(self.MAX_TOKENS, self._tokens + self.GAIN)

    def record_failure(self) -> None:
        self._tokens = max(0.0, self._tokens - 1)
