"""How many rows a source has for a list: never fewer than were given, never a sum of parts that overlap.

A list of tasks is a union of disjuncts. Each disjunct is read by one or several streams. The number is exact where

- every stream was read to its end;
- the disjuncts have exact totals and exclude each other by what they ask;
- or the vendor also tells how many rows they have in common (inclusion and exclusion).

Otherwise it is a lower bound. Rows that our own writes changed count once, as the writes left them.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any, Protocol

from msgspec import Struct

from connectors.sdk.model import CountAccuracy

Counted = tuple[int | None, CountAccuracy]


class Count(Struct, frozen=True):
    """How many rows a stream or a source has. `value` is exact, or a lower bound."""

    value: int
    accuracy: CountAccuracy

    @property
    def is_exact(self) -> bool:
        return self.accuracy is CountAccuracy.EXACT

    def at_least(self, least: int) -> "Count":
        """Not below `least`. A number below it was wrong, so the result is not exact."""
        return self if self.value >= least else lower_bound(least)


def exactly(value: int) -> Count:
    return Count(value, CountAccuracy.EXACT)


def lower_bound(value: int) -> Count:
    return Count(value, CountAccuracy.LOWER_BOUND)


class CountableStream(Protocol):
    """What counting needs of a stream.

    `counts_itself`: its count is of the rows that its disjunct asks for and no others. `known`: native ids of its rows that
    may be counted: those that were read, or only those that were given where it depends on other people's rows how many
    were read.
    """

    @property
    def disjunct(self) -> int: ...

    @property
    def opened(self) -> bool: ...

    @property
    def error(self) -> Any | None: ...

    @property
    def counts_itself(self) -> bool: ...

    @property
    def known(self) -> Collection[str]: ...

    def count(self) -> Count:
        """The number of all its rows, as far as known."""

    def ids(self) -> frozenset[str] | None:
        """The native ids of all its rows, None unless all of them were read for this page."""


class Disjuncts(Protocol):
    """What is known of the disjuncts of one source beyond their streams. The methods may cost one call each."""

    def exclude(self, one: int, other: int) -> bool:
        """Whether no row can be in both."""

    async def common(self, numbers: frozenset[int]) -> int | None:
        """How many rows are in all of them; None where the vendor does not tell exactly."""

    async def changed(self) -> "Changes | None":
        """The rows that our own writes brought into the list or took out of it; None where it is not known which."""

    def changes_at_most(self) -> int:
        """How many rows our own writes may have taken out of the list."""


class Changes(Struct, frozen=True):
    """`counted` rows are in the vendor's totals as they were before the writes; `present` are in the list now."""

    counted: int
    present: int


async def count_rows(
    streams: Sequence[CountableStream],
    *,
    given: Collection[str] = (),
    disjuncts: Disjuncts | None = None,
    ask: bool = False,
) -> Count | None:
    """The rows of all streams of a source; None if nothing of it was read.

    `given` are native ids of rows that are in the list beside those of the streams. `ask`: the vendor may be asked for
    what disjuncts have in common.
    """
    complete = [stream.ids() for stream in streams]
    seen = {*given, *(native_id for stream in streams if stream.opened for native_id in stream.known)}
    if None not in complete:
        return exactly(len(seen))
    known = [stream for stream in streams if stream.opened and (stream.error is None or stream.known)]
    if not known:
        return lower_bound(len(seen)) if seen else None
    total = await _of_disjuncts(_by_disjunct(streams), disjuncts, ask=ask)
    if disjuncts is not None:
        total = await _with_changes(total, disjuncts, ask=ask)
    return total.at_least(len(seen))


def _by_disjunct(streams: Sequence[CountableStream]) -> Mapping[int, Count]:
    """The count of each disjunct: its streams are parts that do not overlap."""
    parts: dict[int, list[CountableStream]] = {}
    for stream in streams:
        parts.setdefault(stream.disjunct, []).append(stream)
    return {number: _sum(part) for number, part in parts.items()}


def _sum(streams: Sequence[CountableStream]) -> Count:
    counts = [stream.count() for stream in streams if stream.opened and stream.counts_itself]
    is_exact = len(counts) == len(streams) and all(
        count.is_exact and stream.error is None for count, stream in zip(counts, streams, strict=True)
    )
    value = sum(count.value for count in counts)
    return exactly(value) if is_exact else lower_bound(value)


async def _of_disjuncts(counts: Mapping[int, Count], disjuncts: Disjuncts | None, *, ask: bool) -> Count:
    total, is_exact = 0, True
    for group in _overlapping(sorted(counts), disjuncts):
        part = await _union(group, counts, disjuncts, ask=ask)
        total, is_exact = total + part.value, is_exact and part.is_exact
    return exactly(total) if is_exact else lower_bound(total)


def _overlapping(numbers: Sequence[int], disjuncts: Disjuncts | None) -> Iterator[list[int]]:
    """Groups of disjuncts, such that those of different groups exclude each other."""
    rest = list(numbers)
    while rest:
        group = [rest.pop(0)]
        for member in group:
            near = [other for other in rest if disjuncts is None or not disjuncts.exclude(member, other)]
            group += near
            rest = [other for other in rest if other not in near]
        yield sorted(group)


async def _union(group: Sequence[int], counts: Mapping[int, Count], disjuncts: Disjuncts | None, *, ask: bool) -> Count:
    if len(group) == 1:
        return counts[group[0]]
    largest = max(counts[number].value for number in group)
    if disjuncts is None or not ask or not all(counts[number].is_exact for number in group):
        return lower_bound(largest)
    value = sum(counts[number].value for number in group)
    for size in range(2, len(group) + 1):
        for numbers in combinations(group, size):
            if any(disjuncts.exclude(one, other) for one, other in combinations(numbers, 2)):
                continue
            common = await disjuncts.common(frozenset(numbers))
            if common is None:
                return lower_bound(largest)
            value += common if size % 2 else -common
    # Numbers that contradict each other were told at different moments.
    return exactly(value) if value >= largest else lower_bound(largest)


async def _with_changes(total: Count, disjuncts: Disjuncts, *, ask: bool) -> Count:
    gone = disjuncts.changes_at_most()
    if gone == 0:
        return total
    changes = await disjuncts.changed() if ask and total.is_exact else None
    if changes is None:
        return lower_bound(max(0, total.value - gone))
    return exactly(total.value - changes.counted + changes.present)
