"""What the documented operations that read cost the vendors, cold and warm: every request that arrives at a stand-in.

Cold is a gateway that has asked nobody yet, so signing in is among it. Warm is the same operation again: it costs
nothing, for any of them.
"""

import re
from collections import Counter
from typing import Any

import pytest
from graphql import DocumentNode

from tests.gateway.test_operations import ask, described, document
from tests.world import World

__all__ = ["described", "document"]

# What a request is for, by vendor and path. A list of GEOtareas and LittleHorse is several of the vendor's.
KINDS = {
    "camunda": {
        "list": r"/v2/user-tasks/search",
        "people": r"/v2/users/search",
        "groups": r"/v2/groups/search",
        "task": r"/v2/user-tasks/\d+",
        "detail": r"/v2/user-tasks/\d+/.+",
        "flow": r"/v2/process-instances/search",
    },
    "uipath": {
        "sign in": r"/identity_/connect/token",
        "list": r".*/odata/Tasks/UiPath.Server.Configuration.OData.GetTasksAcrossFolders",
        "task": r".*/odata/Tasks\(\d+\)",
        "detail": r".*/(tasks/|odata/Task).+",
    },
    "epilot": {
        "list": r"/v1/kanban/query/flows:execute",
        "people": r"/v2/users/.+",
        "flow": r"/v2/flows/executions/.+",
    },
    "littlehorse": {
        "sign in": r"/realms/.+/token",
        "list": r"/default/admin/(taskTypes|groups|tasks)",
        "task": r"/default/(admin/)?tasks/[^/]+/[^/]+",
        "detail": r"/default/(admin/)?tasks/.+",
        "people": r"/default/admin/users.*",
    },
    "geotareas": {
        "sign in": r"/apidev/v1/login",
        "list": r"/apidev/v1/workflow/tasks",
        "task": r"/apidev/v1/workflow/tasks/[^/]+",
        "flow": r"/apidev/v1/workflow/instances",
    },
}
# By vendor: "list 2, sign in 1".
Calls = dict[str, str]


async def calls(world: World) -> Calls:
    """The requests since the last look, by vendor and by what they are for."""
    found: Calls = {}
    for vendor in world.urls:
        asked = [one["path"] for one in await world.requests(vendor)]
        await world.control(vendor, "requests", method="DELETE")
        if asked:
            counted = Counter(_kind(vendor, path) for path in asked)
            found[vendor] = ", ".join(f"{kind} {number}" for kind, number in sorted(counted.items()))
    return found


def _kind(vendor: str, path: str) -> str:
    return next((kind for kind, pattern in KINDS[vendor].items() if re.fullmatch(pattern, path)), path)


@pytest.fixture
async def unlimited(described: World) -> World:
    """The data of the operations' comments, at a vendor that counts no requests per minute."""
    await described.control("geotareas", "rate-limit", {})
    return described


async def cost(world: World, document: DocumentNode, name: str, person: str, **variables: Any) -> Calls:
    """Of the first time, after making sure that the second is free, and is reported so."""
    async with world.cold() as cold:
        await ask(cold, document, name, person, **variables)
        first = await calls(cold)
        again = await ask(cold, document, name, person, **variables)

        assert {} == await calls(cold)
        assert set(_reported(again).values()) <= {0}
    return first


def _reported(answer: Any) -> dict[str, int]:
    """`upstreamCalls` of the lists in an answer, by source."""
    found: Counter[str] = Counter()
    if isinstance(answer, dict):
        for report in answer.get("sources") or ():
            if "upstreamCalls" in report:
                found[report["source"]["key"]] += report["upstreamCalls"]
        for member in answer.values():
            found.update(_reported(member))
    return dict(found)


LISTS = {
    "MyOpenTasks": ("alice", {}),
    "GroupQueue": ("alice", {}),
    "InboxCounters": ("alice", {}),
    "OverdueTriage": ("carol", {"soon": "2026-06-16T09:00:00Z"}),
    "SearchTasks": ("carol", {"text": "acme", "subjectLabel": "Acme Corp", "since": "2026-05-01T00:00:00Z"}),
    "SourceHealth": ("alice", {}),
}
# Camunda keeps dated and undated tasks as two lists, LittleHorse one for each of its five task types and one of those
# types, GEOtareas one for each open status. Others are one list for each reason to see a task that they can be asked by.
COST: dict[str, Calls] = {
    "MyOpenTasks": {
        "camunda": "groups 1, list 2",
        "uipath": "list 1, sign in 1",
        "epilot": "list 1",
        "littlehorse": "list 6, sign in 1",
        "geotareas": "list 2, sign in 1",
    },
    # No task of epilot names a candidate: it is not asked.
    "GroupQueue": {
        "camunda": "groups 1, list 2",
        "uipath": "list 1, sign in 1",
        "littlehorse": "list 7, sign in 1",
        "geotareas": "list 2, sign in 1",
    },
    "InboxCounters": {
        "camunda": "list 4",
        "uipath": "list 3, sign in 1",
        "epilot": "list 2",
        "littlehorse": "list 18, sign in 1",
        "geotareas": "list 2, sign in 1",
    },
    # The groups asked for are Camunda's, UiPath's and LittleHorse's.
    "TeamWorkload": {
        "camunda": "groups 1, list 2",
        "uipath": "list 2, sign in 1",
        "littlehorse": "list 19, sign in 1",
    },
    "OverdueTriage": {
        "camunda": "groups 1, list 2, people 1",
        "uipath": "list 1, sign in 1",
        "epilot": "list 1",
        "littlehorse": "list 11, sign in 1",
        "geotareas": "list 2, sign in 1",
    },
    # epilot tells people one at a time.
    "SearchTasks": {
        "camunda": "list 1",
        "uipath": "list 1, sign in 1",
        "epilot": "list 1, people 5",
        "littlehorse": "list 6, sign in 1",
        "geotareas": "list 1, sign in 1",
    },
    "SourceHealth": {},
    # Beside the task itself its flow, and that flow's current tasks.
    "TaskDetail": {
        "camunda": "detail 3, flow 1, groups 1, list 4, task 1",
        "uipath": "detail 3, sign in 1, task 1",
        "epilot": "flow 3",
        "littlehorse": "detail 1, list 18, sign in 1, task 2",
        "geotareas": "flow 1, list 2, sign in 1, task 1",
    },
    "FlowOverview of alice": {
        "camunda": "flow 1, groups 1, list 12",
        "epilot": "flow 3, people 1",
        "littlehorse": "list 31, sign in 1",
        "geotareas": "flow 1, list 3, sign in 1",
    },
    "FlowOverview of carol": {
        "camunda": "flow 1, groups 1, list 2",
        "epilot": "flow 3, people 1",
        "littlehorse": "list 17, sign in 1",
        "geotareas": "flow 1, list 3, sign in 1",
    },
}


@pytest.mark.parametrize("name", LISTS)
async def test_upstream_calls_of_lists_and_counters(name: str, unlimited: World, document: DocumentNode) -> None:
    person, variables = LISTS[name]

    assert COST[name] == await cost(unlimited, document, name, person, **variables)


async def test_upstream_calls_of_the_teams_workload(unlimited: World, document: DocumentNode) -> None:
    groups = (await unlimited.data('{ groups(search: "accounting") { nodes { id } } }', "carol"))["groups"]["nodes"]

    assert COST["TeamWorkload"] == await cost(
        unlimited, document, "TeamWorkload", "carol", groupIds=[group["id"] for group in groups]
    )


async def test_upstream_calls_of_a_task_with_everything(unlimited: World, document: DocumentNode) -> None:
    found: Calls = {}
    for vendor, task in (await one_of_each(unlimited, document)).items():
        found[vendor] = (await cost(unlimited, document, "TaskDetail", "alice", id=task["id"]))[vendor]

    assert COST["TaskDetail"] == found


@pytest.mark.parametrize("person", ["alice", "carol"])
async def test_upstream_calls_of_a_flow_with_its_tasks(person: str, unlimited: World, document: DocumentNode) -> None:
    """Who is no task admin must be shown to see one of its tasks, which asks by every reason to see one."""
    found: Calls = {}
    for vendor, task in (await one_of_each(unlimited, document)).items():
        if task["flow"] is not None:
            found[vendor] = (await cost(unlimited, document, "FlowOverview", person, id=task["flow"]["id"]))[vendor]

    assert COST[f"FlowOverview of {person}"] == found


async def one_of_each(world: World, document: DocumentNode) -> dict[str, Any]:
    """The first of alice's tasks in each system."""
    inbox = (await ask(world, document, "MyOpenTasks"))["viewer"]["inbox"]
    return {node["source"]["key"]: node for node in reversed(inbox["nodes"])}


ROWS = """query Rows($scope: InboxScope!) { viewer { inbox(first: 25, scope: $scope) { nodes { id
  assignee { id displayName } candidateUsers { id displayName } candidateGroups { id name } definition { key name }
  flow { id } } } } }"""
IDS = "query Ids($scope: InboxScope!) { viewer { inbox(first: 25, scope: $scope) { nodes { id } } } }"
# Lists that a scope needs cold, signing in left out; the reasons to see a task add up.
STREAMS = {
    "MINE": "camunda 2, uipath 1, epilot 1, littlehorse 6, geotareas 2",
    "CLAIMABLE": "camunda 4, uipath 1, epilot 0, littlehorse 7, geotareas 2",
    "MINE_OR_CLAIMABLE": "camunda 3, uipath 2, epilot 1, littlehorse 13, geotareas 2",
    "MY_GROUPS": "camunda 2, uipath 1, epilot 0, littlehorse 12, geotareas 2",
    "ALL_VISIBLE": "camunda 4, uipath 3, epilot 2, littlehorse 18, geotareas 2",
}


@pytest.mark.parametrize("scope", STREAMS)
async def test_what_25_rows_refer_to_costs_at_most_one_batch_of_people_and_one_of_groups(
    scope: str, world: World
) -> None:
    """One call per stream that the scope needs, whatever the rows refer to; `flow { id }` none; again, nothing."""
    await world.control("geotareas", "rate-limit", {})
    async with world.cold() as cold:
        await cold.data(IDS, scope=scope)
        ids = await numbers(cold)
    async with world.cold() as cold:
        nodes = (await cold.data(ROWS, scope=scope))["viewer"]["inbox"]["nodes"]
        rows = await numbers(cold)
        await cold.data(ROWS, scope=scope)

        assert rows == await numbers(cold)
    lists = ", ".join(f"{vendor} {kinds['list']}" for vendor, kinds in rows.items())
    beside = {vendor: {kind: rows[vendor][kind] - ids[vendor][kind] for kind in rows[vendor]} for vendor in rows}

    assert STREAMS[scope] == lists
    assert (22 if scope == "MINE" else 25, True) == (len(nodes), any(node["flow"] for node in nodes))
    assert {kind for kinds in beside.values() for kind, more in kinds.items() if more} <= {"people", "groups"}
    assert max(more for kinds in beside.values() for more in kinds.values()) <= 1


async def numbers(world: World) -> dict[str, Counter[str]]:
    """As `calls`, to be calculated with."""
    return {
        vendor: Counter(_kind(vendor, one["path"]) for one in await world.requests(vendor)) for vendor in world.urls
    }
