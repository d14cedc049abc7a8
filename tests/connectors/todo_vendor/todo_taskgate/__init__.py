"""A to-do service as a source of taskgate."""

from collections.abc import Mapping, Sequence
from typing import Literal

from msgspec import Raw, Struct

from connectors.sdk import (
    JSON_OK,
    Announced,
    BearerCredentials,
    Clock,
    Complete,
    Connector,
    ConnectorError,
    GroupRef,
    OffsetCursor,
    Outcome,
    Page,
    SourceSettings,
    Task,
    TaskQuery,
    TaskState,
    Transport,
    Upstream,
    UserRef,
    ValidationFailedError,
    decode_record,
    decode_rows,
    from_settings,
    get_each,
    handles,
    time_from_wire,
    utc_now,
)


class TodoSettings(SourceSettings):
    """`base_url` is the address of the service with `/api`."""

    vendor: Literal["todo"] = "todo"
    credentials: BearerCredentials


class Todo(Struct):
    """The service's JSON, under its own names."""

    id: int
    title: str
    done: bool
    owner: str | None = None
    team: str | None = None
    due: str | None = None


class Todos(Struct):
    items: list[Raw]  # decoded one by one: a row that does not fit costs one row
    total: int


class TodoConnector(Connector[TodoSettings]):
    vendor = "todo"
    title = "To-do service"
    settings_type = TodoSettings
    page_limit = 100

    @classmethod
    def open(
        cls, settings: TodoSettings, *, transport: Transport | None = None, clock: Clock = utc_now
    ) -> "TodoConnector":
        upstream = Upstream(settings, credentials=from_settings(settings.credentials), transport=transport)
        return cls(settings, upstream, clock=clock)

    async def ping(self) -> None:
        await self.upstream.read("GET", "/me")

    def pushdown(self, query: TaskQuery) -> TaskQuery:
        return TaskQuery()  # the service has no filters: the gateway reads the list and filters it

    async def list_tasks(self, query: TaskQuery, *, limit: int, after: str | None = None) -> Page[Task]:
        async def read(offset: int, size: int) -> Announced[Raw]:
            answer = await self.upstream.read("GET", "/todos", params={"offset": offset, "limit": size})
            todos = answer.decode(Todos)
            return Announced(todos.items, todos.total)

        page = await OffsetCursor.parse(after).page(read, limit=limit, most=self.page_limit)
        found = decode_rows(page.rows, lambda raw: decode_record(raw, Todo))
        return page.page([self._task(todo) for todo in found.records], odd=found.odd)

    async def get_tasks(self, ids: Sequence[str]) -> Mapping[str, Task | ConnectorError]:
        async def get(native_id: str) -> Task:
            return self._task((await self.upstream.read("GET", "/todos/{}", native_id)).decode(Todo))

        return await get_each(ids, get)

    @handles(Complete, guarded=True)
    async def complete(self, command: Complete) -> Outcome:
        if command.outcome or command.data or command.comment:
            raise ValidationFailedError("a to-do is completed without outcome, data and comment", field=("data",))
        body = {"by": command.require_actor().native_id}
        task_id = command.task.native_id
        answer = await self.upstream.write("POST", "/todos/{}/complete", task_id, success=JSON_OK, json=body)
        return Outcome(task=self._task(answer.decode(Todo)))

    def _task(self, todo: Todo) -> Task:
        open_state = TaskState.READY if todo.owner is None else TaskState.RESERVED
        return Task(
            source=self.source,
            native_id=str(todo.id),
            title=todo.title,
            state=TaskState.COMPLETED if todo.done else open_state,
            rule=f"todo.{'done' if todo.done else 'open'}",
            fetched_at=self.clock(),
            due_at=time_from_wire(todo.due, self.settings.zone),
            assignees=() if todo.owner is None else (UserRef(native_id=todo.owner),),
            candidate_groups=() if todo.team is None else (GroupRef(native_id=todo.team),),
        )
