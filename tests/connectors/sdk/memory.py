"""The smallest vendor: a service in memory behind a transport, and its connector. The contract suite is tested with it."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal
from urllib.parse import unquote

import httpx2
from msgspec import Raw, Struct
from pydantic import SecretStr

from connectors.sdk.capability import handles
from connectors.sdk.clock import Clock, utc_now
from connectors.sdk.commands import Claim, Complete, Outcome, Release
from connectors.sdk.connector import Connector
from connectors.sdk.errors import AlreadyAssignedError, ConflictError, ConnectorError
from connectors.sdk.fan_out import get_each
from connectors.sdk.http import JSON_OK, Answer, Transport, Upstream, from_settings
from connectors.sdk.json import decode_record
from connectors.sdk.model import GroupRef, Task, TaskState, UserRef
from connectors.sdk.odd_rows import decode_rows
from connectors.sdk.query import Page, TaskQuery
from connectors.sdk.settings import BearerCredentials, SourceSettings
from connectors.sdk.testing import Reply

SECRET = "planted-secret-4711"
BASE = "https://memory.test/api"


class MemorySettings(SourceSettings):
    vendor: Literal["memory"] = "memory"
    credentials: BearerCredentials


def memory_settings() -> MemorySettings:
    return MemorySettings(
        key="memory",
        name="Memory",
        base_url=BASE,
        max_response_bytes=64 * 1024,
        credentials=BearerCredentials(kind="bearer", token=SecretStr(SECRET)),
    )


class MemoryService(httpx2.AsyncBaseTransport):
    """Fourteen tasks. The first ten are open; `bo` owns every fifth of these."""

    def __init__(self) -> None:
        self.tasks: dict[str, dict[str, Any]] = {
            f"t{n:02}": {
                "id": f"t{n:02}",
                "title": f"Task {n}",
                "owner": "bo" if n % 5 == 0 else None,
                "group": "sales" if n % 2 else None,
                "done": n >= 10,
            }
            for n in range(14)
        }

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        status, answer = self._answer(request)
        return Reply(status, {"Content-Type": "application/json"}, json.dumps(answer).encode()).response()

    def _answer(self, request: httpx2.Request) -> tuple[int, object]:
        if request.headers.get("authorization") != f"Bearer {SECRET}":
            return 401, {}
        parts = [unquote(part) for part in request.url.raw_path.decode().split("?")[0].split("/")[2:]]
        match request.method, parts:
            case "GET", ["tasks"]:
                return 200, self._page(request.url.params)
            case "GET", ["tasks", native_id] if native_id in self.tasks:
                return 200, self.tasks[native_id]
            case "POST", ["tasks", native_id, verb] if native_id in self.tasks:
                return self._apply(self.tasks[native_id], verb, request.url.params.get("actor"))
            case _:
                return 404, {}

    def _page(self, params: Mapping[str, str]) -> object:
        start, limit = int(params.get("after", "0")), int(params["limit"])
        rows = [
            row
            for row in self.tasks.values()
            if params.get("open") is None or row["done"] is (params["open"] == "false")
        ]
        more = start + limit < len(rows)
        return {"items": rows[start : start + limit], "next": str(start + limit) if more else None}

    def _apply(self, row: dict[str, Any], verb: str, actor: str | None) -> tuple[int, object]:
        if row["done"]:
            return 409, {}
        match verb:
            case "claim" if row["owner"] is None:
                row["owner"] = actor
            case "release":
                row["owner"] = None
            case "complete" if row["owner"] == actor:
                row["done"] = True
            case _:
                return 409, {}
        return 200, row


class Row(Struct):
    id: str
    title: str
    owner: str | None
    group: str | None
    done: bool


class Rows(Struct):
    items: list[Raw]
    next: str | None


def parse_error(answer: Answer) -> ConnectorError | None:
    return ConflictError("the task is not in a state for that", native_status=409) if answer.status == 409 else None


class MemoryConnector(Connector[MemorySettings]):
    vendor = "memory"
    title = "Memory"
    settings_type = MemorySettings

    @classmethod
    def open(
        cls, settings: MemorySettings, *, transport: Transport | None = None, clock: Clock = utc_now
    ) -> "MemoryConnector":
        credentials = from_settings(settings.credentials)
        upstream = Upstream(settings, credentials=credentials, parse_error=parse_error, transport=transport)
        return cls(settings, upstream, clock=clock)

    def pushdown(self, query: TaskQuery) -> TaskQuery:
        if query.states is None or TaskState.COMPLETED in query.states:
            return TaskQuery()
        return TaskQuery(states=frozenset({TaskState.READY, TaskState.RESERVED}))

    async def list_tasks(self, query: TaskQuery, *, limit: int, after: str | None = None) -> Page[Task]:
        params: dict[str, str | int] = {"limit": limit, "after": after or "0"}
        if query.states is not None:
            params["open"] = "true"
        rows = (await self.upstream.read("GET", "/tasks", params=params)).decode(Rows)
        found = decode_rows(rows.items, lambda raw: decode_record(raw, Row))
        return Page(items=[self._task(row) for row in found.records], next_cursor=rows.next, odd=found.odd)

    async def get_tasks(self, ids: Sequence[str]) -> Mapping[str, Task | ConnectorError]:
        async def get(native_id: str) -> Task:
            return self._task((await self.upstream.read("GET", "/tasks/{}", native_id)).decode(Row))

        return await get_each(ids, get)

    async def ping(self) -> None:
        await self.upstream.read("GET", "/tasks", params={"limit": 1})

    @handles(Claim, guarded=True)
    async def claim(self, command: Claim) -> Outcome:
        try:
            return await self._write("claim", command)
        except ConflictError as error:
            raise AlreadyAssignedError("another person has the task", native_status=409) from error

    @handles(Release)
    async def release(self, command: Release) -> Outcome:
        return await self._write("release", command)

    @handles(Complete, guarded=True)
    async def complete(self, command: Complete) -> Outcome:
        return await self._write("complete", command)

    async def _write(self, verb: str, command: Claim | Release | Complete) -> Outcome:
        actor = "" if command.actor is None else command.actor.native_id
        native_id = command.task.native_id
        answer = await self.upstream.write(
            "POST", f"/tasks/{{}}/{verb}", native_id, success=JSON_OK, params={"actor": actor}
        )
        return Outcome(task=self._task(answer.decode(Row)))

    def _task(self, row: Row) -> Task:
        open_state = TaskState.READY if row.owner is None else TaskState.RESERVED
        state = TaskState.COMPLETED if row.done else open_state
        return Task(
            source=self.source,
            native_id=row.id,
            title=row.title,
            state=state,
            rule="memory",
            fetched_at=self.clock(),
            assignees=() if row.owner is None else (UserRef(native_id=row.owner),),
            candidate_groups=() if row.group is None else (GroupRef(native_id=row.group),),
        )
