"""Whole listings of one source, read page by page, kept for a while, counted for the report."""

from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Generic, Protocol, TypeVar

from msgspec import Struct

from connectors.sdk.query import Page
from gateway.federation.cache import Cache, CacheKey, Kind, Tag
from gateway.federation.lists.cursor import CursorCodec, ListPosition
from gateway.federation.lists.merge import merge
from gateway.federation.lists.sort_order import Order, R
from gateway.federation.lists.source_report import Part, total_of
from gateway.federation.traffic import current_context, in_context
from schema.ports import EdgeRow, PageRequest, RowList

T = TypeVar("T")


class Identified(Protocol):
    @property
    def native_id(self) -> str: ...


N = TypeVar("N", bound=Identified)


class Whole(Struct, Generic[T], frozen=True):
    """All things of one listing, or as many as `scan_limit` allows."""

    items: Sequence[T]
    truncated: bool


class ListingReader:
    def __init__(self, answers: Cache) -> None:
        self._answers = answers

    async def whole(
        self,
        part: Part[R],
        operation: str,
        arguments: Hashable,
        page_of: Callable[[int, str | None], Awaitable[Page[N]]],
        *,
        kind: Kind,
        fresh: bool,
    ) -> Whole[N]:
        """Every page joined, each thing once, shared as long as things of that kind are. Raises ConnectorError."""
        connector = part.source.connector

        async def drain() -> Whole[N]:
            return await _drained(page_of, connector.page_limit, connector.settings.scan_limit)

        return await self.ask(part, operation, arguments, drain, kind=kind, fresh=fresh)

    async def ask(
        self,
        part: Part[R],
        operation: str,
        arguments: Hashable,
        fetch: Callable[[], Awaitable[T]],
        *,
        kind: Kind,
        fresh: bool,
    ) -> T:
        """The shared answer of one question, counted and dated for the report, within the source's deadline."""
        settings = part.source.connector.settings.cache
        seconds = settings.flow_seconds if kind is Kind.FLOW_LIST else settings.directory_seconds
        with in_context(current_context().counted_by(part.cost)):
            result = await self._answers.get_or_fetch(
                CacheKey(part.source.key, part.source.scope, operation, arguments),
                lambda: part.source.read(operation, fetch),
                ttl=lambda _: seconds,
                tags=[Tag(part.source.key, kind)],
                max_stale=settings.max_stale_seconds,
                revalidate=settings.revalidate_seconds,
                max_wait=part.source.max_wait,
                fresh=fresh,
            )
        part.note(result)
        return result.value


def resumed_at(cursors: CursorCodec, fingerprint: str, request: PageRequest) -> ListPosition | None:
    """Where the page begins; raises ValidationFailedError for a cursor that does not fit."""
    if request.after is None:
        return None
    position = cursors.decode(fingerprint, request.after)
    return position if position.backward == request.backward else position.turned()


async def page_of_parts(
    parts: Sequence[Part[R]],
    order: Order[R],
    cursors: CursorCodec,
    fingerprint: str,
    resumed: ListPosition | None,
    request: PageRequest,
) -> RowList[R]:
    """The merged page, its cursors bound to `fingerprint`, and a report of each part."""
    streams = [stream for part in parts for stream in part.streams]
    rows, more = await merge(streams, first=request.first, open_all=request.count)
    reports = [part.report() for part in parts]
    total, accuracy = total_of(reports)

    def edge(item: R, at: ListPosition) -> EdgeRow[R]:
        return EdgeRow(item, lambda: cursors.encode(fingerprint, at))

    edges = [edge(row.item, ListPosition(order.position(row.item), row.streams, request.backward)) for row in rows]
    if request.backward:
        edges.reverse()
    return RowList(
        edges=edges,
        has_next_page=resumed is not None if request.backward else more,
        has_previous_page=more if request.backward else resumed is not None,
        total=total if request.count else None,
        total_accuracy=accuracy,
        sources=reports,
    )


async def _drained(page_of: Callable[[int, str | None], Awaitable[Page[N]]], page_limit: int, most: int) -> Whole[N]:
    found: dict[str, N] = {}
    after: str | None = None
    while True:
        page = await page_of(min(page_limit, most), after)
        for item in page.items:
            found.setdefault(item.native_id, item)
        is_last = page.next_cursor is None or page.next_cursor == after
        if is_last or len(found) >= most:
            return Whole(list(found.values())[:most], truncated=not is_last or len(found) > most)
        after = page.next_cursor
