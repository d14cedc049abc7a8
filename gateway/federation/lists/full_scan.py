"""Full scan: a list read page by page to its end, or to its bound."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from msgspec import Struct

from connectors.sdk.errors import ConnectorError
from connectors.sdk.odd_rows import OddRow
from connectors.sdk.query import Page


class Identified(Protocol):
    """What has an id in its source."""

    @property
    def native_id(self) -> str: ...


N = TypeVar("N", bound=Identified)
V = TypeVar("V")
R = TypeVar("R")

# Reads one page: its size, and the vendor's cursor.
PageOf = Callable[[int, str | None], Awaitable[Page[N]]]


class Snapshot(Struct, Generic[V], frozen=True, dict=True):
    """The rows of one full scan, each once.

    `truncated`: rows are missing. `pages` is how many pages were read. `error` ended the scan after some rows. `odd` are
    rows that do not fit the vendor's documentation, left out of `rows`. `read_from`: when the first rows were read, if that
    was before the question that the rest answers.
    """

    rows: Sequence[V]
    truncated: bool = False
    pages: int = 0
    error: ConnectorError | None = None
    odd: Sequence[OddRow] = ()
    read_from: datetime | None = None

    def of(self, convert: Callable[[V], R]) -> "Snapshot[R]":
        """The same scan with every row converted."""
        rows = [convert(row) for row in self.rows]
        return Snapshot(rows, self.truncated, self.pages, self.error, self.odd, self.read_from)


def completed(part: Snapshot[N], whole: Snapshot[N]) -> Snapshot[N]:
    """A scan that ended early with the rows that an older, whole one has beside them."""
    rows = {row.native_id: row for row in (*whole.rows, *part.rows)}
    return Snapshot(list(rows.values()), truncated=whole.truncated, pages=part.pages, odd=(*whole.odd, *part.odd))


class Scan(Generic[N]):
    """A full scan that can be interrupted: `run` goes on behind the last page that was read."""

    def __init__(self, *, page_limit: int, scan_limit: int) -> None:
        self._size = min(page_limit, scan_limit)
        self._scan_limit = scan_limit
        self._rows: dict[str, N] = {}
        self._odd: dict[str, OddRow] = {}
        self._cursor: str | None = None
        self._is_short = False
        self.pages = 0

    async def run(self, page_of: PageOf[N]) -> Snapshot[N]:
        """Reads pages until the list ends or `scan_limit` rows are here.

        A ConnectorError is raised where no row was read yet, and ends the scan otherwise: what was read is kept. A vendor's
        cursor that does not move on ends the scan too; the rows behind it are missing.
        """
        rows, odd = self._rows, self._odd
        while True:
            try:
                page = await page_of(self._size, self._cursor)
            except ConnectorError as error:
                if not rows:
                    raise
                return self.so_far(error)
            self.pages += 1
            self._is_short = self._is_short or page.truncated
            for row in page.items:
                rows.setdefault(row.native_id, row)
            odd.update((row.key, row) for row in page.odd)
            is_last = page.next_cursor is None
            if is_last or len(rows) + len(odd) >= self._scan_limit or page.next_cursor == self._cursor:
                found = list(rows.values())[: self._scan_limit]
                is_cut = self._is_short or not is_last or len(rows) > self._scan_limit
                return Snapshot(found, truncated=is_cut, pages=self.pages, odd=tuple(odd.values()))
            self._cursor = page.next_cursor

    def so_far(self, error: ConnectorError) -> Snapshot[N]:
        """What was read before `error`."""
        rows, odd = list(self._rows.values()), tuple(self._odd.values())
        return Snapshot(rows, truncated=True, pages=self.pages, error=error, odd=odd)


async def full_scan(page_of: PageOf[N], *, page_limit: int, scan_limit: int) -> Snapshot[N]:
    """A scan that begins at the first page; see `Scan.run`. `page_limit` is the most rows of a page."""
    scan: Scan[N] = Scan(page_limit=page_limit, scan_limit=scan_limit)
    return await scan.run(page_of)
