"""Inputs and payload fields that all writes share."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import strawberry

from connectors.sdk.errors import InputError
from schema.core.arguments import given
from schema.core.enums import MutationStatus, Support
from schema.core.errors import UserError
from schema.ports import Problem, WriteResult

VENDOR_OPTIONS = (
    "Options of the vendor, a JSON object; the vendor's README.md lists them. An unknown option is an error."
)
VIEWER = (
    "The person who sends the request. Read lists and counts again through this field: they show what the write did."
)
REASON = "Reason for the history of the source, if it keeps one. Null means none."


@strawberry.input
class WriteInput:
    """Fields of the inputs of all writes."""

    idempotency_key: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Key chosen by the client. A repeated request with the same key and arguments returns the first result and writes nothing.",
    )
    client_mutation_id: str | None = strawberry.field(
        default=strawberry.UNSET, description="Returned unchanged in the payload."
    )


@strawberry.type
class WritePayload:
    """Fields of the payloads of all writes."""

    status: MutationStatus = strawberry.field(description="Result of the write.")
    errors: list[UserError] = strawberry.field(
        description="Reasons why the write was not applied. Empty if it was applied."
    )
    support: Support = strawberry.field(
        description="Whether the source supports the action itself or the gateway builds it from other calls."
    )
    atomic: bool = strawberry.field(
        description="True if the source decides in one call, so that of two concurrent writes only one succeeds."
    )
    effect: str | None = strawberry.field(
        description="Further consequences of the write, for people. Null if there are none."
    )
    operation_id: strawberry.ID = strawberry.field(
        description="Id for `operation(id:)`. No operation is recorded if the arguments were wrong."
    )
    replayed: bool = strawberry.field(
        description="True if this is the recorded result of an earlier request with the same `idempotencyKey`."
    )
    upstream_calls: int = strawberry.field(description="Number of upstream calls that this write made.")
    client_mutation_id: str | None = strawberry.field(
        description="The value sent by the client. Null if none was sent."
    )


def members_of(result: WriteResult, client_mutation_id: str | None) -> dict[str, Any]:
    """Values of the fields of WritePayload."""
    return {
        "status": result.status,
        "errors": [UserError.from_problem(problem) for problem in result.problems],
        "support": result.support,
        "atomic": result.atomic,
        "effect": result.effect,
        "operation_id": strawberry.ID(result.operation_id),
        "replayed": result.replayed,
        "upstream_calls": result.upstream_calls,
        "client_mutation_id": client_mutation_id,
    }


def refused(error: InputError) -> WriteResult:
    """The result of a write with a wrong argument. Nothing is recorded: `operation(id)` does not find it."""
    return WriteResult(status=MutationStatus.REJECTED, operation_id=str(uuid4()), problems=Problem.all_of(error))


def json_object(value: object, field: str, what: str) -> dict[str, object] | None:
    """The JSON object of an argument, None if absent. Raises InputError for any other JSON."""
    sent = given(value)
    if sent is None:
        return None
    if not isinstance(sent, Mapping):
        raise InputError(f"{field} must be an object, keyed by {what}", field=(field,))
    return dict(sent)


def vendor_options(value: object) -> dict[str, object] | None:
    return json_object(value, "vendorOptions", "the option names of the vendor's README.md")
