"""What the vendor's refusals mean: statuses, Orchestrator's numbers, Maestro's codes, entries inside a 200."""

import re
from collections.abc import Sequence
from typing import TypedDict

import msgspec

from connectors.sdk import (
    Answer,
    ConflictError,
    ConnectorError,
    ForbiddenError,
    MalformedResponseError,
    NotFoundError,
    RejectedError,
    ValidationFailedError,
)
from connectors.uipath import wire

# Characters of the vendor's own words that a message may hold.
LONGEST_MESSAGE = 200
# How access tokens, personal access tokens and credentials look: a vendor's text with one of them is not repeated.
_SECRET = re.compile(r"eyJ|rt_|bearer|secret|password", re.IGNORECASE)
_CODE = re.compile(r"(?:PIMS-)?[0-9]{1,9}")

# Orchestrator's numbers (API guide, response codes) and Maestro's, whatever the status is that they come with.
NOT_FOUND_CODES = frozenset({"1002", "PIMS-100042"})
FORBIDDEN_CODES = frozenset({"1100", "PIMS-150006", "PIMS-150007"})


class _Native(TypedDict):
    native_status: int | None
    native_code: str | None


def parse_error(answer: Answer) -> ConnectorError | None:
    """The error behind an answer that is not 2xx; None where the status alone says it (401, 429, 5xx, other 4xx).

    A body that is neither service's comes from a gateway in front: then the status decides.
    """
    if answer.status not in {400, 403, 404, 409, 422}:
        return None
    code, message = _said(answer)
    return refusal(answer.status, code, message, is_maestro=(code or "").startswith("PIMS-"))


def refusal(status: int | None, code: str | None, message: str | None, *, is_maestro: bool = False) -> RejectedError:
    """`status` is None for an entry inside an answer of 200."""
    known: _Native = {"native_status": status, "native_code": code}
    said = _quotable(message)
    if code in NOT_FOUND_CODES or status == 404:
        return NotFoundError(f"found no such thing, or none that the account sees{said}", **known)
    if code in FORBIDDEN_CODES or status == 403:
        return ForbiddenError(f"lets the account not do this in that folder{said}", **known)
    if status is None or status == 409 or is_maestro:
        return ConflictError(f"refused it as it is now{said}", **known)
    return ValidationFailedError(f"refused the request{said}", **known)


def check_items(answer: Answer, task_id: int) -> None:
    """Assigning and deleting answer 200 in any case: an entry for a task says that it was not done.

    Raises RejectedError for an entry of this task; MalformedResponseError, as it may be applied, for one that names
    another task or none.
    """
    try:
        folded = wire.fold(msgspec.json.decode(answer.body))
        entries = msgspec.convert(folded["value"], Sequence[wire.OperationError])
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise MalformedResponseError(
            "the answer does not fit the vendor's documentation (no list of refused tasks)",
            maybe_applied=True,
            native_status=answer.status,
        ) from error
    for entry in entries:
        if entry.task_id == task_id:
            raise refusal(None, _code(entry.error_code), entry.error_message)
    if entries:
        raise MalformedResponseError(
            "refused a task that was not asked for", maybe_applied=True, native_status=answer.status
        )


def _said(answer: Answer) -> tuple[str | None, str | None]:
    try:
        folded = wire.fold(msgspec.json.decode(answer.body))
        body = msgspec.convert(folded, wire.ErrorBody)
        problem = msgspec.convert(folded, wire.Problem)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return None, None
    if body.error_code is not None:
        return _code(body.error_code), body.message
    return _code(problem.type), problem.title or body.message


def _code(code: wire.Code) -> str | None:
    text = "" if code is None else str(code)
    return text if _CODE.fullmatch(text) else None


def _quotable(message: str | None) -> str:
    if not message or _SECRET.search(message):
        return ""
    text = "".join(each if each.isprintable() else " " for each in message[:LONGEST_MESSAGE])
    return f": {text.strip()}"
