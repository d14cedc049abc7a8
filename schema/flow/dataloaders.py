"""Flows by ref, and their invalidation by a write."""

from collections.abc import Mapping, Sequence

from connectors.sdk.errors import ConnectorError
from connectors.sdk.model import Flow, FlowRef
from schema.core.context import Context
from schema.core.loader import Loader


class FlowByRefLoader(Loader[FlowRef, Flow]):
    """Flows by ref, without a check of visibility: only for flows of objects that the caller sees."""

    async def find(self, keys: Sequence[FlowRef]) -> Mapping[FlowRef, Flow | ConnectorError]:
        return await self._federation.get_flows(self._caller, keys)


class FreshFlowByRefLoader(Loader[FlowRef, Flow]):
    """As FlowByRefLoader, read from the source and not from the gateway's caches."""

    async def find(self, keys: Sequence[FlowRef]) -> Mapping[FlowRef, Flow | ConnectorError]:
        return await self._federation.get_flows(self._caller, keys, fresh=True)


class VisibleFlowByRefLoader(Loader[FlowRef, Flow]):
    """Flows that are named by id or by another flow. A viewer who may see no task of a flow may not see the flow."""

    async def find(self, keys: Sequence[FlowRef]) -> Mapping[FlowRef, Flow | ConnectorError]:
        return await self._federation.get_visible_flows(self._caller, keys)


def flow_loader(ref: FlowRef, context: Context, *, is_related: bool = False) -> Loader[FlowRef, Flow]:
    """The loader for a flow: as fresh as the task or flow that it was reached from. `is_related`: from another flow."""
    if is_related:
        return context.loader(VisibleFlowByRefLoader)
    if context.is_fresh(ref):
        return context.loader(FreshFlowByRefLoader)
    return context.loader(FlowByRefLoader)


def note_flow_written(flow: Flow | None, context: Context) -> None:
    """Forget everything loaded, after a write to a flow: the flow and its tasks may have changed."""
    context.forget_loaded()
    if flow is not None:
        context.loader(FlowByRefLoader).put(flow.ref, flow)
        context.loader(FreshFlowByRefLoader).put(flow.ref, flow)
