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
from schema.ports import EdgeRow, RowList

MAX_PAGE = 100
DEFAULT_PAGE = 25

First = Annotated[
    int | None,
    strawberry.argument(
        description="Number of rows from the start, 1 to 100. Null or absent means 25 (20 comments, 50 activities)."
    ),
]
After = Annotated[
    str | None,
    strawberry.argument(
        description="Return rows after this cursor, which must come from the same list with the same arguments. Null means from the start."
    ),
]
Last = Annotated[
    int | None,
    strawberry.argument(
        description="Number of rows from the end, or before `before`, 1 to 100. Not together with `first`."
    ),
]
Before = Annotated[
    str | None,
    strawberry.argument(
        description="Return rows before this cursor, which must come from the same list with the same arguments. Null means up to the end."
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
    has_next_page: bool = strawberry.field(description="Whether the list has rows after `endCursor`.")
    has_previous_page: bool = strawberry.field(description="Whether the list has rows before `startCursor`.")
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

    @resolved(description="Objects of this page with their cursors, at most `first` or `last`.")
    def edges(self) -> list[Edge[T]]:
        return [Edge(node=node, row=row) for node, row in zip(self.nodes, self.page.edges, strict=True)]

    @classmethod
    def of(cls, page: Page[E], show: Callable[[E], T], **members: Any) -> Self:
        """`show` turns a row into its GraphQL object; `members` are the fields that the subclass adds."""
        return cls(
            nodes=[show(edge) for edge in page.edges],
            page_info=PageInfo.of(page),
            total_count=page.total,
            page=page,
            **members,
        )


class PageArguments(Struct, frozen=True):
    """The four page arguments as one value: `size` rows after `cursor` or, if `backward`, before it."""

    size: int
    cursor: str | None
    backward: bool


def page_arguments(first: int | None, after: str | None, last: int | None, before: str | None) -> PageArguments:
    """The four page arguments as one value. Raises InputError if they contradict each other."""
    first, after, last, before = given(first), given(after), given(last), given(before)
    if last is None and before is None:
        return PageArguments(_page_size(first), after, backward=False)
    if first is not None or after is not None:
        field = "first" if first is not None else "after"
        raise InputError("give first and after, or last and before", field=(field,))
    if last is not None and not 1 <= last <= MAX_PAGE:
        raise InputError(f"last must be 1..{MAX_PAGE}", field=("last",))
    return PageArguments(DEFAULT_PAGE if last is None else last, before, backward=True)


def _page_size(first: int | None) -> int:
    asked = given(first)
    if asked is None:
        return DEFAULT_PAGE
    if not 1 <= asked <= MAX_PAGE:
        raise InputError(f"first must be 1..{MAX_PAGE}", field=("first",))
    return asked


def page_of(
    rows: Sequence[T],
    name: Callable[[T], str],
    *,
    first: int | None,
    after: str | None,
    last: int | None,
    before: str | None,
    default: int,
) -> RowList[T]:
    """One page of `rows`. `name` gives a unique text per row, which its cursor encodes.

    Raises InputError for a size out of range and for a cursor of no row.
    """
    first, after, last, before = given(first), given(after), given(last), given(before)
    for field, size in (("first", first), ("last", last)):
        if size is not None and not 1 <= size <= MAX_PAGE:
            raise InputError(f"{field} must be 1..{MAX_PAGE}", field=(field,))
    if first is not None and last is not None:
        raise InputError("give first or last, not both", field=("last",))
    names = [name(row) for row in rows]
    start = 0 if after is None else _index(names, after, "after") + 1
    end = len(rows) if before is None else _index(names, before, "before")
    end = max(start, end)
    if last is not None:
        start = max(start, end - last)
    else:
        end = min(end, start + (first or default))
    page = [EdgeRow(rows[index], partial(_cursor, names[index])) for index in range(start, end)]
    return RowList(
        edges=page,
        has_next_page=end < len(rows),
        has_previous_page=start > 0,
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
