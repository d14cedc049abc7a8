"""Reads lists of sources through the cache: one page, or all pages as one answer."""

from collections.abc import Awaitable, Callable, Collection, Hashable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import anyio

from connectors.sdk.clock import utc_now
from connectors.sdk.connector_info import ConnectorInfo, Listing
from connectors.sdk.errors import (
    BrokenError,
    ConnectorError,
    ForbiddenError,
    NotFoundError,
    RejectedError,
    UpstreamTimeoutError,
)
from connectors.sdk.query import Page
from gateway.federation.cache import Kind, Tag
from gateway.federation.lists.begun_scans import BegunScans, ran_out_of_time
from gateway.federation.lists.full_scan import N, PageOf, Scan, Snapshot, completed
from gateway.federation.lists.sort_order import R
from gateway.federation.lists.source_report import Contribution
from gateway.federation.sources import FetchMany, Source, SourceReader, fresh_seconds
from gateway.federation.traffic import CallContext, current_context, in_context

T = TypeVar("T")


class ListReader:
    """Every answer is noted in the source's contribution, with its calls and its age."""

    def __init__(self, reader: SourceReader, *, kind: Kind) -> None:
        """`kind` is what the lists are about: it decides which writes make an answer outdated."""
        self._reader = reader
        self._kind = kind
        self._begun = BegunScans(now=utc_now, changes=lambda: reader.changes)

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
        of_one: bool = False,
    ) -> T:
        """As `SourceReader.read`, within the report and the deadline of the source.

        `of_one`: the list belongs to one thing, which the vendor may not have.
        """
        source = contribution.source

        async def noted() -> T:
            with _as_a_list(of_one=of_one):
                value = await fetch()
            if isinstance(value, Page | Snapshot) and value.odd:
                source.note_odd(operation, value.odd)
            return value

        with in_context(_within(contribution)):
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
        of_one: bool = False,
    ) -> Snapshot[N]:
        """All rows as one answer, or as many as `scan_limit` allows.

        Raises the ConnectorError of any page. With `keeps_partial` only that of the first: a later one ends the
        snapshot and is its `error`, unless an older scan has the rows that are missing.
        """
        source, connector = contribution.source, contribution.source.connector
        about = Tag(source.key, self._kind)
        key = (source.key, source.scope, operation, arguments)
        # The number of the last write that a scan shows; scans that went on may show fewer than were made.
        shown_writes = 0

        async def one_page(size: int, cursor: str | None) -> Page[N]:
            with _as_a_list(of_one=of_one):
                return await page_of(size, cursor)

        def begin() -> Scan[N]:
            return Scan(page_limit=scan_page(connector.info), scan_limit=connector.settings.scan_limit)

        async def scanned(*, anew: bool) -> Snapshot[N]:
            nonlocal shown_writes
            snapshot, shown_writes = await self._begun.run(key, one_page, begin, anew=anew)
            if snapshot.error is not None and not keeps_partial:
                raise snapshot.error
            return snapshot

        def seconds(snapshot: Snapshot[N]) -> float:
            if snapshot.read_from is not None and self._reader.is_outdated(shown_writes, about):
                return 0.0
            kept = fresh_seconds(connector.settings.cache, about)
            return kept if ttl is None else ttl(snapshot)

        async def ask(asking: Contribution[R], *, anew: bool = False) -> Snapshot[N]:
            return await self.read(
                asking,
                operation,
                arguments,
                lambda: scanned(anew=anew),
                fresh=anew,
                ttl=seconds,
                failure_of=lambda snapshot: None if ran_out_of_time(snapshot.error) else snapshot.error,
                of_one=of_one,
            )

        try:
            found = await ask(contribution, anew=fresh)
        except UpstreamTimeoutError as error:
            part = self._begun.so_far(key, error) if keeps_partial else None
            if ran_out_of_time(error):
                self._begun.go_on(key, lambda: ask(Contribution(source)))
            if part is None:
                raise
            found = part
        contribution.note_read_from(found.read_from)
        if found.error is None:
            return found
        if ran_out_of_time(found.error):
            self._begun.go_on(key, lambda: ask(Contribution(source)))
        older = self._reader.fallback(contribution.source, operation, arguments, found.error)
        if older is None:
            return found
        contribution.note(older)
        return completed(found, older.value)

    async def by_id(
        self,
        contribution: Contribution[R],
        operation: str,
        ids: Collection[str],
        fetch: FetchMany[N],
        *,
        fresh: bool,
        shows: Callable[[N], bool],
    ) -> Snapshot[N]:
        """The things with these native ids, as single reads share them. `error` is that of one that could not be read.

        The report tells the age of those that the list `shows` to the caller.
        """
        source = contribution.source
        with in_context(_within(contribution)):
            answers = await self._reader.read_each(source, operation, ids, fetch, kind=Kind.TASK, fresh=fresh)
        rows: list[N] = []
        error: ConnectorError | None = None
        for answer in answers.values():
            if isinstance(answer, ConnectorError) and source.hides(answer):
                # The vendor shows no more than that there is one: not one of the caller's tasks.
                continue
            if isinstance(answer, ConnectorError):
                error = answer
                continue
            if answer.value is not None:
                rows.append(answer.value)
            if answer.value is not None and shows(answer.value):
                contribution.note(answer)
        if error is not None and not rows:
            raise error
        return Snapshot(rows, truncated=error is not None, error=error)


@contextmanager
def _as_a_list(*, of_one: bool) -> Iterator[None]:
    """A vendor's refusal of a whole list says nothing about its rows: it is a failure, and kept rows may stand in for it.

    A caller who may not read the list is refused, and so is what the connector itself refuses.
    """
    try:
        yield
    except RejectedError as error:
        if (
            error.native_status is None
            or isinstance(error, ForbiddenError)
            or (of_one and isinstance(error, NotFoundError))
        ):
            raise
        what = "has no such list" if isinstance(error, NotFoundError) else f"refused the list: {error.message}"
        raise BrokenError(
            f"the vendor {what}; check the address and the options of the source",
            native_status=error.native_status,
            native_code=error.native_code,
        ) from error


def _within(contribution: Contribution[R]) -> CallContext:
    """Counted for the report; and done when the time for the whole list is over, however many pages it reads."""
    left = max(0.0, contribution.until - anyio.current_time())
    context, cost = current_context(), contribution.cost
    counted = context.counted_by(cost) if contribution.told is None else context.counted_apart_by(cost)
    return counted.limited_to(left)


def page_size(info: ConnectorInfo, first: int, *, is_exact: bool) -> int:
    """Rows to ask for in one page: a few, where each of them is wanted, else as many as in a full scan."""
    return min(first + 1, info.page_limit) if is_exact else scan_page(info)


def scan_page(info: ConnectorInfo) -> int:
    """Rows in one page of a list that the gateway filters or sorts."""
    return info.scan_page or info.page_limit


def has_listing(source: Source, listing: Listing, wanted: frozenset[str] | None) -> bool:
    """Whether the source is among those wanted (None: all) and has such a list."""
    return listing in source.connector.info.listings and (wanted is None or source.key in wanted)
