"""What is read of an epilot organisation: lists by the configured way, executions of both generations, people."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import ClassVar, Self, TypeVar

from msgspec.structs import replace

from connectors.epilot import lists, mapping, wire
from connectors.epilot.client import EpilotClient
from connectors.epilot.detail import detail_from_wire
from connectors.epilot.ids import FlowId, flow_id, task_id
from connectors.epilot.mapping import Execution
from connectors.epilot.settings import Entity, EpilotSettings, Generation, ListBy
from connectors.sdk import (
    AdmissionControl,
    Clock,
    Connector,
    ConnectorError,
    ConnectorInfo,
    CountAccuracy,
    DetailAspect,
    Flow,
    FlowQuery,
    Group,
    Listing,
    NotFoundError,
    Page,
    Task,
    TaskDetail,
    TaskOrderField,
    TaskQuery,
    Transport,
    UnsupportedActionError,
    User,
    ValidationFailedError,
    get_each,
    utc_now,
)

T = TypeVar("T")

# Executions, or business objects, that one list may ask for one by one.
FEW = 10


class EpilotSource(Connector[EpilotSettings]):
    """Lists sort by one field only, so the gateway drains, filters and sorts."""

    vendor: ClassVar[str] = "epilot"
    title: ClassVar[str] = "epilot"
    settings_type = EpilotSettings
    never_filled: ClassVar[frozenset[TaskOrderField]] = frozenset(
        {TaskOrderField.FOLLOW_UP_AT, TaskOrderField.PRIORITY}
    )
    # What comes at once is taken at once; the queries over tasks give less.
    page_limit: ClassVar[int] = 1000
    listings: ClassVar[frozenset[Listing]] = frozenset({Listing.FLOWS, Listing.USERS, Listing.GROUPS, Listing.MEMBERS})
    open_to_everyone: ClassVar[bool] = True

    def __init__(self, settings: EpilotSettings, client: EpilotClient, *, clock: Clock = utc_now) -> None:
        super().__init__(settings, client.upstream, clock=clock)
        self.client = client
        self._list = lists.TASK_LISTS[settings.options.list_by](settings, client, clock)

    @classmethod
    def info_for(cls, settings: EpilotSettings) -> ConnectorInfo:
        """What lists leave out depends on the configured list."""
        return replace(super().info_for(settings), list_note=lists.TASK_LISTS[settings.options.list_by].note)

    @classmethod
    def open(cls, settings: EpilotSettings, *, transport: Transport | None = None, clock: Clock = utc_now) -> Self:
        return cls(settings, EpilotClient(settings, transport=transport), clock=clock)

    def guard(self, admission: AdmissionControl) -> None:
        self.client.guard(admission)

    async def aclose(self) -> None:
        await self.client.aclose()

    # Tasks

    def pushdown(self, query: TaskQuery) -> TaskQuery:
        """The tasks of a few flows are read from these, others by the configured list; candidates are never named."""
        if query.candidate_users is not None or query.candidate_groups is not None or query.has_candidates:
            return TaskQuery(
                candidate_users=query.candidate_users,
                candidate_groups=query.candidate_groups,
                has_candidates=query.has_candidates,
            )
        if query.flows is not None and len(query.flows) <= FEW:
            return TaskQuery(flows=query.flows)
        return self._list.pushdown(query)

    async def list_tasks(self, query: TaskQuery, *, limit: int, after: str | None = None) -> Page[Task]:
        if query.candidate_users is not None or query.candidate_groups is not None or query.has_candidates:
            return lists.NOTHING
        if query.flows is not None:
            return await self._tasks_of_flows(query.flows, limit=limit, after=after)
        return await self._list.page(query, limit=limit, after=after)

    async def get_tasks(self, ids: Sequence[str]) -> Mapping[str, Task | ConnectorError]:
        """One call for each execution: there is none for a task."""
        wanted = [native_id for native_id in dict.fromkeys(ids) if self.is_native_id(native_id)]
        of_flow = {native_id: str(task_id(native_id).flow) for native_id in wanted}
        executions = await get_each(of_flow.values(), self._execution_by_id)
        now = self.clock()
        tasks: dict[str, Task | ConnectorError] = {}
        for native_id in wanted:
            match executions.get(of_flow[native_id]):
                case Execution() as execution:
                    found = mapping.tasks_of(execution, self.settings, fetched_at=now).get(native_id)
                    tasks |= {} if found is None else {native_id: found}
                case ConnectorError() as error:
                    tasks[native_id] = error
                case None:
                    continue
        return tasks

    async def get_detail(self, task: Task, aspects: AbstractSet[DetailAspect]) -> TaskDetail:
        """One call, whatever is asked for: the whole execution."""
        if not aspects - {DetailAspect.DATA, DetailAspect.COMMENTS}:
            return TaskDetail()
        where = task_id(task.native_id)
        execution = await self.execution(where.flow)
        for row, _raw in execution.tasks:
            if row.id == where.task:
                return detail_from_wire(row, execution, aspects, self.settings)
        raise NotFoundError("the flow has no such task any more")

    def is_native_id(self, native_id: str) -> bool:
        try:
            task_id(native_id)
        except NotFoundError:
            return False
        return True

    # Flows

    async def execution(self, flow: FlowId) -> Execution:
        """One execution of either generation with all its tasks; NotFoundError when it is not there."""
        if flow.generation is Generation.V1:
            return await self.client.workflows.get(flow.execution)
        return await self.client.flows.get(flow.execution)

    async def get_flows(self, ids: Sequence[str]) -> Mapping[str, Flow | ConnectorError]:
        async def get(native_id: str) -> Flow:
            return self.flow(await self._execution_by_id(native_id))

        return await get_each(ids, get)

    def within_flow(self, task: Task, flow: Flow) -> Task:
        return mapping.task_within_flow(task, flow, self.settings.options.ready_when)

    def pushdown_flows(self, query: FlowQuery) -> FlowQuery:
        """By business objects, a few of them; each by its type and its id."""
        types, ids = query.subject_types, query.subject_ids
        if types is None or ids is None or len(types) * len(ids) > FEW:
            return FlowQuery()
        return FlowQuery(subject_types=types, subject_ids=ids)

    async def list_flows(self, query: FlowQuery, *, limit: int, after: str | None = None) -> Page[Flow]:
        """Of the business objects asked for, else of those configured, else all of the older generation.

        Of the newer one nothing else is listed by the vendor: UnsupportedActionError.
        """
        asked = query.subject_types is not None and query.subject_ids is not None
        entities = (
            [
                Entity(entity_schema=type_, entity_id=native_id)
                for type_ in sorted(query.subject_types or ())
                for native_id in sorted(query.subject_ids or ())
                if type_ and native_id
            ]
            if asked
            else list(self.settings.options.entities)
        )
        if entities or asked:
            executions = await self._executions_of(entities)
        elif self.settings.generation is Generation.V1:
            executions = await self.client.workflows.list_executions()
        else:
            raise UnsupportedActionError(
                "epilot lists flows by business object: filter by subject type and id, or configure entities"
            )
        found = {str(each.flow): each for each in executions}
        flows = [self.flow(each) for each in found.values()]
        return _slice([each for each in flows if query.matches(each)], limit=limit, after=after)

    def flow(self, execution: Execution) -> Flow:
        return mapping.flow_from_wire(execution, self.settings, fetched_at=self.clock())

    # People

    async def get_users(self, ids: Sequence[str]) -> Mapping[str, User]:
        """One call for each; those who could not be read are absent while others could."""
        found = await get_each(ids, self.client.directory.user)
        users = {
            native_id: user
            for native_id, row in found.items()
            if not isinstance(row, ConnectorError) and (user := mapping.user_from_wire(row)) is not None
        }
        _raise_if_all_failed(users, found.values())
        return users

    async def get_groups(self, ids: Sequence[str]) -> Mapping[str, Group]:
        """As `get_users`."""
        found = await get_each(ids, self.client.directory.group)
        groups = {
            native_id: mapping.group_from_wire(row)
            for native_id, row in found.items()
            if not isinstance(row, ConnectorError)
        }
        _raise_if_all_failed(groups, found.values())
        return groups

    async def list_users(
        self, *, search: str | None = None, assignable_to: Task | None = None, limit: int, after: str | None = None
    ) -> Page[User]:
        """Whom a task can be given to is not told: everybody."""
        limit, offset = min(limit, lists.ROWS), _offset(after)
        rows = await self.client.directory.users(search=search, limit=limit, offset=offset)
        users = {user.native_id: user for row in rows if (user := mapping.user_from_wire(row)) is not None}
        return Page(
            items=tuple(users.values())[:limit], next_cursor=str(offset + min(len(rows), limit)) if rows else None
        )

    async def list_groups(self, *, search: str | None = None, limit: int, after: str | None = None) -> Page[Group]:
        limit, offset = min(limit, lists.ROWS), _offset(after)
        rows = await self.client.directory.groups(search=search, limit=limit, offset=offset)
        groups = {row.id: mapping.group_from_wire(row) for row in rows.groups[:limit]}
        end = offset + min(len(rows.groups), limit)
        more = bool(rows.groups) and (rows.hits is None or end < rows.hits)
        return Page(
            items=tuple(groups.values()),
            next_cursor=str(end) if more else None,
            total=None if rows.hits is None else int(rows.hits),
            total_accuracy=CountAccuracy.UNKNOWN if rows.hits is None else CountAccuracy.EXACT,
        )

    async def list_members(self, group_id: str, *, limit: int, after: str | None = None) -> Page[User]:
        """One call, for all of them."""
        try:
            group = await self.client.directory.group(group_id, hydrate=True)
        except NotFoundError:
            return Page(items=(), total=0, total_accuracy=CountAccuracy.EXACT)
        users: dict[str, User] = {}
        for row in group.users or ():
            user = mapping.user_from_wire(wire.User(id=row) if isinstance(row, str) else row or wire.User())
            if user is not None:
                users[user.native_id] = user
        return _slice(list(users.values()), limit=limit, after=after)

    async def get_self(self) -> User | None:
        """The token, where it is the organisation's and not a person's."""
        return mapping.user_from_wire(await self.client.directory.me())

    async def ping(self) -> None:
        """One row of the list where it comes in pages, else who we are: other lists give everything."""
        if self.settings.options.list_by in {ListBy.OVERVIEW, ListBy.KANBAN}:
            await self._list.page(TaskQuery(), limit=1, after=None)
        else:
            await self.client.directory.me()

    async def _tasks_of_flows(self, flows: frozenset[str], *, limit: int, after: str | None) -> Page[Task]:
        """All of them are read for each page, which holds as many tasks as the list's pages."""
        executions = await get_each(sorted(flows), self._execution_by_id)
        now = self.clock()
        tasks: list[Task] = []
        for found in executions.values():
            if isinstance(found, ConnectorError):
                raise found
            tasks += mapping.tasks_of(found, self.settings, fetched_at=now).values()
        return _slice(sorted(tasks, key=lambda task: task.native_id), limit=limit, after=after)

    async def _execution_by_id(self, native_id: str) -> Execution:
        return await self.execution(flow_id(native_id))

    async def _executions_of(self, entities: Sequence[Entity]) -> list[Execution]:
        found: list[Execution] = []
        for entity in entities:
            found += await lists.executions_of(entity, self.settings.generation, self.client)
        return found


def _slice(items: Sequence[T], *, limit: int, after: str | None) -> Page[T]:
    start = _offset(after)
    end = start + max(limit, 1)
    return Page(
        items=tuple(items[start:end]),
        next_cursor=str(end) if end < len(items) else None,
        total=len(items),
        total_accuracy=CountAccuracy.EXACT,
    )


def _offset(cursor: str | None) -> int:
    if cursor is None:
        return 0
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) <= 9):
        raise ValidationFailedError("the cursor is not one of this list", field=("after",))
    return int(cursor)


def _raise_if_all_failed(found: Mapping[str, object], rows: Iterable[object]) -> None:
    for row in rows:
        if not found and isinstance(row, ConnectorError):
            raise row
