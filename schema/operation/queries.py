"""`operation(id)`: a write by the `operationId` of its payload."""

from typing import Annotated

import strawberry

from schema.core.context import Context
from schema.core.resolver import resolved
from schema.operation.types import Operation


@strawberry.type
class OperationQueries:
    @resolved(
        description=(
            "A write by its id, for its author and task admins. Null for others, for an unknown id, and 24 hours after the write."
        )
    )
    async def operation(
        self,
        info: strawberry.Info[Context, None],
        id: Annotated[strawberry.ID, strawberry.argument(description="`operationId` of the write's payload.")],
    ) -> Operation | None:
        found = await info.context.federation.operation(info.context.caller, id)
        return None if found is None else Operation.from_record(found)
