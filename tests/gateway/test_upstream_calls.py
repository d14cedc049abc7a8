"""The upstream calls of the documented queries, cold and warm: every request that arrives at a stand-in.

Cold is a gateway that has made no call for a query yet. At its start it looks at the account of a source whose vendor tells
who that is: those sources have signed in already. Warm is the same query again: it makes no call.
"""

import re
from collections import Counter
from typing import Any

import pytest
from graphql import DocumentNode

from schema.core.relay import global_id
from tests.gateway.test_operations import ask, described, document
from tests.world import World

__all__ = ["described", "document"]

# The purpose of a request, by vendor and path. One list of GEOtareas or LittleHorse takes several of the vendor's lists.
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
    "camunda7": {
        "list": r"/engine-rest/(history/)?task",
        "count": r"/engine-rest/(history/)?task/count",
        "groups": r"/engine-rest/group",
        "people": r"/engine-rest/user",
        "flow": r"/engine-rest/history/process-instance",
        "detail": r"/engine-rest/(task/.+|history/.+|process-definition/.+)",
    },
}
# By vendor, for example "list 2, sign in 1".
Calls = dict[str, str]


async def calls(world: World) -> Calls:
    """The requests since the previous call of this function, by vendor and purpose."""
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
    """The data of the operations' comments, with GEOtareas' rate limit switched off."""
    await described.control("geotareas", "rate-limit", {})
    return described


async def cost(world: World, document: DocumentNode, name: str, person: str, **variables: Any) -> Calls:
    """The calls of the first request. Checks that the second one makes no call and reports this."""
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
# LittleHorse looks up the person whose tasks are listed. Camunda: one list of tasks with a due date and one without. LittleHorse: one list for each of its five task types, and the
# list of types. GEOtareas: one list for each open status. Camunda 7: one list more for the
# tasks that name the person, before a list of what is offered. The others: one list for each part of the rule of visibility
# that they can filter by.
COST: dict[str, Calls] = {
    "MyOpenTasks": {
        "camunda": "groups 1, list 2",
        "uipath": "list 1",
        "epilot": "list 1",
        "littlehorse": "list 6, people 1",
        "geotareas": "list 2, sign in 1",
        "camunda7": "count 2, detail 1, flow 1, groups 1, list 2",
    },
    # Tasks of epilot have no candidates, so it is not called.
    "GroupQueue": {
        "camunda": "groups 1, list 2",
        "uipath": "list 1",
        "littlehorse": "list 7",
        "geotareas": "list 2, sign in 1",
        "camunda7": "count 1, detail 2, flow 1, groups 1, list 2",
    },
    "InboxCounters": {
        "camunda": "list 4",
        "uipath": "list 3",
        "epilot": "list 2",
        "littlehorse": "list 18, people 1",
        "geotareas": "list 2, sign in 1",
        "camunda7": "count 3, flow 2, list 4",
    },
    # The groups in the filter belong to Camunda, UiPath and LittleHorse.
    "TeamWorkload": {
        "camunda": "groups 1, list 2",
        "uipath": "list 2",
        "littlehorse": "list 19",
        "camunda7": "count 2, detail 2, flow 2, groups 1, list 2",
    },
    "OverdueTriage": {
        "camunda": "groups 1, list 2, people 1",
        "uipath": "list 1",
        "epilot": "list 1",
        "littlehorse": "list 11",
        "geotareas": "list 2, sign in 1",
        "camunda7": "count 2, detail 5, flow 2, groups 1, list 2",
    },
    # epilot returns one person per call.
    "SearchTasks": {
        "camunda": "list 1",
        "uipath": "list 1",
        "epilot": "list 1, people 5",
        "littlehorse": "list 6",
        "geotareas": "list 1, sign in 1",
        "camunda7": "count 1, detail 5, flow 1, list 2",
    },
    "SourceHealth": {},
    # The task itself, its flow, and that flow's current tasks. epilot has one record for all of them.
    "TaskDetail": {
        "camunda": "detail 3, flow 1, groups 1, list 4, task 1",
        "uipath": "detail 3, task 1",
        "epilot": "flow 1",
        "littlehorse": "detail 1, list 18, people 1, task 2",
        "geotareas": "flow 1, list 2, sign in 1, task 1",
        "camunda7": "count 2, detail 7, flow 3, groups 1, list 4",
    },
    "FlowOverview of alice": {
        "camunda": "flow 1, groups 1, list 12",
        "epilot": "flow 1, people 1",
        "littlehorse": "list 31, people 2",
        "geotareas": "flow 1, list 3, sign in 1",
        "camunda7": "count 8, detail 5, flow 6, groups 1, list 13",
    },
    "FlowOverview of carol": {
        "camunda": "flow 1, groups 1, list 2",
        "epilot": "flow 1, people 1",
        "littlehorse": "list 17",
        "geotareas": "flow 1, list 3, sign in 1",
        "camunda7": "count 2, detail 2, flow 3, groups 1, list 3",
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
    """For a person who is no task admin, the gateway searches for a visible task of the flow, with one list for each
    part of the rule.
    """
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
# With candidates: Camunda 7 is asked for them only where they are selected.
IDS = "query Ids($scope: InboxScope!) { viewer { inbox(first: 25, scope: $scope) { nodes { id candidateGroups { id } } } } }"
# Lists that a cold read of a scope needs, without signing in. Each part of the rule of visibility adds lists.
STREAMS = {
    "MINE": "camunda 2, uipath 1, epilot 1, littlehorse 6, geotareas 2, camunda7 2",
    "CLAIMABLE": "camunda 4, uipath 1, epilot 0, littlehorse 7, geotareas 2, camunda7 4",
    "MINE_OR_CLAIMABLE": "camunda 3, uipath 2, epilot 1, littlehorse 13, geotareas 2, camunda7 3",
    "MY_GROUPS": "camunda 1, uipath 1, epilot 0, littlehorse 12, geotareas 2, camunda7 6",
    "ALL_VISIBLE": "camunda 4, uipath 3, epilot 2, littlehorse 18, geotareas 2, camunda7 8",
}


@pytest.mark.parametrize("person", ["alice", "carol"])
async def test_the_same_tasks_are_listed_whether_candidates_are_selected_or_not(person: str, world: World) -> None:
    """Of Camunda 7, whose rows have none: what the engine applies is what the gateway would."""
    lists = " ".join(
        f'{scope}: inbox(scope: {scope}, first: 100, filter: {{ source: {{ eq: "{global_id("Source", "camunda7")}" }} }})'
        f" {{ totalCount nodes {{ id ...Offer }} }}"
        for scope in ("CLAIMABLE", "MINE_OR_CLAIMABLE", "MY_GROUPS", "ALL_VISIBLE")
    )
    query = f"query Q($offer: Boolean!) {{ viewer {{ {lists} }} }} fragment Offer on Task {{ candidateGroups @include(if: $offer) {{ id }} }}"
    bare, whole = [(await world.data(query, person, offer=offer))["viewer"] for offer in (False, True)]

    assert {scope: [row["id"] for row in found["nodes"]] for scope, found in whole.items()} == {
        scope: [row["id"] for row in found["nodes"]] for scope, found in bare.items()
    }
    assert {scope: found["totalCount"] for scope, found in whole.items()} == {
        scope: found["totalCount"] for scope, found in bare.items()
    }
    assert whole["ALL_VISIBLE"]["nodes"]


@pytest.mark.parametrize("scope", STREAMS)
async def test_25_rows_cost_at_most_one_batch_of_people_and_one_of_groups(scope: str, world: World) -> None:
    """One call for each stream of the scope, whatever the rows refer to. `flow { id }` and a second read need no call."""
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
    assert (25, True) == (len(nodes), any(node["flow"] for node in nodes))
    assert {kind for kinds in beside.values() for kind, more in kinds.items() if more} <= {"people", "groups"}
    assert max(more for kinds in beside.values() for more in kinds.values()) <= 1


async def numbers(world: World) -> dict[str, Counter[str]]:
    """As `calls`, as numbers."""
    return {
        vendor: Counter(_kind(vendor, one["path"]) for one in await world.requests(vendor)) for vendor in world.urls
    }
