"""The vendor's error bodies as errors of the sdk."""

import re
import time
from datetime import datetime
from typing import TypedDict

from msgspec.structs import replace

from connectors.geotareas import wire
from connectors.sdk import (
    Answer,
    ConnectorError,
    MalformedResponseError,
    NotFoundError,
    RateLimitedError,
    UnauthenticatedError,
    ValidationFailedError,
    error_from_status,
    is_json,
    retry_at,
    vendor_text,
)

# The status of each documented code, for refusals that come with a 2xx status.
STATUS_OF_CODE = {
    "BAD_REQUEST": 400,
    "VALIDATION_ERROR": 400,
    "UNAUTHORIZED": 401,
    "FORBIDDEN": 403,
    "NOT_FOUND": 404,
    "RATE_LIMITED": 429,
    "INTERNAL_ERROR": 500,
}

_CODE = re.compile(r"[A-Z_]{1,40}")
_UNIX_SECONDS = re.compile(r"[0-9]{1,12}")


class _Native(TypedDict):
    native_status: int
    native_code: str | None


def parse_error(answer: Answer) -> ConnectorError:
    """The error for an answer that is not 2xx.

    The documentation has two forms of the error body: on the page Authentication without `data`, on the page Login with
    it. A body of another form comes from a proxy: then the status alone decides.
    """
    envelope = answer.try_decode(wire.Envelope)
    error = None if envelope is None else envelope.error
    return _refusal(answer, answer.status, error or wire.ErrorBody())


def is_refusal(answer: Answer) -> bool:
    """Whether a 4xx is the vendor's own: the envelope, with an error."""
    envelope = answer.try_decode(wire.Envelope) if is_json(answer) else None
    return envelope is not None and not envelope.success and envelope.error is not None


def error_of_success(answer: Answer, error: wire.ErrorBody) -> ConnectorError:
    """The error for a 2xx answer with `success: false`."""
    status = STATUS_OF_CODE.get(error.code or "")
    if status is not None:
        return _refusal(answer, status, error)
    return MalformedResponseError(
        "answered with success false and no known code",
        maybe_applied=answer.is_write,
        native_status=answer.status,
        native_code=_code(error),
    )


def login_error(answer: Answer) -> ConnectorError:
    """The error for a login that is not 2xx."""
    if answer.status in {400, 401, 403}:
        return UnauthenticatedError(
            "refused the login; check email, password and tenant of the source's credentials",
            native_status=answer.status,
        )
    if answer.status == 429:
        return RateLimitedError(
            "refuses logins for now: an account may log in 5 times in 30 s, and is blocked for 60 s after 5 failed logins",
            retry_at=_retry_at(answer),
            native_status=429,
        )
    return error_from_status(answer)


def other_task(answer: Answer) -> ConnectorError:
    """The error for an answer about another task than the requested one."""
    return MalformedResponseError(
        "answered about another task", maybe_applied=answer.is_write, native_status=answer.status
    )


def _refusal(answer: Answer, status: int, error: wire.ErrorBody) -> ConnectorError:
    words = vendor_text(error.message, answer)
    quoted = f": {words}" if words else ""
    native: _Native = {"native_status": answer.status, "native_code": _code(error)}
    if status == 400 and error.code == "BAD_REQUEST":
        return UnauthenticatedError(
            "found a header missing; check tenant and api_key of the source's credentials", **native
        )
    if status in {400, 409}:
        # No code is documented for a task that is already completed: it is a validation error like any other.
        return ValidationFailedError(f"refused the request{quoted}", **native)
    if status == 404:
        return NotFoundError(f"found no such thing{quoted}", **native)
    if status == 429:
        return RateLimitedError(
            "too many requests: at most 30 reads and 10 writes a minute", retry_at=_retry_at(answer), **native
        )
    message = {
        401: "refused our JWT or API key; check the source's credentials",
        403: "the account lacks a permission; it needs APICLI_WORKFLOW_READ, for writes APICLI_WORKFLOW_EXECUTE",
    }.get(status)
    return error_from_status(replace(answer, status=status), message, _code(error))


def _retry_at(answer: Answer) -> datetime | None:
    """From Retry-After, else from X-RateLimit-Reset: the Unix second in which the current window ends."""
    at = retry_at(answer.headers.get("retry-after"))
    reset = answer.headers.get("x-ratelimit-reset", "")
    if at is not None or not _UNIX_SECONDS.fullmatch(reset):
        return at
    return retry_at(str(max(0, int(reset) - int(time.time()))))


def _code(error: wire.ErrorBody) -> str | None:
    return error.code if error.code and _CODE.fullmatch(error.code) else None
