"""Failures as data, and the two failures that are the gateway's own."""

from datetime import datetime

from msgspec import Struct

from connectors.sdk.commands import CancelStrategy
from connectors.sdk.errors import (
    ConnectorError,
    RateLimitedError,
    RejectedError,
    UnsupportedActionError,
    ValidationFailedError,
)


class Problem(Struct, frozen=True, kw_only=True):
    """A failure as data. `code` is a UserErrorCode of the graph."""

    code: str
    message: str
    field: tuple[str, ...] | None = None
    retry_at: datetime | None = None
    alternatives: tuple[CancelStrategy, ...] | None = None
    native_status: int | None = None
    native_code: str | None = None

    @classmethod
    def from_error(cls, error: ConnectorError) -> "Problem":
        return cls(
            code=error.code,
            message=str(error),
            field=(error.field or None) if isinstance(error, ValidationFailedError) else None,
            retry_at=error.retry_at if isinstance(error, RateLimitedError) else None,
            alternatives=(
                tuple(CancelStrategy(strategy) for strategy in error.alternatives)
                if isinstance(error, UnsupportedActionError)
                else None
            ),
            native_status=error.native_status,
            native_code=error.native_code,
        )


class IdempotencyKeyReusedError(RejectedError):
    """The key was sent before with other arguments."""

    code = "IDEMPOTENCY_KEY_REUSED"


class GatewayUnavailableError(ConnectorError):
    """The journal of writes cannot be written: nothing is sent that could not be accounted for."""

    code = "GATEWAY_UNAVAILABLE"
