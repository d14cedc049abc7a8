"""Cursors of a connector's own lists, and where a list of a vendor ends.

A cursor is text that only the connector that made it reads; the gateway signs what its clients see. A text that is not
one of the connector's is `foreign_cursor()`.

A page is the last one only by the vendor's own word, never because it is short: servers cap pages at will. Rows, count,
link and cursor of an answer may contradict each other. Then the list is read on as long as that brings new rows;
otherwise the page is `truncated`: the vendor announced rows that it does not give.

`OffsetCursor`    the vendor counts rows, perhaps in several lists that are read one after the other
`VendorCursor`    the vendor gives a cursor of its own
`KeysetCursor`    the vendor gives the rows behind an id
`NextPage`        what each of them decides: where the next page begins
`write_cursor`, `read_cursor`    any other state, as a Struct
"""

import base64
import re
import zlib
from collections.abc import Awaitable, Callable, Hashable, Iterable, Sequence
from typing import Generic, TypeVar

import msgspec
from msgspec import Struct

from connectors.sdk.errors import ValidationFailedError
from connectors.sdk.model import CountAccuracy
from connectors.sdk.odd_rows import OddRow
from connectors.sdk.query import Page

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
K = TypeVar("K", bound=Hashable)

_OFFSET = re.compile(r"(?:([A-Za-z0-9_]{1,40}):)?([0-9]{1,9})(?:\.([0-9a-f]{8}))?")
_VENDOR = re.compile(r"([0-9]{1,9})(\+?):(.+)", re.DOTALL)
_KEY = re.compile(r"([1-9][0-9]{0,18})")
_WHOLE = re.compile(r"\s*([0-9]{1,15})\s*", re.ASCII)
_MOST_ROWS = 999_999_999


def foreign_cursor() -> ValidationFailedError:
    return ValidationFailedError("the cursor is not one of this list", field=("after",))


def announced_total(value: object) -> int | None:
    """A vendor's count: a whole number, also as text. None for anything else: then the count is unknown."""
    match value:
        case bool():
            return None
        case int() if 0 <= value < 10**15:
            return value
        case float() if value.is_integer() and 0 <= value < 10**15:
            return int(value)
        case str():
            match_ = _WHOLE.fullmatch(value)
            return None if match_ is None else int(match_[1])
        case _:
            return None


class NextPage(Struct, frozen=True):
    """`cursor` is where the next page begins; None at the end.

    `truncated`: the vendor announced rows that it does not give, so the list is longer than what it can be read to.
    """

    cursor: str | None = None
    truncated: bool = False

    def page(
        self, items: Sequence[T], *, total: int | None = None, is_capped: bool = False, odd: Sequence[OddRow] = ()
    ) -> Page[T]:
        """The page with `items`. `is_capped`: there may be more rows than the vendor's `total`."""
        is_lower = is_capped or self.truncated
        accuracy = CountAccuracy.LOWER_BOUND if is_lower else CountAccuracy.EXACT
        return Page(
            items=items,
            next_cursor=self.cursor,
            truncated=self.truncated,
            total=total,
            total_accuracy=CountAccuracy.UNKNOWN if total is None else accuracy,
            odd=odd,
        )


class Announced(Struct, Generic[T_co], frozen=True):
    """The rows of one answer, or the ids that tell them apart, and what it says of the list.

    `total` is the vendor's count. `has_link`: it links to a further page. `is_last`: its protocol says that the list ends
    here, although it neither counts nor links.
    """

    rows: Sequence[T_co]
    total: int | None = None
    has_link: bool = False
    is_last: bool = False

    @property
    def says_more(self) -> bool:
        """Whether there are further rows, where `total` counts these rows and what comes after them."""
        if self.has_link or self.total is None:
            return bool(self.rows) and not self.is_last
        return 0 < len(self.rows) < self.total

    @property
    def lacks_rows(self) -> bool:
        """Whether rows were announced and none is given."""
        return not self.rows and (self.has_link or bool(self.total))


class OffsetCursor(Struct, frozen=True):
    """`offset` rows from the start of `stream`. A list that is a single stream calls it "".

    `mark` stands for the rows of the page before: a vendor that ignores the offset gives them again.
    The text is `<offset>`, `<stream>:<offset>` or `<stream>:<offset>.<mark>`.
    """

    offset: int = 0
    stream: str = ""
    mark: str = ""

    @classmethod
    def parse(cls, after: str | None, streams: Sequence[str] = ("",)) -> "OffsetCursor":
        """Where the page begins: at the start of the first stream without a cursor. `foreign_cursor` for another text."""
        if after is None:
            return cls(0, streams[0])
        match = _OFFSET.fullmatch(after)
        if match is None or (match[1] or "") not in streams:
            raise foreign_cursor()
        return cls(int(match[2]), match[1] or "", match[3] or "")

    def following(self, answer: Announced[object], *, streams: Sequence[str] = ("",)) -> NextPage:
        """What comes behind a page: the rest of its stream, the start of the next one, or nothing.

        The answer's total is that of the stream. A stream ends where it is reached and no link leads on, or with an empty
        page. A count below the rows that were read counts as none.
        """
        end = self.offset + len(answer.rows)
        mark = _mark(answer.rows)
        is_repeated = bool(answer.rows) and mark == self.mark
        is_counted = (answer.is_last or answer.total == end) and not answer.has_link
        if answer.rows and not is_repeated and not is_counted and end <= _MOST_ROWS:
            return NextPage(str(OffsetCursor(end, self.stream, mark)))
        rest = streams[streams.index(self.stream) + 1 :]
        cursor = str(OffsetCursor(0, rest[0])) if rest else None
        announces_more = answer.has_link or (answer.total is not None and end < answer.total)
        return NextPage(cursor, truncated=is_repeated or announces_more)

    def __str__(self) -> str:
        place = f"{self.stream}:{self.offset}" if self.stream else str(self.offset)
        return f"{place}.{self.mark}" if self.mark else place


class VendorCursor(Struct, frozen=True):
    """Behind `seen` rows, where the vendor's own cursor `text` leads; without a text at the start.

    `was_short`: a page was shorter than its limit and not the last one, so that a short page proves nothing any more.
    The text is `<seen>:<the vendor's cursor>`, or `<seen>+:<the vendor's cursor>` after a short page.
    """

    text: str | None = None
    seen: int = 0
    was_short: bool = False

    @classmethod
    def parse(cls, after: str | None) -> "VendorCursor":
        """`foreign_cursor` for a text that `following` did not make."""
        if after is None:
            return cls()
        match = _VENDOR.fullmatch(after)
        if match is None:
            raise foreign_cursor()
        return cls(match[3], int(match[1]), bool(match[2]))

    def following(
        self, cursor: str | None, *, rows: int, limit: int, total: int | None, is_capped: bool = False
    ) -> NextPage:
        """What comes behind a page of `rows` rows, for a vendor that gives a cursor with its last page too.

        The list ends without a cursor, with an empty page, and with a page below `limit` rows that reaches the vendor's
        `total` (unless that `is_capped`). A full page is no end although the total is reached: rows that were read may
        have left the list since.
        """
        seen = self.seen + rows
        has_reached = total is not None and seen >= total and not is_capped
        if not cursor or not rows:
            return NextPage(truncated=total is not None and seen < total)
        if cursor == self.text:
            return NextPage(truncated=not has_reached)
        is_short = rows < limit
        if (has_reached and is_short and not self.was_short) or seen > _MOST_ROWS:
            return NextPage()
        return NextPage(str(VendorCursor(cursor, seen, self.was_short or is_short)))

    def __str__(self) -> str:
        return f"{self.seen}{'+' if self.was_short else ''}:{self.text}"


def following_token(token: str | None, *, after: str | None) -> NextPage:
    """What comes behind a page of a vendor whose last page alone has no token. Without a total: the token decides."""
    return NextPage(truncated=True) if token and token == after else NextPage(token or None)


class KeysetCursor(Struct, frozen=True):
    """Behind the row with the numeric id `last` (above 0, up to 63 bits); `last` 0 is the start. The text is the id."""

    last: int = 0

    @classmethod
    def parse(cls, after: str | None) -> "KeysetCursor":
        """`foreign_cursor` for a text that is no id."""
        if after is None:
            return cls()
        match = _KEY.fullmatch(after)
        if match is None or int(match[1]) >= 1 << 63:
            raise foreign_cursor()
        return cls(int(match[1]))

    def following(self, answer: Announced[int]) -> NextPage:
        """What comes behind the rows with these ids. The answer's total counts the rows behind this cursor."""
        last = max(answer.rows, default=0)
        # A vendor that ignores the condition on ids would repeat the page for ever.
        is_repeated = bool(answer.rows) and last <= self.last
        if is_repeated or not answer.says_more:
            return NextPage(truncated=is_repeated or answer.lacks_rows)
        return NextPage(str(KeysetCursor(last)))

    def __str__(self) -> str:
        return str(self.last)


def write_cursor(state: object) -> str:
    """A cursor that carries `state`: a Struct, or a list of them."""
    return base64.urlsafe_b64encode(msgspec.json.encode(state)).decode()


def read_cursor(after: str, type_: type[T]) -> T:
    """The state in a cursor that `write_cursor` made; `foreign_cursor` for another text."""
    try:
        return msgspec.json.decode(base64.b64decode(after, altchars=b"-_", validate=True), type=type_)
    except (ValueError, RecursionError):
        raise foreign_cursor() from None


async def drain(
    page: Callable[[str | None], Awaitable[tuple[Sequence[T], NextPage]]], *, most_pages: int
) -> tuple[list[T], bool]:
    """The rows of up to `most_pages` pages, and whether that is all of them.

    `page` takes where a page begins (None: at the start) and gives its rows and what comes behind them.
    """
    rows: list[T] = []
    after: str | None = None
    for _ in range(most_pages):
        more, following = await page(after)
        rows += more
        after = following.cursor
        if after is None:
            return rows, not following.truncated
    return rows, False


async def drain_by_offset(
    page: Callable[[int], Awaitable[Announced[T]]], *, most_pages: int, key: Callable[[T], object] = repr
) -> tuple[list[T], bool]:
    """As `drain`, for a vendor that counts rows: `page` takes the offset. `key` tells one row from another."""

    async def numbered(after: str | None) -> tuple[Sequence[T], NextPage]:
        cursor = OffsetCursor.parse(after)
        answer = await page(cursor.offset)
        ids = Announced([key(row) for row in answer.rows], answer.total, answer.has_link, answer.is_last)
        return answer.rows, cursor.following(ids)

    return await drain(numbered, most_pages=most_pages)


def distinct(rows: Iterable[T], key: Callable[[T], K]) -> list[T]:
    """Of rows with the same key the first. Vendors repeat rows where a list changes between two pages."""
    found: dict[K, T] = {}
    for row in rows:
        found.setdefault(key(row), row)
    return list(found.values())


def _mark(rows: Sequence[object]) -> str:
    """Eight hexadecimal digits that stand for the first, the last and the number of `rows`."""
    return format(zlib.crc32(repr((len(rows), rows[0], rows[-1])).encode()), "08x") if rows else ""
