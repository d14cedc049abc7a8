"""Where a page ended: the values of its last row, and a position per stream."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from msgspec import Struct, structs

from gateway.federation.lists.sort_order import SortValues


class StreamKind(StrEnum):
    """`LOCAL`: rows that the gateway has itself, written or configured ones."""

    PAGED = "p"
    SCANNED = "s"
    LOCAL = "l"


class StreamId(Struct, frozen=True, array_like=True, cache_hash=True):
    """One stream of a list; the same on every page and in both directions.

    `disjunct` is the number of the visibility disjunct; of several that ask the vendor the same, the first.
    `partition` has a letter per nullable sort field: "+" for rows with a value, "-" for rows without.
    """

    source: str
    kind: StreamKind
    disjunct: int = 0
    partition: str = ""


class StreamPosition(Struct, frozen=True, array_like=True):
    """Where a stream goes on.

    `page` is the vendor's cursor of the page that holds the next row (None: the first page), read with page size
    `limit` (0: any). `behind`: the stream failed, so it goes on after its own last row `own` (None: it returned no
    row) and not after the list's.
    """

    page: str | None
    limit: int
    done: bool = False
    behind: bool = False
    own: SortValues | None = None


class SourceCount(Struct, frozen=True, array_like=True):
    """What earlier pages know of the number of a source's rows.

    `given` rows were given so far, None where the list turned round and rows come again. `total` is what the first page
    counted, None where it could not.
    """

    given: int | None = 0
    total: int | None = None
    exact: bool = False


class StreamStart(Struct, frozen=True):
    """Where a stream begins: after the list's row `last`, or where its own position says."""

    last: SortValues | None = None
    position: StreamPosition | None = None

    @property
    def after(self) -> SortValues | None:
        """The row after which the stream's next row comes, None at the start of the list."""
        if self.position is not None and self.position.behind:
            return self.position.own
        return self.last


class ListPosition(Struct, frozen=True):
    """The last row of a page and its streams; a stream that is absent was not opened yet.

    The positions of streams hold in one direction only. `counts` are by source.
    """

    last: SortValues
    streams: Mapping[StreamId, StreamPosition]
    backward: bool = False
    counts: Mapping[str, SourceCount] = MappingProxyType({})

    def turned(self) -> "ListPosition":
        """For the other direction, which can use the last row and the counts only."""
        counts = {
            source: structs.replace(
                known, given=None, total=None if known.total is None else max(known.total, known.given or 0)
            )
            for source, known in self.counts.items()
        }
        return ListPosition(self.last, {}, self.backward, counts)


def start_of(stream: StreamId, position: ListPosition | None) -> StreamStart:
    """Where a stream of a list begins that goes on at `position`, or at its start."""
    return StreamStart() if position is None else StreamStart(position.last, position.streams.get(stream))
