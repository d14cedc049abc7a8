"""The whole way: a row that does not fit the vendor's documentation costs one row, for every vendor."""

from typing import Any

from tests.world import World

LIST = """query List($source: ID!) { tasks(first: 50, freshness: FRESH, filter: { source: { eq: $source } }) {
  totalCount totalAccuracy isComplete nodes { id title }
  sources { status count countAccuracy error { code message } } } }"""
TASK = """query Task($id: ID!) { task(id: $id, freshness: FRESH) {
  title state assignee { id } native { nativeId } permittedActions { action allowed } } }"""
PARTS = "query Parts($id: ID!) { task(id: $id, freshness: FRESH) { title form { fields { key } } outcomes { code } } }"
UPDATE = """mutation Update($input: UpdateTaskInput!) { updateTask(input: $input) {
  status errors { code message } task { dueAt } } }"""

# The request, the answer around the rows, a row, and a member of it with a value that does not fit.
Plant = tuple[str, str, str, dict[str, Any], dict[str, Any], str, object]
PLANTS: dict[str, Plant] = {
    "camunda": (
        "POST",
        "/v2/user-tasks/search",
        "items",
        {"page": {"totalItems": 3, "hasMoreTotalItems": False}},
        {"userTaskKey": "1", "name": "A", "state": "CREATED", "creationDate": "2026-11-26T22:20:39.788Z"},
        "priority",
        "50",
    ),
    "uipath": (
        "GET",
        "/acme/DefaultTenant/orchestrator_/odata/Tasks/.*GetTasksAcrossFolders.*",
        "value",
        {"@odata.count": 3},
        {"Id": 1, "OrganizationUnitId": 828, "Title": "A", "Status": "Unassigned", "Type": "ExternalTask"},
        "Tags",
        [{"Name": None}],
    ),
    "epilot": (
        "POST",
        "/v1/kanban/query/flows:execute",
        "results",
        {"hits": 3},
        {"id": "t1", "execution_id": "e1", "name": "A", "status": "PENDING", "is_current": True, "enabled": True},
        "due_date",
        5,
    ),
    "littlehorse": (
        "GET",
        "/default/admin/tasks",
        "userTasks",
        {"bookmark": None},
        {"id": "0-1", "wfRunId": "r1", "userTaskDefName": "A", "status": "UNASSIGNED"},
        "status",
        1,
    ),
    "geotareas": (
        "GET",
        "/apidev/v1/workflow/tasks",
        "data",
        {"success": True, "meta": {"total": 3}},
        {"id": "1", "step_name": "A", "status": "PENDING"},
        "escalated",
        "yes",
    ),
    # A bare list.
    "camunda7": (
        "POST",
        "/engine-rest/(history/)?task",
        "",
        {},
        {"id": "t", "name": "A", "created": "2026-06-10T08:00:00.000+0000"},
        "priority",
        "50",
    ),
}
KEYS = {
    "camunda": "userTaskKey",
    "uipath": "Id",
    "epilot": "id",
    "littlehorse": "id",
    "geotareas": "id",
    "camunda7": "id",
}


async def source_ids(world: World) -> dict[str, str]:
    sources = (await world.data("{ sources { id vendor } }", "carol"))["sources"]
    return {source["vendor"].lower(): source["id"] for source in sources}


async def plant(world: World, vendor: str, method: str, path: str, body: object) -> None:
    fault = {"method": method, "path": path, "kind": "status", "status": 200, "times": 100, "body": body}
    await world.control(vendor, "faults", fault)


async def test_one_odd_row_costs_one_row_of_its_source(world: World) -> None:
    """The others are shown; status, count and error of the source tell. Values are not in the message."""
    for vendor, source in (await source_ids(world)).items():
        method, path, rows, around, row, member, value = PLANTS[vendor]
        key = KEYS[vendor]
        others = [{**row, key: type(row[key])(f"{row[key]}{number}")} for number in (7, 8)]
        listed = [others[0], {**row, member: value}, others[1]]
        await plant(world, vendor, method, path, {**around, rows: listed} if rows else listed)
        tasks = (await world.data(LIST, "carol", source=source))["tasks"]
        [report] = [each for each in tasks["sources"] if each["status"] != "SKIPPED"]

        assert ["A", "A"] == [node["title"] for node in tasks["nodes"]], vendor
        assert (False, "LOWER_BOUND") == (tasks["isComplete"], tasks["totalAccuracy"]), vendor
        assert ("PARTIAL", "LOWER_BOUND", "UPSTREAM_ERROR") == (
            report["status"],
            report["countAccuracy"],
            report["error"]["code"],
        ), vendor
        assert tasks["totalCount"] >= 2
        assert "1 row does not fit" in report["error"]["message"]
        assert f"({member.lower()})" in report["error"]["message"].lower()


async def test_an_odd_record_is_unknown_to_those_whom_it_names(world: World) -> None:
    """And to task admins, who may do what the vendor needs no record for; null for other persons."""
    source = (await source_ids(world))["camunda"]
    task = (await world.data(LIST, "carol", source=source))["tasks"]["nodes"][0]["id"]
    native = (await world.data(TASK, "carol", id=task))["task"]["native"]["nativeId"]
    record = {"userTaskKey": native, "name": "Odd", "state": "CREATED", "assignee": "bob", "priority": "50"}
    await plant(world, "camunda", "GET", f"/v2/user-tasks/{native}", record)
    shown = {person: (await world.data(TASK, person, id=task))["task"] for person in ("alice", "bob", "carol")}

    assert shown["alice"] is None
    for person in ("bob", "carol"):
        assert ("UNKNOWN", native) == (shown[person]["state"], shown[person]["native"]["nativeId"])
    allowed = {
        person: {action["action"] for action in shown[person]["permittedActions"] if action["allowed"]}
        for person in ("bob", "carol")
    }

    assert set() == allowed["bob"]
    assert {"UPDATE_DUE", "UNASSIGN"} <= allowed["carol"]
    assert not {"COMPLETE", "CLAIM"} & allowed["carol"]


async def test_a_part_of_a_detail_fails_at_its_path(world: World) -> None:
    """Title and form are answered."""
    source = (await source_ids(world))["geotareas"]
    nodes = (await world.data(LIST, "carol", source=source))["tasks"]["nodes"]
    task = nodes[0]["id"]
    native = (await world.data(TASK, "carol", id=task))["task"]["native"]["nativeId"]
    record = {"id": native, "step_name": "A", "status": "PENDING", "fields": [], "available_results": [{}]}
    await plant(world, "geotareas", "GET", f"/apidev/v1/workflow/tasks/{native}", {"success": True, "data": record})
    answer = await world.ask(PARTS, "carol", id=task)

    assert {"title": "A", "form": {"fields": []}, "outcomes": None} == answer["data"]["task"]
    assert [["task", "outcomes"]] == [error["path"] for error in answer["errors"]]


async def test_a_due_date_at_the_edge_locks_no_task(world: World) -> None:
    """The list stays whole, and the date can be cleared."""
    source = (await source_ids(world))["camunda"]
    before = (await world.data(LIST, "carol", source=source))["tasks"]
    task = before["nodes"][0]["id"]
    moved = await world.data(UPDATE, "carol", input={"taskId": task, "dueAt": "0001-01-01T00:00:00Z"})
    after = (await world.data(LIST, "carol", source=source))["tasks"]
    cleared = await world.data(UPDATE, "carol", input={"taskId": task, "clear": ["dueAt"]})

    assert ("APPLIED", "0001-01-01T00:00:00.000Z") == (
        moved["updateTask"]["status"],
        moved["updateTask"]["task"]["dueAt"],
    )
    assert len(before["nodes"]) == len(after["nodes"])
    assert after["isComplete"]
    assert ("APPLIED", []) == (cleared["updateTask"]["status"], cleared["updateTask"]["errors"])
