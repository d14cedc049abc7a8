"""What a connector raises: a refusal before anything is sent, or a failure upstream; by what can be done about it.

ConnectorError                      UPSTREAM_ERROR            source, operation, native status and code, maybe_applied
├── RejectedError                   the caller can change something; never sent again
│   ├── NotFoundError               NOT_FOUND                 or not visible to us
│   ├── ForbiddenError              FORBIDDEN
│   ├── IdentityNotLinkedError      IDENTITY_NOT_LINKED
│   ├── UnsupportedActionError      CAPABILITY_NOT_SUPPORTED
│   ├── ValidationFailedError       VALIDATION_FAILED         field
│   └── ConflictError               INVALID_STATE
│       ├── AlreadyAssignedError    ALREADY_ASSIGNED
│       └── VersionConflictError    VERSION_CONFLICT
├── UnavailableError                UPSTREAM_UNAVAILABLE      a later attempt may succeed
│   ├── UpstreamTimeoutError        UPSTREAM_TIMEOUT
│   └── RateLimitedError            RATE_LIMITED              retry_at
└── BrokenError                     UPSTREAM_ERROR            an operator must act; logged as an error
    ├── UnauthenticatedError        UNAUTHENTICATED           the vendor refused *our* credentials
    └── MalformedResponseError      UPSTREAM_ERROR            the answer does not fit wire.py

Messages say what to do. They never contain payloads, tokens or form data. `maybe_applied` is True if a write may have
reached the vendor although no clear answer came: the gateway then reads the task again and never repeats the write.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar, Self


class ConnectorError(Exception):
    """Base of everything that a connector raises. Clients see `code`; the gateway acts on the class and `maybe_applied`."""

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
        """Note where it happened. A later note does not replace an earlier one."""
        self.source = self.source or source
        self.operation = self.operation or operation
        return self

    def __str__(self) -> str:
        place = f"{self.source}: {self.operation}: " if self.source else ""
        return f"{place}{self.message}"


class RejectedError(ConnectorError):
    """The vendor, or the connector for it, refused the request. The caller must change something."""

    code = "VALIDATION_FAILED"


class NotFoundError(RejectedError):
    code = "NOT_FOUND"


class ForbiddenError(RejectedError):
    code = "FORBIDDEN"


class IdentityNotLinkedError(RejectedError):
    code = "IDENTITY_NOT_LINKED"


class UnsupportedActionError(RejectedError):
    """`alternatives`: the cancel strategies that this source has, if the verb was a cancel."""

    code = "CAPABILITY_NOT_SUPPORTED"

    def __init__(self, message: str, *, alternatives: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.alternatives = tuple(alternatives)


class ValidationFailedError(RejectedError):
    """`field` is the path within the mutation's input: ("data", "email_address").

    For a vendor's own option it is ("options", name): the gateway shows it as `vendorOptions`.
    """

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
    """The vendor does not answer now. A read may be tried again later."""

    code = "UPSTREAM_UNAVAILABLE"


class UpstreamTimeoutError(UnavailableError):
    code = "UPSTREAM_TIMEOUT"


class RateLimitedError(UnavailableError):
    """`retry_at`: when the vendor accepts requests again; None if it did not say."""

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
    """Waiting does not help: the configuration is wrong, or the vendor has changed."""


class UnauthenticatedError(BrokenError):
    code = "UNAUTHENTICATED"


class MalformedResponseError(BrokenError):
    """The answer is not what the vendor documents: not JSON, too large, wrong members."""
