"""Lists of tasks over all sources: plan per source, ordered streams, merge, page, and a report per source."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import anyio

from connectors.sdk.caller import Caller
from connectors.sdk.clock import utc_now
from connectors.sdk.connector import Connector
from connectors.sdk.errors import ConnectorError
from connectors.sdk.model import FlowRef, Task
from connectors.sdk.query import Page, SortKey, TaskOrderField, TaskQuery
from gateway.federation.authorization import OwnWork, own_ended
from gateway.federation.cache import Kind, fingerprint
from gateway.federation.lists.cursor import CursorCodec
from gateway.federation.lists.disjuncts import FirstPage, TaskDisjuncts
from gateway.federation.lists.full_scan import Snapshot
from gateway.federation.lists.list_reader import ListReader, page_size
from gateway.federation.lists.named_people import keys_of
from gateway.federation.lists.odd_rows import may_concern, presentable
from gateway.federation.lists.page import PageBuilder
from gateway.federation.lists.planner import PlannedStream, Planner, SourcePlan, native_id_of
from gateway.federation.lists.position import ListPosition, StreamId, StreamKind, start_of
from gateway.federation.lists.ranks import Question
from gateway.federation.lists.row_stream import Admit, FetchAll, PagedStream, ScannedStream, StreamSpec, VendorPages
from gateway.federation.lists.sort_order import Order, SortValues, TotalOrder, Unsorted
from gateway.federation.lists.source_report import Contribution, is_complete
from gateway.federation.lists.told_calls import counted_by, counted_pages, is_vain
from gateway.federation.objects import GET_TASK
from gateway.federation.overlay import Overlay, Reading
from gateway.federation.sources import Links, Source, SourceReader
from gateway.federation.traffic import RequestCost, in_context
from gateway.people import People
from schema.ports import InboxScope, RowList, SourceReport, TaskEdgeRow, TaskFilter, TaskList, TaskListRequest

# Seconds for which a full scan is fresh, for each page that it read. Twenty pages are read every 80 seconds, which
# leaves a vendor of 30 reads a minute half of them for everything else.
FRESH_SECONDS_A_PAGE = 4.0
LIST_TASKS = "list tasks"


class TaskLists:
    """Merged lists of tasks over `sources`, in configuration order."""

    def __init__(
        self,
        sources: Mapping[str, Source],
        *,
        reader: SourceReader,
        overlay: Overlay,
        cursors: CursorCodec,
        people: People,
        within_flow: Callable[[Task], Task],
        own: OwnWork,
        is_as_read: Callable[[str], bool] = lambda _: False,
        keeps_wanted: Callable[[], bool] = lambda: True,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        """`within_flow`: a task as its flow's state and our own writes make it, without a call. `is_as_read`: it changes none."""
        self._sources = sources
        self._reader = ListReader(reader, kind=Kind.TASK_LIST)
        self._overlay = overlay
        self._cursors = cursors
        self._people = people
        self._links = Links(people)
        self._within_flow = within_flow
        self._own = own
        self._is_as_read = is_as_read
        self._keeps_wanted = keeps_wanted
        self._now = now

    async def page(self, caller: Caller, request: TaskListRequest) -> TaskList:
        """One page. Raises InputError for a cursor that does not fit; a failing source is in its report."""
        order = TotalOrder(request.order, backward=request.backward)
        identity = fingerprint(caller.key, request.scope, request.order, request.filter)
        page = PageBuilder(self._cursors, order, identity, request)
        turned_at = page.start.last if page.start is not None and page.is_turned else None
        planner = self._planner(caller, request, order, turned_at)
        rows, contributions = await self._built(caller, page, planner, request, order, {})
        since = self._stood_in(contributions)
        if since:
            # Old rows are shown: so are all writes that they are older than.
            rows, _ = await self._built(caller, page, planner, request, order, since)
        return TaskList(
            edges=[TaskEdgeRow(edge.item, edge.cursor) for edge in rows.edges],
            has_next_page=rows.has_next_page,
            has_previous_page=rows.has_previous_page,
            total=rows.total,
            total_accuracy=rows.total_accuracy,
            is_complete=all(is_complete(report) for report in rows.sources),
            sources=rows.sources,
        )

    async def _built(
        self,
        caller: Caller,
        page: PageBuilder[Task],
        planner: Planner,
        request: TaskListRequest,
        order: TotalOrder,
        since: Mapping[str, datetime],
    ) -> tuple[RowList[Task], list[Contribution[Task]]]:
        """`since`: the age of what is shown of failing sources."""
        contributions = await self._contributions(caller, planner, request, order, page.start, since)
        return await page.build(contributions), contributions

    def _stood_in(self, contributions: Sequence[Contribution[Task]]) -> dict[str, datetime]:
        """The age of old rows by source, where a write to a row of the list is newer that is not shown in any case."""
        since = {}
        for contribution in contributions:
            key, read_at, concerns = contribution.source.key, contribution.stood_in_at, contribution.concerns
            if read_at is not None and any(
                one not in self._overlay.written(key, Reading.ROW) and any(map(concerns, one.versions))
                for one in self._overlay.written(key, Reading.ROW, read_at=read_at)
            ):
                since[key] = read_at
        return since

    async def all_tasks(self, caller: Caller, request: TaskListRequest) -> tuple[list[Task], list[SourceReport]]:
        """Every task once, in no order, up to `scan_limit` of each source, and a report per source."""
        planner = self._planner(caller, request, None, None)
        contributions = await self._all_read(caller, planner, request, {})
        since = self._stood_in(contributions)
        if since:
            contributions = await self._all_read(caller, planner, request, since)
        tasks: list[Task] = []
        for contribution in contributions:
            found: dict[str, Task] = {}
            for stream in contribution.streams:
                for task in stream.rest():
                    found.setdefault(task.native_id, task)
            tasks += found.values()
        return tasks, [contribution.report() for contribution in contributions]

    async def _all_read(
        self, caller: Caller, planner: Planner, request: TaskListRequest, since: Mapping[str, datetime]
    ) -> list[Contribution[Task]]:
        contributions = await self._contributions(caller, planner, request, Unsorted(), None, since)
        async with anyio.create_task_group() as group:
            for contribution in contributions:
                for stream in contribution.streams:
                    group.start_soon(stream.prepare)
        for contribution in contributions:
            if contribution.streams:
                await contribution.count((), None, ask=False)
        return contributions

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
            native_id=partial(native_id_of, self._people),
            now=request.now or self._now(),
            own=lambda connector: own_ended(caller, connector, self._own, request.scope),
            without_candidates=request.without_candidates,
            with_data=request.with_data,
        )

    async def _contributions(
        self,
        caller: Caller,
        planner: Planner,
        request: TaskListRequest,
        order: Order[Task],
        start: ListPosition | None,
        since: Mapping[str, datetime],
    ) -> list[Contribution[Task]]:
        """One for each source. A source in which people are still looked up holds no other source up."""
        contributions: list[Contribution[Task]] = [Contribution(source) for source in self._sources.values()]
        people = [caller] if planner.needs_identity else []
        people += filter(None, map(self._people.by_key, keys_of(request.filter)))
        unknown = {
            source.key
            for source in self._sources.values()
            if not self._links.are_known(source, people) and planner.may_ask(source)
        }

        async def contribute(contribution: Contribution[Task]) -> None:
            source = contribution.source
            if source.key in unknown:
                try:
                    await self._links.know(source, people)
                except ConnectorError as error:
                    contribution.refusal = error
                    return
            self._plan(contribution, caller, planner, request, order, start, since.get(source.key))
            # The others begin to read meanwhile; only with what is read in any case.
            for stream in contribution.streams:
                if not stream.bound:
                    group.start_soon(stream.prepare)

        if not unknown:
            for contribution in contributions:
                self._plan(contribution, caller, planner, request, order, start, since.get(contribution.source.key))
            return contributions
        async with anyio.create_task_group() as group:
            for contribution in contributions:
                group.start_soon(contribute, contribution)
        return contributions

    def _plan(
        self,
        contribution: Contribution[Task],
        caller: Caller,
        planner: Planner,
        request: TaskListRequest,
        order: Order[Task],
        start: ListPosition | None,
        since: datetime | None,
    ) -> None:
        source = contribution.source
        contribution.list_note = source.connector.info.list_note
        try:
            plan = source.ask(LIST_TASKS, lambda: planner.plan(source))
        except ConnectorError as error:
            source.record_failure(error)
            contribution.refusal = error
            return
        contribution.is_skipped, contribution.refusal = plan.is_skipped, plan.refusal
        contribution.concerns = plan.admits
        contribution.filters, contribution.sorts = plan.filters, plan.sorts
        if any(planned.shows_others for planned in plan.streams):
            contribution.told = RequestCost()
            contribution.is_vain = lambda: is_vain(plan, contribution.streams)
        for planned in plan.streams:
            partition = planned.partition
            spec = StreamSpec(
                planned.id,
                order,
                self._admit(plan, planned),
                start_of(planned.id, start),
                bound=() if partition is None else partition.bound,
                error_of=lambda raised: source.error_of(raised, LIST_TASKS),
                concerns=lambda row: may_concern(row, caller, source.connector),
                is_replaced=self._is_replaced,
                question=self._question(plan, planned),
            )
            contribution.streams.append(
                ScannedStream(spec, self._scan(contribution, plan, planned, fresh=request.fresh))
                if partition is None
                else PagedStream(spec, self._pages(contribution, planned, request))
            )
        written = self._overlay.written(source.key, Reading.ROW, read_at=since) if plan.streams else ()
        contribution.disjuncts = TaskDisjuncts(
            source, plan, self._first_page(contribution, fresh=request.fresh), written
        )
        if plan.streams and (written or plan.own):
            tasks = [self._within_flow(one.expected) for one in written]
            contribution.streams.append(_written(source.key, tasks, plan, order, start))

    def _first_page(self, contribution: Contribution[Task], *, fresh: bool) -> FirstPage:
        connector = contribution.source.connector

        async def fetch(query: TaskQuery, limit: int) -> Page[Task]:
            with in_context(counted_by(contribution.told)):
                return await self._reader.read(
                    contribution,
                    LIST_TASKS,
                    (query, None, limit),
                    lambda: connector.list_tasks(query, limit=limit),
                    fresh=fresh,
                )

        return fetch

    def _admit(self, plan: SourcePlan, planned: PlannedStream) -> Admit[Task]:
        """Rows as the vendor shows them; those that the overlay replaces come in a stream of their own.

        A vendor that cannot query a null partition returns all of them: each stream takes its own rows.
        """

        partition = planned.partition
        own = {task.native_id for task in plan.own}
        admits = plan.admits_from(planned)
        reading = Reading.ROW if planned.ids is None else Reading.RECORD

        def admit(task: Task) -> Task | None:
            if self._overlay.seen(task, reading) is not task:
                return None
            shown = self._within_flow(task)
            is_own = partition is None or partition.holds(shown)
            return shown if is_own and shown.native_id not in own and admits(shown) else None

        return admit

    def _question(self, plan: SourcePlan, planned: PlannedStream) -> Question:
        """What `_admit` goes by, while rows are shown as they were read."""
        source = planned.id.source

        def question() -> Hashable | None:
            as_read = self._keeps_wanted() and self._overlay.is_empty and self._is_as_read(source)
            return plan.question(planned) if as_read and not plan.own else None

        return question

    def _is_replaced(self, task: Task) -> bool:
        return self._overlay.seen(task, Reading.ROW) is not task

    def _pages(
        self, contribution: Contribution[Task], planned: PlannedStream, request: TaskListRequest
    ) -> VendorPages[Task]:
        connector = contribution.source.connector
        page_of = counted_pages(
            contribution.told, planned, lambda limit, after: _listed(connector, planned.query, limit, after)
        )

        async def fetch(after: str | None, limit: int) -> Page[Task]:
            return await self._reader.read(
                contribution,
                LIST_TASKS,
                (planned.query, after, limit),
                lambda: page_of(limit, after),
                fresh=request.fresh,
            )

        return VendorPages(
            fetch,
            limit=page_size(connector.info, request.first, is_exact=planned.is_exact),
            scan_limit=connector.settings.scan_limit,
            is_exact=planned.is_exact,
            shows_others=planned.shows_others,
        )

    def _scan(
        self, contribution: Contribution[Task], plan: SourcePlan, planned: PlannedStream, *, fresh: bool
    ) -> FetchAll[Task]:
        source, query, ids = contribution.source, planned.query, planned.ids
        connector = source.connector
        list_seconds = connector.settings.cache.list_seconds

        async def fetch() -> Snapshot[Task]:
            return await self._reader.scan(
                contribution,
                "list all tasks",
                query,
                counted_pages(contribution.told, planned, lambda limit, after: _listed(connector, query, limit, after)),
                fresh=fresh,
                keeps_partial=True,
                ttl=lambda snapshot: _fresh_seconds(snapshot, list_seconds),
            )

        async def fetch_by_id() -> Snapshot[Task]:
            known = [one for one in sorted(ids or ()) if connector.is_native_id(one)]
            with in_context(counted_by(contribution.told)):
                return await self._reader.by_id(
                    contribution, GET_TASK, known, connector.get_tasks, fresh=fresh, shows=plan.admits
                )

        return fetch if ids is None else fetch_by_id


async def _listed(connector: Connector[Any], query: TaskQuery, limit: int, after: str | None) -> Page[Task]:
    return presentable(await connector.list_tasks(query, limit=limit, after=after), query, connector)


def _written(
    source: str, tasks: Sequence[Task], plan: SourcePlan, order: Order[Task], start: ListPosition | None
) -> ScannedStream[Task]:
    """The tasks that writes left, as long as the vendor does not show them, and those that the caller ended."""
    stream = StreamId(source, StreamKind.LOCAL)
    rows = {task.native_id: task for task in (*plan.own, *filter(plan.admits, tasks))}

    async def fetch() -> Snapshot[Task]:
        return Snapshot(tuple(rows.values()))

    return ScannedStream(StreamSpec(stream, order, lambda task: task, start_of(stream, start)), fetch)


def _fresh_seconds(snapshot: Snapshot[Task], least: float) -> float:
    """The more pages it read, the longer it is fresh. One that ended early is not cached."""
    return 0.0 if snapshot.error is not None else max(least, FRESH_SECONDS_A_PAGE * snapshot.pages)
