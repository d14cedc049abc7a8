"""The k-way merge of ordered streams. A stream is opened when one of its rows can be the next."""

from collections.abc import Sequence
from typing import Generic

import anyio
from msgspec import Struct

from gateway.federation.lists.position import StreamId, StreamPosition
from gateway.federation.lists.sort_order import R, Rank
from gateway.federation.lists.stream import Stream

_NO_POSITIONS: dict[StreamId, StreamPosition] = {}


class Merged(Struct, Generic[R], frozen=True):
    """One row, and where every stream stands after it. Streams that need no position are absent."""

    item: R
    streams: dict[StreamId, StreamPosition]


async def merge(
    streams: Sequence[Stream[R]], *, first: int, open_all: bool, until: Rank | None = None, positions: bool = True
) -> tuple[list[Merged[R]], bool]:
    """The next `first` rows in total order, each thing once, and whether there are more: all rank before `until`.

    A row that ranks before what was returned already has moved there meanwhile, and is left out. A stream that cannot
    have the next row (its `bound` lies behind another's head) is not opened, unless `open_all`. Without `positions` the rows
    do not tell where the streams stand.
    """
    if open_all:
        await _prepare(streams)
    returned: set[tuple[str, str]] = set()
    rows: list[Merged[R]] = []
    last: Rank = ()
    while True:
        if len(rows) == first and any(
            last < head and _precedes(head, until) for stream in streams if (head := stream.head()) is not None
        ):
            # At least one more row exists: do not fetch the pages that would tell which one is next.
            return rows, True
        stream = _at_hand(streams, last) or await _next(streams, last)
        if stream is None or not _precedes(stream.head(), until):
            return rows, False
        if stream.is_read and all(each is stream or (each.is_read and each.head() is None) for each in streams):
            # The usual end of a list, and all of it where one source has rows.
            return _rest(stream, streams, rows, returned, last, first=first, until=until, positions=positions)
        if len(rows) == first:
            return rows, True
        last = stream.head() or last
        item = stream.pop()
        identity = (item.source, item.native_id)
        if identity in returned:
            continue
        returned.add(identity)
        rows.append(Merged(item, _positions(streams) if positions else {}))


def _rest(
    stream: Stream[R],
    streams: Sequence[Stream[R]],
    rows: list[Merged[R]],
    returned: set[tuple[str, str]],
    last: Rank,
    *,
    first: int,
    until: Rank | None,
    positions: bool,
) -> tuple[list[Merged[R]], bool]:
    """As `merge`, where only this stream has rows left, and all of them are read."""
    while len(rows) < first:
        stream.skip(last)
        # Where a row tells the positions of the streams, no other row is taken before it is told.
        taken = stream.take(1 if positions else first - len(rows), until)
        if not taken:
            return rows, False
        last = taken[-1][0]
        for _, item in taken:
            identity = (item.source, item.native_id)
            if identity not in returned:
                returned.add(identity)
                rows.append(Merged(item, _positions(streams) if positions else _NO_POSITIONS))
    stream.skip(last)
    return rows, _precedes(stream.head(), until)


def _positions(streams: Sequence[Stream[R]]) -> dict[StreamId, StreamPosition]:
    return {each.id: position for each in streams if (position := each.position()) is not None}


def _at_hand(streams: Sequence[Stream[R]], last: Rank) -> Stream[R] | None:
    """As `_next`, where nothing has to be prepared, as for most rows; None where it has, or where there is no row."""
    least: tuple[Rank, int] | None = None
    for index, stream in enumerate(streams):
        if not stream.opened:
            continue
        stream.skip(last)
        if not stream.ready:
            return None
        head = stream.head()
        if head is not None and (least is None or head < least[0]):
            least = head, index
    if least is None or any(not each.opened and _may_precede(each.bound, least) for each in streams):
        return None
    return streams[least[1]]


async def _next(streams: Sequence[Stream[R]], last: Rank) -> Stream[R] | None:
    """The stream whose head is the next row after `last`, once every stream that could precede it is prepared."""
    while True:
        opened = [stream for stream in streams if stream.opened]
        await _prepare(opened)
        # Duplicates of the row returned last have the same rank, and are skipped too.
        for stream in opened:
            stream.skip(last)
        if not all(stream.ready for stream in opened):
            continue
        heads = [(rank, index) for index, stream in enumerate(streams) if (rank := stream.head()) is not None]
        least = min(heads, default=None)
        waiting = [stream for stream in streams if not stream.opened and _may_precede(stream.bound, least)]
        if not waiting:
            return None if least is None else streams[least[1]]
        if least is None:
            # Open only the streams that can come first.
            lowest = min(stream.bound for stream in waiting)
            waiting = [stream for stream in waiting if stream.bound <= lowest]
        await _prepare(waiting)


def _precedes(head: Rank | None, until: Rank | None) -> bool:
    return head is not None and (until is None or head < until)


def _may_precede(bound: Rank, least: tuple[Rank, int] | None) -> bool:
    return least is None or bound <= least[0][: len(bound)]


async def _prepare(streams: Sequence[Stream[R]]) -> None:
    """Side by side, those that have something to fetch."""
    waiting = [stream for stream in streams if not stream.ready]
    if len(waiting) == 1:
        await waiting[0].prepare()
    elif waiting:
        async with anyio.create_task_group() as group:
            for stream in waiting:
                group.start_soon(stream.prepare)
