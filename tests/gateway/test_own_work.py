"""A task that a person completed through a technical account, over real HTTP: R7 at two vendors, and after a restart."""

from typing import Any

from schema.core.relay import global_id, person_id
from tests.world import World

COMPLETE = """mutation ($i: CompleteTaskInput!) { completeTask(input: $i) { status errors { message }
  task { state outcome completedAt completedBy { id } } } }"""
SEEN = """query ($id: ID!, $source: ID!) {
  task(id: $id) { state outcome completedAt assignee { id } completedBy { id } data comments(first: 5) { totalCount }
                  permits(action: COMMENT) { allowed } }
  tasks(first: 100, filter: { source: { eq: $source }, state: { eq: COMPLETED } }) { nodes { id completedBy { id } } }
  viewer { inbox(first: 100, filter: { source: { eq: $source } }) { nodes { id } } } }"""
OWNED = """query ($source: ID!) { viewer { inbox(first: 20, scope: MINE, filter: { source: { eq: $source } }) { nodes {
  id native { nativeId type } candidateGroups { id } outcomes { code }
  form { fields { key type required options { value } } } } } } }"""
VALUES = {
    "TEXT": "x",
    "NUMBER": 1.5,
    "INTEGER": 1,
    "BOOLEAN": True,
    "DATE": "2027-01-02",
    "DATETIME": "2027-01-02T00:00:00Z",
}


async def test_the_author_of_a_completion_keeps_seeing_the_task(world: World) -> None:
    """Two vendors whose technical account takes the task over, and one that tells the outcome once."""
    for vendor in ("uipath", "littlehorse"):
        await check_that_the_author_sees_it(world, vendor)
    await check_that_nothing_is_forgotten(world)


async def check_that_the_author_sees_it(world: World, vendor: str) -> None:
    """By id and in lists, as the write left it, with the person as the one who did it; also in another process."""
    source = global_id("Source", vendor)
    owned = (await world.data(OWNED, source=source))["viewer"]["inbox"]["nodes"]
    task = next(
        one
        for one in owned
        if (one["native"]["type"] == "FormTask" if vendor == "uipath" else not one["candidateGroups"])
    )
    done = (await world.data(COMPLETE, i=filled(task)))["completeTask"]
    seen = await world.data(SEEN, id=task["id"], source=source)
    others = await world.data(SEEN, "bob", id=task["id"], source=source)
    admins = await world.data(SEEN, "carol", id=task["id"], source=source)
    async with world.cold() as restarted:
        again = await restarted.data(SEEN, id=task["id"], source=source)

    alice = {"id": person_id("alice")}
    assert ("APPLIED", "COMPLETED", alice) == (done["status"], done["task"]["state"], done["task"]["completedBy"])
    for shown in (seen, again):
        assert {"state": "COMPLETED", "assignee": alice, "completedBy": alice, "data": None, "comments": None} == {
            name: shown["task"][name] for name in ("state", "assignee", "completedBy", "data", "comments")
        }
        assert done["task"]["outcome"] == shown["task"]["outcome"]
        assert shown["task"]["completedAt"] is not None
        assert not shown["task"]["permits"]["allowed"]
        assert {"id": task["id"], "completedBy": alice} in shown["tasks"]["nodes"]
        assert task["id"] not in [one["id"] for one in shown["viewer"]["inbox"]["nodes"]]
    assert others["task"] is None
    assert task["id"] not in [one["id"] for one in others["tasks"]["nodes"]]
    assert alice == admins["task"]["completedBy"]


async def check_that_nothing_is_forgotten(world: World) -> None:
    """GEOtareas tells outcome and time in the answer to the write alone (R17)."""
    source = global_id("Source", "geotareas")
    owned = (await world.data(OWNED, source=source))["viewer"]["inbox"]["nodes"]
    task = next(one for one in owned if all(field["type"] in VALUES for field in required(one)))
    done = (await world.data(COMPLETE, i=filled(task)))["completeTask"]
    fresh = await world.data(
        "query ($id: ID!) { task(id: $id, freshness: FRESH) { state outcome completedAt completedBy { id } } }",
        id=task["id"],
    )

    assert "APPLIED" == done["status"]
    assert done["task"] == fresh["task"]
    assert (filled(task)["outcome"], {"id": person_id("alice")}) == (
        fresh["task"]["outcome"],
        fresh["task"]["completedBy"],
    )


def required(task: Any) -> list[Any]:
    return [field for field in task["form"]["fields"] if field["required"]]


def filled(task: Any) -> dict[str, Any]:
    """The input of a completion with every required field and the first outcome."""
    data = {
        field["key"]: field["options"][0]["value"] if field["options"] else VALUES[field["type"]]
        for field in required(task)
    }
    outcome = {"outcome": task["outcomes"][0]["code"]} if task["outcomes"] else {}
    return {"taskId": task["id"], "data": data, **outcome}
