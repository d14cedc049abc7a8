"""The bridge's refusals as errors of the sdk.

Where the status does not tell enough, the text of the answer does. The texts below are the bridge's own. Messages never
quote an answer, because it may repeat what was sent; only names of form fields are taken from it.
"""

import re

from connectors.littlehorse import wire
from connectors.sdk import (
    AlreadyAssignedError,
    Answer,
    BrokenError,
    ConflictError,
    ConnectorError,
    ForbiddenError,
    NotFoundError,
    UnauthenticatedError,
    UnsupportedActionError,
    ValidationFailedError,
    is_json,
)

OTHER_OWNER = "forbidden from accessing this UserTask"
UNKNOWN_ID = ("NOT_FOUND", "Could not find UserTaskRun")
CLOSED = "already DONE or CANCELLED"

_BLANK = re.compile(r"Mandatory Field\(s\): (.+) contain invalid inputs")
_MISSING = re.compile(r"\[(.+)\] are mandatory fields")
_UNDEFINED = re.compile(r"Field \[name = (.+), type = \w+\] is not defined")

# Characters of field names that a message repeats.
_LONGEST_NAMES = 200


def parse_error(answer: Answer) -> ConnectorError | None:
    """The error for an answer that is not 2xx; None if the status alone decides (404, 429, other 5xx)."""
    body = answer.try_decode(wire.ErrorBody) or wire.ErrorBody()
    text = body.message or body.detail or ""
    status = answer.status
    if status in {401, 500} and OTHER_OWNER in text:
        # 500 for a completion, 401 for the other calls.
        return AlreadyAssignedError("the task is assigned to another person", native_status=status)
    match status:
        case 500 if text.startswith(UNKNOWN_ID):
            return NotFoundError("no such task", native_status=status)
        case 401:
            return UnauthenticatedError(
                "refused the token; the bridge must know its issuer and client, and its claim allowed_tenant must be "
                "the configured tenant",
                native_status=status,
            )
        case 403 if CLOSED in text:
            return ConflictError("the task is already closed", native_status=status)
        case 403 if not answer.body:
            return ForbiddenError("the token lacks the role lh-user-tasks-admin", native_status=status)
        case 403:
            return ForbiddenError(
                "the person of the token may not do this, or is not in that group", native_status=status
            )
        case 406:
            return _without_adapter(answer)
        case 409 if "cannot be claimed" in text:
            return AlreadyAssignedError(
                "cannot be claimed: the task has an owner, or the person of the token is not in its group",
                native_status=status,
            )
        case 409 | 412:
            return ConflictError("the state of the task does not allow it", native_status=status)
        case 400:
            return _invalid(text)
        case _:
            return None


def is_refusal(answer: Answer) -> bool:
    """Whether a 4xx is the bridge's own. Its security filter answers 403 without a body."""
    if answer.status == 403 and not answer.body:
        return True
    body = answer.try_decode(wire.ErrorBody) if is_json(answer) else None
    return body is not None and body.status == answer.status


def _without_adapter(answer: Answer) -> ConnectorError:
    """A verb that the bridge does not have; on reading, a source that is not configured as its bridge is."""
    message = "the bridge has no identity adapter for this tenant"
    if answer.is_write:
        return UnsupportedActionError(message)
    return BrokenError(f"{message}: set options.identity_adapter to false", native_status=answer.status)


def _invalid(text: str) -> ValidationFailedError:
    if "non-existent user" in text:
        return ValidationFailedError("the bridge knows no such user", field=("userId",), native_status=400)
    if "non-existent group" in text:
        return ValidationFailedError(
            "the bridge knows no such group, or the user is not a member of it", field=("groupId",), native_status=400
        )
    for pattern, message in ((_BLANK, "must not be blank"), (_MISSING, "are required"), (_UNDEFINED, "does not fit")):
        found = pattern.search(text)
        if found is not None:
            names = "".join(each if each.isprintable() else " " for each in found[1][:_LONGEST_NAMES])
            return ValidationFailedError(f"form fields: {names} {message}", field=("data",), native_status=400)
    return ValidationFailedError("refused the request with status 400", native_status=400)
