"""What one source contributes to a page of a list, and the report that is made of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Generic

from connectors.sdk.errors import ConnectorError, ForbiddenError
from connectors.sdk.model import CountAccuracy
from gateway.federation.cache import CachedResult
from gateway.federation.lists.row_stream import Stream
from gateway.federation.lists.sort_order import R
from gateway.federation.sources import Source, status_of
from gateway.federation.traffic import RequestCost
from schema.ports import FilterPlacement, Problem, SourceReport, SourceStatus


class Part(Generic[R]):
    """What one source contributes to one page: its streams, and what its report is made from."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.streams: list[Stream[R]] = []
        self.cost = RequestCost()
        self.oldest: datetime | None = None
        self.shared = False
        self.stale = False
        self.stood_in: ConnectorError | None = None
        self.skipped = False
        self.refused: ConnectorError | None = None
        self.filters = FilterPlacement.PUSHED_DOWN
        self.sorts = FilterPlacement.PUSHED_DOWN

    def note(self, result: CachedResult[Any]) -> None:
        """An answer that the page is made from: how old it is, and what it stands in for."""
        at = result.fetched_at
        self.oldest = at if self.oldest is None else min(self.oldest, at)
        self.shared = self.shared or result.from_cache
        self.stale = self.stale or result.stale
        self.stood_in = self.stood_in or result.error

    def report(self) -> SourceReport:
        if self.skipped:
            return SourceReport(
                source=self.source.key, status=SourceStatus.SKIPPED, count=0, count_accuracy=CountAccuracy.EXACT
            )
        if self.refused is not None:
            # Who is not linked has nothing there; who may not look does not know.
            is_forbidden = isinstance(self.refused, ForbiddenError)
            return SourceReport(
                source=self.source.key,
                status=SourceStatus.FORBIDDEN if is_forbidden else SourceStatus.OK,
                count=None if is_forbidden else 0,
                count_accuracy=CountAccuracy.UNKNOWN if is_forbidden else CountAccuracy.EXACT,
                error=Problem.from_error(self.refused),
            )
        error = next((stream.error for stream in self.streams if stream.error is not None), None)
        status = SourceStatus.OK if error is None else status_of(error)
        if error is not None and any(
            stream.opened and (stream.error is None or stream.count().value) for stream in self._asked()
        ):
            status = SourceStatus.PARTIAL
        count, accuracy = self.count()
        if self.stale and error is None:
            status, error = SourceStatus.STALE, self.stood_in
            accuracy = CountAccuracy.ESTIMATE if count is not None else accuracy
        return SourceReport(
            source=self.source.key,
            status=status,
            count=count,
            count_accuracy=accuracy,
            fetched_at=self.oldest,
            from_cache=self.shared and self.cost.requests == 0,
            upstream_calls=self.cost.requests,
            truncated=any(stream.truncated for stream in self.streams),
            filter_placement=self.filters,
            sort_placement=self.sorts,
            note=self.source.connector.list_note or None,
            error=None if error is None else Problem.from_error(error),
        )

    def _asked(self) -> list[Stream[R]]:
        return [stream for stream in self.streams if not stream.name.endswith(":written")]

    def count(self) -> tuple[int | None, CountAccuracy]:
        """Disjuncts of one source may overlap: unless there is one, their counts only bound the sum from below."""
        asked = self._asked()
        if any(stream.error is not None or not stream.opened for stream in asked):
            opened = (stream for stream in asked if stream.opened)
            known = [count.value for stream in opened if (count := stream.count()).value or stream.error is None]
            return (sum(known), CountAccuracy.LOWER_BOUND) if known else (None, CountAccuracy.UNKNOWN)
        by_disjunct: dict[str, list[Stream[R]]] = {}
        for stream in asked:
            by_disjunct.setdefault(stream.name.split(":")[1], []).append(stream)
        sums = []
        accuracy = CountAccuracy.EXACT
        for streams in by_disjunct.values():
            counts = [stream.count() for stream in streams]
            sums.append(sum(count.value for count in counts))
            if any(count.accuracy is not CountAccuracy.EXACT for count in counts):
                accuracy = CountAccuracy.LOWER_BOUND
        if len(sums) > 1:
            whole = self._distinct()
            return (whole, accuracy) if whole is not None else (max(sums), CountAccuracy.LOWER_BOUND)
        return (sums[0] if sums else 0), accuracy

    def _distinct(self) -> int | None:
        """How many different rows all streams hold, where each of them was read whole."""
        admitted: set[str] = set()
        for stream in self._asked():
            whole = stream.whole()
            if whole is None:
                return None
            admitted |= whole
        return len(admitted)


def total_of(reports: Sequence[SourceReport]) -> tuple[int | None, CountAccuracy]:
    """The sum over all sources; a source that could not tell leaves a lower bound."""
    counts = [report.count for report in reports if report.count is not None]
    exact = all(report.count_accuracy is CountAccuracy.EXACT for report in reports)
    if not counts and reports:
        return None, CountAccuracy.UNKNOWN
    return sum(counts), CountAccuracy.EXACT if exact else CountAccuracy.LOWER_BOUND
