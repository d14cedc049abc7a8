"""Reads over the stand-ins under their limits: rows that do not vanish, and what a page costs."""

from typing import Any

from tests.world import World

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
FORMS = """query($source: ID!) { tasks(first: 20, filter: {source: {eq: $source}, isOpen: {eq: true}}) {
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
        nodes = (await cold.data(FORMS.replace(", isOpen: {eq: true}", ""), "carol", source=source))["tasks"]["nodes"]
        listed = [one["path"] for one in await cold.requests("geotareas") if "/workflow/tasks/" in one["path"]]
    async with world.cold() as cold:
        await cold.data(DETAIL, "carol", id=nodes[0]["id"])
        single = [one["path"] for one in await cold.requests("geotareas") if "/workflow/tasks/" in one["path"]]

    assert len(set(listed)) == len(listed) == len(nodes)
    assert 1 == len(single)
