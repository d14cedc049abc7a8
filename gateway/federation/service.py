"""All configured sources as one: implements `schema.ports.Federation` by delegation."""

import math
from collections.abc import AsyncGenerator, Callable, Collection, Hashable, Mapping, Sequence
from contextlib import aclosing
from functools import partial
from types import MappingProxyType

from msgspec import Struct, structs

from connectors.sdk.caller import Caller
from connectors.sdk.clock import Clock, utc_now
from connectors.sdk.commands import MutationStatus, TaskAction
from connectors.sdk.errors import ConnectorError
from connectors.sdk.model import (
    Definition,
    DetailAspect,
    Flow,
    FlowRef,
    Group,
    NativeRef,
    Task,
    TaskDetail,
    TaskRef,
    User,
)
from gateway.federation.authorization import KnownAccounts, RecentlyShown, permitted_actions, with_roles
from gateway.federation.cache import Cache, Marks, Parts
from gateway.federation.lists import DefinitionLists, FlowLists, PeopleLists, Stats, TaskLists
from gateway.federation.live import Live
from gateway.federation.objects import Definitions, DirectoryReader, FlowReader, TaskReader
from gateway.federation.sources import Source
from gateway.federation.traffic import current_context
from gateway.federation.writes import BulkWriter, NextTask, OpenWrites, WritePipeline
from gateway.people import People
from schema.ports import (
    AccountLink,
    BulkRequest,
    BulkResult,
    CacheInfo,
    DefinitionRow,
    FlowListRequest,
    GroupRow,
    InboxWatchRequest,
    Operation,
    PageRequest,
    PersonRow,
    RowList,
    SourceInfo,
    StatsRequest,
    TakeNextRequest,
    TaskEvent,
    TaskList,
    TaskListRequest,
    TaskStats,
    Verdict,
    WriteRequest,
    WriteResult,
)

# Seconds that a person's accounts may take to be looked up.
LINK_SECONDS = 8.0


class Lists(Struct, frozen=True, kw_only=True):
    """The lists over all sources."""

    tasks: TaskLists
    flows: FlowLists
    definitions: DefinitionLists
    people: PeopleLists
    stats: Stats


class Objects(Struct, frozen=True, kw_only=True):
    """The readers of single objects."""

    tasks: TaskReader
    flows: FlowReader
    directory: DirectoryReader
    definitions: Definitions


class FederatedSources:
    """Answers the graph from lists, objects and writes. The methods are documented in the protocol."""

    def __init__(
        self,
        sources: Mapping[str, Source],
        *,
        people: People,
        cache: Cache,
        lists: Lists,
        objects: Objects,
        writes: WritePipeline,
        bulk: BulkWriter,
        next_task: NextTask,
        known: KnownAccounts,
        shown: RecentlyShown,
        live: Live,
        standing: Callable[[], Hashable] = lambda: None,
        settles_at: Callable[[], float] = lambda: math.inf,
        now: Clock = utc_now,
    ) -> None:
        """`standing` changes with our own writes, `settles_at` is when one of them is believed to be readable."""
        self._standing, self._settles_at, self._now = standing, settles_at, now
        self._sources = sources
        self._people = people
        self._cache = cache
        self._lists = lists
        self._objects = objects
        self._writes = writes
        self._bulk = bulk
        self._next_task = next_task
        self._known = known
        self._shown = shown
        self.live = live

    async def start(self) -> None:
        """Before the first request. Raises GatewayUnavailableError if the journal of writes cannot be used."""
        await self._writes.start()

    def drain(self, seconds: float) -> None:
        """The gateway ends in so many seconds: writes that still run then are answered with what is known of them."""
        self.live.close_subscriptions()
        self._writes.drain(seconds)

    async def stop(self) -> None:
        """Cut off what still runs."""
        await self.live.aclose()
        await self._writes.stop()

    def open_writes(self) -> Mapping[str, OpenWrites]:
        """By source: writes whose result is not known yet. For operators."""
        return self._writes.open_writes()

    def sources(self) -> Sequence[SourceInfo]:
        return [self._info_of(source) for source in self._sources.values()]

    def _info_of(self, source: Source) -> SourceInfo:
        info = source.info()
        return structs.replace(
            info, cache=partial(self._cache_info, source), capabilities=with_roles(info.capabilities)
        )

    def _cache_info(self, source: Source) -> CacheInfo:
        view = self._cache.view(source.key)
        return CacheInfo(
            ttl_seconds=round(source.connector.settings.cache.list_seconds),
            entries=view.entries,
            hit_ratio=view.hit_ratio,
            oldest_fetched_at=view.oldest_fetched_at,
        )

    # What kept whole answers rest on (gateway.http.kept_answers).

    def standing(self) -> Hashable:
        infos = tuple(source.main.info for source in self._sources.values())
        # With this object itself: another one may take its place.
        return self, self._people.changes, self._known.changes, self._standing(), infos

    def settles_at(self) -> float:
        return self._settles_at()

    def rests_on(self, marks: Marks) -> bool:
        return all(self._cache.mark(key) is mark for key, mark in marks.items())

    def awaits(self, caller: Caller) -> bool:
        return self._writes.awaits(caller)

    def note_shown_again(self, caller: Caller, tasks: Sequence[TaskRef]) -> None:
        self._note_shown(caller, tasks)

    def person(self, key: str) -> Caller | None:
        return self._people.by_key(key)

    def person_linked_to(self, ref: NativeRef) -> Caller | None:
        return self._people.by_native_ref(ref)

    async def links_of(self, person: Caller) -> Sequence[AccountLink]:
        left = current_context().remaining()
        return await self._people.links(person, within=LINK_SECONDS if left is None else min(left, LINK_SECONDS))

    async def list_tasks(self, caller: Caller, request: TaskListRequest) -> TaskList:
        self._writes.met(caller)
        listed = await self._lists.tasks.page(caller, request)
        for edge in listed.edges:
            self._known.note_task(edge.task)
        if isinstance(parts := current_context().parts, Parts):
            parts.note_shown((edge.task for edge in listed.edges), request.now or self._now())
            if not listed.is_complete:
                parts.spoil()
        self._note_shown(caller, [edge.task.ref for edge in listed.edges])
        return listed

    async def watch_inbox(self, caller: Caller, request: InboxWatchRequest) -> AsyncGenerator[TaskEvent, None]:
        async with aclosing(self.live.inbox(caller, request)) as told:
            async for event in told:
                self._note_told(caller, event)
                yield event

    async def watch_tasks(self, caller: Caller, refs: Collection[TaskRef]) -> AsyncGenerator[TaskEvent, None]:
        async with aclosing(self.live.tasks(caller, refs)) as told:
            async for event in told:
                self._note_told(caller, event)
                yield event

    def watch_statuses(self, keys: Collection[str]) -> AsyncGenerator[str, None]:
        return self.live.statuses(keys)

    def _note_told(self, caller: Caller, event: TaskEvent) -> None:
        if event.task is not None:
            self._known.note_task(event.task)
            self._note_shown(caller, [event.task.ref])

    async def task_stats(self, caller: Caller, request: StatsRequest) -> TaskStats:
        return await self._lists.stats.of(caller, request)

    async def get_tasks(
        self, caller: Caller, refs: Sequence[TaskRef], *, fresh: bool = False
    ) -> Mapping[TaskRef, Task | ConnectorError]:
        self._writes.met(caller)
        found = await self._objects.tasks.tasks(caller, refs, fresh=fresh)
        for task in found.values():
            if isinstance(task, Task):
                self._known.note_task(task)
        self._note_shown(caller, [ref for ref, task in found.items() if isinstance(task, Task)])
        if isinstance(parts := current_context().parts, Parts):
            parts.note_shown((task for task in found.values() if isinstance(task, Task)), self._now())
        return found

    async def get_details(
        self,
        caller: Caller,
        wanted: Mapping[TaskRef, frozenset[DetailAspect]],
        *,
        known: Mapping[TaskRef, Task] = MappingProxyType({}),
        fresh: bool = False,
    ) -> Mapping[TaskRef, TaskDetail | ConnectorError]:
        return await self._objects.tasks.details(caller, wanted, known=known, fresh=fresh)

    async def get_flows(
        self, caller: Caller, refs: Sequence[FlowRef], *, fresh: bool = False
    ) -> Mapping[FlowRef, Flow | ConnectorError]:
        return await self._objects.flows.flows(refs, fresh=fresh)

    async def get_visible_flow(self, caller: Caller, ref: FlowRef, *, fresh: bool = False) -> Flow | None:
        if not await self._lists.tasks.sees_flow(caller, ref):
            return None
        return await self._objects.flows.flow(ref, fresh=fresh)

    async def list_flows(self, caller: Caller, request: FlowListRequest) -> RowList[Flow]:
        return await self._lists.flows.page(caller, request)

    async def list_task_definitions(self, caller: Caller, request: PageRequest) -> RowList[DefinitionRow]:
        return await self._lists.definitions.page(request)

    async def get_task_definition(self, caller: Caller, ref: NativeRef) -> Definition | None:
        return await self._objects.definitions.task_definition(caller, ref) if ref.source in self._sources else None

    async def get_flow_definition(self, caller: Caller, ref: NativeRef) -> Definition | None:
        return await self._objects.definitions.flow_definition(caller, ref) if ref.source in self._sources else None

    async def list_users(
        self,
        caller: Caller,
        request: PageRequest,
        *,
        search: str | None = None,
        assignable_to: TaskRef | None = None,
    ) -> RowList[PersonRow]:
        return await self._lists.people.users(caller, request, search=search, assignable_to=assignable_to)

    async def list_groups(
        self, caller: Caller, request: PageRequest, *, search: str | None = None
    ) -> RowList[GroupRow]:
        return await self._lists.people.groups(request, search=search)

    async def list_members(self, caller: Caller, group: NativeRef, request: PageRequest) -> RowList[PersonRow]:
        return await self._lists.people.members(group, request)

    async def get_users(self, refs: Sequence[NativeRef]) -> Mapping[NativeRef, User]:
        return await self._objects.directory.users(refs)

    async def get_groups(self, refs: Sequence[NativeRef]) -> Mapping[NativeRef, Group]:
        return await self._objects.directory.groups(refs)

    def verdicts(self, caller: Caller, task: Task, actions: Sequence[TaskAction] | None = None) -> Sequence[Verdict]:
        return permitted_actions(self._sources[task.source], caller, task, actions, self._known)

    async def perform(self, caller: Caller, request: WriteRequest) -> WriteResult:
        result = await self._writes.perform(caller, request)
        self._note_written(caller, [result])
        return result

    async def perform_bulk(self, caller: Caller, request: BulkRequest) -> BulkResult:
        result = await self._bulk.perform(caller, request)
        if not request.dry_run:
            self._note_written(caller, [entry.result for entry in result.entries.values()])
        return result

    async def take_next(self, caller: Caller, request: TakeNextRequest) -> WriteResult:
        result = await self._next_task.take(caller, request)
        self._note_written(caller, [result])
        return result

    def _note_written(self, caller: Caller, results: Sequence[WriteResult]) -> None:
        applied = [each for each in results if each.status is MutationStatus.APPLIED and not each.replayed]
        self._note_shown(caller, [each.task.ref for each in applied if each.task is not None])

    def _note_shown(self, caller: Caller, refs: Sequence[TaskRef]) -> None:
        # Task admins see every task: what they saw before changes nothing.
        if not caller.is_task_admin:
            self._shown.note(caller, refs)

    async def operation(self, caller: Caller, operation_id: str) -> Operation | None:
        self._writes.met(caller)
        return await self._writes.operation(caller, operation_id)

    async def last_write(self, task: TaskRef) -> Operation | None:
        return await self._writes.last_of(task)
