"""The budgets of one source: reads and writes apart, and each credential's own."""

from collections.abc import Callable
from typing import NamedTuple

from connectors.sdk.settings import LimitsSettings
from gateway.federation.traffic.rate_limit.window import Budget

# Credentials whose budgets are remembered at least; beyond, those are forgotten that nobody used for a window.
MOST = 1000


class Pair(NamedTuple):
    """Both are the same where the vendor counts reads and writes together."""

    reads: Budget
    writes: Budget


class Budgets:
    """`documented` is the vendor's promise; what `given` sets itself is never exceeded."""

    def __init__(
        self, given: LimitsSettings, documented: LimitsSettings, *, monotonic: Callable[[], float], most: int = MOST
    ) -> None:
        self._given = given
        self._documented = documented
        self._chosen = given.over(documented)
        self._monotonic = monotonic
        self._most = most
        self._pairs: dict[str, Pair] = {}

    def of(self, credential: str) -> Pair:
        pair = self._pairs.get(credential)
        if pair is None:
            if len(self._pairs) >= self._most:
                self._pairs = {
                    key: pair for key, pair in self._pairs.items() if not all(budget.is_idle for budget in pair)
                }
            pair = self._pairs[credential] = self._new()
        return pair

    def _new(self) -> Pair:
        given, documented = self._given, self._documented
        if self._chosen.requests is not None and self._chosen.writes is None:
            together = self._budget("requests", documented.requests, given.requests)
            return Pair(together, together)
        return Pair(
            self._budget("reads", documented.requests, given.requests),
            self._budget("writes", documented.writes, given.writes),
        )

    def _budget(self, name: str, documented: int | None, ceiling: int | None) -> Budget:
        return Budget(
            name, documented=documented, ceiling=ceiling, window=self._chosen.window, monotonic=self._monotonic
        )
