"""What decides when an upstream request may leave. The gateway has an implementation; a connector alone needs none."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

from connectors.sdk.errors import ConnectorError

NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class Permit(Protocol):
    """The right to send one request. It must be settled exactly once, however the request ends."""

    @property
    def seconds(self) -> float | None:
        """Seconds that the request may take; None leaves it to the timeouts of the source's settings."""

    @property
    def headers(self) -> Mapping[str, str]:
        """Headers that the request carries beside its own: the context of a trace."""

    def settle(
        self,
        *,
        status: int | None = None,
        headers: Mapping[str, str] = NO_HEADERS,
        error: ConnectorError | None = None,
        sent: bool = True,
    ) -> None:
        """Report how the request ended. Never waits, so that a cancelled request can still call it.

        `status` is None if no complete answer arrived. `error` is the failure in the connector's terms. `sent` is False
        if no connection was made. With neither status nor error, this side cancelled the request.
        """


class AdmissionControl(Protocol):
    """Admits the requests of one source."""

    async def admit(self, *, is_write: bool) -> Permit:
        """Wait until the request may be sent.

        Raises RateLimitedError with `retry_at`, without waiting, if the rate limit does not allow it in time, and
        UnavailableError while the source is known to be unavailable. Nothing was sent in either case.
        """

    async def wait_to_retry(self, error: ConnectorError, *, attempt: int) -> bool:
        """Whether a read whose `attempt` (from 1) failed with `error` is sent again; returns after the pause before it."""
