"""What one source contributes to a list, and the report that is made of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Generic

from connectors.sdk.errors import ConnectorError, ForbiddenError, MalformedResponseError
from connectors.sdk.model import CountAccuracy
from connectors.sdk.odd_rows import OddRow
from gateway.federation.cache import CachedResult
from gateway.federation.lists.odd_rows import described
from gateway.federation.lists.position import StreamKind
from gateway.federation.lists.row_stream import Stream
from gateway.federation.lists.sort_order import R
from gateway.federation.sources import Source, status_of
from gateway.federation.traffic import RequestCost
from schema.ports import FilterPlacement, Problem, SourceReport, SourceStatus

Counted = tuple[int | None, CountAccuracy]


class Contribution(Generic[R]):
    """One source's streams of one list, and everything that its report says.

    `is_skipped`: the source is not asked. `refusal`: why the caller gets nothing of it.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.streams: list[Stream[R]] = []
        self.cost = RequestCost()
        self.is_skipped = False
        self.refusal: ConnectorError | None = None
        self.filters = FilterPlacement.PUSHED_DOWN
        self.sorts = FilterPlacement.PUSHED_DOWN
        self._oldest: datetime | None = None
        self._from_cache = False
        self._is_stale = False
        self._stale_because: ConnectorError | None = None

    def note(self, answer: CachedResult[Any]) -> None:
        """Adds an answer that the list is made from."""
        at = answer.fetched_at
        self._oldest = at if self._oldest is None else min(self._oldest, at)
        self._from_cache = self._from_cache or answer.from_cache
        self._is_stale = self._is_stale or answer.stale
        self._stale_because = self._stale_because or answer.error

    def report(self) -> SourceReport:
        """Once the list is read."""
        if self.is_skipped:
            return SourceReport(
                source=self.source.key, status=SourceStatus.SKIPPED, count=0, count_accuracy=CountAccuracy.EXACT
            )
        if self.refusal is not None:
            return self._refused(self.refusal)
        status, error = self._status()
        count, accuracy = self._count()
        if self._is_stale and error is None:
            status, error = SourceStatus.STALE, self._stale_because
            accuracy = CountAccuracy.ESTIMATE if count is not None else accuracy
        odd = self._left_out()
        if odd and error is None:
            status, error = SourceStatus.PARTIAL, MalformedResponseError(described(odd.values()))
        if odd and accuracy is CountAccuracy.EXACT:
            accuracy = CountAccuracy.LOWER_BOUND
        return SourceReport(
            source=self.source.key,
            status=status,
            count=count,
            count_accuracy=accuracy,
            fetched_at=self._oldest,
            from_cache=self._from_cache and self.cost.requests == 0,
            upstream_calls=self.cost.requests,
            truncated=any(stream.truncated for stream in self.streams),
            filter_placement=self.filters,
            sort_placement=self.sorts,
            note=self.source.connector.info.list_note or None,
            error=None if error is None else Problem.from_error(error),
        )

    def _left_out(self) -> dict[str, OddRow]:
        """The odd rows by key, without tasks that another stream of the source shows."""
        return {
            key: row
            for stream in self.streams
            for key, row in stream.odd.items()
            if row.task is None or not any(other.has(row.task.native_id) for other in self.streams)
        }

    def _refused(self, error: ConnectorError) -> SourceReport:
        """Forbidden: the count is unknown. Not linked: it is 0."""
        is_forbidden = isinstance(error, ForbiddenError)
        return SourceReport(
            source=self.source.key,
            status=SourceStatus.FORBIDDEN if is_forbidden else SourceStatus.OK,
            count=None if is_forbidden else 0,
            count_accuracy=CountAccuracy.UNKNOWN if is_forbidden else CountAccuracy.EXACT,
            error=Problem.from_error(error),
        )

    def _vendor_streams(self) -> list[Stream[R]]:
        return [stream for stream in self.streams if stream.id.kind is not StreamKind.LOCAL]

    def _status(self) -> tuple[SourceStatus, ConnectorError | None]:
        """By the first error; PARTIAL where a part of the list was read all the same."""
        error = next((stream.error for stream in self.streams if stream.error is not None), None)
        if error is None:
            return SourceStatus.OK, None
        opened = [stream for stream in self._vendor_streams() if stream.opened]
        if any(stream.error is None or stream.count().value for stream in opened):
            return SourceStatus.PARTIAL, error
        return status_of(error), error

    def _count(self) -> Counted:
        """Rows of the source. Disjuncts may overlap, so the counts of several are only a lower bound of their union."""
        streams = self._vendor_streams()
        if any(stream.error is not None or not stream.opened for stream in streams):
            return _count_of_opened(streams)
        by_disjunct: dict[int, list[Stream[R]]] = {}
        for stream in streams:
            by_disjunct.setdefault(stream.id.disjunct, []).append(stream)
        counts = [[stream.count() for stream in each] for each in by_disjunct.values()]
        is_exact = all(count.accuracy is CountAccuracy.EXACT for each in counts for count in each)
        accuracy = CountAccuracy.EXACT if is_exact else CountAccuracy.LOWER_BOUND
        sums = [sum(count.value for count in each) for each in counts]
        if len(sums) <= 1:
            return sum(sums), accuracy
        distinct = _count_of_distinct(streams)
        return (max(sums), CountAccuracy.LOWER_BOUND) if distinct is None else (distinct, accuracy)


def _count_of_opened(streams: Sequence[Stream[R]]) -> Counted:
    """Where some streams failed or were not opened: what the others hold at least."""
    opened = (stream for stream in streams if stream.opened)
    known = [count.value for stream in opened if (count := stream.count()).value or stream.error is None]
    return (sum(known), CountAccuracy.LOWER_BOUND) if known else (None, CountAccuracy.UNKNOWN)


def _count_of_distinct(streams: Sequence[Stream[R]]) -> int | None:
    """How many different rows all streams have, None unless each of them was read to its end."""
    distinct: set[str] = set()
    for stream in streams:
        ids = stream.ids()
        if ids is None:
            return None
        distinct |= ids
    return len(distinct)


def total_of(reports: Sequence[SourceReport]) -> Counted:
    """The sum over all sources; a lower bound where a source's count is not exact."""
    counts = [report.count for report in reports if report.count is not None]
    is_exact = all(report.count_accuracy is CountAccuracy.EXACT for report in reports)
    if not counts and reports:
        return None, CountAccuracy.UNKNOWN
    return sum(counts), CountAccuracy.EXACT if is_exact else CountAccuracy.LOWER_BOUND


def is_complete(report: SourceReport) -> bool:
    """Whether nothing of the source is missing, or older than it may be."""
    return report.status in {SourceStatus.OK, SourceStatus.SKIPPED} and not report.truncated
