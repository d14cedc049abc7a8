"""Every failure of an upstream, by who can do something about it.

ConnectorError                      UPSTREAM_ERROR            source, operation, native status and code, maybe_applied
├── RejectedError                   the caller can change something; never retried
│   ├── NotFoundError               NOT_FOUND                 also "invisible"
│   ├── ForbiddenError              FORBIDDEN
│   ├── IdentityNotLinkedError      IDENTITY_NOT_LINKED
│   ├── UnsupportedActionError      CAPABILITY_NOT_SUPPORTED
│   ├── ValidationFailedError       VALIDATION_FAILED         field
│   └── ConflictError               INVALID_STATE
│       ├── AlreadyAssignedError    ALREADY_ASSIGNED
│       └── VersionConflictError    VERSION_CONFLICT
├── UnavailableError                UPSTREAM_UNAVAILABLE      waiting helps
│   ├── UpstreamTimeoutError        UPSTREAM_TIMEOUT
│   └── RateLimitedError            RATE_LIMITED              retry_at
└── BrokenError                     UPSTREAM_ERROR            a person must look: logged as an error
    ├── UnauthenticatedError        UNAUTHENTICATED           the vendor refused *our* credentials
    └── MalformedResponseError      UPSTREAM_ERROR            the answer does not fit wire.py

Messages say what to do; they never hold payloads, tokens or form data. `maybe_applied` is True where a write may have
reached the vendor although no clear answer came: such a write is re-read, never repeated.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar, Self


class ConnectorError(Exception):
    """Base of every upstream failure. Clients see `code`; the gateway acts on the family and on `maybe_applied`."""

    code: ClassVar[str] = "UPSTREAM_ERROR"

    def __init__(
        self,
        message: str,
        *,
        maybe_applied: bool = False,
        native_status: int | None = None,
        native_code: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.maybe_applied = maybe_applied
        self.native_status = native_status
        self.native_code = native_code
        self.source: str | None = None
        self.operation: str | None = None

    def at(self, source: str, operation: str) -> Self:
        """Note where it happened; the first note stays."""
        self.source = self.source or source
        self.operation = self.operation or operation
        return self

    def __str__(self) -> str:
        place = f"{self.source}: {self.operation}: " if self.source else ""
        return f"{place}{self.message}"


class RejectedError(ConnectorError):
    """The vendor understood and said no: the caller's affair."""

    code = "VALIDATION_FAILED"


class NotFoundError(RejectedError):
    code = "NOT_FOUND"


class ForbiddenError(RejectedError):
    code = "FORBIDDEN"


class IdentityNotLinkedError(RejectedError):
    code = "IDENTITY_NOT_LINKED"


class UnsupportedActionError(RejectedError):
    """`alternatives` are the cancel strategies that this source has, where the verb was a cancel."""

    code = "CAPABILITY_NOT_SUPPORTED"

    def __init__(self, message: str, *, alternatives: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.alternatives = tuple(alternatives)


class ValidationFailedError(RejectedError):
    """`field` is the path within the mutation's input: ("data", "email_address")."""

    code = "VALIDATION_FAILED"

    def __init__(
        self,
        message: str,
        *,
        field: Sequence[str] = (),
        native_status: int | None = None,
        native_code: str | None = None,
    ) -> None:
        super().__init__(message, native_status=native_status, native_code=native_code)
        self.field = tuple(field)


class ConflictError(RejectedError):
    code = "INVALID_STATE"


class AlreadyAssignedError(ConflictError):
    code = "ALREADY_ASSIGNED"


class VersionConflictError(ConflictError):
    code = "VERSION_CONFLICT"


class UnavailableError(ConnectorError):
    """No answer to be had now: a read may be tried again later."""

    code = "UPSTREAM_UNAVAILABLE"


class UpstreamTimeoutError(UnavailableError):
    code = "UPSTREAM_TIMEOUT"


class RateLimitedError(UnavailableError):
    """`retry_at` is when the vendor will listen again, where it said so."""

    code = "RATE_LIMITED"

    def __init__(
        self,
        message: str,
        *,
        retry_at: datetime | None = None,
        native_status: int | None = None,
        native_code: str | None = None,
    ) -> None:
        super().__init__(message, native_status=native_status, native_code=native_code)
        self.retry_at = retry_at


class BrokenError(ConnectorError):
    """Something that waiting does not mend: configuration, or a vendor that changed."""


class UnauthenticatedError(BrokenError):
    code = "UNAUTHENTICATED"


class MalformedResponseError(BrokenError):
    """The answer is not what the vendor documents: not JSON, too large, wrong members."""
