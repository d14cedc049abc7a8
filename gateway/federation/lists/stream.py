"""What the merge takes rows from."""

from collections.abc import Collection, Sequence
from typing import Protocol, TypeVar

from connectors.sdk.errors import ConnectorError
from connectors.sdk.odd_rows import OddRow
from gateway.federation.lists.count import Count
from gateway.federation.lists.position import StreamId, StreamPosition
from gateway.federation.lists.sort_order import Listed, Rank

_R_co = TypeVar("_R_co", bound=Listed, covariant=True)


class Stream(Protocol[_R_co]):
    """Rows in total order, after the row at which the stream starts.

    `error` ended the stream before its end; `truncated`: rows are missing, or may come in the wrong order. `lacks_rows`:
    the vendor announced rows that it does not give. `has_read`: the source answered. `seen`: native ids of the rows that
    were read; `known`: as `CountableStream` has it. `counts_itself`: `count` is of the rows that its disjunct asks for and no others. `odd` are rows that were
    left out because they do not fit the vendor's documentation, by their key.
    """

    id: StreamId
    bound: Rank
    opened: bool
    error: ConnectorError | None
    truncated: bool
    lacks_rows: bool
    has_read: bool
    counts_itself: bool

    @property
    def disjunct(self) -> int: ...

    @property
    def seen(self) -> Collection[str]: ...

    @property
    def known(self) -> Collection[str]: ...

    odd: dict[str, OddRow]

    @property
    def ready(self) -> bool:
        """Whether `prepare` has nothing to do."""

    @property
    def is_read(self) -> bool:
        """Whether it was opened and has no row beyond those that it holds."""

    async def prepare(self) -> None:
        """Fetch until `head` is right; opens the stream. Whatever the source raises goes to `error`."""

    def head(self) -> Rank | None:
        """The rank of the next row, None at the end."""

    def pop(self) -> _R_co:
        """The next row, which must exist."""

    def take(self, most: int, until: Rank | None) -> Sequence[tuple[Rank, _R_co]]:
        """The next rows with their ranks: at most so many, of those that it holds, before `until`."""

    def rest(self) -> Sequence[_R_co]:
        """All rows that it holds, in order; it holds none afterwards."""

    def skip(self, rank: Rank) -> None:
        """Drop the rows up to `rank`, inclusive: they were returned, or have moved to before what was returned."""

    def position(self) -> StreamPosition | None:
        """Where to resume after the row returned last; None for a stream that needs no position of its own."""

    def count(self) -> Count:
        """The number of all its rows, as far as known."""

    def has(self, native_id: str) -> bool:
        """Whether it read such a row and wants it."""

    def ids(self) -> frozenset[str] | None:
        """The native ids of all its rows, None unless all of them were read for this page."""
