"""The vendor's refusals as errors of the sdk: by status, by the codes of Orchestrator and Maestro, and in answers of 200."""

import re
from collections.abc import Collection, Mapping
from typing import TypedDict

from msgspec import Struct

from connectors.sdk import (
    Answer,
    ConflictError,
    ConnectorError,
    ForbiddenError,
    MalformedResponseError,
    NotFoundError,
    RejectedError,
    ValidationFailedError,
    is_json,
    vendor_text,
)
from connectors.uipath import wire
from connectors.uipath.formats import decode_answer

_CODE = re.compile(r"(?:PIMS-)?[0-9]{1,9}")

# Codes that decide the error whatever the status is: Orchestrator's (API guide, response codes) and Maestro's.
NOT_FOUND_CODES = frozenset({"1002", "PIMS-100042"})
FORBIDDEN_CODES = frozenset({"1100", "PIMS-150006", "PIMS-150007"})


class _Native(TypedDict):
    native_status: int | None
    native_code: str | None


def parse_error(answer: Answer) -> ConnectorError | None:
    """The error for an answer that is not 2xx. None if the status alone decides it (401, 429, 5xx, other 4xx).

    A body of another form comes from a proxy: then the status decides too.
    """
    if answer.status not in {400, 403, 404, 409, 422}:
        return None
    code, message = _code_and_message(answer)
    return _refusal(answer, answer.status, code, message, is_maestro=(code or "").startswith("PIMS-"))


def is_refusal(answer: Answer) -> bool:
    """Whether a 4xx is Orchestrator's own (a message with an error number) or Maestro's (a problem document)."""
    if not is_json(answer):
        return False
    try:
        body = decode_answer(answer, wire.ErrorBody)
    except MalformedResponseError:
        return False
    return body.error_code is not None or (body.type is not None and body.title is not None)


class Refused(Struct, frozen=True):
    """What an answer of 200 to an assignment or deletion says was not done.

    `is_unclear`: it names a task that was not asked for, or none, or says of one neither a number nor a reason. Then nothing
    is known of those that are not in `by_task`.
    """

    by_task: Mapping[int, RejectedError]
    is_unclear: bool


def refused_items(answer: Answer, tasks: Collection[int]) -> Refused:
    """Assignments and deletions answer 200 in any case; an entry for a task means that nothing was done to it."""
    entries = decode_answer(answer, wire.OperationErrors).value
    by_task: dict[int, RejectedError] = {}
    is_unclear = False
    for entry in entries:
        is_refusal = _code(entry.error_code) is not None or bool(entry.error_message)
        if entry.task_id is not None and entry.task_id in tasks and is_refusal:
            by_task.setdefault(entry.task_id, _refusal(answer, None, _code(entry.error_code), entry.error_message))
        else:
            is_unclear = True
    return Refused(by_task, is_unclear=is_unclear)


def other_instance(*, is_write: bool) -> MalformedResponseError:
    """The error for an answer about another process instance than the requested one."""
    return MalformedResponseError("answered about another instance", maybe_applied=is_write)


def _refusal(
    answer: Answer, status: int | None, code: str | None, message: str | None, *, is_maestro: bool = False
) -> RejectedError:
    """`status` is None for an entry in an answer of 200."""
    native: _Native = {"native_status": status, "native_code": code}
    words = vendor_text(message, answer)
    quoted = f": {words}" if words else ""
    if code in NOT_FOUND_CODES or status == 404:
        return NotFoundError(f"found no such thing, or the account may not see it{quoted}", **native)
    if code in FORBIDDEN_CODES or status == 403:
        return ForbiddenError(f"does not permit this to the account in that folder{quoted}", **native)
    if status is None or status == 409 or is_maestro:
        return ConflictError(f"refused it in its current state{quoted}", **native)
    return ValidationFailedError(f"refused the request{quoted}", **native)


def _code_and_message(answer: Answer) -> tuple[str | None, str | None]:
    try:
        body = decode_answer(answer, wire.ErrorBody)
    except MalformedResponseError:
        return None, None
    if body.error_code is not None:
        return _code(body.error_code), body.message
    return _code(body.type), body.title or body.message


def _code(code: wire.Code) -> str | None:
    text = "" if code is None else str(code)
    return text if _CODE.fullmatch(text) else None
