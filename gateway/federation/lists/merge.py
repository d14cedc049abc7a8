"""The k-way merge of ordered streams, opening each only when its rows can be next."""

from collections.abc import Sequence
from typing import Generic

import anyio
from msgspec import Struct

from gateway.federation.lists.cursor import StreamPosition
from gateway.federation.lists.row_stream import Stream
from gateway.federation.lists.sort_order import R, Rank


class Merged(Struct, Generic[R], frozen=True):
    """One row, and where every stream stands after it (streams that need no memory are absent)."""

    item: R
    streams: dict[str, StreamPosition]


async def merge(streams: Sequence[Stream[R]], *, first: int, open_all: bool) -> tuple[list[Merged[R]], bool]:
    """The next `first` rows in total order, each thing once, and whether there are more.

    A row that is found before what was given already has moved there meanwhile, and is left out. A stream that cannot
    have the next row (its `bound` lies behind another's head) is left unopened, unless `open_all`.
    """
    if open_all:
        await _prepare(streams)
    given: set[tuple[str, str]] = set()
    rows: list[Merged[R]] = []
    last: Rank = ()
    while True:
        if len(rows) == first and any((head := stream.head()) is not None and last < head for stream in streams):
            # Something follows: which row it is, nobody asked.
            return rows, True
        source = await _next(streams, last)
        if source is None:
            return rows, False
        if len(rows) == first:
            return rows, True
        last = source.head() or last
        item = source.pop()
        name = (item.source, item.native_id)
        if name in given:
            continue
        given.add(name)
        positions = {stream.name: stream.position() for stream in streams}
        rows.append(Merged(item, {name: at for name, at in positions.items() if at is not None}))


async def _next(streams: Sequence[Stream[R]], last: Rank) -> Stream[R] | None:
    """The stream whose head is the next row behind `last`, after every stream that could precede it was prepared."""
    while True:
        opened = [stream for stream in streams if stream.opened]
        await _prepare(opened)
        # Duplicates of the row given last rank alike, and go too.
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
            # Only the streams that can come first: the others may stay closed.
            lowest = min(stream.bound for stream in waiting)
            waiting = [stream for stream in waiting if stream.bound <= lowest]
        await _prepare(waiting)


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
