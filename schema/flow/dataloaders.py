"""Flows by ref."""

from collections.abc import Mapping, Sequence

from connectors.sdk.caller import Caller
from connectors.sdk.errors import ConnectorError
from connectors.sdk.model import Flow, FlowRef
from schema.core.loader import Loader
from schema.ports import Federation


class FlowByRefLoader(Loader[FlowRef, Flow]):
    """For flows reached from something that the caller sees; not for ids that a client sent."""

    def __init__(self, federation: Federation, caller: Caller) -> None:
        super().__init__()
        self._federation, self._caller = federation, caller

    async def find(self, keys: Sequence[FlowRef]) -> Mapping[FlowRef, Flow | ConnectorError]:
        return await self._federation.get_flows(self._caller, keys)
