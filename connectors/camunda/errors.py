"""The vendor's refusals as errors of the sdk."""

import re
from typing import TypedDict

from connectors.camunda import wire
from connectors.sdk import (
    AlreadyAssignedError,
    Answer,
    ConflictError,
    ConnectorError,
    ForbiddenError,
    NotFoundError,
    OverloadedError,
    UnauthenticatedError,
    UnavailableError,
    ValidationFailedError,
    is_json,
    retry_at,
    vendor_text,
)

CLAIMS_FOR_ITSELF = (
    "the cluster lets a user claim for itself only: use credentials of kind oauth for the source, "
    'or set its option claims = "assign"'
)

OTHER_NAME = (
    "the cluster knows you by another name than your link to this source has: the link must be the user name that the "
    "cluster takes from your token"
)

# The key is the engine's own, and what the person needs.
_ROOT = re.compile(r"root process instance '([0-9]{1,19})'")


class _Native(TypedDict):
    native_status: int
    native_code: str | None


def parse_error(answer: Answer, *, as_person: bool = False) -> ConnectorError | None:
    """The error that a problem document means; None if the status alone decides (401, 429, other 4xx and 5xx).

    `as_person`: the request carried the token of a person.

    The engine's texts are the only thing that tells some refusals apart. They are compared in one line.
    """
    problem = answer.try_decode(wire.Problem) or wire.Problem()
    text = " ".join((problem.detail or "").split())
    words = vendor_text(text, answer)
    native: _Native = {"native_status": answer.status, "native_code": problem.title}
    match answer.status:
        case 400:
            return ValidationFailedError(words or "refused the request as invalid", **native)
        case 403:
            return _forbidden(text, words, native, as_person=as_person)
        case 401 if as_person:
            return UnauthenticatedError(
                "refused the token of your sign-in: the cluster must take tokens of the same provider and audience",
                native_status=401,
            )
        case 404:
            return _not_found(text, words, native, is_write=answer.is_write)
        case 409 if answer.is_write:
            return _conflict(text, words, native)
        case 500 | 503:
            return _unavailable(answer, text, native)
        case _:
            return None


def is_refusal(answer: Answer) -> bool:
    """Whether a 4xx is the server's own: all of them are documented as problem documents with the status."""
    problem = answer.try_decode(wire.Problem) if is_json(answer) else None
    return problem is not None and problem.status == answer.status and bool(problem.title)


def _forbidden(text: str, words: str, native: _Native, *, as_person: bool) -> ConnectorError:
    if "does not match the calling user" in text:
        return ForbiddenError(OTHER_NAME if as_person else CLAIMS_FOR_ITSELF, **native)
    whose = "you lack" if as_person else "the service account lacks"
    return ForbiddenError(words or f"{whose} a permission", **native)


def _not_found(text: str, words: str, native: _Native, *, is_write: bool) -> ConnectorError:
    if not is_write:
        return NotFoundError(words or "no such record in this source", **native)
    if "Command 'CREATE'" in text:
        return ValidationFailedError(words or "cannot be started", field=("definitionKey",), **native)
    # The engine forgets a task or an instance when it ends: a command that comes too late is 404 as well as 409.
    return ConflictError(f"no longer actionable: {words}" if words else "no longer actionable", **native)


def _conflict(text: str, words: str, native: _Native) -> ConnectorError:
    """A task in another state, a listener that denies, a called instance: the vendor's text says which."""
    if "already been assigned" in text:
        return AlreadyAssignedError(words or "another person is the assignee", **native)
    root = _ROOT.search(text)
    if root is not None:
        return ConflictError(
            f"belongs to a flow that called it: cancel the root process instance {root[1]} instead", **native
        )
    return ConflictError(words or "no longer actionable", **native)


def _unavailable(answer: Answer, text: str, native: _Native) -> ConnectorError | None:
    """The two refusals after which a write was certainly not applied; None for all others."""
    if native["native_code"] == "RESOURCE_EXHAUSTED":
        # Backpressure: the broker did not accept the command.
        return OverloadedError(
            "the cluster is busy and did not accept the request; no limit was used up",
            retry_at=retry_at(answer.headers.get("retry-after")),
            **native,
        )
    if answer.status == 503 and native["native_code"] == "UNAVAILABLE" and "could not be delivered" in text:
        # The server's gateway knows no partition with that number, or no broker yet, so it forwarded nothing.
        return UnavailableError(
            "no partition of the cluster has that key, or none is reachable; nothing was sent", **native
        )
    return None
