"""Flows by id."""

from typing import Annotated

import strawberry

from schema.arguments import Freshness, flow_ref
from schema.context import Context
from schema.flow.types import Flow
from schema.relay import GlobalId, decode
from schema.resolver import resolved


@strawberry.type
class FlowQueries:
    @resolved(
        description=(
            "A flow by id, for task admins and whoever sees one of its tasks. Null for an id that is malformed, of "
            "another type, unknown or invisible; null with an error if the source could not be asked."
        )
    )
    async def flow(
        self,
        info: strawberry.Info[Context, None],
        id: Annotated[strawberry.ID, strawberry.argument(description="Global id of a Flow.")],
        freshness: Annotated[
            Freshness | None, strawberry.argument(description="How old the answer may be; null means CACHED.")
        ] = Freshness.CACHED,
    ) -> Flow | None:
        return await flow_by_id(decode(id), info.context, fresh=freshness is Freshness.FRESH)


async def flow_by_id(found: GlobalId | None, context: Context, *, fresh: bool = False) -> Flow | None:
    ref = flow_ref(found)
    if ref is None or ref.source not in context.sources:
        return None
    flow = await context.federation.get_visible_flow(context.caller, ref, fresh=fresh)
    return None if flow is None else Flow.from_model(flow, context)
