"""End to end: a GraphQL client, the gateway, the engine, and back."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from gateway.app import create_app
from gateway.settings import load
from sandbox.config import toml
from schema.core.relay import global_id
from tests.real.operaton.company import Company

Json = dict[str, Any]

RESULT = "status errors { code message } task { state assignee { displayName } }"
OF_FLOW = """query ($id: ID!) { flow(id: $id, freshness: FRESH) { state businessKey }
  tasks(first: 5, freshness: FRESH, filter: {flow: {eq: $id}}) { totalCount nodes { id title state
  form { kind fields { key type required } } } } }"""
INBOX = "{ viewer { inbox(scope: MINE, freshness: FRESH) { nodes { id } sources { status error { code message } } } } }"


class Gateway:
    def __init__(self, client: httpx2.AsyncClient) -> None:
        self._client = client

    async def data(self, document: str, person: str, **variables: Any) -> Json:
        response = await self._client.post(
            "/graphql",
            json={"query": document, "variables": variables},
            headers={"Authorization": f"Bearer {person}"},
        )
        answer: Json = response.json()

        assert "errors" not in answer, answer["errors"]
        data: Json = answer["data"]
        return data

    async def write(self, name: str, kind: str, fields: str, person: str, **values: Any) -> Json:
        document = f"mutation ($i: {kind}!) {{ {name}(input: $i) {{ {fields} }} }}"
        payload: Json = (await self.data(document, person, i=values))[name]
        return payload


@pytest.fixture
async def gateway(company: Company, source: Json, tmp_path: Path) -> AsyncIterator[Gateway]:
    """alice and bob are in the group accounting, carol is a task admin."""
    people = [
        {
            "key": key,
            "name": key.title(),
            "groups": ["accounting"],
            "roles": ["task_admin"] if key == "carol" else [],
            "identities": {"camunda7": {"id": key, "groups": ["accounting"]}},
        }
        for key in ("alice", "bob", "carol")
    ]
    path = tmp_path / "taskgate.toml"
    document = {"gateway": {"secret": "s" * 32}, "auth": {"mode": "demo"}, "people": people, "sources": [source]}
    path.write_text(toml(document), encoding="utf-8")
    app = create_app(load(path))
    transport = httpx2.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=transport, base_url="http://gateway.test", timeout=120) as client,
    ):
        yield Gateway(client)


async def test_a_flow_is_worked_on_to_its_second_task(gateway: Gateway) -> None:
    """Start, claim, a lost claim, update, comment, draft, a refused and an accepted completion, cancel."""
    source = global_id("Source", "camunda7")
    begun = await gateway.write("startFlow", "StartFlowInput", "status errors { message } flow { id state }", "carol", sourceId=source, definitionKey="invoice", data={"amount": 12}, vendorOptions={"businessKey": "INV-1"})  # fmt: skip
    assert "APPLIED" == begun["status"], begun
    flow = begun["flow"]["id"]
    first = await gateway.data(OF_FLOW, "carol", id=flow)
    [task] = first["tasks"]["nodes"]
    claimed = await gateway.write("claimTask", "ClaimTaskInput", RESULT, "alice", taskId=task["id"])
    lost = await gateway.write("claimTask", "ClaimTaskInput", RESULT, "bob", taskId=task["id"])
    inbox = await gateway.data(INBOX, "alice")
    faulty = await gateway.write("completeTask", "CompleteTaskInput", RESULT, "alice", taskId=task["id"], data={"amount": -3})  # fmt: skip
    done = await gateway.write("completeTask", "CompleteTaskInput", RESULT, "alice", taskId=task["id"], data={"approved": True, "amount": 9, "payOn": "2026-12-24"})  # fmt: skip
    second = await gateway.data(OF_FLOW, "carol", id=flow)
    ended = await gateway.write("cancelFlow", "CancelFlowInput", "status flow { state }", "carol", flowId=flow)
    closed = await gateway.data(OF_FLOW, "carol", id=flow)

    assert ("ACTIVE", "INV-1", 1) == (
        first["flow"]["state"],
        first["flow"]["businessKey"],
        first["tasks"]["totalCount"],
    )
    assert "FIELDS" == task["form"]["kind"]
    assert ("APPLIED", "RESERVED") == (claimed["status"], claimed["task"]["state"])
    assert ("REJECTED", ["ALREADY_ASSIGNED"]) == (lost["status"], [each["code"] for each in lost["errors"]])
    assert task["id"] in {node["id"] for node in inbox["viewer"]["inbox"]["nodes"]}
    assert [None] == [each["error"] for each in inbox["viewer"]["inbox"]["sources"]]
    assert "REJECTED" == faulty["status"]
    assert ("APPLIED", [], "COMPLETED") == (done["status"], done["errors"], done["task"]["state"])
    assert {("Approve invoice", "COMPLETED"), ("Prepare bank transfer", "READY")} == {
        (each["title"], each["state"]) for each in second["tasks"]["nodes"]
    }
    assert ("APPLIED", "CANCELED") == (ended["status"], ended["flow"]["state"])
    assert {"COMPLETED", "CANCELED"} == {each["state"] for each in closed["tasks"]["nodes"]}
