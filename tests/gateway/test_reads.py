"""Reads over the stand-ins under their limits: rows that do not vanish, and what a page costs."""

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest

from tests.world import World, opened

LISTED = """query { viewer { inbox(first: 50, scope: ALL_VISIBLE, filter: {vendor: {eq: "geotareas"}}) {
  totalCount isComplete nodes { id assignee { displayName } } sources { source { key } status count error { code } } } } }"""
USERS = '{ user(id: "%s") { displayName } }'
ASSIGN = """mutation($id: ID!, $user: ID!) { assignTask(input: {taskId: $id, userId: $user, override: true}) {
  status errors { code message } } }"""


def report(inbox: Any) -> Any:
    return next(one for one in inbox["sources"] if one["status"] != "SKIPPED")


async def test_ten_writes_in_a_row_leave_the_inbox_whole(world: World) -> None:
    """GEOtareas' documented limits, 30 reads and 10 writes a minute: every list between them has every row.

    Once the reads are used up, the rows are STALE and say so; the writes are on top.
    """
    first = (await world.data(LISTED, "carol"))["viewer"]["inbox"]
    ids = [node["id"] for node in first["nodes"]]
    people = await world.data("{ users(first: 50) { nodes { id displayName } } }", "carol")
    bob = next(one["id"] for one in people["users"]["nodes"] if (one["displayName"] or "").startswith("Bob"))
    seen = []
    for number in range(10):
        written = (await world.data(ASSIGN, "carol", id=ids[number], user=bob))["assignTask"]
        inbox = (await world.data(LISTED, "carol"))["viewer"]["inbox"]
        told = report(inbox)
        owners = {node["id"]: node["assignee"] for node in inbox["nodes"]}
        seen.append((written["status"], told["status"], told["error"] and told["error"]["code"]))

        assert set(ids) == set(owners)
        assert len(ids) == told["count"] == inbox["totalCount"]
        assert all((owners[one] or {}).get("displayName", "").startswith("Bob") for one in ids[: number + 1])
        assert (told["status"] == "STALE") == (told["error"] is not None) == (not inbox["isComplete"])
    assert {"APPLIED"} == {one[0] for one in seen}
    assert ("APPLIED", "OK", None) == seen[0]
    assert ("APPLIED", "STALE", "RATE_LIMITED") == seen[-1]
    assert {200} == {one["status"] for one in await world.requests("geotareas")}


FLOWS = """query($source: ID!) { tasks(first: 30, filter: {source: {eq: $source}}) { nodes { flow { id state } } } }"""


async def test_the_flow_states_of_a_page_cost_one_batch_for_each_source(world: World) -> None:
    """Thirty rows: the list, and one question for all flows (epilot and UiPath read each flow by itself)."""
    await world.control("geotareas", "rate-limit", {})
    sources = {one["key"]: one["id"] for one in (await world.data("{ sources { key id } }", "carol"))["sources"]}
    cost = {}
    for key in ("camunda", "geotareas"):
        async with world.cold() as cold:
            nodes = (await cold.data(FLOWS, "carol", source=sources[key]))["tasks"]["nodes"]
            paths = [one["path"] for one in await cold.requests(key)]
            cost[key] = sum("instances" in path for path in paths)

            assert {"UNKNOWN"} != {node["flow"]["state"] for node in nodes if node["flow"]}
    assert {"camunda": 1, "geotareas": 1} == cost


DETAIL = "query($id: ID!) { task(id: $id) { title description form { fields { key } } outcomes { code } data } }"
FORMS = """query($source: ID!) { tasks(first: 20, filter: {source: {eq: $source}, isOpen: true}) {
  nodes { id form { fields { key } } } } }"""


async def test_a_record_is_read_once_for_a_task_and_all_its_parts(world: World) -> None:
    """GEOtareas: one GET for a task with its form. A list of rows with forms: one GET a row."""
    await world.control("geotareas", "rate-limit", {})
    source = next(
        one["id"]
        for one in (await world.data("{ sources { key id } }", "carol"))["sources"]
        if one["key"] == "geotareas"
    )
    async with world.cold() as cold:
        nodes = (await cold.data(FORMS.replace(", isOpen: true", ""), "carol", source=source))["tasks"]["nodes"]
        listed = [one["path"] for one in await cold.requests("geotareas") if "/workflow/tasks/" in one["path"]]
    async with world.cold() as cold:
        await cold.data(DETAIL, "carol", id=nodes[0]["id"])
        single = [one["path"] for one in await cold.requests("geotareas") if "/workflow/tasks/" in one["path"]]

    assert len(set(listed)) == len(listed) == len(nodes)
    assert 1 == len(single)


EXECUTION = """form { kind } outcomes { code } previousSteps { name } activities { totalCount }
  flow { state phases { key } currentTasks { id } tasks { nodes { id } } }"""
WHOLE = "query($id: ID!) { task(id: $id, freshness: CACHED) { state [execution] } }".replace("[execution]", EXECUTION)
FRESH = WHOLE.replace("CACHED", "FRESH")
SUSPEND = """mutation($id: ID!) { suspendTask(input: {taskId: $id}) {
  status errors { code message } task { state [execution] } } }""".replace("[execution]", EXECUTION)
# Seconds: more than the test takes, on a busy machine too; and none.
KEPT, UNKEPT = (
    f"cache = {{ list_seconds = {each}, detail_seconds = {each}, flow_seconds = {each}, revalidate_seconds = 0 }}"
    for each in (600, 0)
)


async def epilot_task(world: World) -> str:
    """A task that alice can suspend."""
    nodes = (
        await world.data(
            """{ tasks(first: 50, filter: {vendor: {eq: "epilot"}, isOpen: true}) {
              nodes { id permittedActions { action allowed } } } }"""
        )
    )["tasks"]["nodes"]
    suspend = {"action": "SUSPEND", "allowed": True}
    found: str = next(node["id"] for node in nodes if suspend in node["permittedActions"])
    return found


async def executions(world: World) -> list[str]:
    """The requests for one execution since the last call of this function, in order."""
    found = [one["method"] for one in await world.requests("epilot") if "/v2/flows/executions/" in one["path"]]
    await world.control("epilot", "requests", method="DELETE")
    return found


@pytest.mark.server
@pytest.mark.parametrize("in_source", [KEPT, UNKEPT], ids=["kept", "unkept"])
async def test_an_execution_of_epilot_is_read_once_for_each_question(in_source: str, tmp_path: Path) -> None:
    """A task with its details, its flow, and the flow's tasks: one GET, CACHED and FRESH, and one more after a write."""
    async with opened(tmp_path, in_sources={"epilot": [in_source]}) as world:
        task = await epilot_task(world)
        async with world.cold() as cold:
            seen = await cold.data(WHOLE, id=task)
            cached = await executions(cold)
            again = await cold.data(WHOLE, id=task)
            cached_again = await executions(cold)
            fresh = await cold.data(FRESH, id=task)
            asked_fresh = await executions(cold)
            both = await asyncio.gather(*(cold.data(FRESH, id=task) for _ in range(2)))
            at_once = await executions(cold)
            written = (await cold.data(SUSPEND, id=task))["suspendTask"]
            while_written = await executions(cold)

    read_again = ["GET"] if in_source == UNKEPT else []
    assert seen == again == fresh == both[0] == both[1]
    assert seen["task"]["flow"]["tasks"]["nodes"]
    assert (["GET"], read_again, ["GET"]) == (cached, cached_again, asked_fresh)
    # The second question takes what the first one reads if it was asked before, else it reads for itself.
    assert at_once in (["GET"], ["GET", "GET"])
    assert ("APPLIED", "SUSPENDED") == (written["status"], written["task"]["state"])
    # What decides, the write, and all that the answer shows.
    assert [*read_again, "PATCH", "GET"] == while_written
    assert written["task"]["activities"] != seen["task"]["activities"]


TASK_AND_FLOW = "query($id: ID!) { task(id: $id) { title form { fields { key } } flow { state } } }"
# By vendor: the task, its form where the task does not have it, the values that a form shows, and the flow.
RECORDS = {
    "camunda": [
        "/v2/process-instances/search",
        "/v2/user-tasks/1",
        "/v2/user-tasks/1/effective-variables/search",
        "/v2/user-tasks/1/form",
    ],
    "geotareas": ["/apidev/v1/workflow/instances", "/apidev/v1/workflow/tasks/1"],
}


async def test_a_task_with_form_and_flow_costs_each_record_once(world: World) -> None:
    """At vendors that have a record for each of these. A list of rows with forms does not read the tasks again."""
    await world.control("geotareas", "rate-limit", {})
    sources = {one["key"]: one["id"] for one in (await world.data("{ sources { key id } }", "carol"))["sources"]}
    found = {}
    for key in RECORDS:
        nodes = (await world.data(FORMS, "carol", source=sources[key]))["tasks"]["nodes"]
        async with world.cold() as cold:
            await cold.data(TASK_AND_FLOW, "carol", id=nodes[0]["id"])
            paths = [one["path"] for one in await cold.requests(key)]
            found[key] = sorted(re.sub(r"/\d+", "/1", path) for path in paths if not path.endswith("/login"))
    async with world.cold() as cold:
        nodes = (await cold.data(FORMS, "carol", source=sources["camunda"]))["tasks"]["nodes"]
        paths = [one["path"] for one in await cold.requests("camunda")]

    assert RECORDS == found
    assert (20, 20) == (len(nodes), len({path for path in paths if path.endswith("/form")}))
    assert 20 == sum("/user-tasks/" in path and "search" not in path for path in paths)
