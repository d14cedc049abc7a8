"""The rate limit windows of one source: reads and writes, for each credential."""

from collections.abc import Callable
from typing import NamedTuple

from connectors.sdk.settings import LimitsSettings
from gateway.federation.traffic.rate_limit.window import RateLimitWindow
from gateway.shared import RateLimitState, WindowKey

# Credentials whose windows are remembered at least. Beyond, those are forgotten that were not used for a whole window.
MAX_CREDENTIALS = 1000


class WindowPair(NamedTuple):
    """Both are the same window if the vendor counts reads and writes together."""

    reads: RateLimitWindow
    writes: RateLimitWindow


class CredentialWindows:
    """`documented` are the vendor's limits; what `configured` sets itself is never exceeded."""

    def __init__(
        self,
        source: str,
        configured: LimitsSettings,
        documented: LimitsSettings,
        *,
        state: RateLimitState,
        has_room: Callable[[], None] = lambda: None,
        monotonic: Callable[[], float],
        max_credentials: int = MAX_CREDENTIALS,
    ) -> None:
        self._source = source
        self._configured = configured
        self._documented = documented
        self._chosen = configured.over(documented)
        self._state = state
        self._has_room = has_room
        self._monotonic = monotonic
        self._max_credentials = max_credentials
        self._pairs: dict[str, WindowPair] = {}

    def of(self, credential: str) -> WindowPair:
        pair = self._pairs.get(credential)
        if pair is None:
            if len(self._pairs) >= self._max_credentials:
                self._pairs = {
                    key: pair for key, pair in self._pairs.items() if not all(window.is_idle for window in pair)
                }
            pair = self._pairs[credential] = self._new(credential)
        return pair

    def _new(self, credential: str) -> WindowPair:
        configured, documented = self._configured, self._documented
        if self._chosen.requests is not None and self._chosen.writes is None:
            together = self._window(credential, "requests", documented.requests, configured.requests)
            return WindowPair(together, together)
        return WindowPair(
            self._window(credential, "reads", documented.requests, configured.requests),
            self._window(credential, "writes", documented.writes, configured.writes),
        )

    def _window(self, credential: str, name: str, documented: int | None, ceiling: int | None) -> RateLimitWindow:
        return RateLimitWindow(
            name,
            slots=self._state.slots(
                WindowKey(self._source, credential, name), seconds=self._chosen.window, has_room=self._has_room
            ),
            documented=documented,
            ceiling=ceiling,
            seconds=self._chosen.window,
            monotonic=self._monotonic,
        )
