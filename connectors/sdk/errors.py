"""All expected failures, grouped by who must act. There are three roots. Clients see the code of each class.

ConnectorError                      UPSTREAM_ERROR            an upstream failed: source, operation, native status and code
├── RejectedError                   VALIDATION_FAILED         the caller can change something; never retried
│   ├── NotFoundError               NOT_FOUND                 also "invisible"
│   ├── ForbiddenError              FORBIDDEN
│   ├── IdentityNotLinkedError      IDENTITY_NOT_LINKED
│   ├── UnsupportedActionError      CAPABILITY_NOT_SUPPORTED  alternatives
│   ├── ValidationFailedError       VALIDATION_FAILED         field; the vendor, or its options, refused a value
│   └── ConflictError               INVALID_STATE
│       ├── AlreadyAssignedError    ALREADY_ASSIGNED
│       └── VersionConflictError    VERSION_CONFLICT
├── UnavailableError                UPSTREAM_UNAVAILABLE      waiting helps
│   ├── UpstreamTimeoutError        UPSTREAM_TIMEOUT
│   └── RateLimitedError            RATE_LIMITED              retry_at
│       └── OverloadedError         RATE_LIMITED              the vendor is busy; no limit was used up
└── BrokenError                     UPSTREAM_ERROR            an operator must act: logged as an error
    ├── UnauthenticatedError        UNAUTHENTICATED           the vendor refused *our* credentials
    └── MalformedResponseError      UPSTREAM_ERROR            the answer does not fit wire.py

InputError                          VALIDATION_FAILED         an argument of the client is wrong; field
└── SeveralInputsError              VALIDATION_FAILED         several are; errors

GatewayError                        GATEWAY_UNAVAILABLE       the gateway itself failed or refused
├── GatewayUnavailableError         GATEWAY_UNAVAILABLE       the journal of writes cannot be used
└── IdempotencyKeyReusedError       IDEMPOTENCY_KEY_REUSED

Connectors raise ConnectorError only. The gateway raises a RejectedError too where it refuses in the name of a source:
no such task, not permitted, not supported. A handler names the roots that it handles; `Failure` is all three.

Messages say what to do; they never hold payloads, tokens or form data. `maybe_applied` is True where a write may have
reached the vendor although no clear answer came: such a write is verified by reading, never repeated.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar, Self, TypeAlias


class ConnectorError(Exception):
    """Root of every upstream failure. Clients see `code`; the gateway acts on the class and on `maybe_applied`.

    The text of the exception is `message`, after source and operation where `at` has noted them.
    """

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
        self.is_own_text = False

    def at(self, source: str, operation: str) -> Self:
        """Note where it happened; the first note stays."""
        self.source = self.source or source
        self.operation = self.operation or operation
        return self

    def in_own_words(self) -> Self:
        """Note that the message holds no text of the vendor, although the vendor's answer caused it."""
        self.is_own_text = True
        return self

    @property
    def quotes_vendor(self) -> bool:
        """Whether the message may hold text of the vendor, and with it data: it is for the person who asked only."""
        return not self.is_own_text and (self.native_status is not None or self.native_code is not None)

    def __str__(self) -> str:
        place = f"{self.source}: {self.operation}: " if self.source else ""
        return f"{place}{self.message}"


class RejectedError(ConnectorError):
    """The request was understood and refused; the same request will be refused again."""

    code = "VALIDATION_FAILED"


class NotFoundError(RejectedError):
    """`is_address`: no id was asked for, so that the vendor has nothing at that address at all."""

    code = "NOT_FOUND"
    is_address = False


class ForbiddenError(RejectedError):
    code = "FORBIDDEN"


class IdentityNotLinkedError(RejectedError):
    code = "IDENTITY_NOT_LINKED"


class UnsupportedActionError(RejectedError):
    """`alternatives` are the cancel strategies that the source has, if the verb was a cancel."""

    code = "CAPABILITY_NOT_SUPPORTED"

    def __init__(self, message: str, *, alternatives: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.alternatives = tuple(alternatives)


class ValidationFailedError(RejectedError):
    """The vendor, or the connector on its behalf, refused a value. For arguments of the graph see InputError.

    `field` is the path within the mutation's input: ("data", "email_address"); ("options", ...) for vendor options.
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
    """The source gives no answer now; a read may be tried again later."""

    code = "UPSTREAM_UNAVAILABLE"


class UpstreamTimeoutError(UnavailableError):
    code = "UPSTREAM_TIMEOUT"


class RateLimitedError(UnavailableError):
    """`retry_at` is when the vendor accepts requests again, if it said so."""

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


class OverloadedError(RateLimitedError):
    """The vendor is busy and did not accept the request. No limit was used up."""


class BrokenError(ConnectorError):
    """Waiting does not help: the configuration is wrong, or the vendor has changed."""


class UnauthenticatedError(BrokenError):
    code = "UNAUTHENTICATED"


class MalformedResponseError(BrokenError):
    """The answer is not what the vendor documents: not JSON, too large, wrong members."""


class InputError(Exception):
    """The client sent a wrong argument. This does not depend on the state of a source. Nothing was sent upstream.

    `field` is the path of the argument: ("first",), ("filter", "dueAt"), ("data", "email_address"); empty where no
    single argument is at fault.
    """

    code: ClassVar[str] = "VALIDATION_FAILED"

    def __init__(self, message: str, *, field: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.field = tuple(field)


class SeveralInputsError(InputError):
    """Several wrong arguments at once, each with its field. As one error it is the first of them."""

    def __init__(self, errors: Sequence[InputError]) -> None:
        first = errors[0]
        super().__init__(first.message, field=first.field)
        self.errors = tuple(errors)


class GatewayError(Exception):
    """Root of what fails in the gateway itself. Nothing is said about a source."""

    code: ClassVar[str] = "GATEWAY_UNAVAILABLE"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class GatewayUnavailableError(GatewayError):
    """The journal of writes cannot be read or written. A write that cannot be recorded is not sent."""


class IdempotencyKeyReusedError(GatewayError):
    """The idempotency key was sent before with other arguments."""

    code = "IDEMPOTENCY_KEY_REUSED"


Failure: TypeAlias = ConnectorError | InputError | GatewayError
"""Every expected failure. Anything else is a bug: clients see INTERNAL."""
