"""The connector that taskgate asks the backend with."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

from msgspec import Struct

from connectors.sdk import (
    BearerCredentials,
    Clock,
    Connector,
    ConnectorError,
    Page,
    SourceSettings,
    Task,
    TaskOrderField,
    TaskQuery,
    TaskState,
    Transport,
    Upstream,
    User,
    UserRef,
    from_settings,
    utc_now,
)


class BackendSettings(SourceSettings):
    vendor: Literal["backend"] = "backend"
    credentials: BearerCredentials


class Row(Struct, rename="camel"):
    id: str
    title: str
    state: TaskState
    priority_score: int
    due_at: datetime
    created_at: datetime
    assignee_id: str


class Rows(Struct):
    nodes: list[Row]


class Account(Struct, rename="camel"):
    id: str
    display_name: str
    email: str


class BackendConnector(Connector[BackendSettings]):
    vendor = "backend"
    title = "Backend of the benchmark"
    settings_type = BackendSettings
    page_limit = 100
    sorts = frozenset({TaskOrderField.CREATED_AT})

    @classmethod
    def open(
        cls, settings: BackendSettings, *, transport: Transport | None = None, clock: Clock = utc_now
    ) -> "BackendConnector":
        upstream = Upstream(settings, credentials=from_settings(settings.credentials), transport=transport)
        return cls(settings, upstream, clock=clock)

    async def ping(self) -> None:
        await self.upstream.read("GET", "/tasks", params={"first": 1})

    def pushdown(self, query: TaskQuery) -> TaskQuery:
        return TaskQuery(order=query.order)

    async def list_tasks(self, query: TaskQuery, *, limit: int, after: str | None = None) -> Page[Task]:
        answer = (await self.upstream.read("GET", "/tasks", params={"first": limit})).decode(Rows)
        now = self.clock()
        return Page(items=[self._task(row, now) for row in answer.nodes])

    async def get_tasks(self, ids: Sequence[str]) -> Mapping[str, Task | ConnectorError]:
        return {}

    async def get_users(self, ids: Sequence[str]) -> Mapping[str, User]:
        answer = await self.upstream.read("GET", "/users", params={"id": ",".join(ids)})
        return {
            one.id: User(native_id=one.id, name=one.display_name, email=one.email)
            for one in answer.decode(list[Account])
        }

    def _task(self, row: Row, now: datetime) -> Task:
        return Task(
            source=self.source,
            native_id=row.id,
            title=row.title,
            state=row.state,
            rule="backend.state",
            fetched_at=now,
            priority_score=row.priority_score,
            due_at=row.due_at,
            created_at=row.created_at,
            assignees=(UserRef(native_id=row.assignee_id),),
        )
