"""A stand-in for the bridge behind its control interface, with its clients."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx2

from sandbox.control import Control
from sandbox.littlehorse import STAND_IN, LittlehorseStandIn
from sandbox.littlehorse.records import TaskRun

NOW = datetime(2026, 6, 15, 9, 0, tzinfo=UTC)
INVOICE = {"approved": {"type": "BOOLEAN", "value": True}}

Json = dict[str, Any]


class Bridge:
    """A stand-in behind its control interface, with its clients."""

    def __init__(self, client: httpx2.AsyncClient, stand_in: LittlehorseStandIn) -> None:
        self.client = client
        self.stand_in = stand_in
        self.now = NOW

    async def ask(self, method: str, path: str, person: str | None = "alice", **more: Any) -> httpx2.Response:
        headers = dict(more.pop("headers", {}))
        if person is not None:
            headers["Authorization"] = f"Bearer {self.stand_in.token(person)}"
        return await self.client.request(method, f"/default{path}", headers=headers, **more)

    async def get(self, path: str, person: str = "alice", **params: str | int) -> Json:
        answer = await self.ask("GET", path, person, params=params)
        assert 200 == answer.status_code, answer.text
        shown: Json = answer.json()
        return shown

    def one(self, **wanted: Any) -> TaskRun:
        return next(
            task
            for task in self.stand_in.bridge.kernel.all()
            if all(getattr(task, name) == value for name, value in wanted.items())
        )

    def now_of(self, task: TaskRun) -> TaskRun:
        return self.stand_in.bridge.kernel.current(task.key)


@asynccontextmanager
async def opened() -> AsyncIterator[Bridge]:
    """A stand-in with sixty tasks."""
    made: list[Bridge] = []
    stand_in = STAND_IN(clock=lambda: made[0].now if made else NOW)
    stand_in.reset(tasks=60, seed=7, now=NOW, scenario=None)
    app: Any = Control(stand_in)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://bridge.test") as client:
        made.append(Bridge(client, stand_in))
        yield made[0]


def path(task: TaskRun) -> str:
    return f"/tasks/{task.wf_run_id}/{task.id}"


def invoice(**wanted: Any) -> Json:
    return {"status": "UNASSIGNED", "group": "accounting", "definition": "approve-invoice", **wanted}
