"""The vendor's refusals as errors of the sdk."""

import re

from connectors.epilot import wire
from connectors.sdk import (
    Answer,
    ConflictError,
    ConnectorError,
    MalformedResponseError,
    NotFoundError,
    ValidationFailedError,
    error_from_status,
    is_json,
)

# Operations that do not declare a 404 answer 400 instead. A branch of a decision ("condition") that is not found is an
# invalid argument, so it does not match.
_NOT_FOUND = re.compile(r"(flow )?(execution|task|phase|step|schedule)s?( [^ ]+)? (was )?not found")


def parse_error(answer: Answer) -> ConnectorError | None:
    """The error for an answer that is not 2xx; None where the status alone decides.

    The vendor has messages, but no codes. The messages decide between errors and are never repeated.
    """
    status = answer.status
    if status == 413:
        return MalformedResponseError(
            "has an answer that is too large to be sent", maybe_applied=answer.is_write, native_status=status
        )
    if status == 409:
        return ConflictError("refused the change in this state", native_status=status)
    if status == 403:
        return error_from_status(answer, "lacks a grant for this; see the grants of the source's token")
    return _bad_request(answer) if status == 400 else None


def is_refusal(answer: Answer) -> bool:
    """Whether a 4xx is the vendor's own. Some operations are documented without a body for 403 and 404: without a type then."""
    if answer.status in {403, 404} and not answer.body:
        return not answer.headers.get("content-type")
    body = answer.try_decode(wire.ErrorBody) if is_json(answer) else None
    return body is not None and (body.message or body.error) is not None


def other_record(answer: Answer, what: str) -> ConnectorError:
    """The error for an answer about another record than the requested one; `what` is the kind of record."""
    return MalformedResponseError(
        f"answered about another {what}", maybe_applied=answer.is_write, native_status=answer.status
    )


def _bad_request(answer: Answer) -> ConnectorError:
    body = answer.try_decode(wire.ErrorBody)
    message = "" if body is None else (body.message or body.error or "").casefold()
    if _NOT_FOUND.match(message):
        return NotFoundError("found no such thing", native_status=answer.status)
    if "transition" in message or "disabled" in message or "not enabled" in message:
        return ConflictError("refused the change in this state", native_status=answer.status)
    return ValidationFailedError("refused the request as invalid", native_status=answer.status)
