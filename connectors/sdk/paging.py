"""Cursors of a connector's own lists, and where a list of a vendor ends.

A cursor is text that only the connector that made it reads; the gateway signs what its clients see. A text that is not
one of the connector's is `foreign_cursor()`.

A page is the last one only by the vendor's own word, never because it is short: servers cap pages at will. Rows, count,
link and cursor of an answer may contradict each other. Then the list is read on as long as that brings new rows;
otherwise the page is `truncated`: the vendor announced rows that it does not give.

`VendorCursor`    the vendor gives a cursor of its own
`KeysetCursor`    the vendor gives the rows behind an id
`NextPage`        what each of them decides: where the next page begins
`write_cursor`, `read_cursor`    any other state, as a Struct

Lists that the vendor pages by offset are in `offset_list`.
"""

import base64
import re
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

_VENDOR = re.compile(r"([0-9]{1,9})(\+?):(.+)", re.DOTALL)
_KEY = re.compile(r"([1-9][0-9]{0,18})")
_WHOLE = re.compile(r"\s*([0-9]{1,15})\s*", re.ASCII)
# The largest offset.
MOST_ROWS = 999_999_999


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
    here, although it neither counts nor links. `asked` is the number of rows that were asked for, where that is less than
    what was wanted.
    """

    rows: Sequence[T_co]
    total: int | None = None
    has_link: bool = False
    is_last: bool = False
    asked: int | None = None

    @property
    def says_more(self) -> bool:
        """Whether there are further rows, where `total` counts these rows and what comes after them.

        A total below the rows of the answer counts as none.
        """
        if self.has_link or self.total is None or self.contradicts_itself:
            return bool(self.rows) and not self.is_last
        return 0 < len(self.rows) < self.total

    @property
    def contradicts_itself(self) -> bool:
        """Whether fewer rows are counted than are given."""
        return self.total is not None and self.total < len(self.rows)

    @property
    def lacks_rows(self) -> bool:
        """Whether rows were announced and none is given."""
        return not self.rows and (self.has_link or bool(self.total))


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
        if (has_reached and is_short and not self.was_short) or seen > MOST_ROWS:
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


async def page_of_names(
    names: Sequence[str],
    items_of: Callable[[Sequence[str]], Awaitable[Sequence[T]]],
    *,
    limit: int,
    after: str | None,
) -> Page[T]:
    """A page of what `items_of` gives for some of these names, which are all there are, and sorted. The cursor is the last
    name of a page.
    """
    rest = [name for name in names if after is None or name > after]
    chosen = rest[:limit]
    return Page(
        items=await items_of(chosen),
        next_cursor=chosen[-1] if len(rest) > limit else None,
        total=len(names),
        total_accuracy=CountAccuracy.EXACT,
    )


def distinct(rows: Iterable[T], key: Callable[[T], K]) -> list[T]:
    """Of rows with the same key the first. Vendors repeat rows where a list changes between two pages."""
    found: dict[K, T] = {}
    for row in rows:
        found.setdefault(key(row), row)
    return list(found.values())
