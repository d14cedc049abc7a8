"""Flows by ref, and what a write to a flow makes of what was loaded."""

from collections.abc import Mapping, Sequence

from connectors.sdk.errors import ConnectorError
from connectors.sdk.model import Flow, FlowRef
from schema.core.context import Context
from schema.core.loader import Loader


class FlowByRefLoader(Loader[FlowRef, Flow]):
    """For flows reached from something that the caller sees; not for ids that a client sent."""

    async def find(self, keys: Sequence[FlowRef]) -> Mapping[FlowRef, Flow | ConnectorError]:
        return await self._federation.get_flows(self._caller, keys)


def note_flow_written(flow: Flow | None, context: Context) -> None:
    """A write to a flow went through: what was loaded before of it and its tasks is old."""
    context.forget_loaded()
    if flow is not None:
        context.loader(FlowByRefLoader).put(flow.ref, flow)
