"""Flows by id."""

from collections.abc import Iterable, Mapping

from connectors.sdk.errors import ConnectorError
from connectors.sdk.model import Flow, FlowRef
from gateway.federation.cache import Kind, Tag
from gateway.federation.objects.batch import read_each
from gateway.federation.overlay import FlowOverlay
from gateway.federation.sources import Source, SourceReader

GET_FLOW = "get flow"


class FlowReader:
    """Flows of all sources as our own writes left them. The visibility of a flow is not checked here."""

    def __init__(self, sources: Mapping[str, Source], *, reader: SourceReader, overlay: FlowOverlay) -> None:
        self._sources = sources
        self._reader = reader
        self._overlay = overlay

    async def flows(self, refs: Iterable[FlowRef], *, fresh: bool = False) -> dict[FlowRef, Flow | ConnectorError]:
        """The flows that exist. A ref that could not be read has its error; one of an unknown source is absent."""

        async def one(ref: FlowRef) -> Flow | None:
            flow = await self._read(ref, fresh=fresh)
            # The vendor may not show a new flow yet.
            return self._overlay.expected(ref) if flow is None else self._overlay.seen(flow)

        return await read_each([ref for ref in refs if ref.source in self._sources], one)

    async def flow(self, ref: FlowRef, *, fresh: bool = False) -> Flow | None:
        """One flow, None when there is none. Raises ConnectorError."""
        found = (await self.flows([ref], fresh=fresh)).get(ref)
        if isinstance(found, ConnectorError):
            raise found
        return found

    def known(self, ref: FlowRef) -> Flow | None:
        """The flow as a write left it, or as it was read lately. Makes no call."""
        expected = self._overlay.expected(ref)
        if expected is not None:
            return expected
        found = self._reader.cached(self._sources[ref.source], GET_FLOW, ref.native_id)
        return found if isinstance(found, Flow) else None

    async def _read(self, ref: FlowRef, *, fresh: bool) -> Flow | None:
        source = self._sources[ref.source]

        async def get() -> Flow | None:
            found = (await source.connector.get_flows([ref.native_id])).get(ref.native_id)
            if isinstance(found, ConnectorError):
                raise found
            return found

        about = Tag(ref.source, Kind.FLOW, ref.native_id)
        shared = await self._reader.read(source, GET_FLOW, ref.native_id, get, about=about, fresh=fresh)
        return shared.value
