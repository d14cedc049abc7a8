"""End to end, over real HTTP on both sides: what a dashboard sends, and what the stand-ins received."""

from typing import Any

import anyio
import pytest

from tests.effort import sized
from tests.world import World

RESULT = """status support atomic effect upstreamCalls replayed operationId clientMutationId
  errors { code message field alternatives nativeStatus nativeCode }
  task { id state outcome assignee { id displayName } candidateGroups { name } native { nativeId } }"""

QUEUE = """query Queue($source: ID!) { viewer { inbox(scope: CLAIMABLE, filter: { source: { eq: $source } }) {
  nodes { id title native { nativeId } } } } }"""

INBOX = """query Inbox($first: Int, $after: String, $scope: InboxScope) { viewer { inbox(first: $first, after: $after, scope: $scope) {
  totalCount totalAccuracy isComplete
  nodes { id title state dueAt createdAt assignee { id displayName } candidateGroups { id name } definition { key name }
          flow { id name } source { id key vendor } isOverdue }
  edges { cursor }
  pageInfo { hasNextPage endCursor }
  sources { source { key } status count countAccuracy upstreamCalls fromCache truncated filterPlacement sortPlacement
            error { code message } }
} } }"""


async def source_id(world: World, key: str) -> str:
    sources = (await world.data("{ sources { id key } }"))["sources"]
    return next(str(source["id"]) for source in sources if source["key"] == key)


async def claimable(world: World, key: str) -> dict[str, Any]:
    data = await world.data(QUEUE, source=await source_id(world, key))
    task: dict[str, Any] = data["viewer"]["inbox"]["nodes"][0]
    return task


async def mutate(world: World, name: str, person: str = "alice", **values: Any) -> dict[str, Any]:
    kind = {"claimTask": "ClaimTaskInput", "assignTask": "AssignTaskInput", "completeTask": "CompleteTaskInput"}.get(
        name, "CancelTaskInput" if name == "cancelTask" else "TaskActionInput"
    )
    document = f"mutation M($input: {kind}!) {{ {name}(input: $input) {{ {RESULT} }} }}"
    payload: dict[str, Any] = (await world.data(document, person, input=values))[name]
    return payload


async def test_alices_inbox_is_one_list_in_due_order_over_all_systems(world: World) -> None:
    """Due times ascending, tasks without one last. All tasks are hers."""
    inbox = (await world.data(INBOX, scope="MINE", first=100))["viewer"]["inbox"]
    dues = [node["dueAt"] for node in inbox["nodes"]]
    dated = [due for due in dues if due is not None]

    assert set(world.urls) == {node["source"]["key"] for node in inbox["nodes"]}
    assert [*sorted(dated), *([None] * (len(dues) - len(dated)))] == dues
    assert {"Alice Moreno"} == {node["assignee"]["displayName"] for node in inbox["nodes"]}
    assert (len(dues), "EXACT", True) == (inbox["totalCount"], inbox["totalAccuracy"], inbox["isComplete"])


async def test_pages_of_seven_joined_are_pages_of_a_hundred_joined(world: World) -> None:
    """Each task once and in the same order, by following end cursors."""

    async def walked(first: int) -> list[str]:
        seen: list[str] = []
        after, more = None, True
        while more:
            page = (await world.data(INBOX, "carol", scope="ALL_VISIBLE", first=first, after=after))["viewer"]["inbox"]
            seen += [node["id"] for node in page["nodes"]]
            after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
        return seen

    large, small = await walked(100), await walked(7)

    assert large == small
    assert len(set(small)) == len(small) > 100


async def test_upstream_calls_of_an_inbox_cold_and_warm(world: World) -> None:
    """Camunda: one call each for tasks with and without a due date, and one for all groups of the rows. GEOtareas: one
    call for each of its two open statuses, and one login. Warm: no call.
    """
    for vendor in ("camunda", "geotareas"):
        await world.control(vendor, "requests", method="DELETE")
    cold = (await world.data(INBOX, scope="MINE"))["viewer"]["inbox"]
    first = {vendor: await world.requests(vendor) for vendor in ("camunda", "geotareas")}
    warm = (await world.data(INBOX, scope="MINE"))["viewer"]["inbox"]
    second = {vendor: await world.requests(vendor) for vendor in ("camunda", "geotareas")}

    assert [
        ("POST", "/v2/groups/search"),
        ("POST", "/v2/user-tasks/search"),
        ("POST", "/v2/user-tasks/search"),
    ] == sorted((one["method"], one["path"]) for one in first["camunda"])
    assert [
        ("GET", "/apidev/v1/workflow/tasks"),
        ("GET", "/apidev/v1/workflow/tasks"),
        ("POST", "/apidev/v1/login"),
    ] == sorted((one["method"], one["path"]) for one in first["geotareas"])
    assert first == second
    assert cold["nodes"] == warm["nodes"]
    assert [(0, True)] * len(world.urls) == [(one["upstreamCalls"], one["fromCache"]) for one in warm["sources"]]


@pytest.mark.parametrize("vendor", ["camunda", "geotareas"])
async def test_claim_is_applied_once_and_read_back_at_once(world: World, vendor: str) -> None:
    """The task is at once in the inbox and not in the queue, although the vendor's reads lag."""
    task = await claimable(world, vendor)
    await world.control(vendor, "settings", {"read_lag_ms": 60_000, "read_cache_ms": 15_000})

    payload = await mutate(world, "claimTask", taskId=task["id"], clientMutationId="c1")
    mine = (await world.data(INBOX, scope="MINE", first=100))["viewer"]["inbox"]["nodes"]
    queue = (await world.data(INBOX, scope="CLAIMABLE", first=100))["viewer"]["inbox"]["nodes"]

    assert ("APPLIED", "RESERVED", "c1") == (
        payload["status"],
        payload["task"]["state"],
        payload["clientMutationId"],
    )
    assert [task["native"]["nativeId"]] == [done for _, done in await world.effects(vendor)]
    assert task["id"] in [node["id"] for node in mine]
    assert task["id"] not in [node["id"] for node in queue]


async def test_release_assign_unassign_on_camunda(world: World) -> None:
    """Each permitted write arrives once and is read back."""
    task = await claimable(world, "camunda")
    bob = (await world.data("{ viewer { user { id } } }", "bob"))["viewer"]["user"]["id"]

    await mutate(world, "claimTask", taskId=task["id"])
    released = await mutate(world, "releaseTask", taskId=task["id"])
    assigned = await mutate(world, "assignTask", "carol", taskId=task["id"], userId=bob)
    refused = await mutate(world, "unassignTask", "bob", taskId=task["id"])
    taken = await mutate(world, "unassignTask", "carol", taskId=task["id"])

    assert ["READY", "RESERVED", "READY"] == [
        released["task"]["state"],
        assigned["task"]["state"],
        taken["task"]["state"],
    ]
    assert "Bob Keller" == assigned["task"]["assignee"]["displayName"]
    assert ["FORBIDDEN"] == [error["code"] for error in refused["errors"]]
    # An assignment that must not replace an owner is the CLAIM command on the wire.
    assert ["claim", "unassign", "claim", "unassign"] == [action for action, _ in await world.effects("camunda")]


async def test_complete_with_form_data_on_both_systems(world: World) -> None:
    """The gateway refuses a missing field, an unknown outcome and a wrong type. The correct completion arrives once."""
    invoice, visit = await claimable(world, "camunda"), await claimable(world, "geotareas")
    for task in (invoice, visit):
        await mutate(world, "claimTask", taskId=task["id"])
    detail = await world.data(
        "query D($id: ID!) { task(id: $id) { form { fields { key type required options { value } } } outcomes { code } } }",
        id=visit["id"],
    )
    samples = {"TEXT": "done", "BOOLEAN": True, "NUMBER": 5, "DATE": "2026-11-21", "SELECT": "Premium"}
    data = {field["key"]: samples[field["type"]] for field in detail["task"]["form"]["fields"] if field["required"]}
    outcome = detail["task"]["outcomes"][0]["code"]

    missing = await mutate(world, "completeTask", taskId=visit["id"], outcome=outcome, data={})
    unknown = await mutate(world, "completeTask", taskId=visit["id"], outcome="burnt", data=data)
    done = await mutate(world, "completeTask", taskId=visit["id"], outcome=outcome, data=data, comment="As agreed.")
    vague = await mutate(world, "completeTask", taskId=invoice["id"], data={"decision": "maybe"})
    approved = await mutate(world, "completeTask", taskId=invoice["id"], data={"decision": "approved"})
    twice = await mutate(world, "completeTask", taskId=invoice["id"], data={"decision": "approved"})

    assert [["data", next(iter(data))], ["outcome"], ["data", "decision"]] == [
        payload["errors"][0]["field"] for payload in (missing, unknown, vague)
    ]
    assert [("APPLIED", "COMPLETED", outcome), ("APPLIED", "COMPLETED", None)] == [
        (payload["status"], payload["task"]["state"], payload["task"]["outcome"]) for payload in (done, approved)
    ]
    assert ["INVALID_STATE"] == [error["code"] for error in twice["errors"]]
    assert ["complete"] == [action for action, _ in await world.effects("geotareas") if action == "complete"]
    assert ["claim", "complete"] == [action for action, _ in await world.effects("camunda")]


async def test_cancel_says_what_would_be_possible_and_then_what_it_ended(world: World) -> None:
    """CANCEL_FLOW must be allowed in the input. `effect` says what else ended."""
    task = await claimable(world, "camunda")

    asked = await mutate(world, "cancelTask", "carol", taskId=task["id"])
    forbidden = await mutate(world, "cancelTask", taskId=task["id"], allow=["CANCEL_FLOW"])
    done = await mutate(world, "cancelTask", "carol", taskId=task["id"], allow=["NATIVE", "CANCEL_FLOW"])
    visit = await claimable(world, "geotareas")
    none = await mutate(world, "cancelTask", "carol", taskId=visit["id"])

    assert (["CANCEL_FLOW"], 0) == (asked["errors"][0]["alternatives"], asked["upstreamCalls"])
    assert ["FORBIDDEN"] == [error["code"] for error in forbidden["errors"]]
    assert ("APPLIED", "CANCELED") == (done["status"], done["task"]["state"])
    assert "process instance" in done["effect"]
    assert ([], "CAPABILITY_NOT_SUPPORTED") == (none["errors"][0]["alternatives"], none["errors"][0]["code"])
    assert ["cancel_flow"] == [action for action, _ in await world.effects("camunda")]


async def test_claim_of_a_taken_task_shows_its_owner(world: World) -> None:
    """Bob's claim comes after Alice's."""
    task = await claimable(world, "camunda")

    await mutate(world, "claimTask", taskId=task["id"])
    late = await mutate(world, "claimTask", "bob", taskId=task["id"])

    assert ("REJECTED", "ALREADY_ASSIGNED", "Alice Moreno") == (
        late["status"],
        late["errors"][0]["code"],
        late["task"]["assignee"]["displayName"],
    )


@pytest.mark.parametrize("kind", ["status_after", "reset_after", "malformed", "truncate"])
async def test_a_write_whose_answer_was_lost_is_not_sent_again(world: World, kind: str) -> None:
    """The vendor applied it once, and a read shows it."""
    task = await claimable(world, "geotareas")
    await world.control(
        "geotareas",
        "faults",
        {"method": "POST", "path": ".*/reassign", "kind": kind, "status": 502, "times": 1},
    )

    payload = await mutate(world, "claimTask", taskId=task["id"])

    assert ("APPLIED", 1) == (payload["status"], len(await world.effects("geotareas")))


async def test_a_write_cut_before_it_was_applied_is_unknown(world: World) -> None:
    """It looks like a cut after applying. The task itself does not change."""
    task = await claimable(world, "geotareas")
    await world.control("geotareas", "faults", {"method": "POST", "path": ".*/reassign", "kind": "reset_before"})

    payload = await mutate(world, "claimTask", taskId=task["id"])

    assert ("UNKNOWN", "READY", []) == (payload["status"], payload["task"]["state"], await world.effects("geotareas"))


@pytest.mark.parametrize("dead", ["camunda", "geotareas"])
async def test_an_unavailable_system_leaves_the_tasks_of_the_others_and_a_report(world: World, dead: str) -> None:
    """The answer is HTTP 200 without GraphQL errors."""
    await world.stop(dead)
    alive = set(world.urls) - {dead}

    answer = await world.ask(INBOX, scope="MINE")
    inbox = answer["data"]["viewer"]["inbox"]
    report = next(one for one in inbox["sources"] if one["source"]["key"] == dead)
    status = {one["key"]: one["status"] for one in (await world.data("{ sources { key status } }"))["sources"]}

    assert "errors" not in answer
    assert alive == {node["source"]["key"] for node in inbox["nodes"]}
    assert ("UNAVAILABLE", "UPSTREAM_UNAVAILABLE", False) == (
        report["status"],
        report["error"]["code"],
        inbox["isComplete"],
    )
    assert {dead: "UNAVAILABLE", **dict.fromkeys(alive, "OK")} == status


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ({"kind": "status", "status": 401, "body": "{}"}, "UNAUTHORIZED", "UNAUTHENTICATED"),
        ({"kind": "malformed"}, "UNAVAILABLE", "UPSTREAM_ERROR"),
        ({"kind": "status", "status": 200, "body": '"a text"'}, "UNAVAILABLE", "UPSTREAM_ERROR"),
        ({"kind": "status", "status": 500, "body": "<html>"}, "UNAVAILABLE", "UPSTREAM_UNAVAILABLE"),
        ({"kind": "status", "status": 302, "body": "", "headers": {"Location": "/"}}, "UNAVAILABLE", "UPSTREAM_ERROR"),
        ({"kind": "reset_before"}, "UNAVAILABLE", "UPSTREAM_UNAVAILABLE"),
        (
            {"kind": "status", "status": 429, "body": "", "headers": {"Retry-After": "9"}},
            "RATE_LIMITED",
            "RATE_LIMITED",
        ),
        (
            {"kind": "status", "status": 200, "body": '{"items": [' + "0," * 5_000_000 + "0]}"},
            "UNAVAILABLE",
            "UPSTREAM_ERROR",
        ),
    ],
)
async def test_a_system_with_bad_answers_is_reported_and_the_others_are_shown(
    world: World, fault: dict[str, Any], status: str, code: str
) -> None:
    """401, not JSON, a scalar, a failure, a redirect, a cut, a rate limit, 10 MB of numbers."""
    await world.control("camunda", "faults", {"method": "POST", "path": "/v2/user-tasks/search", "times": 9, **fault})

    inbox = (await world.data(INBOX, scope="MINE"))["viewer"]["inbox"]
    report = next(one for one in inbox["sources"] if one["source"]["key"] == "camunda")

    assert (status, code) == (report["status"], report["error"]["code"])
    assert set(world.urls) - {"camunda"} == {node["source"]["key"] for node in inbox["nodes"]}
    assert "password" not in report["error"]["message"]


async def test_a_hundred_dashboards_stay_within_geotareas_limits(world: World) -> None:
    """The inboxes of three people are read a hundred times (fewer in a short run), with a limit of 30 reads a minute: no
    429.
    """
    for number in range(sized(100, 42)):
        await world.data(INBOX, ("alice", "bob", "carol")[number % 3], scope="MINE_OR_CLAIMABLE")
    seen = await world.requests("geotareas")

    assert [] == [one for one in seen if one["status"] == 429]
    assert 3 == len(seen)


async def test_a_task_that_a_person_may_not_see_is_not_found_by_id(world: World) -> None:
    """`task` and `node` are null, as for an unknown id. A write answers NOT_FOUND."""
    every = await world.data(
        "{ tasks(first: 100) { nodes { id candidateGroups { name } assignee { displayName } state } } }", "carol"
    )
    foreign = next(
        node["id"]
        for node in every["tasks"]["nodes"]
        if node["assignee"]
        and node["assignee"]["displayName"] not in ("Alice Moreno", "Bob Keller")
        and not any(group["name"] == "Accounting" for group in node["candidateGroups"] or [])
    )

    read = await world.data(
        "query N($id: ID!) { task(id: $id) { id } node(id: $id) { id } nodes(ids: [$id]) { id } }", id=foreign
    )
    written = await mutate(world, "claimTask", taskId=foreign)

    assert {"task": None, "node": None, "nodes": [None]} == read
    assert ["NOT_FOUND"] == [error["code"] for error in written["errors"]]


async def test_bad_ids_are_null_in_queries_and_an_error_in_mutations(world: World) -> None:
    """No call is made."""
    for bad in ("", "nonsense", "VGFzazo=", "VXNlcjpAYWxpY2U=", "é", "A" * 2000):
        read = await world.data("query N($id: ID!) { task(id: $id) { id } }", id=bad)
        written = await mutate(world, "claimTask", taskId=bad)

        assert None is read["task"]
        assert ["VALIDATION_FAILED"] == [error["code"] for error in written["errors"]]


async def test_another_querys_cursor_and_an_unknown_source_are_refused(world: World) -> None:
    """With VALIDATION_FAILED and advice."""
    page = (await world.data(INBOX, scope="MINE", first=2))["viewer"]["inbox"]
    cursor = await world.ask(INBOX, scope="CLAIMABLE", after=page["pageInfo"]["endCursor"])
    source = await world.ask('{ tasks(filter: { source: { eq: "nowhere" } }) { totalCount } }')

    assert ["VALIDATION_FAILED", "VALIDATION_FAILED"] == [
        answer["errors"][0]["extensions"]["code"] for answer in (cursor, source)
    ]


async def test_an_unknown_token_is_401(world: World) -> None:
    """Also in demo mode, as a GraphQL response."""
    response = await world.client.post(
        "/graphql", json={"query": "{ sources { key } }"}, headers={"Authorization": "Bearer mallory"}
    )

    assert (401, "UNAUTHENTICATED") == (response.status_code, response.json()["errors"][0]["extensions"]["code"])


async def test_probes_answer(world: World) -> None:
    """/livez always, /readyz with the state of the sources."""
    live, ready = await world.client.get("/livez"), await world.client.get("/readyz")

    assert (200, 200, set(world.urls)) == (
        live.status_code,
        ready.status_code,
        set(ready.json()["sources"]),
    )


async def test_a_flow_is_visible_to_people_who_see_one_of_its_tasks(world: World) -> None:
    """By id, on two systems: alice sees the flow of her task, and no flow in which she has no task."""
    inbox = (await world.data(INBOX, scope="MINE"))["viewer"]["inbox"]["nodes"]
    document = "query F($id: ID!) { flow(id: $id) { id state name startedAt source { key } } }"
    seen = {}
    for node in inbox:
        if node["source"]["key"] in {"camunda", "geotareas"}:
            seen[node["source"]["key"]] = (await world.data(document, id=node["flow"]["id"]))["flow"]
    by_source = "query T($s: ID!) { tasks(first: 100, filter: { source: { eq: $s } }) { nodes { flow { id } } } }"
    camunda = await source_id(world, "camunda")
    flows = {
        person: [node["flow"]["id"] for node in (await world.data(by_source, person, s=camunda))["tasks"]["nodes"]]
        for person in ("carol", "alice")
    }
    foreign = next(flow for flow in flows["carol"] if flow not in flows["alice"])

    assert {"camunda", "geotareas"} == set(seen)
    assert {"ACTIVE"} == {flow["state"] for flow in seen.values()}
    assert {"flow": None} == await world.data(document, id=foreign)
    assert foreign == (await world.data(document, "carol", id=foreign))["flow"]["id"]


async def test_nodes_of_every_kind_resolve(world: World) -> None:
    """A client's cache refetches objects by id."""
    data = await world.data(
        """{ viewer { user { id } inbox(first: 100) { nodes { id flow { id } source { id } candidateGroups { id } } } } }"""
    )
    task = next(node for node in data["viewer"]["inbox"]["nodes"] if node["candidateGroups"])
    ids = [
        task["id"],
        task["flow"]["id"],
        task["source"]["id"],
        task["candidateGroups"][0]["id"],
        data["viewer"]["user"]["id"],
    ]

    nodes = (await world.data("query N($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }", ids=ids))["nodes"]

    assert [*zip(["Task", "Flow", "Source", "Group", "User"], ids, strict=True)] == [
        (node["__typename"], node["id"]) for node in nodes
    ]


async def test_upstream_calls_of_a_detail(world: World) -> None:
    """Camunda: one call each for record, form and variables. GEOtareas: the record has all of it."""
    document = """query D($id: ID!) { task(id: $id) { title description form { fields { key } } outcomes { code } data
      previousSteps { name } native { nativeId } } }"""
    paths = {}
    for vendor in ("camunda", "geotareas"):
        task = await claimable(world, vendor)
        await world.control(vendor, "requests", method="DELETE")
        detail = (await world.data(document, id=task["id"]))["task"]
        again = (await world.data(document, id=task["id"]))["task"]
        native = task["native"]["nativeId"]
        paths[vendor] = sorted(one["path"].replace(native, "{}") for one in await world.requests(vendor))

        assert detail == again
    assert {
        "camunda": [
            "/v2/user-tasks/{}",
            "/v2/user-tasks/{}/effective-variables/search",
            "/v2/user-tasks/{}/form",
        ],
        "geotareas": ["/apidev/v1/workflow/tasks/{}"],
    } == paths


async def test_the_same_idempotency_key_is_one_effect(world: World) -> None:
    """Ten requests at once and one later: one write, and the same operation for all."""
    task = await claimable(world, "camunda")
    payloads: list[dict[str, Any]] = []

    async def click() -> None:
        payloads.append(await mutate(world, "claimTask", taskId=task["id"], idempotencyKey="k1"))

    async with anyio.create_task_group() as group:
        for _ in range(10):
            group.start_soon(click)
    after = await mutate(world, "claimTask", taskId=task["id"], idempotencyKey="k1")

    assert 1 == len({payload["operationId"] for payload in [*payloads, after]})
    assert ("APPLIED", True) == (after["status"], after["replayed"])
    assert ["claim"] == [action for action, _ in await world.effects("camunda")]
