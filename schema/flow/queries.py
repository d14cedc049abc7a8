"""Flows by id and in lists."""

from typing import Annotated

import strawberry

from connectors.sdk.model import NativeRef
from schema.core.arguments import FreshnessArgument, flow_ref, given
from schema.core.context import Context
from schema.core.enums import Freshness
from schema.core.pagination import After, Before, First, Last, page_arguments
from schema.core.relay import GlobalId, decode
from schema.core.resolver import resolved
from schema.execution import selects_total
from schema.flow.connection import FlowConnection
from schema.flow.dataloaders import VisibleFlowByRefLoader
from schema.flow.filters import FlowFilter
from schema.flow.types import Flow, FlowDefinition
from schema.ports import FlowListRequest


@strawberry.type
class FlowQueries:
    @resolved(
        description=(
            "A flow by id, for task admins and viewers who see one of its tasks. Null if the id is malformed, of another type, unknown or invisible; null plus an error if the source cannot be read."
        )
    )
    async def flow(
        self,
        info: strawberry.Info[Context, None],
        id: Annotated[strawberry.ID, strawberry.argument(description="Global id of the flow.")],
        freshness: FreshnessArgument = Freshness.CACHED,
    ) -> Flow | None:
        return await flow_by_id(decode(id), info.context, fresh=freshness is Freshness.FRESH)

    @resolved(
        description=(
            "Flows of all sources, newest first, for task admins. `sources` tells how each source answered: SKIPPED if it does not list flows, FORBIDDEN if the viewer is no task admin. VALIDATION_FAILED for `last` if a source can only list its newest flows first."
        )
    )
    async def flows(
        self,
        info: strawberry.Info[Context, None],
        first: First = strawberry.UNSET,
        after: After = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Before = strawberry.UNSET,
        filter: Annotated[
            FlowFilter | None, strawberry.argument(description="Condition on the flows. Null means all.")
        ] = strawberry.UNSET,
    ) -> FlowConnection:
        context, asked = info.context, given(filter) or FlowFilter()
        page = page_arguments(first, after, last, before)
        request = FlowListRequest(
            query=asked.query(),
            sources=asked.source_keys(("filter",), context),
            first=page.size,
            after=page.cursor,
            until=page.until,
            backward=page.backward,
            count=selects_total(info),
        )
        return FlowConnection.from_list(await context.federation.list_flows(context.caller, request), context)


async def flow_by_id(found: GlobalId | None, context: Context, *, fresh: bool = False) -> Flow | None:
    ref = flow_ref(found)
    if ref is None or ref.source not in context.sources:
        return None
    if fresh:
        flow = await context.federation.get_visible_flow(context.caller, ref, fresh=True)
        context.note_fresh_flow(ref)
    else:
        flow = await context.loader(VisibleFlowByRefLoader).load(ref)
    return None if flow is None else Flow.from_model(flow, context)


async def flow_definition_by_id(found: GlobalId, context: Context) -> FlowDefinition | None:
    ref = NativeRef(*found.parts)
    definition = await context.federation.get_flow_definition(context.caller, ref)
    return None if definition is None else FlowDefinition.from_model(definition, ref.source)
