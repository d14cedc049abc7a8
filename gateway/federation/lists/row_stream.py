"""Ordered streams of rows, each one part of a source's list: the inputs of the merge."""

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Generic, NamedTuple

from msgspec import Struct

from connectors.sdk.errors import ConnectorError, MalformedResponseError
from connectors.sdk.model import CountAccuracy
from connectors.sdk.odd_rows import OddRow
from connectors.sdk.query import Page
from gateway.federation.lists.count import Count, exactly, lower_bound
from gateway.federation.lists.full_scan import Snapshot
from gateway.federation.lists.position import StreamId, StreamPosition, StreamStart
from gateway.federation.lists.ranks import Question, Ranked, WantedRows, kept_ranks, wanted_rows
from gateway.federation.lists.row_work import RowWork
from gateway.federation.lists.sort_order import Order, R, Rank, SortValues

# The row to show for one that was read; None when it is not wanted (filter, visibility, replaced by the overlay).
Admit = Callable[[R], R | None]
# Whether a row that was left out may be one of the wanted rows.
Concerns = Callable[[OddRow], bool]
# Reads one page: the vendor's cursor, and the page size. Raises ConnectorError.
FetchPage = Callable[[str | None, int], Awaitable[Page[R]]]
# Reads all rows. Raises ConnectorError.
FetchAll = Callable[[], Awaitable[Snapshot[R]]]


def _as_it_is(raised: Exception) -> ConnectorError:
    if isinstance(raised, ConnectorError):
        return raised
    raise raised


class StreamSpec(Struct, Generic[R], frozen=True):
    """What every stream is made from.

    `bound` is a rank that precedes all of its rows, or a prefix of one. `error_of` makes a ConnectorError of what the
    source raises. `is_replaced`: a row of the vendor that is not admitted because another stream has what our own write
    made of it. The vendor counts it nevertheless. `question`: all that `admit` goes by.
    """

    id: StreamId
    order: Order[R]
    admit: Admit[R]
    start: StreamStart = StreamStart()
    bound: Rank = ()
    error_of: Callable[[Exception], ConnectorError] = _as_it_is
    concerns: Concerns = lambda _: True
    is_replaced: Callable[[R], bool] = lambda _: False
    question: Question = lambda: None


class VendorPages(Struct, Generic[R], frozen=True):
    """How a vendor's sorted list is read.

    `fetch` reads pages of `limit` rows. `scan_limit` bounds how many unwanted rows are read in a row, and half of how
    many are read in all. `is_exact`: the vendor's total counts the wanted rows and no others. `shows_others`: the vendor's
    pages have rows of other people too.
    """

    fetch: FetchPage[R]
    limit: int
    scan_limit: int
    is_exact: bool
    shows_others: bool = False


class _Row(NamedTuple, Generic[R]):
    rank: Rank
    item: R
    page: int


class PagedStream(Generic[R]):
    """A stream whose pages the vendor filters and sorts. Pages are fetched on demand.

    Rows that tie in what the vendor sorts by are sorted again here, so none of them is returned before all are read.
    Reading stops, truncated, after `scan_limit` rows in a row that are not wanted.
    """

    def __init__(self, spec: StreamSpec[R], pages: VendorPages[R]) -> None:
        self.id, self.bound = spec.id, spec.bound
        self.opened = False
        self.error: ConnectorError | None = None
        self.truncated = self.lacks_rows = self.has_read = False
        self.odd: dict[str, OddRow] = {}
        self._order, self._admit, self._concerns = spec.order, spec.admit, spec.concerns
        self._is_replaced, self._question = spec.is_replaced, spec.question
        self._fetch, self._scan_limit, self.counts_itself = pages.fetch, pages.scan_limit, pages.is_exact
        self._shows_others = pages.shows_others
        self._given: set[str] = set()
        self._error_of = spec.error_of
        self._start = spec.start.position
        self._limit = self._start.limit if self._start is not None and self._start.limit else pages.limit
        self._returned = spec.start.after
        self._last: R | None = None
        self._after = None if self._returned is None else self._order.rank(self._returned)
        self._cursors: list[str | None] = [None if self._start is None else self._start.page]
        self._at_end = self._start is not None and self._start.done
        self._rows: deque[_Row[R]] = deque()
        # Rows left of each page, and the first page that has any.
        self._left = [0]
        self._first_page = 0
        self._vendor_total: Count | None = None
        self._unwanted = 0
        self.seen: set[str] = set()
        self._replaced: set[str] = set()

    @property
    def disjunct(self) -> int:
        return self.id.disjunct

    @property
    def ready(self) -> bool:
        return self.opened and (self._at_end or self._has_whole_tie())

    @property
    def is_read(self) -> bool:
        return self.opened and self._at_end

    async def prepare(self) -> None:
        self.opened = True
        unwanted = 0
        work = RowWork()
        try:
            while not self._at_end and not self._has_whole_tie():
                page = await self._next_page()
                await work.rest()
                self.has_read = True
                if self._vendor_total is None and page.total is not None:
                    is_exact = page.total_accuracy is CountAccuracy.EXACT
                    self._vendor_total = exactly(page.total) if is_exact else lower_bound(page.total)
                wanted = await self._taken(work, page)
                self.odd.update((row.key, row) for row in page.odd if self._concerns(row))
                unwanted = 0 if wanted else unwanted + len(page.items) + len(page.odd)
                self._unwanted += len(page.items) - wanted
                self._at_end = page.next_cursor is None
                self.lacks_rows = self.lacks_rows or page.truncated
                self.truncated = self.truncated or page.truncated
                if not self._at_end:
                    self._cursors.append(page.next_cursor)
                    self._left.append(0)
                if not self._at_end and (unwanted >= self._scan_limit or self._unwanted >= 2 * self._scan_limit):
                    self.truncated = self._at_end = True
            if self._is_tie_too_long():
                # Rows of this tie that are not read yet may sort before some that are returned.
                self.truncated = True
        except Exception as raised:  # noqa: BLE001 what a source raises stays in its part of the list
            self.error = self._error_of(raised)
            self._at_end = True

    async def _taken(self, work: RowWork, page: Page[R]) -> int:
        """Buffer the wanted rows of a page; how many there are."""
        number = len(self._cursors) - 1
        if self._question() is not None:
            found = await wanted_rows(work, page, page.items, self._order, self._admit, self._question)
            # As long as that can be said, no row is replaced.
            if self._question() is not None:
                self.seen |= found.ids
                return self._buffer(
                    [_Row(rank, row, number) for rank, row in found.ranked if self._after is None or rank > self._after]
                )
        return self._take(page.items, number, await kept_ranks(work, page, page.items, self._order))

    async def _next_page(self) -> Page[R]:
        page = await self._fetch(self._cursors[-1], self._limit)
        if page.next_cursor is not None and page.next_cursor in self._cursors:
            raise MalformedResponseError("the vendor's page cursor does not move on")
        return page

    def _take(self, items: Sequence[R], page: int, ranked: Ranked[R] | None) -> int:
        """As `_taken`, row by row."""
        wanted = []
        for known, item in ranked or ((None, item) for item in items):
            shown = self._admit(item)
            if shown is None:
                if self._is_replaced(item):
                    self._replaced.add(item.native_id)
                continue
            self.seen.add(shown.native_id)
            rank = known if known is not None and shown is item else self._order.rank_of(shown)
            if self._after is None or rank > self._after:
                wanted.append(_Row(rank, shown, page))
        return self._buffer(wanted)

    def _buffer(self, wanted: Sequence[_Row[R]]) -> int:
        if wanted:
            # Sort all buffered rows again: the vendor's order is not trusted.
            self._rows = deque(sorted([*self._rows, *wanted], key=lambda row: row.rank))
            self._left[wanted[0].page] += len(wanted)
        return len(wanted)

    def _has_whole_tie(self) -> bool:
        """Whether all rows that tie with the next one for the vendor are read, or are too many."""
        if not self._rows:
            return False
        length = self._order.tie_length
        return self._rows[-1].rank[:length] != self._rows[0].rank[:length] or self._is_tie_too_long()

    def _is_tie_too_long(self) -> bool:
        return not self._at_end and len(self._rows) > self._scan_limit

    def head(self) -> Rank | None:
        return self._rows[0].rank if self._rows else None

    def pop(self) -> R:
        row = self._rows.popleft()
        self._left[row.page] -= 1
        self._last = row.item
        self._given.add(row.item.native_id)
        return row.item

    def take(self, most: int, until: Rank | None) -> Sequence[tuple[Rank, R]]:
        rows, left = self._rows, self._left
        taken: list[tuple[Rank, R]] = []
        while rows and len(taken) < most and (until is None or rows[0].rank < until):
            rank, item, page = rows.popleft()
            left[page] -= 1
            taken.append((rank, item))
        if taken:
            self._last = taken[-1][1]
            self._given.update([item.native_id for _, item in taken])
        return taken

    def rest(self) -> Sequence[R]:
        return [self.pop() for _ in range(len(self._rows))]

    def skip(self, rank: Rank) -> None:
        while self._rows and not rank < self._rows[0].rank:
            self._left[self._rows.popleft().page] -= 1

    def position(self) -> StreamPosition | None:
        if not self.opened:
            return self._start
        while not self._left[self._first_page] and self._first_page < len(self._cursors) - 1:
            self._first_page += 1
        failed = self.error is not None
        return StreamPosition(
            self._cursors[self._first_page],
            self._limit,
            done=self._at_end and not self._rows and not failed,
            behind=failed,
            own=self._returned_last() if failed else None,
        )

    def _returned_last(self) -> SortValues | None:
        return self._returned if self._last is None else self._order.values_of(self._last)

    def has(self, native_id: str) -> bool:
        return native_id in self.seen

    @property
    def known(self) -> Collection[str]:
        return self._given if self._shows_others and self.ids() is None else self.seen

    def ids(self) -> frozenset[str] | None:
        is_complete = self._at_end and self._start is None and self.error is None and not self.truncated
        return frozenset(self.seen) if is_complete else None

    def count(self) -> Count:
        """From the rows where all were read, else the vendor's total, else what was read.

        As the vendor counts: with rows that are replaced, so that the counts of several streams fit together.
        """
        ids = self.ids()
        if ids is not None:
            return exactly(len(ids | self._replaced) if self.counts_itself else len(ids))
        if self.counts_itself and self._vendor_total is not None:
            known = self._vendor_total.at_least(len(self.seen))
            # Rows that were announced and not given are not known to exist.
            return lower_bound(known.value) if self.lacks_rows else known
        return lower_bound(len(self.known))


class ScannedStream(Generic[R]):
    """A stream whose rows are all read on opening, by a full scan or from memory, and sorted here."""

    def __init__(self, spec: StreamSpec[R], fetch: FetchAll[R]) -> None:
        self.id, self.bound = spec.id, spec.bound
        self.opened = False
        self.error: ConnectorError | None = None
        self.truncated = self.lacks_rows = self.has_read = False
        self.counts_itself = False
        self.odd: dict[str, OddRow] = {}
        self._order, self._admit, self._fetch, self._error_of = spec.order, spec.admit, fetch, spec.error_of
        self._concerns, self._question = spec.concerns, spec.question
        self._wanted: WantedRows[R] = WantedRows()
        # The place of the next row among the wanted ones, which other lists use too.
        self._next = 0
        self._start = spec.start.position
        self._returned = spec.start.after
        self._last: R | None = None
        self._after = None if self._returned is None else self._order.rank(self._returned)

    @property
    def ready(self) -> bool:
        return self.opened

    @property
    def is_read(self) -> bool:
        return self.opened

    async def prepare(self) -> None:
        if self.opened:
            return
        self.opened = True
        try:
            snapshot = await self._fetch()
            self.has_read = True
            work = RowWork()
            self._wanted = await wanted_rows(work, snapshot, snapshot.rows, self._order, self._admit, self._question)
            if self._after is not None:
                self._next = bisect_right(self._wanted.ranked, self._after, key=_rank)
        except Exception as raised:  # noqa: BLE001 what a source raises stays in its part of the list
            self.error = self._error_of(raised)
            return
        self.truncated, self.error = snapshot.truncated, snapshot.error
        self.odd = {row.key: row for row in snapshot.odd if self._concerns(row)}

    @property
    def seen(self) -> frozenset[str]:
        return self._wanted.ids

    @property
    def disjunct(self) -> int:
        return self.id.disjunct

    @property
    def known(self) -> Collection[str]:
        return self.seen

    def head(self) -> Rank | None:
        ranked = self._wanted.ranked
        return ranked[self._next][0] if self._next < len(ranked) else None

    def pop(self) -> R:
        self._last = row = self._wanted.ranked[self._next][1]
        self._next += 1
        return row

    def take(self, most: int, until: Rank | None) -> Sequence[tuple[Rank, R]]:
        ranked, end = self._wanted.ranked, self._next + most
        if until is not None:
            end = min(end, bisect_left(ranked, until, key=_rank))
        taken = ranked[self._next : end]
        if taken:
            self._next += len(taken)
            self._last = taken[-1][1]
        return taken

    def rest(self) -> Sequence[R]:
        rows = [row for _, row in self._wanted.ranked[self._next :]]
        self._next += len(rows)
        self._last = rows[-1] if rows else self._last
        return rows

    def skip(self, rank: Rank) -> None:
        ranked = self._wanted.ranked
        while self._next < len(ranked) and not rank < ranked[self._next][0]:
            self._next += 1

    def position(self) -> StreamPosition | None:
        """All rows are read again and cut at the list's position; only a failed stream needs its own."""
        if not self.opened:
            return self._start
        return None if self.error is None else StreamPosition(None, 0, behind=True, own=self._returned_last())

    def _returned_last(self) -> SortValues | None:
        return self._returned if self._last is None else self._order.values_of(self._last)

    def has(self, native_id: str) -> bool:
        return native_id in self.seen

    def ids(self) -> frozenset[str] | None:
        return self.seen if self.opened and self.error is None and not self.truncated else None

    def count(self) -> Count:
        return lower_bound(len(self.seen)) if self.ids() is None else exactly(len(self.seen))


def _rank(pair: tuple[Rank, object]) -> Rank:
    return pair[0]
