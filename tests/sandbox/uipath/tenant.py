"""A tenant of the stand-in for UiPath and its client."""

import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2

from sandbox.control import Control
from sandbox.uipath import APP, ORGANIZATION, PERSONAL_TOKENS, STAND_IN, TENANT, UiPathStandIn
from sandbox.uipath.auth import Application
from sandbox.uipath.directory import DIRECTORY_GROUPS, PEOPLE, Folder
from sandbox.uipath.records import Task

NOW = datetime(2026, 6, 15, 9, 0, tzinfo=UTC)
ORCHESTRATOR = f"/{ORGANIZATION}/{TENANT}/orchestrator_"
INSTANCES = f"/{ORGANIZATION}/{TENANT}/pims_/api/v1/instances"
ODATA = "UiPath.Server.Configuration.OData"
LIST = f"/odata/Tasks/{ODATA}.GetTasksAcrossFolders"
FOR_ADMIN = f"{LIST}ForAdmin"
ASSIGN = f"/odata/Tasks/{ODATA}.AssignTasks"
REASSIGN = f"/odata/Tasks/{ODATA}.ReassignTasks"
UNASSIGN = f"/odata/Tasks/{ODATA}.UnassignTasks"
DELETE = f"/odata/Tasks/{ODATA}.DeleteTasks"
EDIT = f"/odata/Tasks/{ODATA}.EditTaskMetadata"
COMPLETE = {
    "ExternalTask": "/tasks/GenericTasks/CompleteTask",
    "FormTask": "/forms/TaskForms/CompleteTask",
    "AppTask": "/tasks/AppTasks/CompleteAppTask",
}
TOKEN = "/identity_/connect/token"
ALICE, BOB, CAROL = (PEOPLE[key].id for key in ("alice", "bob", "carol"))
ACCOUNTING = DIRECTORY_GROUPS["accounting"].id

Json = dict[str, Any]


@dataclass
class HandClock:
    """A clock that is moved by hand."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class Tenant:
    """A stand-in behind its control interface, with a client that is signed in as the application."""

    def __init__(self, client: httpx2.AsyncClient, stand_in: UiPathStandIn, clock: HandClock) -> None:
        self.client = client
        self.stand_in = stand_in
        self.clock = clock
        self.token = ""

    async def sign_in(self, app: Application = APP, **form: str) -> httpx2.Response:
        sent = {"grant_type": "client_credentials", "client_id": app.client_id, "client_secret": app.client_secret}
        answer = await self.client.post(TOKEN, data=sent | form)
        self.token = answer.json().get("access_token", "")
        return answer

    def become(self, person: str) -> None:
        self.token = PERSONAL_TOKENS[person]

    async def send(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        folder: Folder | None = None,
        params: Mapping[str, str] | None = None,
    ) -> httpx2.Response:
        headers = {"authorization": f"Bearer {self.token}", "x-request-id": "r1"}
        if folder is not None:
            headers["x-uipath-organizationunitid"] = str(folder.id)
        url = path if path.startswith("/acme") else ORCHESTRATOR + path
        return await self.client.request(method, url, json=body, params=params, headers=headers)

    async def rows(self, path: str = LIST, **options: str) -> list[Json]:
        answer = await self.send("GET", path, params={f"${name}": value for name, value in options.items()})
        assert 200 == answer.status_code, answer.text
        rows: list[Json] = answer.json()["value"]
        return rows

    async def row(self, task: Task, expand: str = "") -> Json:
        options = {"$expand": expand} if expand else {}
        found: Json = (await self.send("GET", f"/odata/Tasks({task.id})", params=options)).json()
        return found

    async def failed(self, path: str, *assignments: Json) -> list[tuple[int, int]]:
        """Task id and error code of each failed item."""
        answer = await self.send("POST", path, {"taskAssignments": assignments})
        assert 200 == answer.status_code, answer.text
        return [(each["TaskId"], each["ErrorCode"]) for each in answer.json()["value"]]

    def task(self, **wanted: object) -> Task:
        """The first open task with these attributes."""
        for task in self.stand_in.store.tasks.values():
            if task.is_open and all(getattr(task, name) == value for name, value in wanted.items()):
                return task
        raise LookupError(wanted)

    @property
    def effects(self) -> list[tuple[str, str]]:
        return [(each.action, each.task) for each in self.stand_in.effects.all()]


@contextlib.asynccontextmanager
async def tenant_of(tasks: int, scenario: str | None = None) -> AsyncIterator[Tenant]:
    """A tenant with the application signed in."""
    clock = HandClock()
    stand_in = STAND_IN(clock=clock)
    stand_in.reset(tasks=tasks, seed=7, now=None, scenario=scenario)
    transport = httpx2.ASGITransport(app=Control(stand_in))
    async with httpx2.AsyncClient(transport=transport, base_url="http://uipath.test") as client:
        tenant = Tenant(client, stand_in, clock)
        await tenant.sign_in()
        yield tenant


def refusal(answer: httpx2.Response) -> tuple[int, int]:
    """Status and Orchestrator's error number."""
    body = answer.json()
    assert {"message", "errorCode", "traceId"} == set(body)
    return answer.status_code, body["errorCode"]
