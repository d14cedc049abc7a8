"""All configured sources as one: the gateway's side of `schema.ports.Federation`."""

from collections.abc import Mapping, Sequence

from msgspec import structs

from connectors.sdk.caller import Caller
from connectors.sdk.commands import TaskAction
from connectors.sdk.errors import ConnectorError, InputError
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
from connectors.sdk.query import SortKey, TaskOrderField
from gateway.federation.authorization import permitted_actions, with_roles
from gateway.federation.cache import Cache
from gateway.federation.lists import Catalogues, Directories, Lists, Stats
from gateway.federation.objects import Definitions, Reads
from gateway.federation.sources import Source
from gateway.federation.writes import WritePipeline
from gateway.people import People
from schema.ports import (
    CacheInfo,
    DefinitionRow,
    FlowListRequest,
    GroupRow,
    InboxScope,
    Operation,
    PageRequest,
    PersonRow,
    RowList,
    SourceInfo,
    StatsRequest,
    TaskFilter,
    TaskList,
    TaskListRequest,
    TaskStats,
    Verdict,
    WriteRequest,
    WriteResult,
)


class FederatedSources:
    """Answers the graph from lists, catalogues, reads and writes; holds nothing itself but who the people are."""

    def __init__(
        self,
        sources: Sequence[Source],
        *,
        people: People,
        answers: Cache,
        lists: Lists,
        catalogues: Catalogues,
        directories: Directories,
        stats: Stats,
        reads: Reads,
        writes: WritePipeline,
    ) -> None:
        self._sources = sources
        self._by_key = {source.key: source for source in sources}
        self._people = people
        self._answers = answers
        self._lists, self._catalogues, self._directories = lists, catalogues, directories
        self._stats = stats
        self._reads, self._writes = reads, writes
        self._definitions = Definitions(
            list_definitions=catalogues.task_definitions,
            list_tasks=lists.page,
            list_flows=catalogues.flows,
            flows=reads.flows,
        )

    def sources(self) -> Sequence[SourceInfo]:
        return [self._info_of(source) for source in self._sources]

    def _info_of(self, source: Source) -> SourceInfo:
        info = source.info()
        return structs.replace(info, cache=self._kept_of(source), capabilities=with_roles(info.capabilities))

    def _kept_of(self, source: Source) -> CacheInfo:
        view = self._answers.view(source.key)
        return CacheInfo(
            ttl_seconds=round(source.connector.settings.cache.list_seconds),
            entries=view.entries,
            hit_ratio=view.hit_ratio,
            oldest_fetched_at=view.oldest_fetched_at,
        )

    def person(self, key: str) -> Caller | None:
        return self._people.by_key(key)

    def person_linked_to(self, ref: NativeRef) -> Caller | None:
        return self._people.by_native_ref(ref)

    async def list_tasks(self, caller: Caller, request: TaskListRequest) -> TaskList:
        return await self._lists.page(caller, request)

    async def task_stats(self, caller: Caller, request: StatsRequest) -> TaskStats:
        return await self._stats.of(caller, request)

    async def get_tasks(
        self, caller: Caller, refs: Sequence[TaskRef], *, fresh: bool = False
    ) -> Mapping[TaskRef, Task | ConnectorError]:
        return await self._reads.tasks(caller, refs, fresh=fresh)

    async def get_details(
        self, caller: Caller, wanted: Mapping[TaskRef, frozenset[DetailAspect]]
    ) -> Mapping[TaskRef, TaskDetail | ConnectorError]:
        return await self._reads.details(caller, wanted)

    async def get_flows(
        self, caller: Caller, refs: Sequence[FlowRef], *, fresh: bool = False
    ) -> Mapping[FlowRef, Flow | ConnectorError]:
        return await self._reads.flows(refs, fresh=fresh)

    async def get_visible_flow(self, caller: Caller, ref: FlowRef, *, fresh: bool = False) -> Flow | None:
        if not caller.is_task_admin:
            seen = await self._lists.page(
                caller,
                TaskListRequest(
                    scope=InboxScope.ALL_VISIBLE,
                    filter=TaskFilter(sources=frozenset({ref.source}), flows=frozenset({ref})),
                    # Every task has it: a list by due time would be two.
                    order=(SortKey(TaskOrderField.CREATED_AT),),
                    first=1,
                    count=False,
                ),
            )
            if not seen.edges:
                return None
        flow = (await self._reads.flows([ref], fresh=fresh)).get(ref)
        if isinstance(flow, ConnectorError):
            raise flow
        return flow

    async def list_flows(self, caller: Caller, request: FlowListRequest) -> RowList[Flow]:
        return await self._catalogues.flows(caller, request)

    async def list_task_definitions(self, caller: Caller, request: PageRequest) -> RowList[DefinitionRow]:
        return await self._catalogues.task_definitions(request)

    async def get_task_definition(self, caller: Caller, ref: NativeRef) -> Definition | None:
        return await self._definitions.task_definition(caller, ref) if ref.source in self._by_key else None

    async def get_flow_definition(self, caller: Caller, ref: NativeRef) -> Definition | None:
        return await self._definitions.flow_definition(caller, ref) if ref.source in self._by_key else None

    async def list_users(
        self,
        caller: Caller,
        request: PageRequest,
        *,
        search: str | None = None,
        assignable_to: TaskRef | None = None,
    ) -> RowList[PersonRow]:
        task = None
        if assignable_to is not None:
            found = (await self._reads.tasks(caller, [assignable_to])).get(assignable_to)
            if isinstance(found, ConnectorError):
                raise found
            if found is None:
                raise InputError("assignableTo names no task that you can see", field=("assignableTo",))
            task = found
        return await self._directories.users(request, search=search, assignable_to=task)

    async def list_groups(
        self, caller: Caller, request: PageRequest, *, search: str | None = None
    ) -> RowList[GroupRow]:
        return await self._directories.groups(request, search=search)

    async def list_members(self, caller: Caller, group: NativeRef, request: PageRequest) -> RowList[PersonRow]:
        return await self._directories.members(group, request)

    async def get_users(self, refs: Sequence[NativeRef]) -> Mapping[NativeRef, User]:
        return await self._reads.users(refs)

    async def get_groups(self, refs: Sequence[NativeRef]) -> Mapping[NativeRef, Group]:
        return await self._reads.groups(refs)

    def verdicts(self, caller: Caller, task: Task, actions: Sequence[TaskAction] | None = None) -> Sequence[Verdict]:
        return permitted_actions(self._by_key[task.source], caller, task, actions)

    async def perform(self, caller: Caller, request: WriteRequest) -> WriteResult:
        return await self._writes.perform(caller, request)

    async def operation(self, caller: Caller, operation_id: str) -> Operation | None:
        return await self._writes.operation(caller, operation_id)

    async def last_write(self, task: TaskRef) -> Operation | None:
        return await self._writes.last_of(task)
