"""What a client sees of a failure; nothing else decides that.

ConnectorError           -> an entry of `errors` with extensions code, source, retryAt, field
InputError, GatewayError -> an entry of `errors` with extensions code, field
a bad request            -> graphql-core's own words
anything else            -> "internal error", code INTERNAL, and a line in the log
"""

from datetime import datetime
from enum import StrEnum
from typing import Any

import strawberry
import structlog
from graphql import GraphQLError

from connectors.sdk.commands import CancelStrategy
from connectors.sdk.errors import (
    ConnectorError,
    Failure,
    GatewayError,
    InputError,
    RateLimitedError,
    ValidationFailedError,
)
from schema.core.enumeration import describe
from schema.core.scalars import write_time
from schema.ports import Problem

_log = structlog.get_logger()


class UserErrorCode(StrEnum):
    NOT_FOUND = "NOT_FOUND"
    FORBIDDEN = "FORBIDDEN"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    CAPABILITY_NOT_SUPPORTED = "CAPABILITY_NOT_SUPPORTED"
    INVALID_STATE = "INVALID_STATE"
    ALREADY_ASSIGNED = "ALREADY_ASSIGNED"
    VERSION_CONFLICT = "VERSION_CONFLICT"
    VALIDATION_FAILED = "VALIDATION_FAILED"
    RATE_LIMITED = "RATE_LIMITED"
    UPSTREAM_TIMEOUT = "UPSTREAM_TIMEOUT"
    UPSTREAM_UNAVAILABLE = "UPSTREAM_UNAVAILABLE"
    UPSTREAM_ERROR = "UPSTREAM_ERROR"
    IDENTITY_NOT_LINKED = "IDENTITY_NOT_LINKED"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    GATEWAY_UNAVAILABLE = "GATEWAY_UNAVAILABLE"


describe(
    UserErrorCode,
    "Why something did not happen, for programs.",
    NOT_FOUND="There is no such thing, or the viewer may not see it.",
    FORBIDDEN="The viewer may not do this.",
    UNAUTHENTICATED="The source refused the credentials that it was asked with.",
    CAPABILITY_NOT_SUPPORTED="The source has no such operation; `alternatives` names those that it has.",
    INVALID_STATE="The task is closed, in transition, or in a state that does not allow this.",
    ALREADY_ASSIGNED="Somebody else owns the task.",
    VERSION_CONFLICT="The task changed since `expectedVersion` was read.",
    VALIDATION_FAILED="An argument does not fit; `field` says which.",
    RATE_LIMITED="The source takes no more requests now; `retryAt` says when it will, where known.",
    UPSTREAM_TIMEOUT="The source did not answer in time.",
    UPSTREAM_UNAVAILABLE="The source cannot be reached, or says that it is not available.",
    UPSTREAM_ERROR="The source answered with an error, or with something that is not understood.",
    IDENTITY_NOT_LINKED="The viewer, or the person named, has no known account in that source.",
    IDEMPOTENCY_KEY_REUSED="The key was sent before with other arguments.",
    GATEWAY_UNAVAILABLE="The gateway cannot record writes now, so it sends none.",
)
describe(
    CancelStrategy,
    "How a task may be ended without completing it; tried in this order.",
    NATIVE="The source's own cancel of a task: only the task ends.",
    SKIP="The task is closed without work; its flow goes on.",
    DELETE_TASK="The task is removed from the source.",
    CANCEL_FLOW="The whole flow is ended, with every other open task of it.",
)


@strawberry.type(description="An expected failure, as data.")
class UserError:
    code: UserErrorCode = strawberry.field(description="For programs. Never null.")
    message: str = strawberry.field(description="For people, in English; says what to do. Never null.")
    field: list[str] | None = strawberry.field(
        description="Path of the argument within `input`; null where no single argument is at fault."
    )
    retry_at: datetime | None = strawberry.field(
        description="When to try again; null where waiting does not help or the source does not say."
    )
    alternatives: list[CancelStrategy] | None = strawberry.field(
        description="The cancel strategies that the source has; null unless a strategy was not supported."
    )
    native_status: int | None = strawberry.field(description="HTTP status of the source; null where there was none.")
    native_code: str | None = strawberry.field(description="Error code of the source; null where there was none.")

    @classmethod
    def from_problem(cls, problem: Problem) -> "UserError":
        known = problem.code in UserErrorCode.__members__
        return cls(
            code=UserErrorCode(problem.code) if known else UserErrorCode.UPSTREAM_ERROR,
            message=problem.message,
            field=None if problem.field is None else list(problem.field),
            retry_at=problem.retry_at,
            alternatives=None if problem.alternatives is None else list(problem.alternatives),
            native_status=problem.native_status,
            native_code=problem.native_code,
        )


def client_error(error: GraphQLError) -> GraphQLError:
    """The error as a client may see it. What nobody expected is logged and masked."""
    original = _root(error)
    if isinstance(original, ConnectorError | InputError | GatewayError):
        return _located(error, str(original), _extensions(original))
    if error.path is None and isinstance(original, GraphQLError):
        return error
    _log.error("internal error", path=error.path, exc_info=original)
    return _located(error, "internal error", {"code": "INTERNAL"})


def written(error: GraphQLError, code: str) -> dict[str, Any]:
    """An entry of `errors`; `code` where the error has none of its own."""
    return {**error.formatted, "extensions": {"code": code, **(error.extensions or {})}}


def _root(error: GraphQLError) -> Exception:
    """What was first raised: graphql-core wraps once a level, and serialisers raise GraphQLError themselves."""
    original: Exception = error
    while isinstance(original, GraphQLError) and original.original_error is not None:
        original = original.original_error
    return original


def _extensions(error: Failure) -> dict[str, object]:
    extensions: dict[str, object] = {"code": error.code}
    if isinstance(error, ConnectorError) and error.source is not None:
        extensions["source"] = error.source
    if isinstance(error, RateLimitedError) and error.retry_at is not None:
        extensions["retryAt"] = write_time(error.retry_at)
    if isinstance(error, InputError | ValidationFailedError) and error.field:
        extensions["field"] = list(error.field)
    return extensions


def _located(error: GraphQLError, message: str, extensions: dict[str, object]) -> GraphQLError:
    return GraphQLError(message, error.nodes, error.source, error.positions, error.path, None, extensions)
