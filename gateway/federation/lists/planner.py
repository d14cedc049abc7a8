"""What each source is asked for a list of tasks. Plans are made from memory, without a call."""

from collections.abc import Callable, Hashable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from msgspec import Struct, structs

from connectors.sdk.caller import Caller
from connectors.sdk.connector import Connector
from connectors.sdk.errors import ConnectorError, IdentityNotLinkedError
from connectors.sdk.model import Task
from connectors.sdk.query import Interval, SortDirection, SortKey, TaskOrderField, TaskQuery
from connectors.sdk.row_test import all_hold, always, one_holds
from gateway.federation.authorization import disjuncts, unlinked
from gateway.federation.lists.filter_compiler import CompiledFilter, FilterCompiler, Test
from gateway.federation.lists.position import StreamId, StreamKind
from gateway.federation.lists.query_logic import is_contradictory
from gateway.federation.lists.sort_order import EPOCH, MICROSECOND, NullPartition, SortValues, TotalOrder
from gateway.federation.lists.vendor_query import VendorQuery, vendor_queries
from gateway.federation.sources import Source
from gateway.people import People
from schema.ports import FilterPlacement, InboxScope, PersonId, TaskFilter

# A person's native id in a source, by the source's key; None where they have none.
NativeId = Callable[[str, PersonId], str | None]
EVERYTHING = TaskQuery()


class PlannedStream(Struct, frozen=True):
    """One stream of a source.

    `query` is what the vendor is asked; with `ids` the tasks are read by id instead. `partition` is the part of the list
    that the vendor sorts, None for a full scan. `is_pushed`: the vendor applies the whole query of the gateway.
    `is_exact`: it applies the whole filter, so its total counts the wanted rows. `visible`: the disjuncts that the stream is
    for, as they are tested on rows that were asked for without candidates. `shows_others`: the vendor's answer has tasks
    that the caller may not see.
    """

    id: StreamId
    query: TaskQuery
    partition: NullPartition | None = None
    is_pushed: bool = True
    is_exact: bool = False
    ids: frozenset[str] | None = None
    visible: tuple[TaskQuery, ...] = ()
    shows_others: bool = False


class SourcePlan(Struct, frozen=True, kw_only=True):
    """What one source is asked: no stream where it is skipped, or the caller gets nothing (`refusal`).

    `matches`: whether a row matches the filter. `admits`: also, whether the caller may see it within the scope. `disjuncts` are the
    queries whose union the list is, by the numbers in `StreamId`. `visible` and `wanted` are the queries that `admits` tests; `wanted` is None
    where the filter says more. `own`: rows of the journal that match the filter; the source
    does not show them to the caller.
    """

    streams: tuple[PlannedStream, ...] = ()
    refusal: ConnectorError | None = None
    filters: FilterPlacement = FilterPlacement.PUSHED_DOWN
    sorts: FilterPlacement = FilterPlacement.PUSHED_DOWN
    admits: Test = lambda _: False
    matches: Test = lambda _: False
    disjuncts: tuple[TaskQuery, ...] = ()
    own: tuple[Task, ...] = ()
    visible: tuple[TaskQuery, ...] = ()
    wanted: TaskQuery | None = None

    def question(self, stream: PlannedStream) -> Hashable | None:
        """All that `admits_from` and the stream's partition go by, None where the queries do not say it."""
        if self.wanted is None:
            return None
        visible = stream.visible if stream.query.without_candidates else self.visible
        return visible, self.wanted, stream.partition

    def admits_from(self, stream: PlannedStream) -> Test:
        """Whether a row of this stream is in the list.

        Of a row without candidates the vendor has tested those of the stream's own disjuncts, and of no others.
        """
        if not stream.query.without_candidates:
            return self.admits
        return all_hold([one_holds([query.test() for query in stream.visible]), self.matches])

    @property
    def is_skipped(self) -> bool:
        return not self.streams and self.refusal is None


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
        without_candidates: bool = False,
        with_data: bool = False,
    ) -> None:
        self._caller, self._scope, self._filter = caller, scope, wanted
        self._order, self._turned_at = order, turned_at
        self._native_id, self._now = native_id, now
        self._own = own
        self._without_candidates, self._with_data = without_candidates, with_data

    def may_ask(self, source: Source) -> bool:
        """Whether rows of the source may match the filter, who its people there may be."""
        return self._compiled(source, lambda _key, _person: "?").query is not None

    def plan(self, source: Source) -> SourcePlan:
        """The plan for one source."""
        compiled = self._compiled(source, self._native_id)
        if compiled.query is None:
            return SourcePlan()
        refusal = self._refusal(source)
        if refusal is not None:
            return SourcePlan(refusal=refusal)
        visible = disjuncts(self._caller, source.connector, self._scope, compiled.query)
        all_visible = disjuncts(self._caller, source.connector, InboxScope.ALL_VISIBLE, EVERYTHING)
        wanted = vendor_queries(compiled.query, visible, all_visible, source.connector)
        if not wanted:
            return SourcePlan()
        partitions = self._partitions(source.connector) if compiled.query.ids is None else None
        if compiled.query.ids is not None:
            # Vendors that search by id at all do it no better than they read by id, and others would be scanned.
            streams = [
                PlannedStream(
                    StreamId(source.key, StreamKind.SCANNED),
                    compiled.query,
                    ids=compiled.query.ids,
                    shows_others=not self._caller.is_task_admin,
                )
            ]
        elif partitions is None:
            streams = self._scanned(source, wanted, is_exact=compiled.is_exact)
        else:
            streams = self._paged(source, wanted, partitions, is_exact=compiled.is_exact)
        is_pushed = compiled.is_exact and all(each.is_exact for each in wanted) and all(s.is_pushed for s in streams)
        matches, is_visible = compiled.matches, one_holds([query.test() for query in visible])
        return SourcePlan(
            streams=tuple(streams),
            filters=FilterPlacement.PUSHED_DOWN if is_pushed else FilterPlacement.GATEWAY,
            sorts=FilterPlacement.GATEWAY if partitions is None else FilterPlacement.PUSHED_DOWN,
            admits=all_hold([test for test in (is_visible, matches) if test is not always]),
            matches=matches,
            disjuncts=tuple(each.query for each in wanted),
            visible=tuple(visible),
            wanted=compiled.query if compiled.is_exact else None,
            own=tuple(task for task in self._own(source.connector) if matches(task)),
        )

    def tests(self, source: Source) -> tuple[Test, Test] | None:
        """Whether the caller may see a row of the source within the scope, and whether it matches the filter. None: no row does."""
        compiled = self._compiled(source, self._native_id)
        if compiled.query is None or self._refusal(source) is not None:
            return None
        visible = disjuncts(self._caller, source.connector, self._scope, compiled.query)
        return one_holds([query.test() for query in visible]), compiled.matches

    def _compiled(self, source: Source, native_id: NativeId) -> CompiledFilter:
        compiler = FilterCompiler(
            source.key,
            source.connector.settings.vendor,
            native_id=lambda person: native_id(source.key, person),
            now=self._now,
        )
        return compiler.compile(self._filter)

    @property
    def needs_identity(self) -> bool:
        """Whether the list depends on who the caller is in each source."""
        return self._scope is not InboxScope.ALL_VISIBLE or not self._caller.is_task_admin

    def _refusal(self, source: Source) -> ConnectorError | None:
        if not self.needs_identity or self._caller.identity(source.key) is not None:
            return None
        return IdentityNotLinkedError(unlinked(source.connector.settings.people)).at(source.key, "list tasks")

    def _partitions(self, connector: Connector[Any]) -> tuple[NullPartition, ...] | None:
        return (
            None
            if self._order is None
            else _null_partitions(
                self._order.keys, self._order.backward, connector.info.sorts, connector.info.never_filled
            )
        )

    def _paged(
        self, source: Source, wanted: Sequence[VendorQuery], partitions: Sequence[NullPartition], *, is_exact: bool
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
                is_whole = pushed == query and each.is_exact and is_exact
                streams.append(
                    PlannedStream(
                        StreamId(source.key, StreamKind.PAGED, number, partition.label),
                        structs.replace(
                            self._sparing(source, asked, pushed, is_exact=is_exact and each.is_exact),
                            order=partition.order,
                            # Rows that may be left out need not bring theirs.
                            with_data=self._with_data and is_whole and source.connector.info.lists_data,
                        ),
                        partition,
                        is_pushed=pushed == asked,
                        is_exact=is_whole,
                        visible=each.visible,
                        shows_others=each.shows_others,
                    )
                )
        return streams

    def _scanned(self, source: Source, wanted: Sequence[VendorQuery], *, is_exact: bool) -> list[PlannedStream]:
        """A stream for each different query that the vendor is asked; disjuncts mostly share one."""
        streams: dict[TaskQuery, PlannedStream] = {}
        for number, each in enumerate(wanted):
            pushed = source.connector.pushdown(each.query)
            query = self._sparing(source, each.query, pushed, is_exact=is_exact and each.is_exact)
            stream_id, is_pushed = StreamId(source.key, StreamKind.SCANNED, number), pushed == each.query
            earlier = streams.get(pushed)
            streams[pushed] = (
                PlannedStream(
                    stream_id, query, is_pushed=is_pushed, visible=each.visible, shows_others=each.shows_others
                )
                if earlier is None
                else structs.replace(
                    earlier,
                    query=query if earlier.query.without_candidates else earlier.query,
                    is_pushed=earlier.is_pushed and is_pushed,
                    visible=(*earlier.visible, *each.visible),
                    shows_others=earlier.shows_others or each.shows_others,
                )
            )
        return list(streams.values())

    def _sparing(self, source: Source, asked: TaskQuery, pushed: TaskQuery, *, is_exact: bool) -> TaskQuery:
        """The pushed query, without candidates where nothing needs them.

        That is only where the vendor applies all that is said about candidates. `is_exact`: `asked` says all that the filter
        and the rule of visibility say.
        """
        info = source.connector.info
        is_bare = (
            self._without_candidates
            and info.costly_candidates
            and is_exact
            and _about_candidates(asked) == _about_candidates(pushed)
        )
        return structs.replace(pushed, without_candidates=is_bare)

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


@lru_cache(maxsize=256)
def _null_partitions(
    keys: tuple[SortKey, ...],
    backward: bool,  # noqa: FBT001 a member of the key of what is kept
    sorts: frozenset[TaskOrderField],
    never_filled: frozenset[TaskOrderField],
) -> tuple[NullPartition, ...] | None:
    """There are few orders, and a plan is made for each source of each list."""
    return TotalOrder(keys, backward=backward).null_partitions(sorts, never_filled)


def native_id_of(people: People, source: str, person: PersonId) -> str | None:
    """Who a person of a filter is in a source; None if they are not known there."""
    if person.key is not None:
        known = people.by_key(person.key)
        identity = None if known is None else known.identity(source)
        return None if identity is None else identity.native_id
    return person.ref.native_id if person.ref is not None and person.ref.source == source else None


def _about_candidates(query: TaskQuery) -> tuple[object, ...]:
    return query.candidate_users, query.candidate_groups, query.has_candidates, query.any_of
