"""More writes and lists over real HTTP on both sides: updates, flows, history, permitted actions."""

from typing import Any

import pytest

from schema.core.relay import global_id, person_id
from tests.world import World

CAMUNDA, GEOTAREAS = global_id("Source", "camunda"), global_id("Source", "geotareas")
INVOICES = """query ($filter: TaskFilter) { tasks(first: 3, filter: $filter) { nodes {
  id title state version native { nativeId } flow { id } } sources { source { key } status upstreamCalls } } }"""
UNOWNED = {"source": {"eq": CAMUNDA}, "state": {"eq": "READY"}, "title": {"eq": "Approve invoice"}}
RESULT = "status support atomic effect upstreamCalls errors { code message field }"


async def unowned(world: World) -> dict[str, Any]:
    data = await world.data(INVOICES, "carol", filter=UNOWNED)
    task: dict[str, Any] = data["tasks"]["nodes"][0]
    return task


async def test_an_update_is_one_call_and_shows_at_once_although_reads_lag(world: World) -> None:
    """Due and follow-up time, priority, candidate users and groups; also clearing them."""
    task = await unowned(world)
    await world.control("camunda", "settings", {"read_lag_ms": 60_000})
    document = f"""mutation ($i: UpdateTaskInput!) {{ updateTask(input: $i) {{ {RESULT}
      task {{ dueAt followUpAt priority candidateUsers {{ id }} candidateGroups {{ name }} version }} }} }}"""
    changed = (
        await world.data(
            document,
            "carol",
            i={
                "taskId": task["id"],
                "dueAt": "2031-01-02T03:04:05Z",
                "followUpAt": "2030-12-31T00:00:00Z",
                "priority": "CRITICAL",
                "candidateUserIds": [person_id("bob")],
                "candidateGroupIds": [global_id("Group", "camunda", "legal")],
                "expectedVersion": task["version"],
            },
        )
    )["updateTask"]
    cleared = (await world.data(document, "carol", i={"taskId": task["id"], "clear": ["dueAt", "candidateUserIds"]}))[
        "updateTask"
    ]
    read = await world.data(
        "query ($id: ID!) { task(id: $id) { dueAt priority candidateUsers { id } } }", "carol", id=task["id"]
    )

    # One to read it, one to write.
    assert ("APPLIED", 2, []) == (changed["status"], changed["upstreamCalls"], changed["errors"])
    assert {
        "dueAt": "2031-01-02T03:04:05.000Z",
        "followUpAt": "2030-12-31T00:00:00.000Z",
        "priority": "CRITICAL",
        "candidateUsers": [{"id": person_id("bob")}],
        "candidateGroups": [{"name": "Legal"}],
    } == {name: value for name, value in changed["task"].items() if name != "version"}
    assert "APPLIED" == cleared["status"]
    assert {"dueAt": None, "priority": "CRITICAL", "candidateUsers": []} == read["task"]
    assert [("update", task["native"]["nativeId"])] * 2 == await world.effects("camunda")


async def test_assigning_to_a_group_is_emulated_by_two_calls(world: World) -> None:
    """Members of the group may claim the task, and it has no owner."""
    task = await unowned(world)
    await world.data(
        "mutation ($i: AssignTaskInput!) { assignTask(input: $i) { status } }",
        "carol",
        i={"taskId": task["id"], "userId": person_id("bob")},
    )
    given = (
        await world.data(
            f"mutation ($i: AssignTaskInput!) {{ assignTask(input: $i) {{ {RESULT} task {{ state assignee {{ id }} candidateGroups {{ name }} }} }} }}",
            "carol",
            i={"taskId": task["id"], "groupId": global_id("Group", "camunda", "legal"), "override": True},
        )
    )["assignTask"]

    # One to read it, two to write.
    assert ("APPLIED", False, 3) == (given["status"], given["atomic"], given["upstreamCalls"])
    assert {"state": "READY", "assignee": None, "candidateGroups": [{"name": "Legal"}]} == given["task"]


async def test_a_flow_is_started_seen_and_ended(world: World) -> None:
    """Its tasks appear and end with it. The start takes three calls: the version, its document for a start form, and the start."""
    start = f"""mutation ($i: StartFlowInput!) {{ startFlow(input: $i) {{ {RESULT}
      flow {{ id state definition {{ key }} native {{ nativeId }} }} }} }}"""
    begun = (
        await world.data(start, "carol", i={"sourceId": CAMUNDA, "definitionKey": "invoice", "data": {"amount": 7}})
    )["startFlow"]
    flow = begun["flow"]["id"]
    seen = await world.data(
        """query ($id: ID!) { flow(id: $id) { state name currentTasks { title state }
             tasks(first: 5) { nodes { title } totalCount isComplete } } }""",
        "carol",
        id=flow,
    )
    ended = (
        await world.data(
            f"mutation ($i: CancelFlowInput!) {{ cancelFlow(input: $i) {{ {RESULT} flow {{ state }} tasks {{ id }} }} }}",
            "carol",
            i={"flowId": flow, "reason": "by mistake"},
        )
    )["cancelFlow"]

    assert ("APPLIED", "ACTIVE", "invoice", 3) == (
        begun["status"],
        begun["flow"]["state"],
        begun["flow"]["definition"]["key"],
        begun["upstreamCalls"],
    )
    assert [{"title": "Approve invoice", "state": "READY"}] == seen["flow"]["currentTasks"]
    assert (1, True) == (seen["flow"]["tasks"]["totalCount"], seen["flow"]["tasks"]["isComplete"])
    assert ("APPLIED", "CANCELED", []) == (ended["status"], ended["flow"]["state"], ended["tasks"])
    native = begun["flow"]["native"]["nativeId"]
    assert [("start_flow", native), ("cancel_flow", native)] == await world.effects("camunda")


async def test_data_of_a_start_are_judged_by_the_form_of_the_start_event(world: World) -> None:
    """All faults at once, before anything is sent. A start that fits is one write after two reads."""
    start = f"""mutation ($i: StartFlowInput!) {{ startFlow(input: $i) {{ {RESULT} flow {{ state }} }} }}"""
    given = {"sourceId": CAMUNDA, "definitionKey": "purchase-order"}
    refused = (await world.data(start, "carol", i={**given, "data": {"total": "much", "supplier": ""}}))["startFlow"]
    before = await world.effects("camunda")
    data = {"supplier": "Acme", "goods": "Bolts", "total": 12.5, "note": "soon"}
    begun = (await world.data(start, "carol", i={**given, "data": data}))["startFlow"]

    assert ("REJECTED", [["data", "supplier"], ["data", "goods"], ["data", "total"]], []) == (
        refused["status"],
        [error["field"] for error in refused["errors"]],
        before,
    )
    assert ("APPLIED", "ACTIVE", 3) == (begun["status"], begun["flow"]["state"], begun["upstreamCalls"])
    assert ["start_flow"] == [action for action, _ in await world.effects("camunda")]


async def test_an_unknown_definition_is_refused_by_name(world: World) -> None:
    """No flow was started."""
    refused = (
        await world.data(
            f"mutation ($i: StartFlowInput!) {{ startFlow(input: $i) {{ {RESULT} flow {{ id }} }} }}",
            "carol",
            i={"sourceId": CAMUNDA, "definitionKey": "no-such-process"},
        )
    )["startFlow"]

    assert ("REJECTED", "VALIDATION_FAILED", ["definitionKey"]) == (
        refused["status"],
        refused["errors"][0]["code"],
        refused["errors"][0]["field"],
    )
    assert [] == await world.effects("camunda")


async def test_flows_of_all_sources_are_one_list_for_task_admins(world: World) -> None:
    """Newest first, and the same page by page. A system without a list of flows is missing, and its report says so. For
    other people the reports say FORBIDDEN.
    """
    document = """query ($first: Int!, $after: String, $filter: FlowFilter) { flows(first: $first, after: $after, filter: $filter) {
      nodes { id startedAt state } pageInfo { hasNextPage endCursor } totalCount sources { source { key } status count error { code } } } }"""
    whole = (await world.data(document, "carol", first=100))["flows"]
    walked: list[str] = []
    after, more = None, True
    while more:
        page = (await world.data(document, "carol", first=17, after=after))["flows"]
        walked += [node["id"] for node in page["nodes"]]
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    active = (await world.data(document, "carol", first=100, filter={"state": {"eq": "ACTIVE"}}))["flows"]
    alices = (await world.data(document, "alice", first=5))["flows"]

    assert [node["id"] for node in whole["nodes"]] == walked[:100]
    assert len(walked) == whole["totalCount"]
    assert sorted((node["startedAt"] for node in whole["nodes"]), reverse=True) == [
        node["startedAt"] for node in whole["nodes"]
    ]
    assert {"ACTIVE"} == {node["state"] for node in active["nodes"]}
    assert ([], {"FORBIDDEN"}) == (
        alices["nodes"],
        {one["status"] for one in alices["sources"]} - {"SKIPPED"},
    )
    assert ("SKIPPED", None, "CAPABILITY_NOT_SUPPORTED") == next(
        (one["status"], one["count"], one["error"]["code"])
        for one in whole["sources"]
        if one["source"]["key"] == "epilot"
    )


async def test_the_audit_log_is_the_history_of_a_task(world: World) -> None:
    """It includes writes through the gateway."""
    task = await unowned(world)
    await world.data("mutation ($i: ClaimTaskInput!) { claimTask(input: $i) { status } }", i={"taskId": task["id"]})
    await world.data(
        "mutation ($i: CompleteTaskInput!) { completeTask(input: $i) { status errors { message } } }",
        i={"taskId": task["id"], "data": {"decision": "approved"}},
    )
    read = await world.data(
        """query ($id: ID!) { task(id: $id, freshness: FRESH) { state completedBy { id }
             activities { nodes { type actor { displayName } } } } }""",
        "carol",
        id=task["id"],
    )

    # The vendor saw the technical account; the journal knows the person.
    assert ("COMPLETED", person_id("alice")) == (
        read["task"]["state"],
        read["task"]["completedBy"]["id"],
    )
    assert ["CREATED", "ASSIGNED", "COMPLETED"] == [one["type"] for one in read["task"]["activities"]["nodes"]]


@pytest.mark.parametrize(
    ("person", "allowed"),
    [
        ("alice", {"CLAIM"}),
        (
            "carol",
            {
                "CLAIM",
                "ASSIGN",
                "UPDATE_DUE",
                "UPDATE_FOLLOW_UP",
                "UPDATE_PRIORITY",
                "UPDATE_CANDIDATES",
                "COMPLETE",
                "CANCEL_FLOW",
            },
        ),
    ],
)
async def test_permitted_actions_need_no_call(world: World, person: str, allowed: set[str]) -> None:
    """By capability, state, relation and role."""
    task = await unowned(world)
    document = "query ($id: ID!) { task(id: $id) { permittedActions { action allowed reason support } } }"
    await world.data("query ($id: ID!) { task(id: $id) { title } }", person, id=task["id"])
    before = len(await world.requests("camunda"))
    found = (await world.data(document, person, id=task["id"]))["task"]["permittedActions"]

    assert allowed == {one["action"] for one in found if one["allowed"]}
    assert all(one["reason"] for one in found if not one["allowed"])
    assert before == len(await world.requests("camunda"))


async def test_a_source_that_the_filter_excludes_is_not_called(world: World) -> None:
    """It is SKIPPED. So are all sources if the filter contradicts itself."""
    by_vendor = (await world.data(INVOICES, "carol", filter={"vendor": {"eq": "geotareas"}}))["tasks"]
    contradiction = {"and": [{"isOpen": True}, {"state": {"eq": "COMPLETED"}}]}
    nobody = (await world.data(INVOICES, "carol", filter=contradiction))["tasks"]

    assert {"geotareas": "OK", **dict.fromkeys(set(world.urls) - {"geotareas"}, "SKIPPED")} == {
        one["source"]["key"]: one["status"] for one in by_vendor["sources"]
    }
    assert {0} == {one["upstreamCalls"] for one in by_vendor["sources"] if one["status"] == "SKIPPED"}
    assert {("SKIPPED", 0)} == {(one["status"], one["upstreamCalls"]) for one in nobody["sources"]}
    assert [] == nobody["nodes"] == await world.requests("camunda")


TRIAGE = """query ($filter: TaskFilter) { tasks(first: 100, filter: $filter, orderBy: [{field: PRIORITY, direction: DESC}]) {
  nodes { id isOverdue isEscalated priority dueAt title state subjects { label } } totalCount isComplete
  sources { source { key } status filterPlacement } } }"""


async def test_a_filter_with_or_gives_the_same_as_filtering_the_whole_list(world: World) -> None:
    """Overdue, escalated or urgent. The gateway completes the filter if a source cannot express it."""
    wanted = {
        "isOpen": True,
        "or": [{"isOverdue": True}, {"isEscalated": True}, {"priority": {"gte": "HIGH"}}],
        "not": {"title": {"contains": "INVOICE"}},
    }
    some = {"source": {"in": [CAMUNDA, GEOTAREAS, global_id("Source", "uipath")]}}
    everything = (await world.data(TRIAGE, "carol", filter={"isOpen": True, **some}))["tasks"]
    found = (await world.data(TRIAGE, "carol", filter={**wanted, **some}))["tasks"]
    expected = [
        node["id"]
        for node in everything["nodes"]
        if (node["isOverdue"] or node["isEscalated"] or node["priority"] in {"HIGH", "CRITICAL"})
        and "invoice" not in node["title"].lower()
    ]

    assert len(everything["nodes"]) == everything["totalCount"]
    assert expected == [node["id"] for node in found["nodes"]]
    assert len(expected) == found["totalCount"]
    assert {"GATEWAY"} == {one["filterPlacement"] for one in found["sources"] if one["status"] != "SKIPPED"}


async def test_text_is_found_in_all_texts_of_a_row(world: World) -> None:
    """In title and subject, in both systems, ignoring case."""
    everything = (await world.data(TRIAGE, "carol", filter={"isOpen": True}))["tasks"]["nodes"]
    word = next(subject["label"] for node in everything for subject in node["subjects"] or [] if subject["label"])
    found = (await world.data(TRIAGE, "carol", filter={"isOpen": True, "text": word.upper()}))["tasks"]["nodes"]

    assert found
    assert all(
        word in node["title"] or word in [subject["label"] for subject in node["subjects"] or []] for node in found
    )
