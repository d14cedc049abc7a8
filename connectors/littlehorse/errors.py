"""The bridge's refusals as errors of the sdk.

Where the status does not tell enough, the text of the answer does. The texts below are the bridge's own, as a real bridge
sent them. Messages never quote an answer, because it may repeat what was sent; only names of form fields are taken from it.
A 500 with one of these texts proves that nothing was done: the bridge failed before it called the kernel.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

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
    UnavailableError,
    UnsupportedActionError,
    ValidationFailedError,
    is_json,
    vendor_text,
)

OTHER_OWNER = "forbidden from accessing this UserTask"
UNKNOWN_ID = ("NOT_FOUND", "Could not find UserTaskRun")
CLOSED = "already DONE or CANCELLED"
TAKEN = ("cannot be claimed", "already assigned")
# The claim of the token that is the kernel's user id is missing: on writing, and on reading.
WITHOUT_USER_ID = ("userId is marked non-null but is null", "Unable to read provided user information")
WITHOUT_GROUPS = "fetching all My Groups"
UNKNOWN_EVENT = "Unknown audit event"
UNKNOWN_TENANT = "matching configured tenant"
OTHER_USER_ID_CLAIM = "user-id-claim configuration"
MISREAD = ("For input string", "cannot be cast to class")

_BLANK = re.compile(r"Mandatory Field\(s\): (.+) contain invalid inputs")
_MISSING = re.compile(r"\[(.+)\] are mandatory fields")
_UNDEFINED = re.compile(r"Field \[name = (.+), type = \w+\] is not defined")


def parse_error(answer: Answer) -> ConnectorError | None:
    """The error for an answer that is not 2xx; None if the status alone decides (404, 429, other 5xx)."""
    body = answer.try_decode(wire.ErrorBody) or wire.ErrorBody()
    text = body.message or body.detail or ""
    status = answer.status
    if status in {401, 500} and OTHER_OWNER in text:
        # 500 for a completion, 401 for the other calls.
        return AlreadyAssignedError("the task is assigned to another person", native_status=status)
    if status in {401, 500} and text.startswith(WITHOUT_USER_ID):
        return UnsupportedActionError(
            "the bridge has no user id for the token: the claim that user-id-claim names is missing in it; give the user "
            "or account of the token that attribute in the identity provider"
        )
    match status:
        case 500:
            return _of_500(text)
        case 401:
            return _unauthenticated(answer)
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
        case 409 if TAKEN[0] in text:
            return AlreadyAssignedError(
                "cannot be claimed: the task has an owner, or the person of the token is not in its group",
                native_status=status,
            )
        case 409 if TAKEN[1] in text:
            return AlreadyAssignedError("another person took the task at the same time", native_status=status)
        case 409 | 412:
            return ConflictError("the state of the task does not allow it", native_status=status)
        case 400:
            return _invalid(text, answer)
        case _:
            return None


def _of_500(text: str) -> ConnectorError | None:
    """None for a failure that leaves open what was done, or whose reason is not known."""
    if text.startswith(UNKNOWN_ID):
        return NotFoundError("no such task", native_status=500)
    if WITHOUT_GROUPS in text:
        return ForbiddenError(
            "the identity provider does not tell the bridge the groups of the person: sign in again; the person needs the "
            "role view-users",
            native_status=500,
        )
    if UNKNOWN_EVENT in text:
        return UnsupportedActionError(
            "this version of the bridge cannot complete the task for the account: its history has an event that the "
            "bridge does not know, such as saved progress"
        )
    if text.startswith(MISREAD):
        return ValidationFailedError("a value does not fit the type of its field", field=("data",), native_status=500)
    if UNKNOWN_TENANT in text:
        return BrokenError("the bridge has no such tenant; check options.tenant", native_status=500)
    if OTHER_USER_ID_CLAIM in text:
        return BrokenError(
            "the bridge finds no user id for a user; options.user_id_claim must be the bridge's user-id-claim",
            native_status=500,
        )
    return None


def _unauthenticated(answer: Answer) -> UnauthenticatedError:
    if "Jwt expired" in answer.headers.get("www-authenticate", ""):
        return UnauthenticatedError("the token has expired; sign in again", native_status=answer.status)
    return UnauthenticatedError(
        "refused the token; the bridge must know its issuer and client, and its claim allowed_tenant must be "
        "the configured tenant",
        native_status=answer.status,
    )


@contextmanager
def asked_as_person() -> Iterator[None]:
    """Around reads for which the bridge asks the identity provider with the token of a person: a 500 may be about them."""
    try:
        yield
    except UnavailableError as error:
        if error.native_status != 500:
            raise
        raise UnavailableError(
            "the bridge failed with status 500 for your token: sign in again. If that does not help, you may lack the role "
            "view-users in the identity provider",
            native_status=500,
        ) from error


def is_refusal(answer: Answer) -> bool:
    """Whether a 4xx is the bridge's own. Its security filter answers 403 without a body, with a challenge that says why."""
    if answer.status == 403 and not answer.body:
        return "insufficient_scope" in answer.headers.get("www-authenticate", "")
    body = answer.try_decode(wire.ErrorBody) if is_json(answer) else None
    return body is not None and body.status == answer.status


def _without_adapter(answer: Answer) -> ConnectorError:
    """A verb that the bridge does not have; on reading, a source that is not configured as its bridge is."""
    message = "the bridge has no identity adapter for this tenant"
    if answer.is_write:
        return UnsupportedActionError(message)
    return BrokenError(f"{message}: set options.identity_adapter to false", native_status=answer.status)


def _invalid(text: str, answer: Answer) -> ValidationFailedError:
    if "non-existent user" in text:
        return ValidationFailedError("the bridge knows no such user", field=("userId",), native_status=400)
    if "non-existent group" in text:
        return ValidationFailedError(
            "the bridge knows no such group, or the user is not a member of it", field=("groupId",), native_status=400
        )
    for pattern, message in ((_BLANK, "must not be blank"), (_MISSING, "are required"), (_UNDEFINED, "does not fit")):
        found = pattern.search(text)
        if found is not None:
            names = vendor_text(found[1], answer)
            return ValidationFailedError(
                f"form fields: {names or 'some'} {message}", field=("data",), native_status=400
            )
    return ValidationFailedError("refused the request with status 400", native_status=400)
