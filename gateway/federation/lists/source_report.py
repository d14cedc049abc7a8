"""What one source contributes to a list, and the report that is made of it."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any, Generic

import anyio

from connectors.sdk.errors import (
    ConnectorError,
    IdentityNotLinkedError,
    MalformedResponseError,
    UnsupportedActionError,
)
from connectors.sdk.model import CountAccuracy
from connectors.sdk.odd_rows import OddRow
from gateway.federation.cache import CachedResult
from gateway.federation.lists.count import Count, Counted, Disjuncts, count_rows, exactly, lower_bound
from gateway.federation.lists.odd_rows import described
from gateway.federation.lists.position import SourceCount, StreamKind
from gateway.federation.lists.sort_order import R
from gateway.federation.lists.stream import Stream
from gateway.federation.sources import Source, status_of
from gateway.federation.traffic import RequestCost, current_context
from schema.ports import FilterPlacement, Problem, SourceReport, SourceStatus


class Contribution(Generic[R]):
    """One source's streams of one list, and everything that its report says.

    `is_skipped`: the source is not asked. `list_note`: what the list may leave out, for people. `refusal`: why the caller gets nothing of it. `until`: when the time for its
    part of the list is over, in seconds of the event loop's clock. `told`: counts the calls that are told, None for all;
    where an answer has tasks of other people, the number of calls depends on them. `is_vain`: such an answer was about
    chosen tasks, and shows none of them to the caller.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.streams: list[Stream[R]] = []
        self.cost = RequestCost()
        self.is_skipped = False
        self.until = anyio.current_time() + source.max_wait
        self.refusal: ConnectorError | None = None
        self.disjuncts: Disjuncts | None = None
        self.told: RequestCost | None = None
        self.is_vain: Callable[[], bool] = lambda: False
        # Whether a row belongs into the list.
        self.concerns: Callable[[R], bool] = lambda _: True
        self._calls: int | None = None
        self.filters = FilterPlacement.PUSHED_DOWN
        self.sorts = FilterPlacement.PUSHED_DOWN
        self.list_note = ""
        self._oldest: datetime | None = None
        self._from_cache = False
        self._count: Count | None = None
        self._stale_because: ConnectorError | None = None
        # The age of the oldest answer that is a fallback for a failure.
        self.stood_in_at: datetime | None = None

    def note_read_from(self, at: datetime | None) -> None:
        """Part of the rows are from an earlier question."""
        if at is not None:
            self._oldest = at if self._oldest is None else min(self._oldest, at)

    def note(self, answer: CachedResult[Any]) -> None:
        """Adds an answer that the list is made from."""
        at = answer.fetched_at
        self._oldest = at if self._oldest is None else min(self._oldest, at)
        self._from_cache = self._from_cache or answer.from_cache
        self._stale_because = self._stale_because or answer.error
        if answer.error is not None:
            self.stood_in_at = at if self.stood_in_at is None else min(self.stood_in_at, at)

    async def count(self, given: Collection[str], known: SourceCount | None, *, ask: bool) -> SourceCount:
        """Counts the rows once the page is read, and returns what later pages have to know.

        `given` are native ids of this page's rows. `known` is what earlier pages know, None on the first. `ask`: the
        vendor may be asked for what is needed to count exactly.
        """
        known = known or SourceCount()
        so_far = None if known.given is None else known.given + len(given)
        if known.total is not None:
            lacks_rows = any(stream.lacks_rows for stream in self.streams)
            earlier = exactly(known.total) if known.exact and not lacks_rows else lower_bound(known.total)
            count: Count | None = earlier.at_least(len(given) if so_far is None else so_far)
        else:
            vendors = [stream for stream in self.streams if _is_vendors(stream)]
            own = [stream for stream in self.streams if not _is_vendors(stream) and stream.id.source == self.source.key]
            local = {native_id for stream in own for native_id in stream.seen}
            count = await count_rows(vendors, given={*local, *given}, disjuncts=self.disjuncts, ask=ask)
            if so_far:
                count = lower_bound(so_far) if count is None else count.at_least(so_far)
        if so_far is not None and count is not None and not count.is_exact and self._is_at_end():
            count = exactly(so_far)
        if count is not None and count.is_exact and self._left_out():
            count = lower_bound(count.value)
        self._count = count
        return (
            SourceCount(given=so_far)
            if count is None
            else SourceCount(given=so_far, total=count.value, exact=count.is_exact)
        )

    def _is_at_end(self) -> bool:
        """Whether the list was read page by page to its end."""
        return any(stream.id.kind is StreamKind.PAGED for stream in self.streams) and all(
            stream.opened and stream.head() is None and stream.error is None and not stream.truncated
            for stream in self.streams
        )

    def report(self) -> SourceReport:
        """Once the list is read."""
        if self.is_skipped:
            return SourceReport(
                source=self.source.key, status=SourceStatus.SKIPPED, count=0, count_accuracy=CountAccuracy.EXACT
            )
        if self.refusal is not None:
            return self._refused(self.refusal)
        status, error = self._status()
        count, accuracy = (
            (None, CountAccuracy.UNKNOWN) if self._count is None else (self._count.value, self._count.accuracy)
        )
        if self._stale_because is not None and error is None:
            status, error = SourceStatus.STALE, self._stale_because
            accuracy = CountAccuracy.ESTIMATE if count is not None else accuracy
        odd = self._left_out()
        if odd and error is None:
            status, error = SourceStatus.PARTIAL, MalformedResponseError(described(odd.values()))
        return SourceReport(
            source=self.source.key,
            status=status,
            count=count,
            count_accuracy=accuracy,
            fetched_at=None if self._shows_none_of_others else self._oldest,
            from_cache=self._from_cache and self.calls == 0 and not self._shows_none_of_others,
            upstream_calls=self.calls,
            truncated=any(stream.truncated for stream in self.streams),
            filter_placement=self.filters,
            sort_placement=self.sorts,
            note=self.list_note or None,
            error=None if error is None else Problem.from_error(error),
        )

    @property
    def calls(self) -> int:
        """How many of its calls are told; to the counters of the GraphQL operation too."""
        if self.told is None:
            return self.cost.requests
        if self._calls is None:
            self._calls = 0 if self.is_vain() else self.told.requests
            if self._calls:
                current_context().tell(self.told)
        return self._calls

    @property
    def _shows_none_of_others(self) -> bool:
        """The answer has tasks of other people and none of the caller's: then its age tells of other people's questions."""
        return self.told is not None and not any(stream.seen for stream in self.streams)

    def _left_out(self) -> dict[str, OddRow]:
        """The odd rows by key, without tasks that another stream of the source shows."""
        return {
            key: row
            for stream in self.streams
            for key, row in stream.odd.items()
            if row.task is None or not any(other.has(row.task.native_id) for other in self.streams)
        }

    def _refused(self, error: ConnectorError) -> SourceReport:
        """The count is 0 for a person who is not linked to the source; otherwise it is not known."""
        is_unlinked = isinstance(error, IdentityNotLinkedError)
        return SourceReport(
            source=self.source.key,
            status=SourceStatus.OK if is_unlinked else self._status_of(error),
            count=0 if is_unlinked else None,
            count_accuracy=CountAccuracy.EXACT if is_unlinked else CountAccuracy.UNKNOWN,
            error=Problem.from_error(error),
        )

    def _status(self) -> tuple[SourceStatus, ConnectorError | None]:
        """By the first error; PARTIAL where a part of the list was read all the same, or a bound ended the reading."""
        error = next((stream.error for stream in self.streams if stream.error is not None), None)
        if error is None:
            is_bounded = any(stream.truncated for stream in self.streams)
            return (SourceStatus.PARTIAL if is_bounded else SourceStatus.OK), None
        if any(stream.has_read for stream in self.streams if _is_vendors(stream)):
            return SourceStatus.PARTIAL, error
        return self._status_of(error), error

    def _status_of(self, error: ConnectorError) -> SourceStatus:
        """SKIPPED only without a call: a vendor that was asked and refuses has failed."""
        if isinstance(error, UnsupportedActionError) and not self.cost.requests:
            return SourceStatus.SKIPPED
        return status_of(error)


def _is_vendors(stream: Stream[R]) -> bool:
    return stream.id.kind is not StreamKind.LOCAL


def total_of(reports: Sequence[SourceReport]) -> Counted:
    """The sum over all sources; a lower bound where a source's count is one, an estimate where one is old."""
    counts = [report.count for report in reports if report.count is not None]
    if not counts and reports:
        return None, CountAccuracy.UNKNOWN
    accuracies = {report.count_accuracy for report in reports}
    if CountAccuracy.ESTIMATE in accuracies:
        return sum(counts), CountAccuracy.ESTIMATE
    return sum(counts), CountAccuracy.EXACT if accuracies <= {CountAccuracy.EXACT} else CountAccuracy.LOWER_BOUND


def is_complete(report: SourceReport) -> bool:
    """Whether nothing of the source is missing, or older than it may be."""
    if report.status is SourceStatus.SKIPPED:
        return report.error is None
    return report.status is SourceStatus.OK and not report.truncated
