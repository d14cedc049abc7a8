"""Lists of what tasks are created from, over all sources, by name."""

from collections.abc import Mapping

from connectors.sdk.connector_info import Listing
from connectors.sdk.model import Definition
from gateway.federation.cache import Kind, fingerprint
from gateway.federation.lists.cursor import CursorCodec
from gateway.federation.lists.full_scan import Snapshot
from gateway.federation.lists.list_reader import ListReader, has_listing
from gateway.federation.lists.page import PageBuilder
from gateway.federation.lists.position import StreamId, StreamKind
from gateway.federation.lists.row_stream import FetchAll, ScannedStream, StreamSpec
from gateway.federation.lists.sort_order import ByName, in_direction
from gateway.federation.lists.source_report import Contribution
from gateway.federation.sources import Source, SourceReader
from schema.ports import DefinitionRow, FilterPlacement, PageRequest, RowList


def _name(row: DefinitionRow) -> str:
    return row.definition.name or row.definition.key


class DefinitionLists:
    """Merged lists of task definitions over `sources`, in configuration order."""

    def __init__(self, sources: Mapping[str, Source], *, reader: SourceReader, cursors: CursorCodec) -> None:
        self._sources = sources
        self._reader = ListReader(reader, kind=Kind.DEFINITION)
        self._cursors = cursors

    async def page(self, request: PageRequest) -> RowList[DefinitionRow]:
        """One page over the sources that list task definitions.

        Raises InputError for a cursor that does not fit.
        """
        order = in_direction(ByName(_name), backward=request.backward)
        page = PageBuilder(self._cursors, order, fingerprint("task definitions", request.sources), request)
        return await page.build([self._contribution(source, request, page) for source in self._sources.values()])

    def _contribution(
        self, source: Source, request: PageRequest, page: PageBuilder[DefinitionRow]
    ) -> Contribution[DefinitionRow]:
        contribution: Contribution[DefinitionRow] = Contribution(source)
        if not has_listing(source, Listing.TASK_DEFINITIONS, request.sources):
            contribution.is_skipped = True
            return contribution
        contribution.sorts = FilterPlacement.GATEWAY
        stream = StreamId(source.key, StreamKind.SCANNED)
        spec: StreamSpec[DefinitionRow] = StreamSpec(
            stream,
            page.order,
            lambda row: row,
            page.start_of(stream),
            error_of=lambda raised: source.error_of(raised, "list all definitions"),
        )
        contribution.streams.append(ScannedStream(spec, self._scan(contribution, fresh=request.fresh)))
        return contribution

    def _scan(self, contribution: Contribution[DefinitionRow], *, fresh: bool) -> FetchAll[DefinitionRow]:
        source = contribution.source

        async def fetch() -> Snapshot[DefinitionRow]:
            snapshot: Snapshot[Definition] = await self._reader.scan(
                contribution,
                "list all definitions",
                None,
                lambda limit, after: source.connector.list_task_definitions(limit=limit, after=after),
                fresh=fresh,
            )
            return snapshot.of(lambda definition: DefinitionRow(source.key, definition))

        return fetch
