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
from tests.real.cluster import Answer, Cluster, until
from tests.real.engine import PASSWORD, USER

RESULT = "status errors { code message } task { state assignee { displayName } }"
# This reads the list and not `flow.tasks`: only the list accepts FRESH.
CURRENT = """query ($id: ID!) { flow(id: $id, freshness: FRESH) { state }
  tasks(first: 5, freshness: FRESH, filter: {flow: {eq: $id}}) { nodes { id title state } } }"""
INBOX = "{ viewer { inbox(scope: MINE, freshness: FRESH) { nodes { id } sources { status error { code } } } } }"


class Gateway:
    """The gateway as a dashboard uses it."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self._client = client

    async def data(self, document: str, person: str, **variables: Any) -> Answer:
        response = await self._client.post(
            "/graphql",
            json={"query": document, "variables": variables},
            headers={"Authorization": f"Bearer {person}"},
        )
        answer: Answer = response.json()

        assert "errors" not in answer, answer["errors"]
        data: Answer = answer["data"]
        return data

    async def write(self, name: str, kind: str, fields: str, person: str, **values: Any) -> Answer:
        document = f"mutation ($i: {kind}!) {{ {name}(input: $i) {{ {fields} }} }}"
        payload: Answer = (await self.data(document, person, i=values))[name]
        return payload


@pytest.fixture
async def gateway(cluster: Cluster, address: str, tmp_path: Path) -> AsyncIterator[Gateway]:
    """A gateway with the engine as its only source. alice and bob are in the group accounting, carol is a task admin."""
    source = {
        "key": "camunda",
        "name": "Camunda 8",
        "vendor": "camunda",
        "base_url": address,
        "acts_as": "service",
        "credentials": {"kind": "basic", "username": USER, "password": PASSWORD},
    }
    people = [
        {
            "key": key,
            "name": key.title(),
            "groups": ["accounting"],
            "roles": ["task_admin"] if key == "carol" else [],
            "identities": {"camunda": {"id": key, "groups": ["accounting"]}},
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
        httpx2.AsyncClient(transport=transport, base_url="http://gateway.test", timeout=60) as client,
    ):
        yield Gateway(client)


async def test_a_task_from_its_start_to_its_end(gateway: Gateway) -> None:
    """Started by one person, claimed by another, refused to a third, and completed. Then the next step exists."""
    source = global_id("Source", "camunda")
    begun = await gateway.write(
        "startFlow",
        "StartFlowInput",
        "status errors { code message } flow { id state }",
        "carol",
        sourceId=source,
        definitionKey="invoice",
        data={"amount": 7},
    )
    flow = begun["flow"]["id"]

    async def current() -> Answer:
        return await gateway.data(CURRENT, "carol", id=flow)

    first = await until(current, lambda there: there["tasks"]["nodes"])
    task = first["tasks"]["nodes"][0]
    claimed = await gateway.write("claimTask", "ClaimTaskInput", RESULT, "alice", taskId=task["id"])
    refused = await gateway.write("claimTask", "ClaimTaskInput", RESULT, "bob", taskId=task["id"])
    inbox = await until(
        lambda: gateway.data(INBOX, "alice"),
        lambda data: task["id"] in {node["id"] for node in data["viewer"]["inbox"]["nodes"]},
    )
    completed = await gateway.write("completeTask", "CompleteTaskInput", RESULT, "alice", taskId=task["id"], data={"decision": "approved"})  # fmt: skip

    second = await until(
        current, lambda there: [each for each in there["tasks"]["nodes"] if each["title"] == "Prepare bank transfer"]
    )

    assert ("APPLIED", "ACTIVE") == (begun["status"], begun["flow"]["state"])
    assert ("Approve invoice", "READY") == (task["title"], task["state"])
    assert ("APPLIED", "RESERVED", "Alice") == (
        claimed["status"],
        claimed["task"]["state"],
        claimed["task"]["assignee"]["displayName"],
    )
    assert ("REJECTED", ["ALREADY_ASSIGNED"]) == (refused["status"], [error["code"] for error in refused["errors"]])
    assert [None] == [each["error"] for each in inbox["viewer"]["inbox"]["sources"]]
    assert ("APPLIED", [], "COMPLETED") == (completed["status"], completed["errors"], completed["task"]["state"])
    assert {"COMPLETED", "READY"} == {each["state"] for each in second["tasks"]["nodes"]}


async def test_a_flow_is_ended_with_its_tasks(gateway: Gateway) -> None:
    """Reads show it."""
    source = global_id("Source", "camunda")
    begun = await gateway.write("startFlow", "StartFlowInput", "flow { id }", "carol", sourceId=source, definitionKey="expense-report")  # fmt: skip
    flow = begun["flow"]["id"]
    await until(lambda: gateway.data(CURRENT, "carol", id=flow), lambda data: data["flow"] and data["tasks"]["nodes"])
    ended = await gateway.write("cancelFlow", "CancelFlowInput", "status flow { state }", "carol", flowId=flow)
    read_back = await until(
        lambda: gateway.data(CURRENT, "carol", id=flow),
        lambda data: {"CANCELED"} == {each["state"] for each in data["tasks"]["nodes"]},
    )

    assert ("APPLIED", "CANCELED") == (ended["status"], ended["flow"]["state"])
    assert "CANCELED" == read_back["flow"]["state"]
