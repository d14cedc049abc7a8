"""Lists beside those of tasks: flows, and what tasks are made from. Each source is asked in its own way, merged here.

Flows come newest first, everything else by name; source and native id decide ties.
"""

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import msgspec

from connectors.sdk.caller import Caller
from connectors.sdk.connector_info import Listing
from connectors.sdk.errors import ForbiddenError, ValidationFailedError
from connectors.sdk.model import Flow
from connectors.sdk.query import FlowQuery, Page
from gateway.federation.cache import Cache, Kind
from gateway.federation.lists.cursor import CursorCodec
from gateway.federation.lists.page import ListingReader, page_of_parts, resumed_at
from gateway.federation.lists.row_stream import Held, HeldStream, PagedStream
from gateway.federation.lists.sort_order import EPOCH, MICROSECOND, Backward, Order, Position, Rank
from gateway.federation.lists.source_report import Part
from gateway.federation.overlay import FlowOverlay
from gateway.federation.sources import Source
from schema.ports import DefinitionRow, FilterPlacement, FlowListRequest, PageRequest, RowList

T = TypeVar("T")


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


class Catalogues:
    def __init__(
        self,
        sources: Sequence[Source],
        *,
        answers: Cache,
        cursors: CursorCodec,
        flow_overlay: FlowOverlay,
    ) -> None:
        self._sources = sources
        self._reader = ListingReader(answers)
        self._cursors = cursors
        self._flow_overlay = flow_overlay

    async def flows(self, caller: Caller, request: FlowListRequest) -> RowList[Flow]:
        """One page over the sources that list flows.

        Raises ValidationFailedError for a cursor that does not fit, and for a page from the end where a source that is
        asked keeps its own order, which no vendor reverses.
        With a technical account a source lists the flows of everybody: only task admins may see that.
        """
        order: Order[Flow] = Backward(NewestFirst()) if request.backward else NewestFirst()
        fingerprint = _fingerprint("flows", request.sources, request.query)
        resumed = resumed_at(self._cursors, fingerprint, request)
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
            if request.backward and source.connector.info.sorts_flows:
                raise ValidationFailedError(
                    f"{source.connector.settings.name} lists flows newest first only: ask with first and after, or for "
                    "other sources",
                    field=("last",),
                )
            pushed = source.connector.pushdown_flows(request.query)
            exact = pushed == request.query
            part.filters = FilterPlacement.PUSHED_DOWN if exact else FilterPlacement.GATEWAY
            if source.connector.info.sorts_flows:
                part.streams.append(
                    PagedStream(
                        name=f"{source.key}:0",
                        source=source.key,
                        bound=(),
                        order=order,
                        fetch=self._flow_pages(part, pushed, fresh=request.fresh),
                        admit=self._admit_flow(request.query),
                        limit=min(request.first + 1, source.connector.info.page_limit),
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
        return await page_of_parts(parts, order, self._cursors, fingerprint, resumed, request)

    async def task_definitions(self, request: PageRequest) -> RowList[DefinitionRow]:
        """As `flows`, by name."""
        order: Order[DefinitionRow] = Backward(ByName()) if request.backward else ByName()
        fingerprint = _fingerprint("task definitions", request.sources, None)
        resumed = resumed_at(self._cursors, fingerprint, request)
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
        return await page_of_parts(parts, order, self._cursors, fingerprint, resumed, request)

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
            return await self._reader.ask(
                part,
                "list flows",
                (query, after, limit),
                lambda: connector.list_flows(query, limit=limit, after=after),
                kind=Kind.FLOW_LIST,
                fresh=fresh,
            )

        return fetch

    def _drained_flows(self, part: Part[Flow], query: FlowQuery, *, fresh: bool) -> Callable[[], Awaitable[Held[Flow]]]:
        connector = part.source.connector

        async def rows() -> Held[Flow]:
            held = await self._reader.whole(
                part,
                "drain flows",
                query,
                lambda limit, after: connector.list_flows(query, limit=limit, after=after),
                kind=Kind.FLOW_LIST,
                fresh=fresh,
            )
            return Held(held.items, held.truncated)

        return rows

    def _drained_definitions(
        self, part: Part[DefinitionRow], *, fresh: bool
    ) -> Callable[[], Awaitable[Held[DefinitionRow]]]:
        connector = part.source.connector

        async def rows() -> Held[DefinitionRow]:
            held = await self._reader.whole(
                part,
                "drain definitions",
                None,
                lambda limit, after: connector.list_task_definitions(limit=limit, after=after),
                kind=Kind.DEFINITION,
                fresh=fresh,
            )
            return Held([DefinitionRow(part.source.key, one) for one in held.items], held.truncated)

        return rows


def _is_asked(source: Source, listing: Listing, wanted: frozenset[str] | None) -> bool:
    return listing in source.connector.info.listings and (wanted is None or source.key in wanted)


def _fingerprint(what: str, sources: frozenset[str] | None, query: FlowQuery | None) -> str:
    seen = (what, None if sources is None else sorted(sources), query)
    return hashlib.blake2b(msgspec.json.encode(seen, order="deterministic"), digest_size=9).hexdigest()
