"""UserError, and the one place that decides what a client sees of an exception.

ConnectorError of one object -> an entry of `errors` with extensions code, source, retryAt, field
InputError, GatewayError     -> an entry of `errors` with extensions code, field
invalid request              -> the message of graphql-core
any other exception          -> "internal error" with code INTERNAL; the exception is logged
"""

from datetime import datetime
from typing import Annotated, Any, ForwardRef

import strawberry
import structlog
from graphql import GraphQLError

from connectors.sdk.errors import (
    ConnectorError,
    Failure,
    GatewayError,
    InputError,
    RateLimitedError,
    ValidationFailedError,
)
from schema.core.context import Context
from schema.core.enums import CancelStrategy, UserErrorCode
from schema.core.presenters import present
from schema.core.resolver import resolved
from schema.core.scalars import write_time
from schema.ports import Problem

_log = structlog.get_logger()

# The noun lies above this file, which names it only.
_SOURCE: Any = Annotated[ForwardRef("Source"), strawberry.lazy("schema.source")]


@strawberry.type(description="A failure that clients should expect.")
class UserError:
    code: UserErrorCode = strawberry.field(description="The reason, for programs.")
    message: str = strawberry.field(
        description="The reason and what to do about it, in English, for people. It does not name the source: show `source.name` before it."
    )
    field: list[str] | None = strawberry.field(
        description="Path of the wrong argument within `input`. Null if no single argument is wrong."
    )
    retry_at: datetime | None = strawberry.field(
        description="Time of the next attempt that can succeed. Null if waiting does not help or the source does not say."
    )
    alternatives: list[CancelStrategy] | None = strawberry.field(
        description="Cancel strategies that the source supports. Null unless a cancel strategy was not supported."
    )
    native_status: int | None = strawberry.field(
        description="HTTP status that the source returned. Null if there was none."
    )
    native_code: str | None = strawberry.field(
        description="Error code that the source returned. Null if there was none."
    )

    source_key: strawberry.Private[str | None]

    @resolved(
        graphql_type=_SOURCE | None,
        description="Source that the failure is about. Null if it is about the request or the gateway, or if the source is not configured any more.",
    )
    def source(self, info: strawberry.Info[Context, None]) -> object:
        known = None if self.source_key is None else info.context.sources.get(self.source_key)
        return None if known is None else present(known, info.context)

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
            source_key=problem.source,
        )


def client_error(error: GraphQLError) -> GraphQLError:
    """The error as a client may see it. An unexpected exception is logged and masked."""
    original = _root(error)
    if isinstance(original, ConnectorError | InputError | GatewayError):
        return _located(error, original.message, _extensions(original))
    if error.path is None and isinstance(original, GraphQLError):
        return error
    _log.error("internal error", path=error.path, exc_info=original)
    return _located(error, "internal error", {"code": "INTERNAL"})


def written(error: GraphQLError, code: str) -> dict[str, Any]:
    """An entry of `errors` of a response. `code` is used if the error has no code of its own."""
    return {**error.formatted, "extensions": {"code": code, **(error.extensions or {})}}


def _root(error: GraphQLError) -> Exception:
    """The exception that was raised first. graphql-core wraps it once per level; serialisers raise GraphQLError."""
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
