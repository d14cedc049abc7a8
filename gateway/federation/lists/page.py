"""One page of a merged list: where it begins, its rows with their cursors, and a report per source."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Generic, Protocol

import anyio
from msgspec import structs

from connectors.sdk.model import CountAccuracy
from gateway.federation.lists.cursor import CursorCodec
from gateway.federation.lists.merge import Merged, merge
from gateway.federation.lists.position import ListPosition, SourceCount, StreamId, StreamStart, start_of
from gateway.federation.lists.sort_order import Order, R
from gateway.federation.lists.source_report import Contribution, total_of
from schema.ports import EdgeRow, RowList


class Window(Protocol):
    """Which rows of a list are wanted; every list request has these members."""

    @property
    def first(self) -> int: ...

    @property
    def after(self) -> str | None: ...

    @property
    def until(self) -> str | None: ...

    @property
    def backward(self) -> bool: ...

    @property
    def count(self) -> bool: ...

    @property
    def cursors(self) -> bool: ...


class PageBuilder(Generic[R]):
    """Builds one page. `fingerprint` stands for the list: its cursors fit no other.

    Raises InputError for a cursor that does not fit.
    """

    def __init__(self, cursors: CursorCodec, order: Order[R], fingerprint: str, window: Window) -> None:
        self._cursors, self._fingerprint, self._window = cursors, fingerprint, window
        self.order = order
        near, far = ("before", "after") if window.backward else ("after", "before")
        self.start = None if window.after is None else cursors.decode(fingerprint, window.after, near)
        end = None if window.until is None else cursors.decode(fingerprint, window.until, far)
        self._until = None if end is None else order.rank(end.last)
        self.is_turned = self.start is not None and self.start.backward != window.backward
        if self.start is not None and self.is_turned:
            self.start = self.start.turned()

    def start_of(self, stream: StreamId) -> StreamStart:
        """Where a stream begins on this page."""
        return start_of(stream, self.start)

    async def build(self, contributions: Sequence[Contribution[R]]) -> RowList[R]:
        """Reads and merges the streams. Failures are in the reports."""
        window = self._window
        streams = [stream for contribution in contributions for stream in contribution.streams]
        rows, has_more = await merge(
            streams, first=window.first, open_all=window.count, until=self._until, positions=window.cursors
        )
        counts = await self._counted(contributions, rows)
        reports = [contribution.report() for contribution in contributions]
        total, accuracy = total_of(reports)
        edges = [
            EdgeRow(row.item, self._cursor_of(row, number, rows, counts) if window.cursors else _no_cursor)
            for number, row in enumerate(rows)
        ]
        if window.backward:
            edges.reverse()
        return RowList(
            edges=edges,
            has_next_page=self.start is not None if window.backward else has_more,
            has_previous_page=has_more if window.backward else self.start is not None,
            total=total if window.count else None,
            total_accuracy=accuracy if window.count else CountAccuracy.UNKNOWN,
            sources=reports,
        )

    async def _counted(
        self, contributions: Sequence[Contribution[R]], rows: Sequence[Merged[R]]
    ) -> Mapping[str, SourceCount]:
        """Counts each source's rows, side by side, and returns what the next page has to know of them."""
        earlier = {} if self.start is None else self.start.counts
        counts: dict[str, SourceCount] = {}
        given: dict[str, list[str]] = {}
        for row in rows:
            given.setdefault(row.item.source, []).append(row.item.native_id)

        async def count(contribution: Contribution[R]) -> None:
            key = contribution.source.key
            counts[key] = await contribution.count(given.get(key, ()), earlier.get(key), ask=self._window.count)

        asked = [contribution for contribution in contributions if contribution.streams]
        if len(asked) == 1:
            # A group of tasks costs as much as the count itself.
            await count(asked[0])
            return counts
        async with anyio.create_task_group() as group:
            for contribution in asked:
                group.start_soon(count, contribution)
        return counts

    def _cursor_of(
        self, row: Merged[R], number: int, rows: Sequence[Merged[R]], counts: Mapping[str, SourceCount]
    ) -> Callable[[], str]:
        """The cursor behind row `number` of the page: the rows after it are not given yet."""

        def cursor() -> str:
            rest = Counter(later.item.source for later in rows[number + 1 :])
            known = {
                source: count if count.given is None else structs.replace(count, given=count.given - rest[source])
                for source, count in counts.items()
            }
            position = ListPosition(self.order.values_of(row.item), row.streams, self._window.backward, known)
            return self._cursors.encode(self._fingerprint, position)

        return cursor


def _no_cursor() -> str:
    raise RuntimeError("a cursor of a list that was asked for without cursors")
