"""How one upstream request ended, and what that says of the source."""

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from connectors.sdk.errors import (
    ConnectorError,
    MalformedResponseError,
    OverloadedError,
    RateLimitedError,
    RejectedError,
    UnavailableError,
    UpstreamTimeoutError,
)
from connectors.sdk.http import NO_HEADERS
from gateway.federation.traffic.rate_limit import read_retry_after

# Statuses of a vendor that is overloaded, or of a proxy before it.
OVERLOAD_STATUSES = frozenset({429, 502, 503, 504})


class RequestOutcome(Struct, frozen=True, kw_only=True):
    """The arguments of `connectors.sdk.http.Permit.settle`."""

    status: int | None = None
    headers: Mapping[str, str] = NO_HEADERS
    error: ConnectorError | None = None
    sent: bool = True

    @property
    def label(self) -> str:
        """ "ok", the error's code, or "GIVEN_UP"."""
        if self.error is not None:
            return self.error.code
        return "GIVEN_UP" if self.status is None else "ok"

    @property
    def was_answered(self) -> bool:
        """An answer that could not be read is one, too."""
        return self.status is not None or isinstance(self.error, MalformedResponseError)

    @property
    def is_rate_limited(self) -> bool:
        """The vendor answered that there were too many requests; some do so with another status than 429."""
        return self.status == 429 or (self.status is not None and isinstance(self.error, RateLimitedError))

    @property
    def is_busy(self) -> bool:
        """The vendor refused the request because it is busy, not because a limit was used up."""
        return self.status is not None and isinstance(self.error, OverloadedError)

    def failed(self, *, in_haste: bool) -> bool | None:
        """Whether the source failed; None if the outcome does not tell. `in_haste`: our own deadline was very short."""
        if self.is_rate_limited:
            return False
        if self.status is not None:
            # Some vendors refuse with 500, and say so in the text of the answer.
            return self.status >= 500 and self.status != 501 and not isinstance(self.error, RejectedError)
        if isinstance(self.error, UpstreamTimeoutError) and in_haste:
            return None
        if isinstance(self.error, UnavailableError | MalformedResponseError):
            return True
        return None if self.error is None else False

    @property
    def may_be_about_one(self) -> bool:
        """An error answer that an object or a person may be the reason for: not one of an overloaded vendor or its proxy."""
        return self.status is not None and self.status not in OVERLOAD_STATUSES

    def overloaded(self, *, failed: bool | None) -> bool | None:
        """Whether fewer requests at once would help the source; None if the outcome does not tell."""
        if self.is_rate_limited or self.status in OVERLOAD_STATUSES:
            return True
        # A fault inside the vendor, such as 500, has nothing to do with how many requests there are.
        return None if failed and self.was_answered else failed

    def retry_after(self, now: datetime) -> float | None:
        """Seconds until the vendor wants another request."""
        if self.status is not None and self.status >= 400:
            seconds = read_retry_after(self.headers, now=now)
            if seconds is not None:
                return seconds
        if isinstance(self.error, RateLimitedError) and self.error.retry_at is not None:
            return max(0.0, (self.error.retry_at - now).total_seconds())
        return None
