"""What each source is asked for a list of tasks. Plans are made from memory, without a call."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct, structs

from connectors.sdk.caller import Caller
from connectors.sdk.connector import Connector
from connectors.sdk.errors import ConnectorError, IdentityNotLinkedError
from connectors.sdk.model import Task
from connectors.sdk.query import Interval, SortDirection, TaskQuery
from connectors.sdk.row_test import all_hold, always, one_holds
from gateway.federation.authorization import disjuncts
from gateway.federation.lists.filter_compiler import CompiledFilter, FilterCompiler, Test
from gateway.federation.lists.position import StreamId, StreamKind
from gateway.federation.lists.query_logic import conjunction, is_contradictory
from gateway.federation.lists.sort_order import EPOCH, MICROSECOND, NullPartition, SortValues, TotalOrder
from gateway.federation.sources import Source
from schema.ports import FilterPlacement, InboxScope, PersonId, TaskFilter

# A person's native id in a source, by the source's key; None where they have none.
NativeId = Callable[[str, PersonId], str | None]


class PlannedStream(Struct, frozen=True):
    """One stream of a source.

    `query` is what the vendor is asked; with `ids` the tasks are read by id instead. `partition` is the part of the list
    that the vendor sorts, None for a full scan. `is_pushed`: the vendor applies the whole query of the gateway.
    `is_exact`: it applies the whole filter, so its total counts the wanted rows.
    """

    id: StreamId
    query: TaskQuery
    partition: NullPartition | None = None
    is_pushed: bool = True
    is_exact: bool = False
    ids: frozenset[str] | None = None


class SourcePlan(Struct, frozen=True, kw_only=True):
    """What one source is asked: no stream where it is skipped, or the caller gets nothing (`refusal`).

    `admits`: whether a row matches the filter and the caller may see it within the scope. `disjuncts` are the queries
    whose union the list is, by the numbers in `StreamId`. `own`: rows of the journal that match the filter; the source
    does not show them to the caller.
    """

    streams: tuple[PlannedStream, ...] = ()
    refusal: ConnectorError | None = None
    filters: FilterPlacement = FilterPlacement.PUSHED_DOWN
    sorts: FilterPlacement = FilterPlacement.PUSHED_DOWN
    admits: Test = lambda _: False
    disjuncts: tuple[TaskQuery, ...] = ()
    own: tuple[Task, ...] = ()

    @property
    def is_skipped(self) -> bool:
        return not self.streams and self.refusal is None


class _Wanted(Struct, frozen=True):
    """The filter and one visibility disjunct as one query, and whether it says all that both say."""

    query: TaskQuery
    is_exact: bool


class Planner:
    """Plans one list for one caller. Without an `order` every source is scanned.

    `turned_at` are the sort values of the row where the list turned round: the vendors' cursors hold in the other
    direction only, so sources are asked for what follows that row.
    """

    def __init__(
        self,
        caller: Caller,
        scope: InboxScope,
        wanted: TaskFilter,
        *,
        order: TotalOrder | None,
        turned_at: SortValues | None = None,
        native_id: NativeId,
        now: datetime,
        own: Callable[[Connector[Any]], tuple[Task, ...]] = lambda _: (),
    ) -> None:
        self._caller, self._scope, self._filter = caller, scope, wanted
        self._order, self._turned_at = order, turned_at
        self._native_id, self._now = native_id, now
        self._own = own

    def plan(self, source: Source) -> SourcePlan:
        """The plan for one source."""
        compiled = self._compiled(source)
        if compiled.query is None:
            return SourcePlan()
        refusal = self._refusal(source)
        if refusal is not None:
            return SourcePlan(refusal=refusal)
        visible = disjuncts(self._caller, source.connector, self._scope, compiled.query)
        wanted = _wanted(compiled.query, visible)
        if not wanted:
            return SourcePlan()
        partitions = self._partitions(source.connector) if compiled.query.ids is None else None
        if compiled.query.ids is not None:
            # Vendors that search by id at all do it no better than they read by id, and others would be scanned.
            streams = [PlannedStream(StreamId(source.key, StreamKind.SCANNED), compiled.query, ids=compiled.query.ids)]
        elif partitions is None:
            streams = _scanned(source, wanted)
        else:
            streams = self._paged(source, wanted, partitions, is_exact=compiled.is_exact)
        is_pushed = compiled.is_exact and all(each.is_exact for each in wanted) and all(s.is_pushed for s in streams)
        matches, is_visible = compiled.matches, one_holds([query.test() for query in visible])
        return SourcePlan(
            streams=tuple(streams),
            filters=FilterPlacement.PUSHED_DOWN if is_pushed else FilterPlacement.GATEWAY,
            sorts=FilterPlacement.GATEWAY if partitions is None else FilterPlacement.PUSHED_DOWN,
            admits=all_hold([test for test in (is_visible, matches) if test is not always]),
            disjuncts=tuple(each.query for each in wanted),
            own=tuple(task for task in self._own(source.connector) if matches(task)),
        )

    def _compiled(self, source: Source) -> CompiledFilter:
        compiler = FilterCompiler(
            source.key,
            source.connector.settings.vendor,
            native_id=lambda person: self._native_id(source.key, person),
            now=self._now,
        )
        return compiler.compile(self._filter)

    def _refusal(self, source: Source) -> ConnectorError | None:
        sees_all = self._scope is InboxScope.ALL_VISIBLE and self._caller.is_task_admin
        if sees_all or self._caller.identity(source.key) is not None:
            return None
        return IdentityNotLinkedError(
            "you are not linked to a user of this system; add an identity for this source to your entry in people"
        ).at(source.key, "list tasks")

    def _partitions(self, connector: Connector[Any]) -> tuple[NullPartition, ...] | None:
        return (
            None
            if self._order is None
            else self._order.null_partitions(connector.info.sorts, connector.info.never_filled)
        )

    def _paged(
        self, source: Source, wanted: Sequence[_Wanted], partitions: Sequence[NullPartition], *, is_exact: bool
    ) -> list[PlannedStream]:
        """A stream for each disjunct and partition."""
        streams = []
        for number, each in enumerate(wanted):
            for partition in partitions:
                query = structs.replace(
                    each.query,
                    present=each.query.present | partition.present,
                    absent=each.query.absent | partition.absent,
                )
                if is_contradictory(query):
                    continue
                asked = self._narrowed(query)
                pushed = source.connector.pushdown(asked)
                streams.append(
                    PlannedStream(
                        StreamId(source.key, StreamKind.PAGED, number, partition.label),
                        structs.replace(pushed, order=partition.order),
                        partition,
                        is_pushed=pushed == asked,
                        is_exact=pushed == query and each.is_exact and is_exact,
                    )
                )
        return streams

    def _narrowed(self, query: TaskQuery) -> TaskQuery:
        """What can follow the row where the list turned: a vendor that bounds times need not start at its first row."""
        if self._order is None or self._turned_at is None:
            return query
        key, value = self._order.keys[0], self._turned_at[0]
        if key.field not in query.present or not isinstance(value, int):
            return query
        moment = EPOCH + value * MICROSECOND
        rises = (key.direction is SortDirection.ASC) != self._order.backward
        bound = Interval(gte=moment) if rises else Interval(lte=moment)
        return structs.replace(query, times=(*query.times, (key.field, bound)))


def _wanted(asked: TaskQuery, visible: Sequence[TaskQuery]) -> list[_Wanted]:
    """The filter's query within each disjunct that it can match in."""
    wanted = [_Wanted(*conjunction(asked, disjunct)) for disjunct in visible]
    return list(dict.fromkeys(each for each in wanted if not is_contradictory(each.query)))


def _scanned(source: Source, wanted: Sequence[_Wanted]) -> list[PlannedStream]:
    """A stream for each different query that the vendor is asked; disjuncts mostly share one."""
    streams: dict[TaskQuery, PlannedStream] = {}
    for number, each in enumerate(wanted):
        pushed = source.connector.pushdown(each.query)
        is_pushed = pushed == each.query
        earlier = streams.get(pushed)
        if earlier is None:
            stream_id = StreamId(source.key, StreamKind.SCANNED, number)
            streams[pushed] = PlannedStream(stream_id, pushed, is_pushed=is_pushed)
        elif earlier.is_pushed and not is_pushed:
            streams[pushed] = structs.replace(earlier, is_pushed=False)
    return list(streams.values())
