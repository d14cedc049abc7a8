"""Features of single vendors, over real HTTP on both sides."""

from typing import Any

from schema.core.relay import global_id
from tests.world import World

UIPATH, EPILOT, LITTLEHORSE = (global_id("Source", key) for key in ("uipath", "epilot", "littlehorse"))
RESULT = "status support atomic errors { code message field alternatives } task { id state title priority }"


async def tasks(world: World, person: str, **wanted: Any) -> list[dict[str, Any]]:
    data = await world.data(
        """query ($f: TaskFilter) { tasks(first: 100, filter: $f) { nodes {
             id title state kind flow { id } native { nativeId type } } } }""",
        person,
        f=wanted,
    )
    found: list[dict[str, Any]] = data["tasks"]["nodes"]
    return found


async def write(world: World, mutation: str, kind: str, person: str = "alice", **values: Any) -> dict[str, Any]:
    document = f"mutation ($i: {kind}!) {{ {mutation}(input: $i) {{ {RESULT} }} }}"
    found: dict[str, Any] = (await world.data(document, person, i=values))[mutation]
    return found


async def test_uipath_a_task_is_created_tagged_commented_and_saved_as_draft(world: World) -> None:
    """Each by one call of the vendor's own operation, and read back."""
    made = await write(
        world,
        "createTask",
        "CreateTaskInput",
        "carol",
        sourceId=UIPATH,
        title="Call back",
        priority="HIGH",
        data={"phone": "+49 30 1234"},
        vendorOptions={"folderId": "828"},
    )
    task = made["task"]["id"]
    steps = [
        await write(world, "updateTask", "UpdateTaskInput", "carol", taskId=task, title="Call back today"),
        await write(
            world, "updateTask", "UpdateTaskInput", "carol", taskId=task, tags=[{"name": "urgent"}, {"name": "phone"}]
        ),
        await write(world, "claimTask", "ClaimTaskInput", taskId=task),
        await write(world, "saveTaskDraft", "SaveTaskDraftInput", taskId=task, data={"phone": "+49 30 99"}),
        await write(world, "addTaskComment", "AddTaskCommentInput", taskId=task, text="Nobody answered."),
    ]
    read = await world.data(
        """query ($id: ID!) { task(id: $id, freshness: FRESH) { title priority state data tags { name }
             comments { nodes { text author { displayName } } totalCount } activities { nodes { type } } } }""",
        id=task,
    )

    assert [("APPLIED", [])] * 6 == [(step["status"], step["errors"]) for step in (made, *steps)]
    assert ("Call back today", "HIGH", "RESERVED") == (
        read["task"]["title"],
        read["task"]["priority"],
        read["task"]["state"],
    )
    assert {"urgent", "phone"} == {tag["name"] for tag in read["task"]["tags"]}
    assert {"phone": "+49 30 99"} == read["task"]["data"]
    assert ["Alice Moreno: Nobody answered."] == [one["text"] for one in read["task"]["comments"]["nodes"]]
    assert read["task"]["activities"]["nodes"]


async def test_uipath_deleting_must_be_allowed_twice(world: World) -> None:
    """By an option of the source, which is off in the demo, and by the argument."""
    task = (await tasks(world, "carol", source={"eq": UIPATH}, state={"eq": "READY"}))[0]
    first = await write(world, "cancelTask", "CancelTaskInput", "carol", taskId=task["id"])
    second = await write(
        world, "cancelTask", "CancelTaskInput", "carol", taskId=task["id"], allow=["NATIVE", "DELETE_TASK"]
    )

    assert [("REJECTED", "CAPABILITY_NOT_SUPPORTED")] * 2 == [
        (result["status"], result["errors"][0]["code"]) for result in (first, second)
    ]
    assert ["CANCEL_FLOW"] == first["errors"][0]["alternatives"]
    assert [] == await world.effects("uipath")


async def test_uipath_a_flow_is_suspended_and_resumed(world: World) -> None:
    """The Maestro instance of a task."""
    flows = (
        await world.data(
            """query ($f: FlowFilter) { flows(first: 50, filter: $f) { nodes { id state source { key } } } }""",
            "carol",
            f={"source": {"eq": UIPATH}, "state": {"eq": "ACTIVE"}},
        )
    )["flows"]["nodes"]
    document = (
        """mutation ($i: FlowActionInput!) { suspendFlow(input: $i) { status flow { state } errors { message } } }"""
    )
    paused = (await world.data(document, "carol", i={"flowId": flows[0]["id"]}))["suspendFlow"]
    resumed = (await world.data(document.replace("suspendFlow", "resumeFlow"), "carol", i={"flowId": flows[0]["id"]}))[
        "resumeFlow"
    ]

    # Maestro answers "Pausing": accepted, but not finished.
    assert ("PENDING", "ACTIVE") == (paused["status"], paused["flow"]["state"])
    assert "ACTIVE" == resumed["flow"]["state"]
    assert ["suspend_flow", "resume_flow"] == [action for action, _ in await world.effects("uipath")]


async def test_epilot_a_task_is_claimed_started_suspended_and_completed(world: World) -> None:
    """Each is a native state. The flow shows its phases and current tasks."""
    task = next(
        one
        for one in await tasks(world, "alice", source={"eq": EPILOT}, state={"eq": "READY"})
        if one["kind"] == "MANUAL"
    )
    steps = [await write(world, "claimTask", "ClaimTaskInput", taskId=task["id"])]
    for verb in ("startTask", "suspendTask", "resumeTask"):
        steps.append(await write(world, verb, "TaskActionInput", taskId=task["id"]))  # noqa: PERF401 one after the other
    steps.append(await write(world, "completeTask", "CompleteTaskInput", taskId=task["id"]))
    flow = (
        await world.data(
            """query ($id: ID!) { flow(id: $id) { state phases { name state } currentTasks { state } subjects { type } } }""",
            "carol",
            id=task["flow"]["id"],
        )
    )["flow"]

    assert [("APPLIED", state) for state in ("RESERVED", "IN_PROGRESS", "SUSPENDED")] == [
        (step["status"], step["task"]["state"]) for step in steps[:3]
    ]
    assert [("APPLIED", True), ("APPLIED", "COMPLETED")] == [
        (steps[3]["status"], steps[3]["task"]["state"] in {"RESERVED", "IN_PROGRESS"}),
        (steps[4]["status"], steps[4]["task"]["state"]),
    ]
    assert ("EMULATED", False) == (steps[0]["support"], steps[0]["atomic"])
    assert flow["phases"]
    assert all(one["state"] not in {"CREATED", "COMPLETED"} for one in flow["currentTasks"])


async def test_epilot_a_task_is_skipped_and_an_automation_is_retried(world: World) -> None:
    """By a task admin. Skipping is one of the cancel strategies."""
    task = (await tasks(world, "carol", source={"eq": EPILOT}, state={"eq": "READY"}))[0]
    failed = (await tasks(world, "carol", source={"eq": EPILOT}, state={"eq": "FAILED"}))[0]
    refused = await write(world, "cancelTask", "CancelTaskInput", "carol", taskId=task["id"])
    skipped = await write(world, "cancelTask", "CancelTaskInput", "carol", taskId=task["id"], allow=["SKIP"])
    again = await write(world, "retryTask", "TaskActionInput", "carol", taskId=failed["id"])

    assert ["SKIP", "CANCEL_FLOW"] == refused["errors"][0]["alternatives"]
    assert ("APPLIED", "SKIPPED") == (skipped["status"], skipped["task"]["state"])
    assert "APPLIED" == again["status"], again["errors"]


async def test_littlehorse_a_task_is_completed_commented_and_cancelled(world: World) -> None:
    """Its native cancel requires only the role. A flow has only an id."""
    ready = await tasks(world, "alice", source={"eq": LITTLEHORSE}, state={"eq": "READY"})
    task, other = ready[0], ready[1]
    claimed = await write(world, "claimTask", "ClaimTaskInput", taskId=task["id"])
    said = await write(world, "addTaskComment", "AddTaskCommentInput", taskId=task["id"], text="Asked the supplier.")
    cancelled = await write(world, "cancelTask", "CancelTaskInput", "carol", taskId=other["id"])
    read = (
        await world.data(
            """query ($id: ID!) { task(id: $id) { comments { nodes { text } } activities { nodes { type } }
                 form { kind fields { key type required } } flow { state native { rule } } } }""",
            id=task["id"],
        )
    )["task"]

    assert ["APPLIED"] * 3 == [step["status"] for step in (claimed, said, cancelled)]
    assert ("CANCELED", "NATIVE") == (cancelled["task"]["state"], cancelled["support"])
    assert ["Alice Moreno: Asked the supplier."] == [one["text"] for one in read["comments"]["nodes"]][-1:]
    assert ("FIELDS", "UNKNOWN") == (read["form"]["kind"], read["flow"]["state"])


async def test_a_person_of_several_systems_is_listed_once(world: World) -> None:
    """Found by a part of the name, and restricted to people whom a task's source knows."""
    document = """query ($s: String, $t: ID) { users(search: $s, assignableTo: $t, first: 100) {
      nodes { id displayName identities { source { key } } } totalCount sources { source { key } status } } }"""
    alices = (await world.data(document, "bob", s="ALÍCE"))["users"]
    task = (await tasks(world, "bob", source={"eq": LITTLEHORSE}))[0]
    assignable = (await world.data(document, "bob", t=task["id"]))["users"]

    assert ["Alice Moreno"] == [one["displayName"] for one in alices["nodes"]]
    assert 1 == alices["totalCount"]
    assert set(world.urls) == {one["source"]["key"] for one in alices["nodes"][0]["identities"]}
    assert {"littlehorse": "OK", **dict.fromkeys(set(world.urls) - {"littlehorse"}, "SKIPPED")} == {
        one["source"]["key"]: one["status"] for one in assignable["sources"]
    }
    assert "Alice Moreno" in [one["displayName"] for one in assignable["nodes"]]


async def test_counts_add_up_and_need_no_call_while_cached(world: World) -> None:
    """By source and state. A person is one bucket over all systems."""
    document = """query ($by: [TaskDimension!]!, $f: TaskFilter) { taskStats(filter: $f, groupBy: $by) {
      total accuracy overdue buckets { keys { dimension value label user { displayName } } count overdue }
      sources { source { key } status upstreamCalls } } }"""
    wanted = {"isOpen": True}
    by_state = (await world.data(document, "carol", by=["SOURCE", "STATE"], f=wanted))["taskStats"]
    by_owner = (await world.data(document, "carol", by=["ASSIGNEE"], f=wanted))["taskStats"]
    mine = (await world.data("{ viewer { inbox { totalCount } } }"))["viewer"]["inbox"]["totalCount"]
    listed = (await world.data("{ tasks(filter: {isOpen: true}) { totalCount } }", "carol"))["tasks"]["totalCount"]

    assert by_state["total"] == by_owner["total"] == listed
    assert [by_state["total"]] * 2 == [sum(one["count"] for one in each["buckets"]) for each in (by_state, by_owner)]
    assert [by_state["overdue"]] * 2 == [
        sum(one["overdue"] for one in each["buckets"]) for each in (by_state, by_owner)
    ]
    assert mine == next(
        one["count"]
        for one in by_owner["buckets"]
        if (one["keys"][0]["user"] or {}).get("displayName") == "Alice Moreno"
    )
    assert {0} == {one["upstreamCalls"] for one in by_owner["sources"]}
