"""What stands around every HTTP exchange of one source: the gateway has one, a connector alone has none."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

from connectors.sdk.errors import ConnectorError

NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class Admission(Protocol):
    """Leave for one exchange. It holds a place until `settle`, which must be called once, however the exchange ends."""

    @property
    def seconds(self) -> float | None:
        """How long the exchange may take at most; None leaves it to the timeouts of the source's settings."""

    def settle(
        self,
        *,
        status: int | None = None,
        headers: Mapping[str, str] = NO_HEADERS,
        error: ConnectorError | None = None,
        sent: bool = True,
    ) -> None:
        """Tell how it ended. Never waits, so that a cancelled exchange can still call it.

        `status` is None where no whole answer came, `error` what the failure means in the vendor's own terms, `sent`
        False where no connection came about. Neither status nor error: the exchange was given up from this side.
        """


class Gate(Protocol):
    async def admit(self, *, is_write: bool) -> Admission:
        """Return when the exchange may begin.

        Raises RateLimitedError with `retry_at`, without waiting, where that cannot be in time, and UnavailableError
        while the source is known to be away. Nothing was sent then.
        """

    async def retry(self, error: ConnectorError, *, attempt: int) -> bool:
        """Whether a read, whose `attempt` (from 1) ended in `error`, is sent again; returns after the pause before it."""
