"""What the status of an answer means where the vendor says nothing else."""

from typing import Any

from connectors.sdk.errors import (
    ConnectorError,
    ForbiddenError,
    MalformedResponseError,
    NotFoundError,
    RateLimitedError,
    RejectedError,
    UnauthenticatedError,
    UnavailableError,
    UpstreamTimeoutError,
)
from connectors.sdk.http.answer import Answer
from connectors.sdk.http.retry_after import retry_at
from connectors.sdk.http.success import is_json

# Refusals that are believed in another form than the vendor's own too, by the header that HTTP or every vendor gives with
# them: the body is empty then, or JSON. A page is of something in between.
_MARKS = {401: "www-authenticate", 429: "retry-after"}


def is_marked(answer: Answer) -> bool:
    """Whether a 401 or 429 is one as every vendor gives it."""
    mark = _MARKS.get(answer.status)
    return mark is not None and mark in answer.headers and (not answer.body or is_json(answer))


def error_from_status(answer: Answer, message: str | None = None, native_code: str | None = None) -> ConnectorError:
    """The error that the HTTP status means; vendors refine it. After a 5xx a write may have been applied."""
    status = answer.status
    known: dict[str, Any] = {"native_status": status, "native_code": native_code}
    if status == 401:
        return UnauthenticatedError(message or "refused our credentials; check the source's credentials", **known)
    if status == 403:
        return ForbiddenError(message or "the service account lacks a permission", **known)
    if status == 404:
        return NotFoundError(message or "no such record in this source", **known)
    if status == 429:
        return RateLimitedError(
            message or "too many requests", retry_at=retry_at(answer.headers.get("retry-after")), **known
        )
    if status in {408, 504}:
        return UpstreamTimeoutError(message or "gave up on the request", maybe_applied=answer.is_write, **known)
    if status >= 500:
        return UnavailableError(message or f"failed with status {status}", maybe_applied=answer.is_write, **known)
    if 300 <= status < 400 or status < 200:
        return MalformedResponseError(
            f"answered with status {status}; redirects are not followed, check base_url",
            maybe_applied=answer.is_write,
            **known,
        )
    return RejectedError(message or f"refused the request with status {status}", **known)
