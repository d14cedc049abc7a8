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
LONGEST_KEY = 255
"""Characters of an idempotency key, and of a client's own id of a mutation."""
REASON = "Reason for the history of the source, if it keeps one. Null means none."


@strawberry.input
class WriteInput:
    """Fields of the inputs of all writes."""

    idempotency_key: str | None = strawberry.field(
        default=strawberry.UNSET,
        description=f"Key chosen by the client, of at most {LONGEST_KEY} characters. A repeated request with the same key and arguments returns the first result and writes nothing. Null or an empty key means none.",
    )
    client_mutation_id: str | None = strawberry.field(
        default=strawberry.UNSET, description=f"Returned unchanged in the payload. At most {LONGEST_KEY} characters."
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
        description="Further consequences of the write, and what a write that failed has done before, for people. Null if there are none."
    )
    operation_id: strawberry.ID = strawberry.field(
        description="Id for `operation(id:)`. No operation is recorded if the arguments were wrong."
    )
    replayed: bool = strawberry.field(
        description="True if this is the recorded result of an earlier request with the same `idempotencyKey`."
    )
    upstream_calls: int = strawberry.field(
        description="Number of upstream calls that this write made. 0 if there is no such target for the viewer."
    )
    client_mutation_id: str | None = strawberry.field(
        description="The value sent by the client. Null if none was sent, or if it was too long."
    )


def idempotency_key(input: WriteInput) -> str | None:
    """The key of the write; an empty one is none. InputError if it, or the client's own id, is too long."""
    if len(given(input.client_mutation_id) or "") > LONGEST_KEY:
        raise InputError(f"clientMutationId has at most {LONGEST_KEY} characters", field=("clientMutationId",))
    key = given(input.idempotency_key) or None
    if key is not None and len(key) > LONGEST_KEY:
        raise InputError(f"idempotencyKey has at most {LONGEST_KEY} characters", field=("idempotencyKey",))
    return key


def client_mutation_id(input: WriteInput) -> str | None:
    """What the payload returns of the client's own id; nothing of one that is too long."""
    sent = given(input.client_mutation_id)
    return None if sent is None or len(sent) > LONGEST_KEY else sent


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
