"""All configured sources as one: the gateway's side of `schema.port.Federation`."""

from collections.abc import Mapping, Sequence

from connectors.sdk.caller import Caller
from connectors.sdk.errors import ConnectorError
from connectors.sdk.model import DetailAspect, Flow, FlowRef, Group, NativeRef, Task, TaskDetail, TaskRef, User
from gateway.federation.lists import Lists
from gateway.federation.reads import Reads
from gateway.federation.source import Source
from gateway.federation.writes import Writes
from schema.port import (
    InboxScope,
    SourceInfo,
    TaskFilter,
    TaskList,
    TaskListRequest,
    WriteRequest,
    WriteResult,
)


class FederatedSources:
    """Answers the graph from lists, reads and writes; holds nothing itself but who the people are."""

    def __init__(
        self,
        sources: Sequence[Source],
        *,
        people: Mapping[str, Caller],
        lists: Lists,
        reads: Reads,
        writes: Writes,
    ) -> None:
        self._sources = sources
        self._people = people
        self._linked = {
            NativeRef(source, identity.native_id): person
            for person in people.values()
            for source, identity in person.identities.items()
        }
        self._lists, self._reads, self._writes = lists, reads, writes

    def sources(self) -> Sequence[SourceInfo]:
        return [source.info() for source in self._sources]

    def person(self, key: str) -> Caller | None:
        return self._people.get(key)

    def person_linked_to(self, ref: NativeRef) -> Caller | None:
        return self._linked.get(ref)

    async def list_tasks(self, caller: Caller, request: TaskListRequest) -> TaskList:
        return await self._lists.page(caller, request)

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

    async def get_users(self, refs: Sequence[NativeRef]) -> Mapping[NativeRef, User]:
        return await self._reads.users(refs)

    async def get_groups(self, refs: Sequence[NativeRef]) -> Mapping[NativeRef, Group]:
        return await self._reads.groups(refs)

    async def perform(self, caller: Caller, request: WriteRequest) -> WriteResult:
        return await self._writes.perform(caller, request)
