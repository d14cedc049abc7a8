"""One list over many sources: plan per source, ordered streams, merge, page, and a report per source."""

import hashlib
import itertools
from collections.abc import Awaitable, Callable, Hashable, Sequence
from datetime import datetime
from typing import TypeVar

import anyio
import msgspec
from msgspec import Struct, structs

from connectors.sdk.caller import Caller
from connectors.sdk.connector import utc_now
from connectors.sdk.errors import ConnectorError, IdentityNotLinkedError
from connectors.sdk.model import CountAccuracy, Task, TaskRef
from connectors.sdk.query import Interval, Page, SortDirection, TaskQuery
from gateway.federation.authorization import disjuncts
from gateway.federation.cache import Cache, CacheKey, Kind, Tag
from gateway.federation.lists.cursor import CursorCodec, ListPosition
from gateway.federation.lists.filter_compiler import FilterReader, Test, is_empty, meet
from gateway.federation.lists.merge import Merged, merge
from gateway.federation.lists.row_stream import Held, HeldStream, PagedStream, Stream
from gateway.federation.lists.sort_order import EPOCH, MICROSECOND, NULLABLE, Position, Split, TotalOrder
from gateway.federation.lists.source_report import Part, total_of
from gateway.federation.overlay import Overlay
from gateway.federation.sources import Source
from gateway.federation.traffic import current_context, in_context
from schema.ports import (
    FilterPlacement,
    InboxScope,
    PersonId,
    SourceReport,
    SourceStatus,
    TaskEdgeRow,
    TaskList,
    TaskListRequest,
)

T = TypeVar("T")

# Seconds that a drained list is shared for each page that it cost: one that costs much is read seldom. Twenty pages
# are read every 80 seconds, which leaves a vendor of 30 reads a minute half of them for everything else.
SHARED_SECONDS_A_PAGE = 4.0


class Snapshot(Struct, frozen=True):
    """All rows of a source that match a pushed-down question, or as many as `scan_limit` and the vendor allow.

    `error` is what ended the reading early, after at least one page: what was read until then is not thrown away.
    """

    tasks: Sequence[Task]
    truncated: bool
    pages: int
    error: ConnectorError | None = None


class Lists:
    """Merged task lists over `sources`, in configuration order."""

    def __init__(
        self,
        sources: Sequence[Source],
        *,
        answers: Cache,
        overlay: Overlay,
        cursors: CursorCodec,
        person: Callable[[str], Caller | None],
        within_flow: Callable[[Task], Task],
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._sources = sources
        self._answers = answers
        self._overlay = overlay
        self._cursors = cursors
        self._person = person
        self._within_flow = within_flow
        self._now = now

    async def page(self, caller: Caller, request: TaskListRequest) -> TaskList:
        """One page; raises ValidationFailedError for a cursor that does not fit, nothing for a failing source."""
        order = TotalOrder(request.order, backward=request.backward)
        fingerprint = _fingerprint(caller, request)
        resumed = None if request.after is None else self._cursors.decode(fingerprint, request.after)
        if resumed is not None and resumed.backward != request.backward:
            resumed = resumed.turned()
        now = request.now or self._now()
        parts = [self._part(source, caller, request, order, resumed, now) for source in self._sources]
        streams = [stream for part in parts for stream in part.streams]
        rows, more = await merge(streams, first=request.first, open_all=request.count)
        reports = [part.report() for part in parts]
        total, accuracy = total_of(reports)

        def cursor_of(row: Merged[Task]) -> Callable[[], str]:
            at = ListPosition(order.position(row.item), row.streams, request.backward)
            return lambda: self._cursors.encode(fingerprint, at)

        edges = [TaskEdgeRow(row.item, cursor_of(row)) for row in rows]
        if request.backward:
            edges.reverse()
        return TaskList(
            edges=edges,
            has_next_page=resumed is not None if request.backward else more,
            has_previous_page=more if request.backward else resumed is not None,
            total=total if request.count else None,
            total_accuracy=accuracy if request.count else CountAccuracy.UNKNOWN,
            is_complete=all(
                report.status in {SourceStatus.OK, SourceStatus.SKIPPED} and not report.truncated for report in reports
            ),
            sources=reports,
        )

    async def everything(self, caller: Caller, request: TaskListRequest) -> tuple[list[Task], list[SourceReport]]:
        """Every row at once, each task once, up to `scan_limit` of each source, and a report per source."""
        now = request.now or self._now()
        parts = [self._part(source, caller, request, None, None, now) for source in self._sources]
        streams = [stream for part in parts for stream in part.streams]
        async with anyio.create_task_group() as group:
            for stream in streams:
                group.start_soon(stream.prepare)
        found: dict[TaskRef, Task] = {}
        for stream in streams:
            while stream.head() is not None:
                task = stream.pop()
                found.setdefault(task.ref, task)
        return list(found.values()), [part.report() for part in parts]

    def _part(
        self,
        source: Source,
        caller: Caller,
        request: TaskListRequest,
        wanted_order: TotalOrder | None,
        resumed: ListPosition | None,
        now: datetime,
    ) -> Part[Task]:
        """Without an order the whole of it is wanted."""
        order = wanted_order or TotalOrder(())
        part: Part[Task] = Part(source)
        asked = self._reader(source, now).read(request.filter)
        if asked.query is None:
            part.skipped = True
            return part
        everything = request.scope is InboxScope.ALL_VISIBLE and caller.is_task_admin
        if caller.identity(source.key) is None and not everything:
            part.refused = IdentityNotLinkedError(
                "you are not linked to a user of this system; add an identity for this source to your entry in people"
            ).at(source.key, "list tasks")
            return part
        visible = disjuncts(caller, source.connector, request.scope, asked.query)
        wanted = [met for part_ in visible if not is_empty((met := meet(asked.query, part_))[0])]
        if not wanted:
            part.skipped = True
            return part
        plan = _Plan(part, tuple(dict.fromkeys(wanted)), visible, asked.matches, order, request, resumed)
        if not asked.exact or not all(whole for _, whole in wanted):
            part.filters = FilterPlacement.GATEWAY
        splits = None if wanted_order is None else order.splits(source.connector.sorts, source.connector.empty)
        if splits is None:
            part.sorts = FilterPlacement.GATEWAY
            self._drain(plan)
        else:
            for number, (query, is_all) in enumerate(plan.wanted):
                for split in splits:
                    whole = structs.replace(
                        query, present=query.present | split.present, absent=query.absent | split.absent
                    )
                    if is_empty(whole):
                        continue
                    if resumed is not None and resumed.backward != order.backward:
                        asked_for = _narrowed(whole, order, resumed.last)
                    else:
                        asked_for = whole
                    pushed = source.connector.pushdown(asked_for)
                    if pushed != asked_for:
                        part.filters = FilterPlacement.GATEWAY
                    name = f"{source.key}:{number}:{_halves(order, split)}"
                    part.streams.append(
                        PagedStream(
                            name=name,
                            source=source.key,
                            bound=split.bound,
                            order=order,
                            fetch=self._pages(plan, structs.replace(pushed, order=split.order)),
                            admit=self._admit(plan, split),
                            limit=min(request.first + 1, source.connector.page_limit),
                            scan_limit=source.connector.settings.scan_limit,
                            exact=pushed == whole and is_all and asked.exact,
                            last=None if resumed is None else resumed.last,
                            resume=None if resumed is None else resumed.streams.get(name),
                        )
                    )
        written = self._overlay.expected(source.key)
        if written:
            part.streams.append(self._written(plan, written))
        return part

    def _reader(self, source: Source, now: datetime) -> FilterReader:
        return FilterReader(
            source.key,
            source.connector.settings.vendor,
            native=lambda person: self._native(source.key, person),
            now=now,
        )

    def _native(self, source: str, person: PersonId) -> str | None:
        if person.key is not None:
            known = self._person(person.key)
            identity = None if known is None else known.identity(source)
            return None if identity is None else identity.native_id
        return person.ref.native_id if person.ref is not None and person.ref.source == source else None

    def _admit(self, plan: "_Plan", split: Split | None = None) -> Callable[[Task], Task | None]:
        """Rows that are wanted, as the vendor shows them; those that the overlay replaces come in its own stream.

        A vendor that cannot tell the halves of a list apart gives both: each stream takes its own.
        """

        def admit(task: Task) -> Task | None:
            if self._overlay.seen(task) is not task:
                return None
            shown = self._within_flow(task)
            is_ours = split is None or split.holds(shown)
            return shown if is_ours and plan.admits(shown) else None

        return admit

    def _written(self, plan: "_Plan", tasks: Sequence[Task]) -> Stream[Task]:
        async def rows() -> Held[Task]:
            return Held(tasks)

        return HeldStream(
            name=f"{plan.part.source.key}:written",
            source=plan.part.source.key,
            order=plan.order,
            rows=rows,
            admit=lambda task: task if plan.admits(task) else None,
            counts=False,
            last=plan.last,
        )

    def _drain(self, plan: "_Plan") -> None:
        """One stream for each different question that the vendor is asked; disjuncts mostly share one."""
        part = plan.part
        connector = part.source.connector
        queries = [query for query, _ in plan.wanted]
        pushed = {connector.pushdown(query): None for query in queries}
        if list(pushed) != queries:
            part.filters = FilterPlacement.GATEWAY
        for number, query in enumerate(pushed):
            name = f"{part.source.key}:{number}"
            part.streams.append(
                HeldStream(
                    name=name,
                    source=part.source.key,
                    order=plan.order,
                    rows=self._snapshot(plan, query),
                    admit=self._admit(plan),
                    last=plan.last,
                    resume=None if plan.resumed is None else plan.resumed.streams.get(name),
                )
            )

    def _snapshot(self, plan: "_Plan", query: TaskQuery) -> Callable[[], Awaitable[Held[Task]]]:
        connector = plan.part.source.connector
        most = connector.settings.scan_limit

        async def drain() -> Snapshot:
            rows: dict[str, Task] = {}
            cursor: str | None = None
            for pages in itertools.count(1):
                try:
                    page = await connector.list_tasks(query, limit=min(connector.page_limit, most), after=cursor)
                except ConnectorError as error:
                    if not rows:
                        raise
                    failed = error.at(plan.part.source.key, "drain tasks")
                    plan.part.source.record_failure(failed)
                    return Snapshot(list(rows.values()), truncated=True, pages=pages, error=failed)
                for task in page.items:
                    rows.setdefault(task.native_id, task)
                if page.next_cursor is None:
                    return Snapshot(list(rows.values())[:most], truncated=len(rows) > most, pages=pages)
                if len(rows) >= most or page.next_cursor == cursor:
                    return Snapshot(list(rows.values())[:most], truncated=True, pages=pages)
                cursor = page.next_cursor
            raise AssertionError("unreachable: the count does not end")

        async def rows() -> Held[Task]:
            snapshot = await self._ask(
                plan,
                "drain tasks",
                query,
                drain,
                ttl=lambda held: _drained_seconds(held, connector.settings.cache.list_seconds),
            )
            return Held(snapshot.tasks, snapshot.truncated, snapshot.error)

        return rows

    def _pages(self, plan: "_Plan", query: TaskQuery) -> Callable[[str | None, int], Awaitable[Page[Task]]]:
        connector = plan.part.source.connector

        async def fetch(after: str | None, limit: int) -> Page[Task]:
            return await self._ask(
                plan,
                "list tasks",
                (query, after, limit),
                lambda: connector.list_tasks(query, limit=limit, after=after),
            )

        return fetch

    async def _ask(
        self,
        plan: "_Plan",
        operation: str,
        arguments: Hashable,
        fetch: Callable[[], Awaitable[T]],
        *,
        ttl: Callable[[T], float] | None = None,
    ) -> T:
        """The shared answer of one question, counted and dated for the report, within the source's deadline."""
        part = plan.part
        settings = part.source.connector.settings.cache
        with in_context(current_context().counted_by(part.cost)):
            result = await self._answers.get_or_fetch(
                CacheKey(part.source.key, part.source.scope, operation, arguments),
                lambda: part.source.read(operation, fetch),
                ttl=ttl or (lambda _: settings.list_seconds),
                tags=[Tag(part.source.key, Kind.TASK_LIST)],
                max_stale=settings.max_stale_seconds,
                revalidate=settings.revalidate_seconds,
                max_wait=part.source.max_wait,
                fresh=plan.request.fresh,
            )
        part.note(result)
        return result.value


def _drained_seconds(held: Snapshot, least: float) -> float:
    """One that costs much is read seldom; one that ended early is not kept."""
    return 0.0 if held.error is not None else max(least, SHARED_SECONDS_A_PAGE * held.pages)


class _Plan(Struct, frozen=True):
    """What the streams of one source are made from: questions, each with whether it says all that is wanted."""

    part: Part[Task]
    wanted: tuple[tuple[TaskQuery, bool], ...]
    visible: tuple[TaskQuery, ...]
    matches: Test
    order: TotalOrder
    request: TaskListRequest
    resumed: ListPosition | None

    def admits(self, task: Task) -> bool:
        """Whether the row is asked for, and the caller may see it within the scope."""
        return self.matches(task) and any(query.matches(task) for query in self.visible)

    @property
    def last(self) -> tuple[int | str | None, ...] | None:
        return None if self.resumed is None else self.resumed.last


def _halves(order: TotalOrder, split: Split) -> str:
    """Which part of a list it is, the same in both directions."""
    return "".join("-" if key.field in split.absent else "+" for key in order.keys if key.field in NULLABLE)


def _narrowed(query: TaskQuery, order: TotalOrder, last: Position) -> TaskQuery:
    """What can follow a row in that direction: a source that bounds times need not be read from its start."""
    key, value = order.keys[0], last[0]
    if key.field not in query.present or not isinstance(value, int):
        return query
    moment = EPOCH + value * MICROSECOND
    rises = (key.direction is SortDirection.ASC) != order.backward
    bound = Interval(gte=moment) if rises else Interval(lte=moment)
    return structs.replace(query, times=(*query.times, (key.field, bound)))


def _fingerprint(caller: Caller, request: TaskListRequest) -> str:
    """Everything that decides which rows a list has and how they are sorted."""
    seen = (caller.key, request.scope, _canonical(request.order), _canonical(request.filter))
    return hashlib.blake2b(msgspec.json.encode(seen), digest_size=9).hexdigest()


def _canonical(value: object) -> object:
    """The same for equal values: sets have no order of their own."""
    match value:
        case Struct():
            given = ((name, getattr(value, name)) for name in value.__struct_fields__)
            return [type(value).__name__, {name: _canonical(member) for name, member in given if member is not None}]
        case frozenset():
            return sorted((_canonical(member) for member in value), key=repr)
        case tuple():
            return [_canonical(member) for member in value]
        case _:
            return value
