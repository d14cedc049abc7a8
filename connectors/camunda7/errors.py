"""The engine's refusals as errors of the sdk.

The engine answers many refusals with 500. A command runs in one database transaction, which it has rolled back when it
answers with one of the errors below; so they prove that nothing was applied. Any other 500 leaves a write open.
"""

from connectors.camunda7 import wire
from connectors.sdk import (
    AlreadyAssignedError,
    Answer,
    ConflictError,
    ConnectorError,
    ForbiddenError,
    NotFoundError,
    ValidationFailedError,
    is_json,
    vendor_text,
)

# A column of the engine's database is shorter than the text.
TOO_LONG_CODE = 10002

ENDED = ("task is null", "doesn't exist", "does not exist", "processInstance is null", "activityInstance is null")
SUSPENDED = "is suspended"
CHANGED = "ENGINE-03005"
CHANGED_MEANWHILE = "another request changed the task at the same time"
FORM_REFUSES = ("Invalid value", "as date using date format")
NO_PROCESS = "no deployed process definition found"
JSON_PLUGIN = "Unsupported value type 'Json'"
OF_A_PROCESS = "part of a running process"


def parse_error(answer: Answer) -> ConnectorError | None:
    """The error that the engine's JSON means; None if the status alone decides (401, 429, other 4xx and 5xx)."""
    if answer.status not in {400, 403, 404, 500}:
        return None
    fault = answer.try_decode(wire.Fault) or wire.Fault()
    if fault.type is None:
        return None
    text = " ".join((fault.message or "").split())
    error = _by_type(answer, fault, text)
    if error is not None:
        error.native_status, error.native_code = answer.status, fault.type
    return error


def is_refusal(answer: Answer) -> bool:
    """Whether a 4xx is the engine's own: an object with a type and a message."""
    fault = answer.try_decode(wire.Fault) if is_json(answer) else None
    return fault is not None and bool(fault.type) and fault.message is not None


def _by_type(answer: Answer, fault: wire.Fault, text: str) -> ConnectorError | None:
    match fault.type:
        case "TaskAlreadyClaimedException":
            return AlreadyAssignedError("another person is the assignee")
        case "OptimisticLockingException":
            return ConflictError(CHANGED_MEANWHILE)
        case "SuspendedEntityInteractionException":
            return ConflictError("the process instance is suspended")
        case "AuthorizationException":
            return ForbiddenError("the source's account lacks a permission in the engine")
        case _:
            pass
    if CHANGED in text:
        return ConflictError(CHANGED_MEANWHILE)
    if SUSPENDED in text:
        return ConflictError("the process instance is suspended")
    if any(each in text for each in ENDED):
        return _ended(answer)
    if NO_PROCESS in text:
        return ValidationFailedError("the process is not deployed in the engine any more", field=("definitionKey",))
    if fault.code == TOO_LONG_CODE:
        return ValidationFailedError("a text is longer than the engine can store (4,000 characters in a variable)")
    if JSON_PLUGIN in text:
        return ValidationFailedError(
            "the engine has no plugin for values that are lists or objects (Json)", field=("data",)
        )
    if any(each in text for each in FORM_REFUSES):
        return ValidationFailedError(vendor_text(text, answer) or "a value does not fit its type", field=("data",))
    if OF_A_PROCESS in text:
        return ConflictError("a task of a process instance cannot be deleted")
    return _by_status(answer, text)


def _by_status(answer: Answer, text: str) -> ConnectorError | None:
    match answer.status:
        case 400 if answer.is_write and "No task found" in text:
            # The account may not see the task in the history, or there is none.
            return ForbiddenError(
                "the engine does not show the task to the source's account, which lacks history permissions"
            )
        case 400:
            return ValidationFailedError(vendor_text(text, answer) or "refused the request as invalid")
        case 404 if "process definition" in text:
            return ValidationFailedError(
                vendor_text(text, answer) or "there is no such process definition", field=("definitionKey",)
            )
        case 404:
            return _ended(answer)
        case _:
            return None


def _ended(answer: Answer) -> ConnectorError:
    if answer.is_write:
        return ConflictError("no longer actionable: it has ended, or there is no such task or flow")
    return NotFoundError("no such record in this source")
