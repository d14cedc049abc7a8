"""The right to send one upstream request."""

from collections.abc import Callable, Mapping

from connectors.sdk.errors import ConnectorError
from connectors.sdk.http import NO_HEADERS
from gateway.federation.traffic.call_context import CallContext
from gateway.federation.traffic.clock import Clock
from gateway.federation.traffic.queue import Grant
from gateway.federation.traffic.request_outcome import RequestOutcome
from gateway.telemetry import CallSpan


class SourcePermit:
    """See `connectors.sdk.http.Permit`. `waited` is in seconds; `settled` is called once, however often `settle` is."""

    def __init__(
        self,
        grant: Grant,
        *,
        context: CallContext,
        is_write: bool,
        waited: float,
        clock: Clock,
        span: CallSpan,
        settled: Callable[["SourcePermit", RequestOutcome], None],
    ) -> None:
        self.grant = grant
        self.context = context
        self.is_write = is_write
        self.waited = waited
        self.span = span
        self._clock = clock
        self._settled: Callable[[SourcePermit, RequestOutcome], None] | None = settled

    @property
    def seconds(self) -> float | None:
        """None for a write: if it were cut off, it would not be known whether it was applied."""
        return None if self.is_write else self.context.remaining(self._clock.monotonic)

    @property
    def headers(self) -> Mapping[str, str]:
        return self.span.headers

    @property
    def started_at(self) -> float:
        return self.grant.in_flight.started_at

    @property
    def age(self) -> float:
        """Seconds since the request was admitted."""
        return self._clock.monotonic() - self.started_at

    def settle(
        self,
        *,
        status: int | None = None,
        headers: Mapping[str, str] = NO_HEADERS,
        error: ConnectorError | None = None,
        sent: bool = True,
    ) -> None:
        settled, self._settled = self._settled, None
        if settled is not None:
            settled(self, RequestOutcome(status=status, headers=headers, error=error, sent=sent))
