"""Full scan: a list read page by page to its end, or to its bound."""

from collections.abc import Awaitable, Callable, Sequence
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


class Snapshot(Struct, Generic[V], frozen=True):
    """The rows of one full scan, each once.

    `truncated`: rows are missing. `pages` is how many pages were read. `error` ended the scan after some rows. `odd` are
    rows that do not fit the vendor's documentation, left out of `rows`.
    """

    rows: Sequence[V]
    truncated: bool = False
    pages: int = 0
    error: ConnectorError | None = None
    odd: Sequence[OddRow] = ()

    def of(self, convert: Callable[[V], R]) -> "Snapshot[R]":
        """The same scan with every row converted."""
        return Snapshot([convert(row) for row in self.rows], self.truncated, self.pages, self.error, self.odd)


def completed(part: Snapshot[N], whole: Snapshot[N]) -> Snapshot[N]:
    """A scan that ended early with the rows that an older, whole one has beside them."""
    rows = {row.native_id: row for row in (*whole.rows, *part.rows)}
    return Snapshot(list(rows.values()), truncated=whole.truncated, pages=part.pages, odd=(*whole.odd, *part.odd))


async def full_scan(page_of: PageOf[N], *, page_limit: int, scan_limit: int) -> Snapshot[N]:
    """Reads pages of at most `page_limit` rows until the list ends or `scan_limit` rows are here.

    A ConnectorError is raised where no row was read yet, and ends the scan otherwise: what was read is kept. A vendor's
    cursor that does not move on ends the scan too; the rows behind it are missing.
    """
    size = min(page_limit, scan_limit)
    rows: dict[str, N] = {}
    odd: dict[str, OddRow] = {}
    cursor: str | None = None
    pages = 0
    is_short = False
    while True:
        try:
            page = await page_of(size, cursor)
        except ConnectorError as error:
            if not rows:
                raise
            return Snapshot(list(rows.values()), truncated=True, pages=pages, error=error, odd=tuple(odd.values()))
        pages += 1
        is_short = is_short or page.truncated
        for row in page.items:
            rows.setdefault(row.native_id, row)
        odd.update((row.key, row) for row in page.odd)
        is_last = page.next_cursor is None
        if is_last or len(rows) + len(odd) >= scan_limit or page.next_cursor == cursor:
            found = list(rows.values())[:scan_limit]
            is_cut = is_short or not is_last or len(rows) > scan_limit
            return Snapshot(found, truncated=is_cut, pages=pages, odd=tuple(odd.values()))
        cursor = page.next_cursor
