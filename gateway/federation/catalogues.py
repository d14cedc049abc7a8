"""Lists beside those of tasks: flows, and what tasks are made from. Each source is asked in its own way, merged here.

Flows come newest first, everything else by name; source and native id decide ties.
"""

import hashlib
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Generic, TypeVar

import anyio
import msgspec
from msgspec import Struct

from connectors.sdk.caller import Caller
from connectors.sdk.connector import Listing
from connectors.sdk.errors import ForbiddenError, UpstreamTimeoutError
from connectors.sdk.model import Definition, Flow
from connectors.sdk.query import FlowQuery, Page
from connectors.sdk.upstream import calls
from gateway.federation.answers import SERVICE, Question, SharedAnswers
from gateway.federation.cursor import CursorCodec, ListPosition
from gateway.federation.merge import merge
from gateway.federation.order import EPOCH, MICROSECOND, Order, Position, R, Rank
from gateway.federation.overlay import FlowOverlay
from gateway.federation.part import Part, total_of
from gateway.federation.source import Source
from gateway.federation.stream import Held, HeldStream, PagedStream
from schema.port import DefinitionRow, EdgeRow, FilterPlacement, FlowListRequest, PageRequest, RowList

T = TypeVar("T")

FLOW_SECONDS = 10.0
# Definitions change with deployments.
DEFINITION_SECONDS = 300.0
# Seconds that one source may take for its part before the others go on without it.
PATIENCE = 15.0


class NewestFirst:
    """Of flows; those whose start is not known come last."""

    tie = 1

    def position(self, row: Flow) -> Position:
        started = None if row.started_at is None else (row.started_at - EPOCH) // MICROSECOND
        return (started, row.source, row.native_id)

    def rank(self, position: Position) -> Rank:
        started = position[0]
        return ((1, 0) if not isinstance(started, int) else (0, -started), *position[1:])

    def rank_of(self, row: Flow) -> Rank:
        return self.rank(self.position(row))


class ByName:
    """Of definitions, case ignored."""

    tie = 0

    def position(self, row: DefinitionRow) -> Position:
        return ((row.definition.name or row.definition.key).casefold(), row.source, row.native_id)

    def rank(self, position: Position) -> Rank:
        return position

    def rank_of(self, row: DefinitionRow) -> Rank:
        return self.rank(self.position(row))


class Snapshot(Struct, Generic[T], frozen=True):
    """All rows of one listing of a source, or as many as `scan_limit` allows."""

    items: Sequence[T]
    truncated: bool


class Catalogues:
    def __init__(
        self,
        sources: Sequence[Source],
        *,
        answers: SharedAnswers,
        cursors: CursorCodec,
        flow_overlay: FlowOverlay,
    ) -> None:
        self._sources = sources
        self._answers = answers
        self._cursors = cursors
        self._flow_overlay = flow_overlay

    async def flows(self, caller: Caller, request: FlowListRequest) -> RowList[Flow]:
        """One page over the sources that list flows; raises ValidationFailedError for a cursor that does not fit.

        With a technical account a source lists the flows of everybody: only task admins may see that.
        """
        order = NewestFirst()
        fingerprint = _fingerprint("flows", request.sources, request.query)
        resumed = None if request.after is None else self._cursors.decode(fingerprint, request.after)
        parts: list[Part[Flow]] = []
        for source in self._sources:
            part: Part[Flow] = Part(source)
            parts.append(part)
            if not _is_asked(source, Listing.FLOWS, request.sources):
                part.skipped = True
                continue
            if not caller.is_task_admin:
                part.refused = ForbiddenError("only task admins list flows; others open one from a task of theirs").at(
                    source.key, "list flows"
                )
                continue
            pushed = source.connector.pushdown_flows(request.query)
            exact = pushed == request.query
            part.filters = FilterPlacement.PUSHED_DOWN if exact else FilterPlacement.GATEWAY
            if source.connector.sorts_flows:
                part.streams.append(
                    PagedStream(
                        name=f"{source.key}:0",
                        source=source.key,
                        bound=(),
                        order=order,
                        fetch=self._flow_pages(part, pushed, fresh=request.fresh),
                        admit=self._admit_flow(request.query),
                        limit=min(request.first + 1, source.connector.page_limit),
                        scan_limit=source.connector.settings.scan_limit,
                        exact=exact,
                        last=None if resumed is None else resumed.last,
                        resume=None if resumed is None else resumed.streams.get(f"{source.key}:0"),
                    )
                )
            else:
                part.sorts = FilterPlacement.GATEWAY
                part.streams.append(
                    HeldStream(
                        name=f"{source.key}:0",
                        source=source.key,
                        order=order,
                        rows=self._drained_flows(part, pushed, fresh=request.fresh),
                        admit=self._admit_flow(request.query),
                        last=None if resumed is None else resumed.last,
                        resume=None if resumed is None else resumed.streams.get(f"{source.key}:0"),
                    )
                )
        return await self._page(parts, order, fingerprint, resumed, request)

    async def task_definitions(self, request: PageRequest) -> RowList[DefinitionRow]:
        """As `flows`, by name."""
        order = ByName()
        fingerprint = _fingerprint("task definitions", request.sources, None)
        resumed = None if request.after is None else self._cursors.decode(fingerprint, request.after)
        parts: list[Part[DefinitionRow]] = []
        for source in self._sources:
            part: Part[DefinitionRow] = Part(source)
            parts.append(part)
            if not _is_asked(source, Listing.TASK_DEFINITIONS, request.sources):
                part.skipped = True
                continue
            part.sorts = FilterPlacement.GATEWAY
            part.streams.append(
                HeldStream(
                    name=f"{source.key}:0",
                    source=source.key,
                    order=order,
                    rows=self._drained_definitions(part, fresh=request.fresh),
                    admit=lambda row: row,
                    last=None if resumed is None else resumed.last,
                    resume=None if resumed is None else resumed.streams.get(f"{source.key}:0"),
                )
            )
        return await self._page(parts, order, fingerprint, resumed, request)

    async def _page(
        self,
        parts: Sequence[Part[R]],
        order: Order[R],
        fingerprint: str,
        resumed: ListPosition | None,
        request: PageRequest,
    ) -> RowList[R]:
        streams = [stream for part in parts for stream in part.streams]
        rows, more = await merge(streams, first=request.first, open_all=request.count)
        reports = [part.report() for part in parts]
        total, accuracy = total_of(reports)

        def edge(item: R, at: ListPosition) -> EdgeRow[R]:
            return EdgeRow(item, lambda: self._cursors.encode(fingerprint, at))

        return RowList(
            edges=[edge(row.item, ListPosition(order.position(row.item), row.streams)) for row in rows],
            has_next_page=more,
            has_previous_page=resumed is not None,
            total=total if request.count else None,
            total_accuracy=accuracy,
            sources=reports,
        )

    def _admit_flow(self, query: FlowQuery) -> Callable[[Flow], Flow | None]:
        def admit(flow: Flow) -> Flow | None:
            shown = self._flow_overlay.seen(flow)
            return shown if query.matches(shown) else None

        return admit

    def _flow_pages(
        self, part: Part[Flow], query: FlowQuery, *, fresh: bool
    ) -> Callable[[str | None, int], Awaitable[Page[Flow]]]:
        connector = part.source.connector

        async def fetch(after: str | None, limit: int) -> Page[Flow]:
            return await self._ask(
                part,
                "list flows",
                (query, after, limit),
                lambda: connector.list_flows(query, limit=limit, after=after),
                FLOW_SECONDS,
                fresh=fresh,
            )

        return fetch

    def _drained_flows(self, part: Part[Flow], query: FlowQuery, *, fresh: bool) -> Callable[[], Awaitable[Held[Flow]]]:
        connector = part.source.connector

        async def drain() -> Snapshot[Flow]:
            return await _drained(
                lambda limit, after: connector.list_flows(query, limit=limit, after=after),
                connector.page_limit,
                connector.settings.scan_limit,
            )

        async def rows() -> Held[Flow]:
            held = await self._ask(part, "drain flows", query, drain, FLOW_SECONDS, fresh=fresh)
            return Held(held.items, held.truncated)

        return rows

    def _drained_definitions(
        self, part: Part[DefinitionRow], *, fresh: bool
    ) -> Callable[[], Awaitable[Held[DefinitionRow]]]:
        connector = part.source.connector

        async def drain() -> Snapshot[Definition]:
            return await _drained(
                lambda limit, after: connector.list_task_definitions(limit=limit, after=after),
                connector.page_limit,
                connector.settings.scan_limit,
            )

        async def rows() -> Held[DefinitionRow]:
            held = await self._ask(part, "drain definitions", None, drain, DEFINITION_SECONDS, fresh=fresh)
            return Held([DefinitionRow(part.source.key, one) for one in held.items], held.truncated)

        return rows

    async def _ask(
        self,
        part: Part[R],
        operation: str,
        arguments: Hashable,
        fetch: Callable[[], Awaitable[T]],
        seconds: float,
        *,
        fresh: bool,
    ) -> T:
        """The shared answer of one question, counted and dated for the report, within `PATIENCE`."""
        calls.set(part.calls)
        try:
            with anyio.fail_after(PATIENCE):
                shared = await self._answers.ask(
                    Question(part.source.key, SERVICE, operation, arguments),
                    lambda: part.source.read(operation, fetch),
                    seconds=lambda _: seconds,
                    fresh=fresh,
                )
        except TimeoutError as error:
            late = UpstreamTimeoutError("did not answer in time").at(part.source.key, operation)
            part.source.note_failure(late)
            raise late from error
        part.note(shared.fetched_at, from_cache=shared.from_cache)
        return shared.value


D = TypeVar("D", Flow, Definition)


async def _drained(page_of: Callable[[int, str | None], Awaitable[Page[D]]], page_limit: int, most: int) -> Snapshot[D]:
    """All pages joined, each thing once."""
    found: dict[str, D] = {}
    after: str | None = None
    while True:
        page = await page_of(min(page_limit, most), after)
        for item in page.items:
            found.setdefault(item.native_id, item)
        is_last = page.next_cursor is None or page.next_cursor == after
        if is_last or len(found) >= most:
            kept = list(found.values())[:most]
            return Snapshot(kept, truncated=not is_last or len(found) > most)
        after = page.next_cursor


def _is_asked(source: Source, listing: Listing, wanted: frozenset[str] | None) -> bool:
    return listing in source.connector.listings and (wanted is None or source.key in wanted)


def _fingerprint(what: str, sources: frozenset[str] | None, query: FlowQuery | None) -> str:
    seen = (what, None if sources is None else sorted(sources), query)
    return hashlib.blake2b(msgspec.json.encode(seen, order="deterministic"), digest_size=9).hexdigest()
