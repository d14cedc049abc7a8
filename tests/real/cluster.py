"""What the tests do in a cluster beyond the connector's calls: deploy, start, complete jobs, add people."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx2

from sandbox.camunda.definitions import DEFINITIONS, FORMS
from sandbox.camunda.formats import document_of
from tests.real.engine import PASSWORD, USER

PROCESSES = Path(__file__).parent / "processes"
PATIENCE_S = 20.0
# More than the 15 s after which the server gives up waiting for a task listener.
TIMEOUT_S = 40.0

T = TypeVar("T")
Answer = dict[str, Any]


async def until(ask: Callable[[], Awaitable[T]], wanted: Callable[[T], object], patience_s: float = PATIENCE_S) -> T:
    """Repeat until the answer is as wanted. The TimeoutError contains the last answer."""
    deadline = time.monotonic() + patience_s
    while True:
        answer = await ask()
        if wanted(answer):
            return answer
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {patience_s:g} s; last seen: {answer}")
        await asyncio.sleep(0.02)


class Cluster:
    """A cluster as its administrator sees it. With `plays_listeners`, the tests do the jobs of task listeners."""

    def __init__(self, client: httpx2.AsyncClient, *, plays_listeners: bool) -> None:
        self.client = client
        self.plays_listeners = plays_listeners

    async def post(self, path: str, body: Mapping[str, Any]) -> Answer:
        response = await self.client.post(path, json=body)
        response.raise_for_status()
        return response.json() if response.content else {}

    async def deploy(self) -> None:
        """Deploy the processes of the stand-in and those in this folder, with their forms."""
        # A ready server may not know its first user yet, because users are exported too.
        await until(lambda: self.client.get("/topology"), lambda response: response.status_code == 200)
        documents = {
            **{f"{id}.bpmn": document_of(definition) for id, definition in DEFINITIONS.items()},
            **{f"{form.form_id}.form": form.schema.encode() for form in FORMS.values()},
            **{path.name: path.read_bytes() for path in PROCESSES.iterdir()},
        }
        files = [("resources", (name, content)) for name, content in documents.items() if content is not None]
        (await self.client.post("/deployments", files=files)).raise_for_status()
        await until(
            lambda: self.found("/process-definitions/search", page={"limit": 100}),
            lambda rows: {row["processDefinitionId"] for row in rows} >= {*DEFINITIONS, "approval"},
        )

    async def start(self, process_id: str, *elements: str, **variables: Any) -> str:
        """The key of a new instance, started at the named elements."""
        body: Answer = {"processDefinitionId": process_id, "variables": variables}
        if elements:
            body["startInstructions"] = [{"elementId": element} for element in elements]
        return str((await self.post("/process-instances", body))["processInstanceKey"])

    async def found(self, path: str, **body: Any) -> list[Answer]:
        rows: list[Answer] = (await self.post(path, body))["items"]
        return rows

    async def until_read(self, path: str, count: int) -> list[Answer]:
        """The rows of a search, as soon as there are `count` of them."""
        return await until(lambda: self.found(path), lambda rows: len(rows) >= count)

    async def tasks(self, instance: str, count: int = 1) -> list[Answer]:
        """The open tasks of the instance, as soon as there are `count` of them."""
        return await until(
            lambda: self.found("/user-tasks/search", filter={"processInstanceKey": instance, "state": "CREATED"}),
            lambda rows: len(rows) >= count,
        )

    async def key_in(self, instance: str, state: str) -> str:
        """The key of the instance's task in that state, as soon as there is one."""
        wanted = {"processInstanceKey": instance, "state": state}
        return str((await until(lambda: self.found("/user-tasks/search", filter=wanted), bool))[0]["userTaskKey"])

    async def task(self, process_id: str, *elements: str, **variables: Any) -> str:
        """The key of the open task of a new instance."""
        return str((await self.tasks(await self.start(process_id, *elements, **variables)))[0]["userTaskKey"])

    async def row(self, key: str) -> Answer:
        response = await self.client.get(f"/user-tasks/{key}")
        row: Answer = response.json()
        return row

    async def row_in(self, key: str, state: str) -> Answer:
        return await until(lambda: self.row(key), lambda row: row.get("state") == state)

    async def play(self, element: str, *, denial: str | None = None) -> None:
        """Do the waiting job of the listener of that element. `denial` is the reason to refuse."""
        if not self.plays_listeners:
            return
        wanted = {
            "type": f"{element}-listener",
            "worker": "tests",
            "timeout": 60_000,
            "maxJobsToActivate": 1,
            "requestTimeout": 2_000,
        }

        async def activated() -> list[Answer]:
            jobs: list[Answer] = (await self.post("/jobs/activation", wanted))["jobs"]
            return jobs

        [job] = await until(activated, bool)
        result: Answer = {"type": "userTask", "denied": denial is not None}
        if denial is not None:
            result["deniedReason"] = denial
        await self.post(f"/jobs/{job['jobKey']}/completion", {"result": result})

    async def add_person(self, username: str, *groups: str) -> None:
        """Add a person whose password is the user name, in groups that are created if necessary."""
        person = {
            "username": username,
            "password": username,
            "name": username.title(),
            "email": f"{username}@example.com",
        }
        await self._make("/users", person)
        for group in groups:
            await self._make("/groups", {"groupId": group, "name": group.title()})
            await self._make_by_put(f"/groups/{group}/users/{username}")

    async def allow(self, username: str, process_id: str, *permissions: str) -> None:
        grant = {
            "ownerId": username,
            "ownerType": "USER",
            "resourceType": "PROCESS_DEFINITION",
            "resourceId": process_id,
            "permissionTypes": permissions,
        }
        await self._make("/authorizations", grant)

    async def _make(self, path: str, body: Mapping[str, Any]) -> None:
        response = await self.client.post(path, json=body)
        if response.status_code != 409:
            response.raise_for_status()

    async def _make_by_put(self, path: str) -> None:
        # Groups and users are written separately: for a short time, the group or the user may be unknown.
        await until(lambda: self.client.put(path), lambda response: response.status_code in {204, 409})


def client_of(
    address: str, username: str = USER, password: str = PASSWORD, transport: httpx2.AsyncBaseTransport | None = None
) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(
        base_url=f"{address}/v2", auth=(username, password), timeout=TIMEOUT_S, transport=transport
    )


@asynccontextmanager
async def opened(address: str) -> AsyncIterator[Cluster]:
    """The engine at that address."""
    async with client_of(address) as client:
        yield Cluster(client, plays_listeners=True)
