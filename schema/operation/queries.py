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
            "A write by the id that its payload named, for whoever asked for it and for task admins; null for others, "
            "for an unknown id and after 24 hours."
        )
    )
    async def operation(
        self,
        info: strawberry.Info[Context, None],
        id: Annotated[strawberry.ID, strawberry.argument(description="`operationId` of a payload.")],
    ) -> Operation | None:
        found = await info.context.federation.operation(info.context.caller, id)
        return None if found is None else Operation.from_record(found)
