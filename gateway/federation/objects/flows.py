"""Flows by id."""

from collections.abc import Iterable, Mapping

import anyio

from connectors.sdk.errors import ConnectorError
from connectors.sdk.model import Flow, FlowRef
from gateway.federation.cache import Kind
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
        """The flows that exist. A ref that could not be read has its error; one of an unknown source is absent.

        All flows of a source that have to be read cost one call of its connector.
        """

        by_source: dict[str, set[str]] = {}
        for ref in refs:
            if ref.source in self._sources:
                by_source.setdefault(ref.source, set()).add(ref.native_id)
        found: dict[FlowRef, Flow | ConnectorError] = {}

        async def load(key: str, ids: set[str]) -> None:
            source = self._sources[key]
            answers = await self._reader.read_each(
                source, GET_FLOW, sorted(ids), source.connector.get_flows, kind=Kind.FLOW, fresh=fresh
            )
            for native_id, answer in answers.items():
                ref = FlowRef(key, native_id)
                flow = answer if isinstance(answer, ConnectorError) else self._as_written(ref, answer.value)
                if flow is not None:
                    found[ref] = flow

        async with anyio.create_task_group() as group:
            for key, ids in by_source.items():
                group.start_soon(load, key, ids)
        return found

    def _as_written(self, ref: FlowRef, flow: Flow | None) -> Flow | None:
        """The record as our own writes left it. The vendor may not show a new flow yet."""
        return self._overlay.expected(ref) if flow is None else self._overlay.seen(flow)

    async def flow(self, ref: FlowRef, *, fresh: bool = False) -> Flow | None:
        """One flow, None when there is none. Raises ConnectorError."""
        found = (await self.flows([ref], fresh=fresh)).get(ref)
        if isinstance(found, ConnectorError):
            raise found
        return found

    async def vendor_record(self, ref: FlowRef) -> Flow | None:
        """The record as the vendor shows it now, without what our own writes are to have made of it. Raises ConnectorError."""
        source = self._sources[ref.source]
        answers = await self._reader.read_each(
            source, GET_FLOW, [ref.native_id], source.connector.get_flows, kind=Kind.FLOW, fresh=True
        )
        answer = answers.get(ref.native_id)
        if isinstance(answer, ConnectorError):
            raise answer
        found: Flow | None = None if answer is None else answer.value
        return found

    def known(self, ref: FlowRef) -> Flow | None:
        """The flow as a write left it, or as it was read lately. Makes no call."""
        expected = self._overlay.expected(ref)
        if expected is not None:
            return expected
        found: Flow | None = self._reader.cached(self._sources[ref.source], GET_FLOW, ref.native_id)
        return found
