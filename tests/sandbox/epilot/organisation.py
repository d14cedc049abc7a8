"""An organisation of the stand-in for epilot, with a client that checks every exchange against the vendor's descriptions."""

import contextlib
import json
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import httpx2

from sandbox.control import Control
from sandbox.epilot import STAND_IN, EpilotStandIn, access_token
from tests.spec import ApiDescription

SPECIFICATIONS = Path(__file__).resolve().parents[4] / "shared" / "specs" / "epilot"
NOW = datetime(2026, 6, 15, 9, 0, tzinfo=UTC)
FLOWS = "/v2/flows/executions"
WORKFLOWS = "/v1/workflows/executions"
KANBAN = "/v1/kanban/query/flows:execute"
OVERVIEW = "/v2/query/domain/workflows:execute"
DESCRIPTIONS = {
    "workflow-execution.openapi.json": ("/v1/workflows", "/v2/flows"),
    "user.openapi.json": ("/v1/users", "/v2/users", "/v1/groups"),
    "kanban.openapi.json": ("/v1/kanban",),
    "query-workflows.extract.openapi.json": ("/v2/query",),
}

Json = dict[str, Any]


@dataclass
class HandClock:
    """A clock that is moved by hand."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **span: float) -> None:
        self.now += timedelta(**span)


class Described:
    """Checks exchanges against the descriptions and records which operations succeeded."""

    def __init__(self, folder: Path) -> None:
        self.seen: set[tuple[str, str]] = set()
        self._apis: list[tuple[tuple[str, ...], ApiDescription, list[tuple[re.Pattern[str], str, set[str]]]]] = []
        for name, prefixes in DESCRIPTIONS.items():
            described: Json = json.loads((folder / name).read_text(encoding="utf-8"))["paths"]
            paths = [(_pattern(path), path, {each.upper() for each in item}) for path, item in described.items()]
            # A literal segment takes precedence over a placeholder.
            paths.sort(key=lambda each: each[1].count("{"))
            self._apis.append((prefixes, ApiDescription(folder / name), paths))

    def check(self, response: httpx2.Response) -> None:
        request = response.request
        path = request.url.raw_path.decode().partition("?")[0]
        for prefixes, description, paths in self._apis:
            if path.startswith(prefixes):
                for pattern, template, methods in paths:
                    if pattern.fullmatch(path) and request.method in methods:
                        if response.is_success:
                            description.check_request(request.method, template, request.content)
                            self.seen.add((request.method, template))
                        description.check_response(request.method, template, response.status_code, response.content)
                        return
        raise AssertionError(f"no description has {request.method} {path}")


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(
        "".join("[^/]+" if part.startswith("{") else re.escape(part) for part in re.split(r"(\{\w+\})", path))
    )


class Organisation:
    """A stand-in behind its control interface, with its client."""

    def __init__(self, client: httpx2.AsyncClient, stand_in: EpilotStandIn, clock: HandClock) -> None:
        self.client = client
        self.stand_in = stand_in
        self.clock = clock
        self.described: Described | None = None

    async def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        token: str | None = None,
        described: bool = True,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str | int] | None = None,
    ) -> httpx2.Response:
        """Send a request. `described=False` is for behaviour that the vendor does not describe."""
        response = await self.client.request(
            method,
            path,
            json=body,
            params=params,
            headers={"Authorization": f"Bearer {token or access_token()}", "X-Request-Id": "r1", **(headers or {})},
        )
        if described and self.described is not None:
            self.described.check(response)
        return response

    async def told(self, method: str, path: str, body: object = None, **params: str | int) -> Any:
        """Send a request that must succeed. Returns the answer."""
        response = await self.ask(method, path, body, params=params)

        assert response.is_success, response.text
        return response.json() if response.content else None

    async def refused(self, method: str, path: str, body: object = None, *, described: bool = True) -> tuple[int, str]:
        response = await self.ask(method, path, body, described=described)
        return response.status_code, response.json()["message"] if response.content else ""

    async def control(self, name: str, body: Json) -> None:
        (await self.client.post(f"/__sandbox__/{name}", json=body)).raise_for_status()

    async def started(self, template: str = "tpl_meter_exchange") -> Json:
        """Start a flow about a new entity."""
        context = {"entity_id": f"entity-{template}", "entity_schema": "contract"}
        flow: Json = await self.told("POST", FLOWS, {"flow_template_id": template, "contexts": [context]})
        return flow

    async def flow(self, id: str) -> Json:
        flow: Json = await self.told("GET", f"{FLOWS}/{id}")
        return flow

    async def patch(self, flow: Json, name: str, **members: Any) -> Json:
        """Patch the flow's task of that name."""
        task: Json = await self.told("PATCH", path_of(flow, name), members)
        return task

    async def done(self, flow: Json, *names: str) -> Json:
        """Complete tasks one after the other. Returns the flow."""
        for name in names:
            await self.patch(flow, name, status="COMPLETED")
        return await self.flow(flow["id"])

    async def at_answer(self) -> Json:
        """A solar installation whose customer has received the offer."""
        flow = await self.started("tpl_solar_installation")
        return await self.done(flow, "Call the customer", "Send the offer")

    async def answered(self, branch: str) -> Json:
        """A solar installation whose customer has answered: accepted, declined or revise."""
        flow = await self.at_answer()
        decided = {"status": "COMPLETED", "next_condition_id": f"cond_tt_answer_{branch}"}
        await self.patch(flow, "What does the customer say?", **decided)
        return await self.flow(flow["id"])

    async def rows(self, *items: Json, combination: str = "AND", **query: Any) -> list[Json]:
        """The rows of a query with these filters."""
        filters = {"items": list(items), "combination": combination}
        answer = await self.told("POST", KANBAN, {"filters": filters, "size": 1000, **query})
        rows: list[Json] = answer["results"]
        return rows

    def effects(self) -> list[tuple[str, str]]:
        return [(each.action, each.task) for each in self.stand_in.effects.all()]


def named(flow: Json, name: str) -> Json:
    """The flow's task of that name."""
    task: Json = next(task for task in flow["tasks"] if task["name"] == name)
    return task


def path_of(flow: Json, name: str) -> str:
    return f"{FLOWS}/{flow['id']}/tasks/{named(flow, name)['id']}"


def current(flow: Json) -> list[str]:
    """The names of the current tasks."""
    ids = [each["id"] for each in flow["crt_tasks"]]
    return [task["name"] for task in flow["tasks"] if task["id"] in ids]


def statuses(flow: Json) -> dict[str, str]:
    return {task["name"]: task["status"] for task in flow["tasks"]}


@contextlib.asynccontextmanager
async def organisation_of(tasks: int) -> AsyncIterator[Organisation]:
    """An organisation. If the vendor's descriptions are available, all its answers are checked against them."""
    clock = HandClock()
    stand_in = STAND_IN(clock=clock)
    stand_in.reset(tasks=tasks, seed=7, now=None, scenario=None)
    transport = httpx2.ASGITransport(app=Control(stand_in))
    async with httpx2.AsyncClient(transport=transport, base_url="http://epilot.test") as client:
        organisation = Organisation(client, stand_in, clock)
        if SPECIFICATIONS.is_dir():
            organisation.described = _described()
        yield organisation


@lru_cache(maxsize=1)
def _described() -> Described:
    return Described(SPECIFICATIONS)
