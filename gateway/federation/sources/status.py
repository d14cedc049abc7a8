"""How a source fared lately, and how a failing read shows."""

from collections.abc import Callable, Collection
from datetime import datetime

import structlog

from connectors.sdk.errors import (
    BrokenError,
    ConnectorError,
    ForbiddenError,
    MalformedResponseError,
    RateLimitedError,
    RejectedError,
    UnauthenticatedError,
    UnavailableError,
)
from connectors.sdk.odd_rows import OddRow
from gateway.federation.traffic import OVERLOAD_STATUSES
from schema.ports import SourceStatus

log = structlog.get_logger("taskgate.source")

# Kinds of odd rows that one process logs for a source.
_MOST_KINDS = 100


def status_of(error: ConnectorError) -> SourceStatus:
    """The status that a failing read gives a source, or its part of a list."""
    match error:
        case RateLimitedError():
            return SourceStatus.RATE_LIMITED
        case UnauthenticatedError():
            return SourceStatus.UNAUTHORIZED
        case ForbiddenError():
            return SourceStatus.FORBIDDEN
        case _:
            return SourceStatus.UNAVAILABLE


def _may_be_about_one(error: ConnectorError) -> bool:
    """Whether an object or a person may be the reason: an error answer, but not of an overloaded vendor or its proxy."""
    match error:
        case RateLimitedError() | UnauthenticatedError():
            return False
        case UnavailableError():
            return error.native_status is not None and error.native_status not in OVERLOAD_STATUSES
        case _:
            return isinstance(error, ForbiddenError | MalformedResponseError)


class StatusRecord:
    """The last success and failure of one source. `per_person`: it is called with each person's own credentials."""

    def __init__(self, source: str, *, per_person: bool, clock: Callable[[], datetime]) -> None:
        self._source = source
        self._per_person = per_person
        self._clock = clock
        self.status = SourceStatus.OK
        self.reason: str | None = None
        self.last_success_at: datetime | None = None
        self.last_failure_at: datetime | None = None
        self._last_failure: ConnectorError | None = None
        self._odd: set[tuple[str, tuple[str, ...]]] = set()

    def record_success(self) -> None:
        self.status, self.reason = SourceStatus.OK, None
        self.last_success_at = self._clock()

    def note_odd(self, operation: str, rows: Collection[OddRow]) -> None:
        """Logs which members did not fit in the rows that a list left out, each kind once. The status stays."""
        kinds = {(operation, row.members) for row in rows} - self._odd
        for kind in sorted(kinds)[: _MOST_KINDS - len(self._odd)]:
            self._odd.add(kind)
            log.warning("rows left out", source=self._source, operation=operation, members=list(kind[1]))

    def record_failure(self, error: ConnectorError, *, is_about_one: bool = False) -> None:
        """A failure is the source's status until it answers again. A refusal of one request is no failure.

        `is_about_one`: the request was about one object. A circuit breaker that opens shows by itself.
        """
        if isinstance(error, RejectedError) and not isinstance(error, ForbiddenError):
            return
        if self._per_person and isinstance(error, ForbiddenError | UnauthenticatedError):
            return  # about one person, not about the source
        if (self._per_person or is_about_one) and _may_be_about_one(error):
            return
        if error is self._last_failure:
            return  # several reads waited for one call
        self._last_failure = error
        self.last_failure_at = self._clock()
        if isinstance(error, BrokenError):
            log.error(
                "source broken", source=self._source, operation=error.operation, code=error.code, reason=error.message
            )
        else:
            log.warning("source failed", source=self._source, operation=error.operation, code=error.code)
        self.status, self.reason = status_of(error), error.message
