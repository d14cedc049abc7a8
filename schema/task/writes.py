"""What a write to a task takes."""

import strawberry

from connectors.sdk.commands import CancelStrategy
from schema.scalars import JSON


@strawberry.input
class _TaskWrite:
    task_id: strawberry.ID = strawberry.field(description="Global id of a Task.")
    expected_version: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="`version` of the task as the person saw it: VERSION_CONFLICT if it changed. Null: not checked.",
    )
    idempotency_key: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Made by the client: sent again with the same arguments, it gets the same answer and no second write.",
    )
    client_mutation_id: str | None = strawberry.field(
        default=strawberry.UNSET, description="Comes back unchanged in the payload."
    )


@strawberry.input(description="A task to claim.")
class ClaimTaskInput(_TaskWrite):
    pass


@strawberry.input(description="A task to do something to.")
class TaskActionInput(_TaskWrite):
    reason: str | None = strawberry.field(
        default=strawberry.UNSET, description="Why, for the source's history where it keeps such."
    )


@strawberry.input(description="A task, and exactly one of a person and a group to give it to.")
class AssignTaskInput(_TaskWrite):
    user_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="Global id of a User; exactly one of `userId` and `groupId`."
    )
    group_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="Global id of a Group of the same source."
    )
    override: bool | None = strawberry.field(
        default=False, description="Whether to take it from a present owner; needs the authority to."
    )
    keep_group: bool | None = strawberry.field(
        default=True, description="Whether the task keeps its candidate groups when a person gets it."
    )
    reason: str | None = strawberry.field(
        default=strawberry.UNSET, description="Why, for the source's history where it keeps such."
    )


@strawberry.input(description="A task to complete, and how.")
class CompleteTaskInput(_TaskWrite):
    outcome: str | None = strawberry.field(
        default=strawberry.UNSET, description="Code of one of the task's `outcomes`; null where it has none."
    )
    data: JSON | None = strawberry.field(
        default=strawberry.UNSET, description="An object, keyed by the form fields' keys; null for none."
    )
    comment: str | None = strawberry.field(
        default=strawberry.UNSET, description="For the source's history; the outcome says whether it can, or must."
    )
    claim_if_needed: bool | None = strawberry.field(
        default=False, description="Whether to claim the task first if nobody owns it."
    )


@strawberry.input(description="A task to end without completing it.")
class CancelTaskInput(_TaskWrite):
    reason: str | None = strawberry.field(
        default=strawberry.UNSET, description="Why, for the source's history where it keeps such."
    )
    allow: list[CancelStrategy] | None = strawberry.field(
        default_factory=lambda: [CancelStrategy.NATIVE],
        description="The ways that may be used, tried in the order of CancelStrategy; null means NATIVE only.",
    )
