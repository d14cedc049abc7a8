"""Paging after the Relay Connections specification: arguments, connections and edges, pages of lists in memory."""

import base64
import binascii
from collections.abc import Callable, Sequence
from functools import partial
from typing import Annotated, Any, Generic, Protocol, Self, TypeVar

import strawberry
from msgspec import Struct

from connectors.sdk.errors import InputError
from connectors.sdk.model import CountAccuracy
from schema.core.arguments import given
from schema.core.resolver import resolved
from schema.core.rows import Rows
from schema.ports import EdgeRow, RowList

MAX_PAGE = 100
DEFAULT_PAGE = 25

First = Annotated[
    int | None,
    strawberry.argument(
        description="Number of rows from the start, or after `after`: 0 to 100. With 0 the page has no rows, but `pageInfo` and the counts. Null or absent means 25 (20 comments, 50 activities)."
    ),
]
After = Annotated[
    str | None,
    strawberry.argument(
        description="Return rows after this cursor, which must come from the same list with the same arguments. With `last`, the page does not reach back beyond this cursor. Null means from the start."
    ),
]
Last = Annotated[
    int | None,
    strawberry.argument(
        description="Number of rows from the end, or before `before`: 0 to 100. Cannot be combined with `first`, as the Connections specification advises."
    ),
]
Before = Annotated[
    str | None,
    strawberry.argument(
        description="Return rows before this cursor, which must come from the same list with the same arguments. With `first`, the page does not go beyond this cursor. Alone, it means the 25 rows before it (20 comments, 50 activities). Null means up to the end."
    ),
]

T = TypeVar("T")


class Cursored(Protocol):
    """A row whose cursor is encoded when `cursor()` is called."""

    @property
    def cursor(self) -> Callable[[], str]: ...


E = TypeVar("E", bound=Cursored)
E_co = TypeVar("E_co", bound=Cursored, covariant=True)


class Page(Protocol[E_co]):
    """What a connection shows: `schema.ports.RowList` or `TaskList`."""

    @property
    def edges(self) -> Sequence[E_co]: ...
    @property
    def has_next_page(self) -> bool: ...
    @property
    def has_previous_page(self) -> bool: ...
    @property
    def total(self) -> int | None: ...


@strawberry.type(description="Position of a page in its list.")
class PageInfo:
    has_next_page: bool = strawberry.field(
        description="With `first`: whether more rows follow, up to `before` if given. With `last`: whether `before` is given."
    )
    has_previous_page: bool = strawberry.field(
        description="With `last`: whether more rows precede, down to `after` if given. With `first`: whether `after` is given."
    )
    first_cursor: strawberry.Private[Callable[[], str] | None]
    last_cursor: strawberry.Private[Callable[[], str] | None]

    @resolved(description="Cursor of the first edge, for `before`. Null if the page is empty.")
    def start_cursor(self) -> str | None:
        return self.first_cursor() if self.first_cursor else None

    @resolved(description="Cursor of the last edge, for `after`. Null if the page is empty.")
    def end_cursor(self) -> str | None:
        return self.last_cursor() if self.last_cursor else None

    @classmethod
    def of(cls, page: Page[Cursored]) -> "PageInfo":
        edges = page.edges
        return cls(
            has_next_page=page.has_next_page,
            has_previous_page=page.has_previous_page,
            first_cursor=edges[0].cursor if edges else None,
            last_cursor=edges[-1].cursor if edges else None,
        )


@strawberry.type(description="A row of a page with its cursor.")
class Edge(Generic[T]):
    node: T = strawberry.field(description="The object.")
    row: strawberry.Private[Cursored]

    @resolved(
        description="Position of the row, for `after` and `before`. Valid for the same list with the same arguments."
    )
    def cursor(self) -> str:
        return self.row.cursor()


@strawberry.type
class Connection(Generic[T]):
    """A page of a list. Subclasses give it its GraphQL name: `class FlowConnection(Connection[Flow])`."""

    nodes: list[T] = strawberry.field(description="Objects of this page, at most `first` or `last`.")
    page_info: PageInfo = strawberry.field(description="Position of this page in the list.")
    total_count: int | None = strawberry.field(
        description="Number of objects on all pages, as far as known. Null if unknown. Selecting it may cost upstream calls."
    )
    page: strawberry.Private[Page[Any]]
    show: strawberry.Private[Callable[[Any], Any]]

    @resolved(description="Objects of this page with their cursors, at most `first` or `last`.")
    def edges(self) -> list[Edge[T]]:
        show = self.show
        return Rows(self.page.edges, lambda row: Edge(node=show(row), row=row))  # type: ignore[return-value] # a sequence

    @classmethod
    def of(cls, page: Page[E], show: Callable[[E], T], **members: Any) -> Self:
        """`show` turns a row into its GraphQL object; `members` are the fields that the subclass adds."""
        return cls(
            nodes=Rows(page.edges, show),  # type: ignore[arg-type] # a sequence
            page_info=PageInfo.of(page),
            total_count=page.total,
            page=page,
            show=show,
            **members,
        )


class PageArguments(Struct, frozen=True):
    """The four page arguments as one value: `size` rows after `cursor` or, if `backward`, before it.

    The page ends at the latest at the row of `until`, the other cursor, which is not in it.
    """

    size: int
    cursor: str | None
    until: str | None
    backward: bool


def page_arguments(
    first: int | None, after: str | None, last: int | None, before: str | None, *, default: int = DEFAULT_PAGE
) -> PageArguments:
    """The four page arguments as one value. Raises InputError for a size out of range, and for two sizes."""
    first, after, last, before = given(first), given(after), given(last), given(before)
    for field, size in (("first", first), ("last", last)):
        if size is not None and not 0 <= size <= MAX_PAGE:
            raise InputError(f"{field} must be a number from 0 to {MAX_PAGE}", field=(field,))
    if first is not None and last is not None:
        raise InputError("give first or last, not both", field=("last",))
    if last is not None or (first is None and after is None and before is not None):
        return PageArguments(default if last is None else last, before, after, backward=True)
    return PageArguments(default if first is None else first, after, before, backward=False)


def page_of(rows: Sequence[T], name: Callable[[T], str], page: PageArguments) -> RowList[T]:
    """One page of `rows`. `name` gives a unique text per row, which its cursor encodes.

    Raises InputError for a cursor of no row.
    """
    names = [name(row) for row in rows]
    after, before = (page.until, page.cursor) if page.backward else (page.cursor, page.until)
    start = 0 if after is None else _index(names, after, "after") + 1
    end = len(rows) if before is None else max(start, _index(names, before, "before"))
    chosen = range(max(start, end - page.size), end) if page.backward else range(start, min(end, start + page.size))
    has_more = len(chosen) < end - start
    return RowList(
        edges=[EdgeRow(rows[index], partial(_cursor, names[index])) for index in chosen],
        has_next_page=before is not None if page.backward else has_more,
        has_previous_page=has_more if page.backward else after is not None,
        total=len(rows),
        total_accuracy=CountAccuracy.EXACT,
        sources=(),
    )


def _cursor(name: str) -> str:
    return base64.urlsafe_b64encode(name.encode()).decode().rstrip("=")


def _index(names: Sequence[str], cursor: str, field: str) -> int:
    try:
        name = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
        return names.index(name)
    except (binascii.Error, ValueError):
        raise InputError("the cursor names no row of this list; ask again without it", field=(field,)) from None
