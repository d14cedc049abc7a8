"""What a client reads in the payload of a write: lists and counts as the write left them."""

from collections import Counter

import pytest

from schema.core.relay import global_id
from tests.gateway.test_end_to_end import claimable
from tests.world import World

COUNTS = """mine: inbox(scope: MINE, first: 100) { totalCount nodes { id } }
  queue: inbox(scope: CLAIMABLE, first: 100) { totalCount nodes { id } }
  counted: taskStats(scope: MINE, groupBy: [SOURCE]) { total buckets { keys { value } count } }
  free: taskStats(scope: CLAIMABLE, groupBy: []) { total }"""
CLAIM = f"""mutation ($input: ClaimTaskInput!) {{ claimTask(input: $input) {{ status viewer {{ {COUNTS} }} }} }}"""


@pytest.mark.parametrize("vendor", ["camunda", "littlehorse"])
async def test_lists_and_counts_in_the_payload_show_the_write(world: World, vendor: str) -> None:
    """In one request, also while the vendor's reads lag behind its writes."""
    before = (await world.data(f"{{ viewer {{ {COUNTS} }} }}"))["viewer"]
    task = await claimable(world, vendor)
    await world.control(vendor, "settings", {"read_lag_ms": 60_000})

    payload = (await world.data(CLAIM, input={"taskId": task["id"]}))["claimTask"]
    after = payload["viewer"]

    def ids(viewer: dict[str, dict[str, list[dict[str, str]]]], name: str) -> set[str]:
        return {node["id"] for node in viewer[name]["nodes"]}

    assert "APPLIED" == payload["status"]
    assert ids(before, "mine") | {task["id"]} == ids(after, "mine")
    assert ids(before, "queue") - {task["id"]} == ids(after, "queue")
    assert [before["counted"]["total"] + 1, before["free"]["total"] - 1] == [
        after["counted"]["total"],
        after["free"]["total"],
    ]
    added = Counter({row["keys"][0]["value"]: row["count"] for row in after["counted"]["buckets"]})
    added.subtract({row["keys"][0]["value"]: row["count"] for row in before["counted"]["buckets"]})
    assert {vendor: 1} == {key: count for key, count in added.items() if count}


SCOPES = ["MINE", "CLAIMABLE", "MINE_OR_CLAIMABLE", "MY_GROUPS", "ALL_VISIBLE"]


async def test_stats_and_the_inbox_of_a_scope_agree_over_all_systems(world: World) -> None:
    """Five scopes; with a filter too."""
    for wanted in (None, {"vendor": {"notIn": ["geotareas"]}}):
        for scope in SCOPES:
            asked = f"""taskStats(scope: {scope}, groupBy: [VENDOR], filter: $f) {{ total }}
            viewer {{ inbox(scope: {scope}, first: 100, filter: $f) {{ totalCount nodes {{ id }} }} }}"""
            data = await world.data(f"query ($f: TaskFilter) {{ {asked} }}", "bob", f=wanted)

            assert data["taskStats"]["total"] == len(data["viewer"]["inbox"]["nodes"])


async def test_a_failure_names_its_source_and_its_message_no_plumbing(world: World) -> None:
    """In a list, in a payload and at the top; `source` tells what a client puts before it."""
    task = await claimable(world, "camunda")
    await world.stop("camunda")
    claim = "mutation ($id: ID!) { claimTask(input: { taskId: $id }) { errors { message source { key name } } } }"
    listed = "{ viewer { inbox(freshness: FRESH) { sources { error { message source { key } } } } } }"

    refused = (await world.data(claim, id=task["id"]))["claimTask"]["errors"][0]
    reports = (await world.data(listed))["viewer"]["inbox"]["sources"]
    (report,) = [one["error"] for one in reports if one["error"] is not None]
    (top,) = (await world.ask("query ($id: ID!) { task(id: $id, freshness: FRESH) { title } }", id=task["id"]))[
        "errors"
    ]

    assert "camunda" == refused["source"]["key"] == report["source"]["key"] == top["extensions"]["source"]
    assert [] == [one for one in (refused, report, top) if ":" in one["message"].split(" ", 1)[0]]


async def test_a_failing_argument_names_no_source(world: World) -> None:
    """It is about the request."""
    claim = 'mutation { claimTask(input: { taskId: "x" }) { errors { code message source { key } } } }'
    error = (await world.data(claim))["claimTask"]["errors"][0]

    assert ("VALIDATION_FAILED", None) == (error["code"], error["source"])


async def test_pages_of_no_rows_tell_what_there_is(world: World) -> None:
    """`first: 0`: counts and `pageInfo` for a badge, of every list."""
    data = await world.data(
        """{ viewer { inbox(first: 0) { ...P totalCount nodes { id } } } users(first: 0) { ...U nodes { id } }
        flows(first: 0) { pageInfo { hasNextPage startCursor } nodes { id } } tasks(last: 0) { ...P nodes { id } } }
        fragment P on TaskConnection { pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }
        fragment U on UserConnection { totalCount pageInfo { hasNextPage startCursor } }""",
        "carol",
    )
    inbox, tasks = data["viewer"]["inbox"], data["tasks"]

    assert {(), ()} == {tuple(each["nodes"]) for each in (inbox, tasks, data["users"], data["flows"])}
    assert [None, None] == [inbox["pageInfo"]["startCursor"], data["users"]["pageInfo"]["startCursor"]]
    assert tasks["pageInfo"]["hasPreviousPage"] is True
    assert data["users"]["pageInfo"]["hasNextPage"] is True
    assert data["users"]["totalCount"] > 0


async def test_colleagues_without_a_link_are_told_apart(world: World) -> None:
    """By the source of the account; a linked person has none."""
    nodes = (
        await world.data("{ users(first: 100) { nodes { displayName identities { nativeId } source { key } } } }")
    )["users"]["nodes"]
    unlinked = [(node["displayName"], node["source"]["key"]) for node in nodes if not node["identities"]]

    assert len(unlinked) == len(set(unlinked)) > 0
    assert {None} == {node["source"] for node in nodes if node["identities"]}


async def test_the_picker_of_an_epilot_task_offers_whom_the_gateway_assigns(world: World) -> None:
    """No account out of use, none without a name; one out of use is refused although its id is known."""
    task = (await world.data('{ tasks(first: 1, filter: {sourceKey: {eq: "epilot"}}) { nodes { id } } }', "carol"))[
        "tasks"
    ]
    task_id = task["nodes"][0]["id"]
    offered = """query ($id: ID) { users(assignableTo: $id, first: 100) { nodes { id displayName isActive } } }"""
    assign = (
        """mutation ($input: AssignTaskInput!) { assignTask(input: $input) { status errors { code field message } } }"""
    )

    picked = (await world.data(offered, "carol", id=task_id))["users"]["nodes"]
    everyone = (await world.data(offered, "carol"))["users"]["nodes"]
    former = next(one for one in everyone if one["isActive"] is False and one["displayName"] is not None)
    payload = await world.data(assign, "carol", input={"taskId": task_id, "userId": former["id"], "override": True})

    assert picked
    assert [] == [one for one in picked if one["displayName"] is None or one["isActive"] is False]
    assert "VALIDATION_FAILED" == payload["assignTask"]["errors"][0]["code"]
    assert ["userId"] == payload["assignTask"]["errors"][0]["field"]


async def test_a_total_does_not_depend_on_the_page_while_reads_lag(world: World) -> None:
    """The claimed task was in several of the vendor's lists. A small page reads some of them to their end, a large page
    all.
    """
    # A candidate by person and by group.
    task = global_id("Task", "camunda", "2251799813686260")
    totals = " ".join(
        f"""p{size}: inbox(scope: ALL_VISIBLE, first: {size}, filter: {{vendor: {{eq: "camunda"}}}}) {{
        totalCount totalAccuracy nodes {{ id }} }}"""
        for size in (0, 3, 100)
    )
    before = (await world.data(f"{{ viewer {{ {totals} }} }}", "bob"))["viewer"]
    await world.control("camunda", "settings", {"read_lag_ms": 60_000})
    claimed = await world.data(
        "mutation ($i: ClaimTaskInput!) { claimTask(input: $i) { status } }", "bob", i={"taskId": task}
    )
    after = (await world.data(f"{{ viewer {{ {totals} }} }}", "bob"))["viewer"]

    assert "APPLIED" == claimed["claimTask"]["status"]
    rows = len(after["p100"]["nodes"])
    assert {(rows, "EXACT")} == {
        (page["totalCount"], page["totalAccuracy"]) for page in (*before.values(), *after.values())
    }


@pytest.mark.parametrize("vendor", ["epilot", "camunda"])
async def test_a_claimed_task_stays_in_lists_after_it_was_opened(world: World, vendor: str) -> None:
    """epilot's reads by id show the write at once, its lists lag. All of Camunda's reads lag."""
    ready = f"""{{ tasks(filter: {{vendor: {{eq: "{vendor}"}}, state: {{eq: READY}}}}, first: 100) {{
        nodes {{ id permits(action: CLAIM) {{ allowed }} }} }} }}"""
    rows = (await world.data(ready, "bob"))["tasks"]["nodes"]
    task = next(row["id"] for row in rows if row["permits"]["allowed"])
    await world.control(vendor, "settings", {"read_lag_ms": 60_000})
    claim = "mutation ($i: ClaimTaskInput!) { claimTask(input: $i) { status } }"
    claimed = await world.data(claim, "bob", i={"taskId": task})
    opened = await world.data("query ($id: ID!) { task(id: $id) { state } }", "bob", id=task)

    assert ("APPLIED", "RESERVED") == (claimed["claimTask"]["status"], opened["task"]["state"])
    for freshness in ("CACHED", "FRESH"):
        inbox = f"{{ viewer {{ inbox(first: 100, freshness: {freshness}) {{ nodes {{ id }} }} }} }}"
        shown = (await world.data(inbox, "bob"))["viewer"]["inbox"]["nodes"]

        assert task in {node["id"] for node in shown}
