"""Inputs and payload fields that all writes share."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import strawberry

from connectors.sdk.errors import ValidationFailedError
from schema.core.arguments import given
from schema.core.enums import MutationStatus, Support
from schema.core.errors import UserError
from schema.ports import Problem, WriteResult

VENDOR_OPTIONS = "An object of the source's own options, by the names that its page lists; unknown ones are refused."
REASON = "Why, for the source's history where it keeps such."


@strawberry.input
class WriteInput:
    """Fields of the inputs of all writes."""

    idempotency_key: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Made by the client: sent again with the same arguments, it gets the same answer and no second write.",
    )
    client_mutation_id: str | None = strawberry.field(
        default=strawberry.UNSET, description="Comes back unchanged in the payload."
    )


@strawberry.type
class WritePayload:
    """Fields of the payloads of all writes."""

    status: MutationStatus = strawberry.field(description="Whether it happened. Never null.")
    errors: list[UserError] = strawberry.field(description="What is in the way; empty if it was applied. Never null.")
    support: Support = strawberry.field(description="How the source has the operation. Never null.")
    atomic: bool = strawberry.field(description="Whether one call of the source decides. Never null.")
    effect: str | None = strawberry.field(description="What else happened, for people; null if nothing did.")
    operation_id: strawberry.ID = strawberry.field(
        description="Id of the write, for support; an id without a record if nothing was tried. Never null."
    )
    replayed: bool = strawberry.field(description="True if the answer was kept from the same `idempotencyKey`.")
    upstream_calls: int = strawberry.field(description="Calls that the write cost the source.")
    client_mutation_id: str | None = strawberry.field(description="As sent; null if none was.")


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


def refused(error: ValidationFailedError) -> WriteResult:
    """The result of a write with a wrong argument. Nothing is recorded: `operation(id)` does not find it."""
    return WriteResult(status=MutationStatus.REJECTED, operation_id=str(uuid4()), problems=(Problem.from_error(error),))


def json_object(value: object, field: str, what: str) -> dict[str, object] | None:
    """The JSON object of an argument, None if absent. Raises ValidationFailedError for any other JSON."""
    sent = given(value)
    if sent is None:
        return None
    if not isinstance(sent, Mapping):
        raise ValidationFailedError(f"{field} must be an object, keyed by {what}", field=(field,))
    return dict(sent)


def vendor_options(value: object) -> dict[str, object] | None:
    return json_object(value, "vendorOptions", "the option names of the vendor's README.md")
