"""What Camunda's refusals mean."""

from connectors.camunda import wire
from connectors.sdk import (
    AlreadyAssignedError,
    Answer,
    ConflictError,
    ConnectorError,
    ForbiddenError,
    NotFoundError,
    RateLimitedError,
    UnavailableError,
    ValidationFailedError,
    retry_at,
)

# Characters of the vendor's own words that a message may hold.
LONGEST_DETAIL = 300


def parse_error(answer: Answer) -> ConnectorError | None:
    """The error behind a problem document; None where the status alone says it (401, 429, 5xx, other 4xx)."""
    problem = answer.try_decode(wire.Problem) or wire.Problem()
    detail = " ".join((problem.detail or "").split())[:LONGEST_DETAIL]
    status, code = answer.status, problem.title
    if status in {500, 503} and code == "RESOURCE_EXHAUSTED":
        # Backpressure: the broker took nothing in.
        return RateLimitedError(
            "the cluster is overloaded and took nothing in",
            retry_at=retry_at(answer.headers.get("retry-after")),
            native_status=status,
            native_code=code,
        )
    if status == 503 and code == "UNAVAILABLE" and "could not be delivered" in detail:
        # The gateway knows no partition of that number: nothing left it. Also where a broker is not known yet.
        return UnavailableError(
            "no partition of the cluster has that key, or none is reachable; nothing was sent",
            native_status=status,
            native_code=code,
        )
    if status == 400:
        return ValidationFailedError(detail or "refused the request as invalid", native_status=status, native_code=code)
    if status == 403 and "does not match the calling user" in (problem.detail or ""):
        return ForbiddenError(
            "the cluster lets a user claim for itself only: let the source sign in as a client (credentials of kind oauth), "
            'or set its option claims = "assign"',
            native_status=status,
            native_code=code,
        )
    if status == 403:
        return ForbiddenError(
            detail or "the technical account lacks a permission", native_status=status, native_code=code
        )
    if answer.is_write and status == 409 and "already been assigned" in (problem.detail or ""):
        return AlreadyAssignedError(detail, native_status=status, native_code=code)
    if answer.is_write and status == 404 and "Command 'CREATE'" in detail:
        return ValidationFailedError(detail, field=("definitionKey",), native_status=status, native_code=code)
    if answer.is_write and status == 404:
        # The engine forgets a task, or an instance, when it ends: a late command is 404 as well as 409.
        message = f"no longer actionable: {detail}" if detail else "no longer actionable"
        return ConflictError(message, native_status=status, native_code=code)
    if answer.is_write and status == 409:
        # Another state, a listener's denial with its reason, a called instance: the vendor's words say which.
        return ConflictError(detail or "no longer actionable", native_status=status, native_code=code)
    if status == 404:
        return NotFoundError(detail or "no such thing in this system", native_status=status, native_code=code)
    return None
