"""Something between the gateway and a vendor answers a write itself. Nothing was done, and nothing is reported as done."""

import asyncio
import re
import sqlite3
from typing import Any

import pytest

from schema.core.relay import global_id
from tests.world import World, opened

PAGE = {"headers": {"content-type": "text/html"}, "body": "<html><body>Sign in</body></html>"}
ANSWERS: list[dict[str, Any]] = [
    {"status": 200, **PAGE},
    {"status": 200},
    {"status": 202},
    {"status": 207, **PAGE},
    {"status": 401, **PAGE},
    {"status": 404, **PAGE},
    {"status": 409, **PAGE},
    {"status": 429, **PAGE},
    {"status": 499},
]
# Reads of Camunda and of LittleHorse's lists are never among these.
WRITES = {
    "camunda": ("POST", "/v2/user-tasks/[0-9]+/assignment"),
    "uipath": ("POST", ".*(A|Rea)ssignTasks"),
    "epilot": ("PATCH", ".*"),
    "littlehorse": ("POST", ".*/(claim|assign)"),
    "geotareas": ("POST", ".*/reassign"),
}
pytestmark = pytest.mark.server

TASK = "query ($i: ID!) { task(id: $i) { id } }"
OPERATION = "query ($i: ID!) { operation(id: $i) { status settledAt errors { code } } }"
CLAIM = "mutation ($i: ClaimTaskInput!) { claimTask(input: $i) { status operationId errors { code message } task { state } } }"
READY = "query ($f: TaskFilter) { tasks(first: 30, filter: $f) { nodes { id permittedActions { action allowed } } } }"


async def claimable(world: World, vendor: str) -> str:
    """A task of that source that alice may claim."""
    return (await all_claimable(world, vendor))[0]


async def all_claimable(world: World, vendor: str) -> list[str]:
    filter = {"source": {"eq": global_id("Source", vendor)}, "state": {"eq": "READY"}}
    nodes = (await world.data(READY, f=filter))["tasks"]["nodes"]
    may = {"action": "CLAIM", "allowed": True}
    return [node["id"] for node in nodes if may in node["permittedActions"]]


async def arrived(world: World, vendor: str, path: str) -> None:
    """The write is at the vendor."""
    while not any(re.fullmatch(path, request["path"]) for request in await world.requests(vendor)):  # noqa: ASYNC110 another process would tell no event either
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("vendor", WRITES)
async def test_a_claim_is_neither_applied_nor_rejected(world: World, vendor: str) -> None:
    """With each of the answers, and sent once. When the vendor can be reached again, the claim is applied.

    Each answer is given to the claim of another task: all of them look for what became of theirs at the same time.
    """
    method, path = WRITES[vendor]
    answers = ANSWERS if vendor != "geotareas" else ANSWERS[::3]
    tasks = (await all_claimable(world, vendor))[: len(answers)]
    for answer in answers[: len(tasks)]:
        fault = {"method": method, "path": path, "kind": "status", "times": 1, **answer}
        await world.control(vendor, "faults", fault)
    claims = await asyncio.gather(*(world.data(CLAIM, i={"taskId": task}) for task in tasks))
    nothing = await world.effects(vendor)
    finally_claimed = (await world.data(CLAIM, i={"taskId": tasks[0]}))["claimTask"]

    assert len(tasks) > 2
    told = [(one["claimTask"]["status"], [error["code"] for error in one["claimTask"]["errors"]]) for one in claims]
    assert [("UNKNOWN", ["UPSTREAM_ERROR", "UPSTREAM_ERROR"])] * len(tasks) == told
    assert [] == nothing
    assert ("APPLIED", 1) == (finally_claimed["status"], len(await world.effects(vendor)))


async def test_an_applied_write_with_such_an_answer_is_found_by_reading(world: World) -> None:
    """The vendor has done it, and its answer was replaced on the way."""
    method, path = WRITES["camunda"]
    task = await claimable(world, "camunda")
    fault = {"method": method, "path": path, "kind": "status_after", "status": 409, **PAGE}
    await world.control("camunda", "faults", fault)
    claimed = (await world.data(CLAIM, i={"taskId": task}))["claimTask"]

    assert ("APPLIED", []) == (claimed["status"], claimed["errors"])
    assert 1 == len(await world.effects("camunda"))


async def test_what_cannot_be_read_at_once_is_found_out_when_the_vendor_is_back(world: World) -> None:
    """Without any further request for it, by reading alone."""
    method, path = WRITES["geotareas"]
    task = await claimable(world, "geotareas")
    await world.control("geotareas", "faults", {"method": method, "path": path, "kind": "status_after", "status": 500})
    reads = {"method": "GET", "path": ".*/tasks/[0-9]+", "kind": "status", "status": 503, "times": 99}
    await world.data(TASK, i=task)
    claiming = asyncio.create_task(world.data(CLAIM, i={"taskId": task}))
    async with asyncio.timeout(60):
        while not await world.effects("geotareas"):  # noqa: ASYNC110 another process would tell no event either
            await asyncio.sleep(0.01)
        await world.control("geotareas", "faults", reads)
        claimed = (await claiming)["claimTask"]
        await world.control("geotareas", "faults", method="DELETE")
        while (found := (await world.data(OPERATION, i=claimed["operationId"]))["operation"])["settledAt"] is None:  # noqa: ASYNC110 another process would tell no event either
            await asyncio.sleep(0.2)

    assert ("APPLIED", []) == (found["status"], found["errors"])
    assert 1 == len(await world.effects("geotareas"))


@pytest.mark.parametrize("vendor", ["camunda", "uipath"])
async def test_a_journal_that_is_locked_meanwhile_does_not_reject_what_was_done(world: World, vendor: str) -> None:
    """Another process writes to it for longer than the gateway waits. The key then gives the same answer."""
    method, path = WRITES[vendor]
    task = await claimable(world, vendor)
    fault = {"method": method, "path": path, "kind": "delay", "delay_ms": 1500}
    await world.control(vendor, "faults", fault)
    await world.control(vendor, "requests", method="DELETE")
    journal = next(world.configured.parent.glob("*.journal.sqlite3"))
    with sqlite3.connect(journal) as other:
        claiming = asyncio.create_task(world.data(CLAIM, i={"taskId": task, "idempotencyKey": "k"}))
        async with asyncio.timeout(60):
            await arrived(world, vendor, path)
        other.execute("BEGIN IMMEDIATE")
        first = (await claiming)["claimTask"]
        other.rollback()
    other.close()
    again = (await world.data(CLAIM, i={"taskId": task, "idempotencyKey": "k"}))["claimTask"]

    assert ("APPLIED", "APPLIED", 1) == (first["status"], again["status"], len(await world.effects(vendor)))


async def test_a_write_is_answered_within_its_deadline(tmp_path: Any) -> None:
    """With UNKNOWN, although its source may take longer. The end of the gateway does not wait for it either."""
    async with opened(tmp_path, in_gateway=["mutation_deadline = 3"]) as world:
        method, path = WRITES["camunda"]
        tasks = [await claimable(world, "camunda")]
        fault = {"method": method, "path": path, "kind": "delay", "delay_ms": 60_000}
        await world.control("camunda", "faults", fault)
        async with asyncio.timeout(10):
            late = (await world.data(CLAIM, i={"taskId": tasks[0]}))["claimTask"]

    assert ("UNKNOWN", "UPSTREAM_TIMEOUT") == (late["status"], late["errors"][0]["code"])
