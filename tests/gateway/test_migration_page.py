"""docs/migration.md: its configuration and its query, run against the stand-ins of both engines."""

import re
from pathlib import Path

import pytest

from sandbox.camunda.stand_in import PASSWORD
from sandbox.camunda7.directory import ADMIN_PASSWORD
from tests.documents import Page
from tests.world import World, gateway

PAGE = Page("docs/migration.md")


async def test_the_configuration_of_the_page_makes_one_inbox(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """alice sees tasks of both engines, sorted by due date, and claims one in each."""
    monkeypatch.setenv("TASKGATE_SECRET", "s" * 32)
    monkeypatch.setenv("CAMUNDA7_PASSWORD", ADMIN_PASSWORD)
    monkeypatch.setenv("CAMUNDA8_PASSWORD", PASSWORD)
    text = PAGE.blocks("toml")[0]
    for host, vendor in (("https://camunda7.example.com", "camunda7"), ("https://camunda8.example.com", "camunda")):
        assert host in text
        text = text.replace(host, world.urls[vendor])
    path = tmp_path / "taskgate.toml"
    path.write_text(text, encoding="utf-8")
    async with gateway(path) as (_, client):

        async def ask(query: str, **variables: object) -> dict[str, object]:
            body = {"query": query, "variables": variables}
            answer = (await client.post("/graphql", json=body, headers={"Authorization": "Bearer alice"})).json()
            assert "errors" not in answer, answer
            found: dict[str, object] = answer["data"]
            return found

        found = await ask(PAGE.blocks("graphql")[0])
        inbox = found["viewer"]["inbox"]  # type: ignore[index]
        claimable = {
            node["source"]["name"]: node["id"]
            for node in inbox["nodes"]
            if "CLAIM" in {each["action"] for each in node["permittedActions"] if each["allowed"]}
        }
        counted = await ask(
            """{ viewer { inbox(scope: MINE_OR_CLAIMABLE, orderBy: [{ field: CREATED_AT }], freshness: FRESH) {
              sources { source { key } count countAccuracy upstreamCalls } } } }"""
        )
        claims = [
            await ask("mutation ($id: ID!) { claimTask(input: {taskId: $id}) { status } }", id=id)
            for id in claimable.values()
        ]
    [old] = [one for one in counted["viewer"]["inbox"]["sources"] if one["source"]["key"] == "old-engine"]  # type: ignore[index]
    due = [node["dueAt"] for node in inbox["nodes"] if node["dueAt"]]

    assert {"old-engine": "OK", "new-engine": "OK"} == {one["source"]["key"]: one["status"] for one in inbox["sources"]}
    assert {"Camunda 7", "Camunda 8"} == {node["source"]["name"] for node in inbox["nodes"]} == set(claimable)
    assert sorted(due) == due
    # The rows, their number, the groups of alice, and the process instances of the page.
    assert (True, "EXACT", 4) == (old["count"] > 3, old["countAccuracy"], old["upstreamCalls"])
    assert [{"claimTask": {"status": "APPLIED"}}] * 2 == claims


def test_the_page_names_what_differs() -> None:
    """Each row of its table has a cell for each engine."""
    rows = [line for line in PAGE.text.splitlines() if line.startswith("| ")]

    assert {3} == {len(re.findall(r"\|", row)) - 1 for row in rows[:12]}
