"""Every id in an answer can be found again: objects by `node`, writes by `operation`."""

from collections.abc import Iterator
from typing import Any

import pytest

from schema.core.relay import decode
from tests.gateway.test_end_to_end import claimable, mutate
from tests.world import World

TYPES = {"Task", "Flow", "User", "Group", "Source", "TaskDefinition", "FlowDefinition", "Comment"}
EVERYTHING = """{
  tasks(first: 20, orderBy: [{ field: CREATED_AT, direction: DESC }]) { nodes { id definition { id } source { id }
    assignee { id } candidateGroups { id } flow { id definition { id } } comments(first: 1) { nodes { id } } } }
  taskDefinitions(first: 100) { nodes { id } }
}"""
OPERATION = """query O($id: ID!) { operation(id: $id) { id action status attempts settledAt errors { code }
  actor { displayName } task { id } flow { id } } }"""


def ids_in(value: Any) -> Iterator[str]:
    """Every `id` in an answer, at any depth."""
    match value:
        case dict():
            for key, inner in value.items():
                if key == "id":
                    yield inner
                else:
                    yield from ids_in(inner)
        case list():
            for inner in value:
                yield from ids_in(inner)
        case _:
            pass


@pytest.mark.parametrize("person", ["alice", "carol"])
async def test_every_id_of_an_answer_is_a_node(world: World, person: str) -> None:
    """For one object of each type and source."""
    found = {}
    shown = await world.data(EVERYTHING, person)
    for task in shown["tasks"]["nodes"]:
        if task["flow"] is not None and task["flow"]["definition"] is None:
            # The vendor has removed it: only its id is known, from the task.
            del task["flow"]
    for text in ids_in(shown):
        inside = decode(text)
        assert inside is not None
        found[inside.type, inside.parts[0]] = text
    ids = list(found.values())
    nodes = (await world.data("query N($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }", person, ids=ids))["nodes"]

    assert {type_name for type_name, _ in found} >= TYPES - (set() if person == "carol" else {"Comment"})
    assert [{"__typename": key[0], "id": text} for key, text in found.items()] == nodes


async def test_a_write_is_found_by_the_id_in_its_payload(world: World) -> None:
    """By its author and by task admins. For other people it does not exist."""
    task = await claimable(world, "camunda")
    payload = await mutate(world, "claimTask", taskId=task["id"])
    seen = {
        person: (await world.data(OPERATION, person, id=payload["operationId"]))["operation"]
        for person in ("alice", "bob", "carol")
    }

    assert seen["alice"]["settledAt"] is not None
    assert {
        "id": payload["operationId"],
        "action": "CLAIM",
        "status": "APPLIED",
        "attempts": 1,
        "settledAt": seen["alice"]["settledAt"],
        "errors": [],
        "actor": {"displayName": "Alice Moreno"},
        "task": {"id": task["id"]},
        "flow": None,
    } == seen["alice"]
    assert (seen["alice"], None) == (seen["carol"], seen["bob"])


async def test_a_write_whose_answer_was_lost_is_found_as_unknown(world: World) -> None:
    """Without an idempotency key, a client can still follow its write."""
    task = await claimable(world, "geotareas")
    await world.control(
        "geotareas", "faults", {"method": "P.*", "path": ".*", "kind": "status", "status": 500, "times": 9}
    )
    payload = await mutate(world, "claimTask", taskId=task["id"])
    operation = (await world.data(OPERATION, id=payload["operationId"]))["operation"]

    assert (payload["status"], payload["operationId"], None) == (
        operation["status"],
        operation["id"],
        operation["settledAt"],
    )
    assert "UNKNOWN" == operation["status"]


async def test_an_operation_that_was_not_recorded_is_null(world: World) -> None:
    """An invented id, and the id of a write that was refused before it was admitted."""
    payload = await mutate(world, "claimTask", taskId="nonsense")
    for operation_id in ("nonsense", payload["operationId"]):
        assert {"operation": None} == await world.data(OPERATION, id=operation_id)
