"""What the tests do in an engine beyond the connector's calls: deploy, add people, start processes."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx2
import msgspec

from sandbox.camunda7.definitions import FORMS, PROCESSES
from sandbox.camunda7.formats import document_of
from sandbox.people import ALL_PEOPLE, GROUPS

FOLDER = Path(__file__).parent / "processes"
TIMEOUT_S = 120.0

Json = dict[str, Any]


class Company:
    """An engine, or a stand-in, as its administrator sees it."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self.client = client

    async def post(self, path: str, body: Mapping[str, Any], **params: Any) -> Any:
        response = await self.client.post(path, json=body, params=params)
        response.raise_for_status()
        return response.json() if response.content else None

    async def deploy(self) -> None:
        """The processes of the stand-in in their versions, the forms, and those in this folder."""
        files = {path.name: path.read_bytes() for path in FOLDER.iterdir()}
        files |= {f"{id}.form": msgspec.json.encode(form) for id, form in FORMS.items()}
        for version in range(1, max(each.version for each in PROCESSES) + 1):
            for process in PROCESSES:
                if process.version >= version:
                    # Another comment in the document makes another version.
                    text = f"{document_of(process)}<!-- {version} -->"
                    files[f"{process.key}.bpmn"] = text.encode()
            response = await self.client.post(
                "/deployment/create",
                data={"deployment-name": "tests", "deploy-changed-only": "true"},
                files={name: (name, content) for name, content in files.items()},
            )
            response.raise_for_status()
            files = {}

    async def populate(self) -> None:
        """The people and groups of the stand-in."""
        for id, name in GROUPS.items():
            await self.client.post("/group/create", json={"id": id, "name": name, "type": "WORKFLOW"})
        for person in ALL_PEOPLE:
            first, _, last = person.name.partition(" ")
            profile = {"id": person.key, "firstName": first, "lastName": last, "email": person.email}
            credentials = {"password": f"{person.key}-pw-1234"}
            await self.client.post("/user/create", json={"profile": profile, "credentials": credentials})
            for group in person.groups:
                await self.client.put(f"/group/{group}/members/{person.key}")

    async def start(self, key: str, **variables: Any) -> str:
        """The id of a new process instance."""
        given = {name: {"value": value} for name, value in variables.items()}
        answer = await self.post(f"/process-definition/key/{key}/start", {"variables": given, "businessKey": key})
        return str(answer["id"])

    async def tasks(self, flow: str) -> list[Json]:
        found: list[Json] = await self.post("/task", {"processInstanceId": flow})
        return found

    async def task(self, key: str, **variables: Any) -> str:
        """The id of the open task of a new process instance."""
        return str((await self.tasks(await self.start(key, **variables)))[0]["id"])

    async def many(self, key: str, count: int, **variables: Any) -> list[str]:
        """The ids of the open tasks of new process instances, one of each."""
        return [str(row["id"]) for row in await self.rows(key, count, **variables)]

    async def rows(self, key: str, count: int, **variables: Any) -> list[Json]:
        """The open tasks of new process instances, one of each."""
        flows = await asyncio.gather(*(self.start(key, **variables) for _ in range(count)))
        found = {str(row["processInstanceId"]): row for row in await self.post("/task", {"processInstanceIdIn": flows})}
        return [found[each] for each in flows]

    async def assort(self) -> None:
        """A few tasks in all states, with and without a name, dates, priority, candidates and changes."""
        when = ("2027-01-15T10:00:00.000+0000", "2027-03-01T00:00:00.000+0000", None)
        for number in range(12):
            body = {
                "id": f"assorted-{number:02d}",
                "name": ("Call", "call", None)[number % 3],
                "priority": number * 10,
                "due": when[number % 3],
                "followUp": when[number % 2],
                "assignee": ("alice", "bob", None, None)[number % 4],
            }
            await self.post("/task/create", body)
            if number % 5 == 0:
                await self.post(f"/task/{body['id']}/identity-links", {"userId": "alice", "type": "candidate"})
        taken, done, skipped, stopped, *_ = await self.rows("invoice", 5, amount=12)
        await self.post(f"/task/{taken['id']}/claim", {"userId": "alice"})
        await self.post(f"/task/{done['id']}/complete", {})
        step = {"activityId": "approve_invoice"}
        ways = [{"type": "cancel", **step}, {"type": "startAfterActivity", **step}]
        await self.post(f"/process-instance/{skipped['processInstanceId']}/modification", {"instructions": ways})
        await self.client.delete(f"/process-instance/{stopped['processInstanceId']}")
        [halted] = await self.rows("goods-return", 1)
        await self.client.put(f"/process-instance/{halted['processInstanceId']}/suspended", json={"suspended": True})

    async def row(self, id: str) -> Json:
        response = await self.client.get(f"/task/{id}")
        found: Json = response.json()
        return found

    async def history(self, id: str) -> Json:
        response = await self.client.get("/history/task", params={"taskId": id})
        found: list[Json] = response.json()
        return found[0] if found else {}


def client_of(
    address: str, user: str, password: str, transport: httpx2.AsyncBaseTransport | None = None
) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(base_url=address, auth=(user, password), timeout=TIMEOUT_S, transport=transport)
