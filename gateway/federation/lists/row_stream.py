"""Ordered streams of rows, one per part of a source's list: the inputs of the merge."""

from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, NamedTuple, Protocol, TypeVar

from msgspec import Struct

from connectors.sdk.errors import ConnectorError, MalformedResponseError
from connectors.sdk.model import CountAccuracy
from connectors.sdk.query import Page
from gateway.federation.lists.cursor import StreamPosition
from gateway.federation.lists.sort_order import Listed, Order, Position, R, Rank

_R_co = TypeVar("_R_co", bound=Listed, covariant=True)

# What a row becomes on its way in: None when it is not wanted (filter, visibility, replaced by the overlay).
Admit = Callable[[R], R | None]
FetchPage = Callable[[str | None, int], Awaitable[Page[R]]]


class Row(NamedTuple, Generic[R]):
    rank: Rank
    item: R
    page: int


class Count(Struct, frozen=True):
    """How many rows a stream stands for."""

    value: int
    accuracy: CountAccuracy


class Stream(Protocol[_R_co]):
    """Rows in total order, above the rank that was given already. `error` ends a stream before its end."""

    name: str
    source: str
    bound: Rank
    opened: bool
    error: ConnectorError | None
    truncated: bool

    @property
    def ready(self) -> bool:
        """Whether `prepare` has nothing to do."""

    async def prepare(self) -> None:
        """Fetch until `head` is right; opens the stream. ConnectorError is kept in `error`, never raised."""

    def head(self) -> Rank | None:
        """The rank of the next row, None at the end."""

    def pop(self) -> _R_co: ...

    def skip(self, rank: Rank) -> None:
        """Forget the rows up to `rank`, that one included: they were given, or have moved there meanwhile."""

    def position(self) -> StreamPosition | None:
        """Where to resume after the row given last; None for a stream that needs no memory."""

    def count(self) -> Count: ...

    def whole(self) -> frozenset[str] | None:
        """The native ids of all its rows, where they were all read for this page."""


class PagedStream(Generic[R]):
    """A pushed-down part: the vendor filters and sorts, pages come on demand.

    Rows that tie in what the vendor sorted by are re-sorted here, so a tie is only given once it is whole. Reading
    stops, truncated, when `scan_limit` rows in a row were not wanted.
    """

    def __init__(
        self,
        *,
        name: str,
        source: str,
        bound: Rank,
        order: Order[R],
        fetch: FetchPage[R],
        admit: Admit[R],
        limit: int,
        scan_limit: int,
        exact: bool,
        last: Position | None = None,
        resume: StreamPosition | None = None,
    ) -> None:
        self.name, self.source, self.bound = name, source, bound
        self.opened = False
        self.error: ConnectorError | None = None
        self.truncated = False
        self._order, self._fetch, self._admit = order, fetch, admit
        self._scan_limit, self._exact = scan_limit, exact
        self._limit = resume.limit if resume and resume.limit else limit
        self._start = resume
        self._given = resume.own if resume is not None and resume.behind else last
        self._after = None if self._given is None else order.rank(self._given)
        self._cursors: list[str | None] = [resume.page if resume else None]
        self._at_end = resume is not None and resume.done
        self._rows: deque[Row[R]] = deque()
        self._total: Count | None = None
        self._seen: set[str] = set()

    @property
    def ready(self) -> bool:
        return self.opened and (self._at_end or self._whole_tie())

    async def prepare(self) -> None:
        self.opened = True
        unwanted = 0
        try:
            while not self._at_end and not self._whole_tie():
                cursor = self._cursors[-1]
                page = await self._fetch(cursor, self._limit)
                if page.next_cursor is not None and page.next_cursor in self._cursors:
                    raise MalformedResponseError("the vendor's page cursor does not move on")
                if self._total is None and page.total is not None:
                    self._total = Count(page.total, page.total_accuracy)
                admitted = self._take(page.items, len(self._cursors) - 1)
                unwanted = 0 if admitted else unwanted + len(page.items)
                self._at_end = page.next_cursor is None
                if not self._at_end:
                    self._cursors.append(page.next_cursor)
                if unwanted >= self._scan_limit:
                    self.truncated = self._at_end = True
            if self._is_long_tie():
                # Rows of this tie that are still to be read may sort before some that are given.
                self.truncated = True
        except ConnectorError as error:
            self.error = error
            self._at_end = True

    def _take(self, items: Sequence[R], page: int) -> bool:
        fresh = []
        for item in items:
            wanted = self._admit(item)
            if wanted is None:
                continue
            self._seen.add(wanted.native_id)
            rank = self._order.rank_of(wanted)
            if self._after is None or rank > self._after:
                fresh.append(Row(rank, wanted, page))
        if fresh:
            # The vendor's order is checked by not relying on it within what was read.
            self._rows = deque(sorted([*self._rows, *fresh], key=lambda row: row.rank))
        return bool(fresh)

    def _whole_tie(self) -> bool:
        if not self._rows:
            return False
        tie = self._order.tie
        return self._rows[-1].rank[:tie] != self._rows[0].rank[:tie] or self._is_long_tie()

    def _is_long_tie(self) -> bool:
        return not self._at_end and len(self._rows) > self._scan_limit

    def head(self) -> Rank | None:
        return self._rows[0].rank if self._rows else None

    def pop(self) -> R:
        row = self._rows.popleft()
        self._given = self._order.position(row.item)
        return row.item

    def skip(self, rank: Rank) -> None:
        while self._rows and not rank < self._rows[0].rank:
            self._rows.popleft()

    def position(self) -> StreamPosition | None:
        if not self.opened:
            return self._start
        page = min((row.page for row in self._rows), default=len(self._cursors) - 1)
        failed = self.error is not None
        return StreamPosition(
            self._cursors[page],
            self._limit,
            done=self._at_end and not self._rows and not failed,
            behind=failed,
            own=self._given if failed else None,
            total=(count := self.count()).value,
            exact=count.accuracy is CountAccuracy.EXACT,
        )

    def whole(self) -> frozenset[str] | None:
        """The native ids of all its rows, where they were all read for this page."""
        read_all = self._at_end and self._start is None and self.error is None and not self.truncated
        return frozenset(self._seen) if read_all else None

    def count(self) -> Count:
        whole = self.whole()
        if whole is not None:
            return Count(len(whole), CountAccuracy.EXACT)
        if self._exact and self._total is not None:
            return self._total
        if self._start is not None and self._start.total is not None and self._start.total >= len(self._seen):
            return Count(self._start.total, CountAccuracy.EXACT if self._start.exact else CountAccuracy.LOWER_BOUND)
        return Count(len(self._seen), CountAccuracy.LOWER_BOUND)


class Held(Struct, Generic[R], frozen=True):
    """Rows that are all here; `error` is what kept the rest away."""

    items: Sequence[R]
    truncated: bool = False
    error: ConnectorError | None = None


class HeldStream(Generic[R]):
    """Rows that are all here: a drained snapshot, or what the overlay expects. Sorted on opening."""

    def __init__(
        self,
        *,
        name: str,
        source: str,
        order: Order[R],
        rows: Callable[[], Awaitable[Held[R]]],
        admit: Admit[R],
        counts: bool = True,
        last: Position | None = None,
        resume: StreamPosition | None = None,
    ) -> None:
        self.name, self.source = name, source
        self.bound: Rank = ()
        self.opened = False
        self.error: ConnectorError | None = None
        self.truncated = False
        self._order, self._fetch, self._admit = order, rows, admit
        self._counts = counts
        self._rows: deque[tuple[Rank, R]] = deque()
        self._seen: frozenset[str] = frozenset()
        self._start = resume
        self._given = resume.own if resume is not None and resume.behind else last
        self._after = None if self._given is None else order.rank(self._given)

    @property
    def ready(self) -> bool:
        return self.opened

    async def prepare(self) -> None:
        if self.opened:
            return
        self.opened = True
        try:
            held = await self._fetch()
        except ConnectorError as error:
            self.error = error
            return
        self.truncated, self.error = held.truncated, held.error
        admitted = [wanted for item in held.items if (wanted := self._admit(item)) is not None]
        self._seen = frozenset(item.native_id for item in admitted)
        ranked = ((self._order.rank_of(item), item) for item in admitted)
        self._rows = deque(
            sorted((row for row in ranked if self._after is None or row[0] > self._after), key=lambda row: row[0])
        )

    def head(self) -> Rank | None:
        return self._rows[0][0] if self._rows else None

    def pop(self) -> R:
        item = self._rows.popleft()[1]
        self._given = self._order.position(item)
        return item

    def skip(self, rank: Rank) -> None:
        while self._rows and not rank < self._rows[0][0]:
            self._rows.popleft()

    def position(self) -> StreamPosition | None:
        """A snapshot is read again and cut at the list's position; only a failed one must remember its own."""
        if not self.opened:
            return self._start
        return None if self.error is None else StreamPosition(None, 0, behind=True, own=self._given)

    def whole(self) -> frozenset[str] | None:
        """The native ids of all its rows, where they were all read."""
        return self._seen if self.opened and self.error is None and not self.truncated else None

    def count(self) -> Count:
        if not self._counts:
            return Count(0, CountAccuracy.EXACT)
        return Count(
            len(self._seen), CountAccuracy.LOWER_BOUND if self.truncated or self.error else CountAccuracy.EXACT
        )
