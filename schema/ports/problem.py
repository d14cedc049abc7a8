"""Failures as data."""

from datetime import datetime

from msgspec import Struct

from connectors.sdk.commands import CancelStrategy
from connectors.sdk.errors import (
    ConnectorError,
    Failure,
    InputError,
    RateLimitedError,
    SeveralInputsError,
    UnsupportedActionError,
    ValidationFailedError,
)


class Problem(Struct, frozen=True, kw_only=True):
    """A failure as data. `code` is a UserErrorCode of the graph, `source` the key of the source that it is about.

    `quotes_vendor`: the message may hold text of the vendor, and with it data. It is for the person who asked only.
    """

    code: str
    message: str
    source: str | None = None
    field: tuple[str, ...] | None = None
    retry_at: datetime | None = None
    alternatives: tuple[CancelStrategy, ...] | None = None
    native_status: int | None = None
    native_code: str | None = None
    quotes_vendor: bool = False

    @classmethod
    def all_of(cls, error: Failure) -> "tuple[Problem, ...]":
        """One for each fault of the arguments, else one."""
        errors = error.errors if isinstance(error, SeveralInputsError) else (error,)
        return tuple(map(cls.from_error, errors))

    @classmethod
    def from_error(cls, error: Failure) -> "Problem":
        """The message says what happened and what to do, and not where: `source` does."""
        upstream = error if isinstance(error, ConnectorError) else None
        return cls(
            code=error.code,
            message=error.message,
            source=None if upstream is None else upstream.source,
            field=(error.field or None) if isinstance(error, InputError | ValidationFailedError) else None,
            retry_at=error.retry_at if isinstance(error, RateLimitedError) else None,
            alternatives=(
                tuple(CancelStrategy(strategy) for strategy in error.alternatives)
                if isinstance(error, UnsupportedActionError)
                else None
            ),
            native_status=None if upstream is None else upstream.native_status,
            native_code=None if upstream is None else upstream.native_code,
            quotes_vendor=upstream is not None and upstream.quotes_vendor,
        )
