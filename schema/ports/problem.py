"""Problem: a failure as data. And the two failures that the gateway itself causes."""

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
    """A failure as data. `code` is a UserErrorCode of the schema."""

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
    """The idempotency key was sent before with other arguments."""

    code = "IDEMPOTENCY_KEY_REUSED"


class GatewayUnavailableError(ConnectorError):
    """The journal cannot be read or written. Without a journal entry no write is sent."""

    code = "GATEWAY_UNAVAILABLE"
