"""What a write to a flow takes."""

import strawberry

from schema.core.scalars import JSON
from schema.task.writes import CLIENT_MUTATION_ID, IDEMPOTENCY_KEY, VENDOR_OPTIONS


@strawberry.input(description="A business object that a flow is about.")
class SubjectInput:
    type: str = strawberry.field(description="The source's word for the kind of object.")
    id: str = strawberry.field(description="The source's id of the object.")
    is_primary: bool | None = strawberry.field(
        default=strawberry.UNSET, description="Whether it is the main one; null if the source has no such mark."
    )


@strawberry.input(description="A flow to start.")
class StartFlowInput:
    source_id: strawberry.ID = strawberry.field(description="Global id of the Source that shall run it.")
    definition_key: str = strawberry.field(description="Key of the definition to run by.")
    version: str | None = strawberry.field(
        default=strawberry.UNSET, description="The source's version of it; null for the newest."
    )
    data: JSON | None = strawberry.field(
        default=strawberry.UNSET, description="An object to begin with; null for none."
    )
    subjects: list[SubjectInput] | None = strawberry.field(
        default=strawberry.UNSET, description="What it is about; null for nothing."
    )
    vendor_options: JSON | None = strawberry.field(default=strawberry.UNSET, description=VENDOR_OPTIONS)
    idempotency_key: str | None = strawberry.field(default=strawberry.UNSET, description=IDEMPOTENCY_KEY)
    client_mutation_id: str | None = strawberry.field(default=strawberry.UNSET, description=CLIENT_MUTATION_ID)


@strawberry.input(description="A flow to do something to.")
class FlowActionInput:
    flow_id: strawberry.ID = strawberry.field(description="Global id of a Flow.")
    reason: str | None = strawberry.field(
        default=strawberry.UNSET, description="Why, for the source's history where it keeps such."
    )
    idempotency_key: str | None = strawberry.field(default=strawberry.UNSET, description=IDEMPOTENCY_KEY)
    client_mutation_id: str | None = strawberry.field(default=strawberry.UNSET, description=CLIENT_MUTATION_ID)


@strawberry.input(description="A flow to end, with every open task of it.")
class CancelFlowInput(FlowActionInput):
    vendor_options: JSON | None = strawberry.field(default=strawberry.UNSET, description=VENDOR_OPTIONS)
