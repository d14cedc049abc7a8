"""Lists of tasks over all sources: plan per source, ordered streams, merge, page, and a report per source."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import anyio

from connectors.sdk.caller import Caller
from connectors.sdk.clock import utc_now
from connectors.sdk.connector import Connector
from connectors.sdk.model import FlowRef, Task, TaskRef
from connectors.sdk.query import Page, SortKey, TaskOrderField, TaskQuery
from gateway.federation.cache import Kind
from gateway.federation.lists.cursor import CursorCodec, fingerprint
from gateway.federation.lists.full_scan import Snapshot
from gateway.federation.lists.list_reader import ListReader
from gateway.federation.lists.odd_rows import may_concern, presentable
from gateway.federation.lists.page import PageBuilder
from gateway.federation.lists.planner import PlannedStream, Planner, SourcePlan
from gateway.federation.lists.position import ListPosition, StreamId, StreamKind, start_of
from gateway.federation.lists.row_stream import Admit, FetchAll, PagedStream, ScannedStream, StreamSpec, VendorPages
from gateway.federation.lists.sort_order import NullPartition, SortValues, TotalOrder
from gateway.federation.lists.source_report import Contribution, is_complete
from gateway.federation.overlay import Overlay
from gateway.federation.sources import Source, SourceReader
from gateway.people import People
from schema.ports import InboxScope, PersonId, SourceReport, TaskEdgeRow, TaskFilter, TaskList, TaskListRequest

# Seconds for which a full scan is fresh, for each page that it read. Twenty pages are read every 80 seconds, which
# leaves a vendor of 30 reads a minute half of them for everything else.
FRESH_SECONDS_A_PAGE = 4.0


class TaskLists:
    """Merged lists of tasks over `sources`, in configuration order."""

    def __init__(
        self,
        sources: Sequence[Source],
        *,
        reader: SourceReader,
        overlay: Overlay,
        cursors: CursorCodec,
        people: People,
        within_flow: Callable[[Task], Task],
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        """`within_flow` returns a task as the state of its flow makes it, without a call."""
        self._sources = sources
        self._reader = ListReader(reader, kind=Kind.TASK_LIST)
        self._overlay = overlay
        self._cursors = cursors
        self._people = people
        self._within_flow = within_flow
        self._now = now

    async def page(self, caller: Caller, request: TaskListRequest) -> TaskList:
        """One page. Raises InputError for a cursor that does not fit; a failing source is in its report."""
        order = TotalOrder(request.order, backward=request.backward)
        identity = fingerprint(caller.key, request.scope, request.order, request.filter)
        page = PageBuilder(self._cursors, order, identity, request)
        turned_at = page.start.last if page.start is not None and page.is_turned else None
        planner = self._planner(caller, request, order, turned_at)
        rows = await page.build(
            [
                self._contribution(caller, source, planner.plan(source), request, order, page.start)
                for source in self._sources
            ]
        )
        return TaskList(
            edges=[TaskEdgeRow(edge.item, edge.cursor) for edge in rows.edges],
            has_next_page=rows.has_next_page,
            has_previous_page=rows.has_previous_page,
            total=rows.total,
            total_accuracy=rows.total_accuracy,
            is_complete=all(is_complete(report) for report in rows.sources),
            sources=rows.sources,
        )

    async def all_tasks(self, caller: Caller, request: TaskListRequest) -> tuple[list[Task], list[SourceReport]]:
        """Every task once, in no order, up to `scan_limit` of each source, and a report per source."""
        planner = self._planner(caller, request, None, None)
        contributions = [
            self._contribution(caller, source, planner.plan(source), request, TotalOrder(()), None)
            for source in self._sources
        ]
        streams = [stream for contribution in contributions for stream in contribution.streams]
        async with anyio.create_task_group() as group:
            for stream in streams:
                group.start_soon(stream.prepare)
        found: dict[TaskRef, Task] = {}
        for stream in streams:
            while stream.head() is not None:
                task = stream.pop()
                found.setdefault(task.ref, task)
        return list(found.values()), [contribution.report() for contribution in contributions]

    async def sees_flow(self, caller: Caller, flow: FlowRef) -> bool:
        """Whether the caller sees a task of the flow; task admins see every flow."""
        if caller.is_task_admin:
            return True
        request = TaskListRequest(
            scope=InboxScope.ALL_VISIBLE,
            filter=TaskFilter(sources=frozenset({flow.source}), flows=frozenset({flow})),
            # Every task has a creation time, so one query is enough; ordering by due date would need two.
            order=(SortKey(TaskOrderField.CREATED_AT),),
            first=1,
            count=False,
        )
        return bool((await self.page(caller, request)).edges)

    def _planner(
        self, caller: Caller, request: TaskListRequest, order: TotalOrder | None, turned_at: SortValues | None
    ) -> Planner:
        return Planner(
            caller,
            request.scope,
            request.filter,
            order=order,
            turned_at=turned_at,
            native_id=self._native_id,
            now=request.now or self._now(),
        )

    def _native_id(self, source: str, person: PersonId) -> str | None:
        if person.key is not None:
            known = self._people.by_key(person.key)
            identity = None if known is None else known.identity(source)
            return None if identity is None else identity.native_id
        return person.ref.native_id if person.ref is not None and person.ref.source == source else None

    def _contribution(
        self,
        caller: Caller,
        source: Source,
        plan: SourcePlan,
        request: TaskListRequest,
        order: TotalOrder,
        start: ListPosition | None,
    ) -> Contribution[Task]:
        contribution: Contribution[Task] = Contribution(source)
        contribution.is_skipped, contribution.refusal = plan.is_skipped, plan.refusal
        contribution.filters, contribution.sorts = plan.filters, plan.sorts
        for planned in plan.streams:
            partition = planned.partition
            spec = StreamSpec(
                planned.id,
                order,
                self._admit(plan, partition),
                start_of(planned.id, start),
                bound=() if partition is None else partition.bound,
                concerns=lambda row: may_concern(row, caller, source.connector),
            )
            contribution.streams.append(
                ScannedStream(spec, self._scan(contribution, planned.query, fresh=request.fresh))
                if partition is None
                else PagedStream(spec, self._pages(contribution, planned, request))
            )
        written = self._overlay.expected(source.key)
        if plan.streams and written:
            contribution.streams.append(_written(source.key, written, plan, order, start))
        return contribution

    def _admit(self, plan: SourcePlan, partition: NullPartition | None) -> Admit[Task]:
        """Rows as the vendor shows them; those that the overlay replaces come in a stream of their own.

        A vendor that cannot query a null partition returns all of them: each stream takes its own rows.
        """

        def admit(task: Task) -> Task | None:
            if self._overlay.seen(task) is not task:
                return None
            shown = self._within_flow(task)
            is_own = partition is None or partition.holds(shown)
            return shown if is_own and plan.admits(shown) else None

        return admit

    def _pages(
        self, contribution: Contribution[Task], planned: PlannedStream, request: TaskListRequest
    ) -> VendorPages[Task]:
        connector = contribution.source.connector

        async def fetch(after: str | None, limit: int) -> Page[Task]:
            return await self._reader.read(
                contribution,
                "list tasks",
                (planned.query, after, limit),
                lambda: _listed(connector, planned.query, limit, after),
                fresh=request.fresh,
            )

        return VendorPages(
            fetch,
            limit=min(request.first + 1, connector.info.page_limit),
            scan_limit=connector.settings.scan_limit,
            is_exact=planned.is_exact,
        )

    def _scan(self, contribution: Contribution[Task], query: TaskQuery, *, fresh: bool) -> FetchAll[Task]:
        connector = contribution.source.connector
        list_seconds = connector.settings.cache.list_seconds

        async def fetch() -> Snapshot[Task]:
            return await self._reader.scan(
                contribution,
                "list all tasks",
                query,
                lambda limit, after: _listed(connector, query, limit, after),
                fresh=fresh,
                keeps_partial=True,
                ttl=lambda snapshot: _fresh_seconds(snapshot, list_seconds),
            )

        return fetch


async def _listed(connector: Connector[Any], query: TaskQuery, limit: int, after: str | None) -> Page[Task]:
    return presentable(await connector.list_tasks(query, limit=limit, after=after), query, connector)


def _written(
    source: str, tasks: Sequence[Task], plan: SourcePlan, order: TotalOrder, start: ListPosition | None
) -> ScannedStream[Task]:
    """The tasks that our own writes left, as long as the vendor does not show them."""
    stream = StreamId(source, StreamKind.LOCAL)

    async def fetch() -> Snapshot[Task]:
        return Snapshot(tasks)

    return ScannedStream(
        StreamSpec(stream, order, lambda task: task if plan.admits(task) else None, start_of(stream, start)), fetch
    )


def _fresh_seconds(snapshot: Snapshot[Task], least: float) -> float:
    """The more pages it read, the longer it is fresh. One that ended early is not cached."""
    return 0.0 if snapshot.error is not None else max(least, FRESH_SECONDS_A_PAGE * snapshot.pages)
