"""Reads lists of sources through the cache: one page, or all pages as one answer."""

from collections.abc import Awaitable, Callable, Hashable
from typing import TypeVar

from connectors.sdk.connector_info import Listing
from connectors.sdk.errors import ConnectorError
from connectors.sdk.query import Page
from gateway.federation.cache import Kind, Tag
from gateway.federation.lists.full_scan import N, PageOf, Snapshot, full_scan
from gateway.federation.lists.sort_order import R
from gateway.federation.lists.source_report import Contribution
from gateway.federation.sources import Source, SourceReader
from gateway.federation.traffic import current_context, in_context

T = TypeVar("T")


class ListReader:
    """Every answer is noted in the source's contribution, with its calls and its age."""

    def __init__(self, reader: SourceReader, *, kind: Kind) -> None:
        """`kind` is what the lists are about: it decides which writes make an answer outdated."""
        self._reader = reader
        self._kind = kind

    async def read(
        self,
        contribution: Contribution[R],
        operation: str,
        arguments: Hashable,
        fetch: Callable[[], Awaitable[T]],
        *,
        fresh: bool,
        ttl: Callable[[T], float] | None = None,
        failure_of: Callable[[T], ConnectorError | None] = lambda _: None,
    ) -> T:
        """As `SourceReader.read`, within the report of the source."""
        source = contribution.source

        async def noted() -> T:
            value = await fetch()
            if isinstance(value, Page | Snapshot) and value.odd:
                source.note_odd(operation, value.odd)
            return value

        with in_context(current_context().counted_by(contribution.cost)):
            answer = await self._reader.read(
                source,
                operation,
                arguments,
                noted,
                about=Tag(source.key, self._kind),
                fresh=fresh,
                may_revalidate=True,
                ttl=ttl,
                failure_of=failure_of,
            )
        contribution.note(answer)
        return answer.value

    async def scan(
        self,
        contribution: Contribution[R],
        operation: str,
        arguments: Hashable,
        page_of: PageOf[N],
        *,
        fresh: bool,
        keeps_partial: bool = False,
        ttl: Callable[[Snapshot[N]], float] | None = None,
    ) -> Snapshot[N]:
        """All rows as one answer, or as many as `scan_limit` allows.

        Raises the ConnectorError of any page. With `keeps_partial` only that of the first: a later one ends the
        snapshot and is its `error`.
        """
        connector = contribution.source.connector

        async def scanned() -> Snapshot[N]:
            snapshot = await full_scan(
                page_of, page_limit=connector.info.page_limit, scan_limit=connector.settings.scan_limit
            )
            if snapshot.error is not None and not keeps_partial:
                raise snapshot.error
            return snapshot

        return await self.read(
            contribution,
            operation,
            arguments,
            scanned,
            fresh=fresh,
            ttl=ttl,
            failure_of=lambda snapshot: snapshot.error,
        )


def has_listing(source: Source, listing: Listing, wanted: frozenset[str] | None) -> bool:
    """Whether the source is among those wanted (None: all) and has such a list."""
    return listing in source.connector.info.listings and (wanted is None or source.key in wanted)
