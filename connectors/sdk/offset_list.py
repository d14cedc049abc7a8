"""Lists that the vendor pages by offset.

Rows that enter or leave such a list between two pages shift all rows behind them, so that a row would be given twice or
not at all. Therefore a page begins with the last row of the page before. If no row of that page is there, the rows have
moved, and the list steps back until it finds one. Rows may be repeated, but no row is lost that did not change.

`OffsetCursor`       where a page begins, perhaps in one of several lists that are read one after the other
`OffsetPage`         its rows, and what comes behind them
`drain_by_offset`    all rows of a short list, without stepping back
"""

import base64
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from hashlib import blake2b
from typing import Generic, TypeAlias, TypeVar

from msgspec import Raw, Struct

from connectors.sdk.odd_rows import OddRow
from connectors.sdk.paging import MOST_ROWS, Announced, NextPage, foreign_cursor
from connectors.sdk.query import Page

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

ReadRows: TypeAlias = Callable[[int, int], Awaitable[Announced[T]]]
"""Reads rows: the offset, and how many are asked for. The total is that of the whole list."""

_TEXT = re.compile(
    r"(?:(?P<stream>[A-Za-z0-9_]{1,40}):)?(?P<offset>[0-9]{1,9})"
    r"(?:\.(?P<length>[0-9]{1,9})\.(?P<seen>[0-9]{1,9})\.(?P<total>[0-9]{0,15})\.(?P<slips>[0-9]{1,6})"
    r"\.(?P<marks>(?:[A-Za-z0-9_-]{8}){0,8}))?",
    re.ASCII,
)
# Rows of a page by which the next one is recognised: from its start and from its end.
_FIRST_MARKS, _LAST_MARKS = 3, 5
# How often a list steps back, beyond once for each page that lies behind it. After that its order means nothing.
_MOST_SLIPS = 8


def row_text(row: object) -> object:
    """The key of a row without a better one: all that it says."""
    return repr(bytes(row)) if isinstance(row, Raw) else repr(row)


class OffsetPage(Struct, Generic[T_co], frozen=True):
    """`rows`, each once and new since the page before, and what comes behind them.

    `total` is the vendor's count of the stream. `is_capped`: fewer rows are counted than are given.
    """

    rows: Sequence[T_co]
    following: NextPage
    total: int | None = None
    is_capped: bool = False

    def page(
        self, items: Sequence[T], *, is_counted: bool = True, is_capped: bool = False, odd: Sequence[OddRow] = ()
    ) -> Page[T]:
        """The page with `items`, made from `rows`. `is_counted`: the vendor's total counts such items and no others."""
        return self.following.page(
            tuple(items), total=self.total if is_counted else None, is_capped=is_capped or self.is_capped, odd=odd
        )


class _Part(Struct, Generic[T], frozen=True):
    """What was read from offset `begin`: the rows, each once, with their marks, and what the vendor says."""

    begin: int
    rows: Sequence[T]
    marks: Sequence[str]
    said: Announced[T]

    @property
    def end(self) -> int:
        return self.begin + len(self.rows)

    @property
    def sample(self) -> tuple[str, ...]:
        if len(self.marks) <= _FIRST_MARKS + _LAST_MARKS:
            return tuple(self.marks)
        return (*self.marks[:_FIRST_MARKS], *self.marks[-_LAST_MARKS:])

    def holds_any(self, marks: Iterable[str]) -> bool:
        return not set(marks).isdisjoint(self.marks)

    def behind(self, marks: Collection[str]) -> int:
        """The number of rows behind the last one of those."""
        return next((number for number, mark in enumerate(reversed(self.marks)) if mark in marks), len(self.marks))

    def shortened(self) -> "_Part[T]":
        """Without its last row."""
        return _Part(self.begin, self.rows[:-1], self.marks[:-1], self.said)


class OffsetCursor(Struct, frozen=True):
    """Behind `offset` rows from the start of `stream`. A list that is a single stream calls it "".

    `length` is the number of rows of the page before, and `marks` stand for some of them; 0: the next page does not begin
    with its last row. `seen` counts the rows that were given, `total` is the vendor's least count, and `slips` counts how
    often the list stepped back, all three for the stream.
    The text is `<offset>` or `<stream>:<offset>`, and then `.<length>.<seen>.<total>.<slips>.<marks>`.
    """

    offset: int = 0
    stream: str = ""
    length: int = 0
    seen: int = 0
    total: int | None = None
    slips: int = 0
    marks: tuple[str, ...] = ()

    @classmethod
    def parse(cls, after: str | None, streams: Sequence[str] = ("",)) -> "OffsetCursor":
        """Where the page begins: at the start of the first stream without a cursor. `foreign_cursor` for another text."""
        if after is None:
            return cls(0, streams[0])
        match = _TEXT.fullmatch(after)
        if match is None or (match["stream"] or "") not in streams:
            raise foreign_cursor()
        offset, stream = int(match["offset"]), match["stream"] or ""
        if match["length"] is None:
            return cls(offset, stream, seen=offset)
        marks = match["marks"]
        return cls(
            offset,
            stream,
            min(int(match["length"]), offset),
            int(match["seen"]),
            int(match["total"]) if match["total"] else None,
            int(match["slips"]),
            tuple(marks[start : start + 8] for start in range(0, len(marks), 8)),
        )

    async def page(
        self,
        read: ReadRows[T],
        *,
        limit: int,
        most: int,
        key: Callable[[T], object] = row_text,
        streams: Sequence[str] = ("",),
    ) -> OffsetPage[T]:
        """The rows behind this cursor. `read` is asked for `most` rows at most, and once unless rows seem to have moved.

        `key` tells one row from another: its id; for a row whose id cannot be read its bytes, and equal ones are not the
        same row. What follows is the rest of the stream, the start of the next one, or nothing. A stream ends where its
        total is reached and no link leads on, or where nothing comes behind a row. It lacks rows (`truncated`) if the
        vendor announced more, or counts more than were given, or if its order changes with every page.
        """
        # A server that gives one row where more were asked for would give the same one again.
        overlaps = most > 1 and (self.length > 1 or (self.length == 1 and limit == 1))
        size = min(max(limit, 1) + overlaps, most)
        known = frozenset(self.marks if overlaps else ())
        first = part = await _read(read, self.offset - overlaps, size, key)
        is_found, slips = not overlaps or part.holds_any(known), self.slips
        if not is_found and slips < _MOST_SLIPS + first.begin // self.length:
            slips += 1
            part = await self._stepped_back(first, lambda begin: _read(read, begin, size, key))
            is_found = part.holds_any(known)
        is_repeated = part.begin == first.begin and len(part.rows) > overlaps and part.sample == self.marks
        if is_repeated and overlaps:
            # As many new rows before it as a page has give the same page as a vendor that ignores the offset.
            further = await _read(read, part.end - 1, size, key)
            is_repeated = further.sample == part.sample
            part = further if further.holds_any(part.sample) else part
        if len(part.said.rows) <= size and len(part.marks) - len(known.intersection(part.marks)) > limit:
            part = part.shortened()
        new = [row for row, mark in zip(part.rows, part.marks, strict=True) if mark not in known]
        # Without a known row from its start on, the list is read once more.
        restarts = not is_found and part.begin == 0
        seen = len(new) + (0 if restarts else self.seen)
        if is_found and part.begin < first.begin:
            # Rows before the known ones were given with earlier pages.
            seen = self.seen + min(len(new), part.behind(known))
        asked = size if part.said.asked is None else part.said.asked
        ends = not new and (not first.rows or len(part.rows) < min(asked, self.length))
        totals = [each for each in (self.total, part.said.total) if each is not None]
        # Behind a page that is the last row of the page before, the list goes on without it.
        length = len(part.rows) if new or len(part.rows) > 1 else 0
        behind = OffsetCursor(part.end, self.stream, length, seen, min(totals, default=None), slips, part.sample)
        following = _next_page(
            behind,
            part.said,
            ends=ends,
            is_cut=not is_found and not restarts,
            is_repeated=is_repeated,
            streams=streams,
        )
        return OffsetPage(new, following, part.said.total, part.said.contradicts_itself)

    async def _stepped_back(self, part: _Part[T], read: Callable[[int], Awaitable[_Part[T]]]) -> _Part[T]:
        """The first part before `part` that has a known row, or the one at the start."""
        step = max(1, self.length // 2)
        while part.begin > 0 and not part.holds_any(self.marks):
            begin = part.begin - step
            if not part.rows and part.said.total is not None:
                begin = min(begin, part.said.total - 1)
            part = await read(max(0, begin))
            step *= 2
        return part

    def __str__(self) -> str:
        place = f"{self.stream}:{self.offset}" if self.stream else str(self.offset)
        if not self.offset:
            return place
        total = "" if self.total is None else self.total
        return f"{place}.{self.length}.{self.seen}.{total}.{self.slips}.{''.join(self.marks)}"


async def drain_by_offset(
    page: Callable[[int], Awaitable[Announced[T]]], *, most_pages: int, key: Callable[[T], object] = row_text
) -> tuple[list[T], bool]:
    """The rows of up to `most_pages` pages, each once, and whether that is all of them.

    `page` takes the offset. `key` is as in `OffsetCursor.page`. A list that became shorter meanwhile may lack rows.
    """
    found: dict[str, T] = {}
    total: int | None = None
    has_shrunk = False
    offset = 0
    for _ in range(most_pages):
        part = _part(offset, await page(offset), key)
        said, offset, number = part.said, part.end, len(found)
        for mark, row in zip(part.marks, part.rows, strict=True):
            found.setdefault(mark, row)
        if said.total is not None:
            has_shrunk = has_shrunk or (total is not None and said.total < total)
            total = said.total if total is None else min(total, said.total)
        is_counted = (said.is_last or said.total == offset) and not said.has_link
        if is_counted or len(found) == number:
            announces_more = said.has_link or (said.total is not None and offset < said.total)
            lacks_rows = total is not None and len(found) < total
            is_repeated = bool(part.rows) and len(found) == number
            return list(found.values()), not (has_shrunk or announces_more or lacks_rows or is_repeated)
    return list(found.values()), False


def _next_page(
    behind: OffsetCursor,
    said: Announced[T],
    *,
    ends: bool,
    is_cut: bool,
    is_repeated: bool,
    streams: Sequence[str],
) -> NextPage:
    """What comes behind the page before `behind`. `said` is what the vendor says of that page.

    `ends`: no row comes behind that page. `is_cut`: rows before it may be missing. `is_repeated`: it is the page before
    again.
    """
    is_counted = (said.is_last or said.total == behind.offset) and not said.has_link
    if not (ends or is_repeated or is_counted) and behind.offset <= MOST_ROWS:
        return NextPage(str(behind), truncated=is_cut)
    rest = streams[streams.index(behind.stream) + 1 :]
    announces_more = said.has_link or (said.total is not None and behind.offset < said.total)
    lacks_rows = behind.total is not None and behind.seen < behind.total
    return NextPage(
        str(OffsetCursor(0, rest[0])) if rest else None,
        truncated=is_cut or is_repeated or announces_more or lacks_rows,
    )


async def _read(read: ReadRows[T], begin: int, size: int, key: Callable[[T], object]) -> _Part[T]:
    return _part(begin, await read(begin, size), key)


def _part(begin: int, said: Announced[T], key: Callable[[T], object]) -> _Part[T]:
    rows: dict[str, T] = {}
    copies: Counter[bytes] = Counter()
    for row in said.rows:
        identity = key(row)
        if isinstance(identity, bytes):
            copies[identity] += 1
            identity = (identity, copies[identity])
        rows.setdefault(_mark(identity), row)
    return _Part(begin, list(rows.values()), list(rows), said)


def _mark(identity: object) -> str:
    """Eight letters that stand for a row."""
    return base64.urlsafe_b64encode(blake2b(repr(identity).encode(), digest_size=6).digest()).decode()
