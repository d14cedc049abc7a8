"""Lists of flows over all sources, newest first."""

from collections.abc import Mapping

from connectors.sdk.caller import Caller
from connectors.sdk.connector_info import Listing
from connectors.sdk.errors import ConnectorError, ForbiddenError, InputError
from connectors.sdk.model import Flow
from connectors.sdk.query import FlowQuery, Page
from gateway.federation.cache import Kind, fingerprint
from gateway.federation.lists.cursor import CursorCodec
from gateway.federation.lists.full_scan import Snapshot
from gateway.federation.lists.list_reader import ListReader, has_listing, page_size
from gateway.federation.lists.page import PageBuilder
from gateway.federation.lists.position import StreamId, StreamKind
from gateway.federation.lists.row_stream import Admit, FetchAll, PagedStream, ScannedStream, StreamSpec, VendorPages
from gateway.federation.lists.sort_order import NewestFirst, in_direction
from gateway.federation.lists.source_report import Contribution
from gateway.federation.lists.stream import Stream
from gateway.federation.overlay import FlowOverlay
from gateway.federation.sources import Source, SourceReader
from schema.ports import FilterPlacement, FlowListRequest, RowList

LIST_FLOWS = "list flows"


class FlowLists:
    """Merged lists of flows over `sources`, in configuration order."""

    def __init__(
        self, sources: Mapping[str, Source], *, reader: SourceReader, cursors: CursorCodec, overlay: FlowOverlay
    ) -> None:
        self._sources = sources
        self._reader = ListReader(reader, kind=Kind.FLOW_LIST)
        self._cursors = cursors
        self._overlay = overlay

    async def page(self, caller: Caller, request: FlowListRequest) -> RowList[Flow]:
        """One page over the sources that list flows.

        Raises InputError for a cursor that does not fit, and for a page from the end when a source sorts its
        flows itself: vendors sort them newest first only. Sources list the flows of all people, so only task admins may
        list them; others get a report with FORBIDDEN.
        """
        order = in_direction(NewestFirst(), backward=request.backward)
        page = PageBuilder(self._cursors, order, fingerprint("flows", request.sources, request.query), request)
        return await page.build(
            [self._contribution(source, caller, request, page) for source in self._sources.values()]
        )

    def _contribution(
        self, source: Source, caller: Caller, request: FlowListRequest, page: PageBuilder[Flow]
    ) -> Contribution[Flow]:
        contribution: Contribution[Flow] = Contribution(source)
        if not has_listing(source, Listing.FLOWS, request.sources):
            contribution.is_skipped = True
        elif not caller.is_task_admin:
            contribution.refusal = ForbiddenError(
                "only task admins list flows; others open one from a task of theirs"
            ).at(source.key, LIST_FLOWS)
        else:
            try:
                contribution.streams.append(self._stream(contribution, request, page))
            except ConnectorError as error:
                source.record_failure(error)
                contribution.refusal = error
        return contribution

    def _stream(
        self, contribution: Contribution[Flow], request: FlowListRequest, page: PageBuilder[Flow]
    ) -> Stream[Flow]:
        source = contribution.source
        is_sorted = source.connector.info.sorts_flows
        if is_sorted and request.backward:
            raise InputError(
                f"{source.connector.settings.name} lists flows newest first only: ask with first and after, or for "
                "other sources",
                field=("last",),
            )
        pushed = source.ask(LIST_FLOWS, lambda: source.connector.pushdown_flows(request.query))
        if pushed != request.query:
            contribution.filters = FilterPlacement.GATEWAY
        stream = StreamId(source.key, StreamKind.PAGED if is_sorted else StreamKind.SCANNED)
        spec = StreamSpec(
            stream,
            page.order,
            self._admit(request.query),
            page.start_of(stream),
            error_of=lambda raised: source.error_of(raised, LIST_FLOWS),
        )
        if is_sorted:
            return PagedStream(spec, self._pages(contribution, pushed, request))
        contribution.sorts = FilterPlacement.GATEWAY
        return ScannedStream(spec, self._scan(contribution, pushed, fresh=request.fresh))

    def _admit(self, query: FlowQuery) -> Admit[Flow]:
        matches = query.test()

        def admit(flow: Flow) -> Flow | None:
            shown = self._overlay.seen(flow)
            return shown if matches(shown) else None

        return admit

    def _pages(self, contribution: Contribution[Flow], query: FlowQuery, request: FlowListRequest) -> VendorPages[Flow]:
        connector = contribution.source.connector

        async def fetch(after: str | None, limit: int) -> Page[Flow]:
            return await self._reader.read(
                contribution,
                LIST_FLOWS,
                (query, after, limit),
                lambda: connector.list_flows(query, limit=limit, after=after),
                fresh=request.fresh,
            )

        return VendorPages(
            fetch,
            limit=page_size(connector.info, request.first, is_exact=query == request.query),
            scan_limit=connector.settings.scan_limit,
            is_exact=query == request.query,
        )

    def _scan(self, contribution: Contribution[Flow], query: FlowQuery, *, fresh: bool) -> FetchAll[Flow]:
        connector = contribution.source.connector

        async def fetch() -> Snapshot[Flow]:
            return await self._reader.scan(
                contribution,
                "list all flows",
                query,
                lambda limit, after: connector.list_flows(query, limit=limit, after=after),
                fresh=fresh,
            )

        return fetch
