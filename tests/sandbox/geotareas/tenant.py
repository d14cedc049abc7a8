"""A tenant of the stand-in for GEOtareas and its client."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2

from sandbox.control import Control
from sandbox.geotareas import API_KEY, SERVICE, STAND_IN, TENANT, GeotareasStandIn

NOW = datetime(2026, 6, 15, 9, 0, tzinfo=UTC)
TASKS = "/apidev/v1/workflow/tasks"
INSTANCES = "/apidev/v1/workflow/instances"
DEFINITIONS = "/apidev/v1/workflow/definitions"
LOGIN = "/apidev/v1/login"

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
    """A stand-in behind its control interface, with its client."""

    def __init__(self, client: httpx2.AsyncClient, stand_in: GeotareasStandIn, clock: HandClock) -> None:
        self.client = client
        self.stand_in = stand_in
        self.clock = clock
        self.headers = {"tenant": TENANT, "X-API-Key": API_KEY}

    async def log_in(self, email: str = SERVICE.email, password: str = SERVICE.password) -> httpx2.Response:
        body = {"email": email, "password": password}
        answer = await self.client.post(LOGIN, json=body, headers={"tenant": TENANT})
        if answer.status_code == 200:
            self.headers["Authorization"] = f"Bearer {answer.json()['data']['authorization']}"
        return answer

    async def get(self, path: str, **params: str | int) -> httpx2.Response:
        return await self.client.get(path, params=params, headers=self.headers)

    async def post(self, path: str, body: Json) -> httpx2.Response:
        return await self.client.post(path, json=body, headers=self.headers)

    async def control(self, name: str, body: Json) -> None:
        (await self.client.post(f"/__sandbox__/{name}", json=body)).raise_for_status()

    async def rows(self, path: str = TASKS, **params: str | int) -> list[Json]:
        answer = await self.get(path, limit=100, **params)
        rows: list[Json] = answer.json()["data"]
        return rows

    async def detail(self, id: str) -> Json:
        data: Json = (await self.get(f"{TASKS}/{id}")).json()["data"]
        return data

    async def open_at(self, step_name: str) -> Json:
        """The detail of the newest open task at that step."""
        for status in ("PENDING", "IN_PROGRESS"):
            for row in await self.rows(status=status):
                if row["step_name"] == step_name:
                    return await self.detail(row["id"])
        raise AssertionError(f"no open task at {step_name}")


@contextlib.asynccontextmanager
async def tenant_of(tasks: int) -> AsyncIterator[Tenant]:
    """A tenant without a login, with the documented limits."""
    clock = HandClock()
    stand_in = STAND_IN(clock=clock)
    stand_in.reset(tasks=tasks, seed=7, now=None, scenario=None)
    transport = httpx2.ASGITransport(app=Control(stand_in))
    async with httpx2.AsyncClient(transport=transport, base_url="http://geotareas.test") as client:
        yield Tenant(client, stand_in, clock)


def refusal(answer: httpx2.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def filled(detail: Json) -> Json:
    """A value for each required field."""
    examples = {"text": "x", "number": 1, "date": "2026-06-15", "boolean": False, "select": "x", "file": "x.jpg"}
    return {field["name"]: examples[field["type"]] for field in detail["fields"] if field["required"]}
