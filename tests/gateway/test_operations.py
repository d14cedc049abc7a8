"""The operations that dashboards send, from the design's document, on the data that its comments describe.

Fields that the graph does not have yet are removed before sending. `NOT_SERVED` lists exactly these.
"""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    REMOVE,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    OperationDefinitionNode,
    SelectionSetNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    parse,
    print_ast,
    validate,
    visit,
)

from schema.api import build_schema
from schema.core.relay import global_id, person_id
from tests.world import World

GRAPH = build_schema()._schema
DOCUMENT = Path(__file__).parents[3] / "shared" / "design" / "operations.graphql"
NOT_SERVED: set[str] = set()
# The queries among its twelve operations, without the one that is served only in part.
READING = ["MyOpenTasks", "GroupQueue", "InboxCounters", "TaskDetail", "TeamWorkload", "OverdueTriage", "SearchTasks"]
READING += ["FlowOverview", "SourceHealth", "BulkReassign", "TakeNext"]


@pytest.fixture(scope="module")
def document() -> DocumentNode:
    if not DOCUMENT.exists():
        pytest.skip("the operations of dashboards are not beside this repository (../shared/design)")
    return parse(DOCUMENT.read_text(encoding="utf-8"))


class Pruned(Visitor):
    """Removes fields that the graph does not have, and selections that are then empty."""

    def __init__(self, types: TypeInfo, missing: set[str]) -> None:
        super().__init__()
        self._types = types
        self._missing = missing

    def enter_field(self, node: FieldNode, *_: object) -> Any:
        parent = self._types.get_parent_type()
        if parent is not None and self._types.get_field_def() is None:
            self._missing.add(f"{parent.name}.{node.name.value}")
            return REMOVE
        return None

    def leave_field(self, node: FieldNode, *_: object) -> Any:
        is_empty = isinstance(node.selection_set, SelectionSetNode) and not node.selection_set.selections
        return REMOVE if is_empty else None


def served(document: DocumentNode, name: str) -> tuple[str, set[str]]:
    """The text of one operation with its fragments, and the fields that were removed from it."""
    missing: set[str] = set()
    types = TypeInfo(GRAPH)
    pruned: DocumentNode = visit(document, TypeInfoVisitor(types, Pruned(types, missing)))
    operation = next(
        node
        for node in pruned.definitions
        if isinstance(node, OperationDefinitionNode) and node.name.value == name  # type: ignore[union-attr]
    )
    needed, text = [print_ast(operation)], print_ast(operation)
    fragments = [node for node in pruned.definitions if isinstance(node, FragmentDefinitionNode)]
    for fragment in reversed(fragments):
        if f"...{fragment.name.value}" in text:
            needed.append(print_ast(fragment))
            text += needed[-1]
    return "\n".join(needed), missing


async def ask(world: World, document: DocumentNode, name: str, person: str = "alice", **variables: Any) -> Any:
    text, _ = served(document, name)
    return await world.data(text, person, **variables)


@pytest.fixture
async def described(world: World) -> World:
    """The data that the comments describe: 12, 9, 7, 4 and 8 open tasks, of which 3, 2, 2, 1 and 2 are alice's."""
    for vendor in world.urls:
        await world.control(vendor, "reset", {"tasks": 40, "seed": 7, "scenario": "operations"})
    return world


def by_source(rows: list[dict[str, Any]]) -> dict[str, int]:
    return dict(Counter(row["source"]["key"] for row in rows))


def test_nothing_else_is_missing(document: DocumentNode) -> None:
    """Without the fields in NOT_SERVED, every operation of the document is valid."""
    missing: set[str] = set()
    for node in document.definitions:
        if isinstance(node, OperationDefinitionNode) and node.name is not None:
            missing |= served(document, node.name.value)[1]
    for name in READING:
        assert [] == validate(GRAPH, parse(served(document, name)[0]))

    assert NOT_SERVED == missing


async def test_my_open_tasks(described: World, document: DocumentNode) -> None:
    """Eleven tasks of six systems, sorted by due time, tasks without one last; all are hers. The upstream calls are those
    of a cold list.
    """
    inbox = (await ask(described, document, "MyOpenTasks"))["viewer"]["inbox"]
    dues = [node["dueAt"] for node in inbox["nodes"]]
    dated = [due for due in dues if due is not None]
    calls = {one["source"]["key"]: one["upstreamCalls"] for one in inbox["sources"]}
    placed = {one["source"]["key"]: (one["filterPlacement"], one["sortPlacement"]) for one in inbox["sources"]}

    assert {"camunda": 3, "uipath": 2, "epilot": 2, "littlehorse": 1, "geotareas": 2, "camunda7": 1} == by_source(
        inbox["nodes"]
    )
    assert {node["state"] for node in inbox["nodes"]} <= {"RESERVED", "IN_PROGRESS", "SUSPENDED"}
    assert {person_id("alice")} == {node["assignee"]["id"] for node in inbox["nodes"]}
    assert [*sorted(dated), *[None] * (len(dues) - len(dated))] == dues
    assert (11, "EXACT", True) == (inbox["totalCount"], inbox["totalAccuracy"], inbox["isComplete"])
    assert ("GATEWAY", "GATEWAY") == placed["geotareas"]
    # Camunda: dated and undated. GEOtareas: a list per status, and one call more to sign in.
    assert {"camunda": 2, "uipath": 1, "epilot": 1, "geotareas": 3, "camunda7": 6} == {
        key: count for key, count in calls.items() if key != "littlehorse"
    }


async def test_my_open_tasks_while_a_system_is_rate_limited(described: World, document: DocumentNode) -> None:
    """Nine rows, and RATE_LIMITED with the time to retry. HTTP 200 without errors."""
    await described.control(
        "geotareas",
        "faults",
        {
            "method": "GET",
            "path": ".*/workflow/tasks",
            "kind": "status",
            "status": 429,
            "times": 9,
            "headers": {"Retry-After": "30"},
            "body": "{}",
        },
    )
    inbox = (await ask(described, document, "MyOpenTasks"))["viewer"]["inbox"]
    report = next(one for one in inbox["sources"] if one["source"]["key"] == "geotareas")

    assert (9, 9, "LOWER_BOUND", False) == (
        len(inbox["nodes"]),
        inbox["totalCount"],
        inbox["totalAccuracy"],
        inbox["isComplete"],
    )
    assert ("RATE_LIMITED", "RATE_LIMITED", True) == (
        report["status"],
        report["error"]["code"],
        report["error"]["retryAt"] is not None,
    )


async def test_group_queue(described: World, document: DocumentNode) -> None:
    """All tasks are READY and may be claimed. `support` differs by system."""
    inbox = (await ask(described, document, "GroupQueue"))["viewer"]["inbox"]
    support = {
        node["source"]["key"]: (node["permits"]["support"], node["permits"]["atomic"]) for node in inbox["nodes"]
    }
    scores = {"LOW": 25, "MEDIUM": 50, None: 50, "HIGH": 75, "CRITICAL": 100}
    order = [(-scores[node["priority"]], node["createdAt"]) for node in inbox["nodes"]]

    assert {"READY"} == {node["state"] for node in inbox["nodes"]}
    assert {True} == {node["permits"]["allowed"] for node in inbox["nodes"]}
    assert ("NATIVE", True) == support["camunda"]
    assert {"EMULATED"} == {how for key, (how, _) in support.items() if key in {"uipath", "geotareas"}}
    assert sorted(order, key=lambda pair: pair[0]) == order


async def test_inbox_counters(described: World, document: DocumentNode) -> None:
    """The buckets add up to the total, none is empty, and a second read needs no call."""
    first = await ask(described, document, "InboxCounters")
    before = {vendor: len(await described.requests(vendor)) for vendor in described.urls}
    again = await ask(described, document, "InboxCounters", "alice")

    assert first["all"]["total"] == sum(bucket["count"] for bucket in first["all"]["buckets"])
    assert 11 == first["mine"]["total"] == sum(bucket["count"] for bucket in first["mine"]["buckets"])
    assert all(bucket["count"] for bucket in first["all"]["buckets"])
    assert first["all"]["buckets"] == again["all"]["buckets"]
    assert before == {vendor: len(await described.requests(vendor)) for vendor in described.urls}


async def test_task_detail_of_every_system(described: World, document: DocumentNode) -> None:
    """Form, outcomes and history are as each system has them. Null or empty means that it has none."""
    inbox = (await ask(described, document, "MyOpenTasks"))["viewer"]["inbox"]
    details = {}
    for node in inbox["nodes"]:
        details[node["source"]["key"]] = (await ask(described, document, "TaskDetail", id=node["id"]))["task"]

    assert set(described.urls) == set(details)
    assert ("VENDOR_SCHEMA", None) == (details["camunda"]["form"]["kind"], details["camunda"]["comments"])
    assert details["camunda"]["activities"]["nodes"]
    assert details["uipath"]["form"]["kind"] in {"FIELDS", "EXTERNAL_URL", "NONE"}
    assert details["uipath"]["comments"] is not None
    assert details["epilot"]["flow"]["phases"]
    assert details["epilot"]["form"] is None or details["epilot"]["form"]["kind"] in {"EXTERNAL_URL", "NONE"}
    assert ("FIELDS", None, None) == (
        details["littlehorse"]["form"]["kind"],
        details["littlehorse"]["dueAt"],
        details["littlehorse"]["priority"],
    )
    assert "FIELDS" == details["geotareas"]["form"]["kind"]
    assert details["geotareas"]["outcomes"]
    assert {None} == {one["lastWrite"] for one in details.values()}
    assert all(one["permittedActions"] for one in details.values())


async def test_an_unknown_task_is_null_without_an_error(described: World, document: DocumentNode) -> None:
    """So nothing tells whether the task exists."""
    assert {"task": None} == await ask(described, document, "TaskDetail", id=global_id("Task", "camunda", "1"))


async def test_team_workload(described: World, document: DocumentNode) -> None:
    """One bucket for each person and priority over all systems, and one without a value for tasks without an owner."""
    groups = (await described.data('{ groups(search: "accounting") { nodes { id } } }', "carol"))["groups"]["nodes"]
    work = await ask(described, document, "TeamWorkload", "carol", groupIds=[group["id"] for group in groups])
    owners = Counter(bucket["keys"][0]["value"] for bucket in work["byPerson"]["buckets"])

    assert work["byPerson"]["total"] == sum(bucket["count"] for bucket in work["byPerson"]["buckets"])
    assert person_id("alice") in owners
    assert None in owners
    assert len(work["byPerson"]["buckets"]) == len(
        {tuple(key["value"] for key in bucket["keys"]) for bucket in work["byPerson"]["buckets"]}
    )
    assert work["unassigned"]["total"] == sum(bucket["count"] for bucket in work["unassigned"]["buckets"])


async def test_overdue_triage(described: World, document: DocumentNode) -> None:
    """The gateway completes the filter if a system cannot express it. No other task is returned."""
    triage = (await ask(described, document, "OverdueTriage", "carol", soon="2026-01-01T00:00:00Z"))["tasks"]

    assert triage["nodes"]
    assert all(node["isOverdue"] or node["isEscalated"] for node in triage["nodes"])
    assert "GATEWAY" in {one["filterPlacement"] for one in triage["sources"]}


async def test_search_tasks(described: World, document: DocumentNode) -> None:
    """By text in all texts of a row. An empty branch of `or` is no condition."""
    some = (await described.data("{ tasks(first: 1) { nodes { title } } }", "carol"))["tasks"]["nodes"][0]["title"]
    word = some.split()[-1].upper()
    found = (await ask(described, document, "SearchTasks", "carol", text=word, since="2020-01-01T00:00:00Z"))["tasks"]

    assert found["nodes"]
    assert {"CANCELED", "SKIPPED"}.isdisjoint({node["state"] for node in found["nodes"]})
    created = [node["createdAt"] for node in found["nodes"]]
    assert sorted(created, reverse=True) == created


async def test_flow_overview_of_every_system(described: World, document: DocumentNode) -> None:
    """With the state that each system has. LittleHorse shows no state."""
    inbox = (await ask(described, document, "MyOpenTasks"))["viewer"]["inbox"]
    states = {}
    for node in inbox["nodes"]:
        if node["flow"] is not None:
            flow = (await ask(described, document, "FlowOverview", "carol", id=node["flow"]["id"]))["flow"]
            states[node["source"]["key"]] = flow["state"] if flow else None
            if flow is not None and flow["state"] != "UNKNOWN":
                assert node["id"] in [one["id"] for one in flow["tasks"]["nodes"]]

    assert ("ACTIVE", "ACTIVE", "ACTIVE") == (states["camunda"], states["epilot"], states["geotareas"])
    assert "UNKNOWN" == states.get("littlehorse", "UNKNOWN")


async def test_source_health_needs_no_call(described: World, document: DocumentNode) -> None:
    """One entry for each configured source. No field contains a secret or an address."""
    health = await ask(described, document, "SourceHealth")

    assert set(described.urls) == {source["key"] for source in health["sources"]}
    assert {"SERVICE"} == {source["actsAs"] for source in health["sources"]}
    assert all(source["capabilities"] for source in health["sources"])
    assert "127.0.0.1" not in str(health)
    for vendor in described.urls:
        assert [] == await described.requests(vendor)
