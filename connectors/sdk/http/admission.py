"""The interface of admission control, which the gateway puts around every request of a source."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

from connectors.sdk.errors import ConnectorError

NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class Admission(Protocol):
    """The permit for one request. `settle` gives it back and must be called exactly once, however the request ends."""

    @property
    def seconds(self) -> float | None:
        """The most seconds that the request may take; None leaves it to the timeouts of the source's settings."""

    def settle(
        self,
        *,
        status: int | None = None,
        headers: Mapping[str, str] = NO_HEADERS,
        error: ConnectorError | None = None,
        sent: bool = True,
    ) -> None:
        """Report how the request ended. It never waits, so that a cancelled request can still call it.

        `status` is None if no complete answer came. `error` is the failure as the connector understands it. `sent` is
        False if no connection was made. Neither status nor error: the request was cancelled on our side.
        """


class Gate(Protocol):
    """Admission control of one source."""

    async def admit(self, *, is_write: bool) -> Admission:
        """Return when the request may be sent.

        RateLimitedError with `retry_at`, without waiting, if that would be after the deadline; UnavailableError while the
        circuit breaker is open. Nothing was sent then.
        """

    async def retry(self, error: ConnectorError, *, attempt: int) -> bool:
        """Whether a read is sent again after attempt number `attempt` (from 1) failed. Returns after the pause before it."""
