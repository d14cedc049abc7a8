"""Arguments of writes at the stand-ins: what is refused without a call, what is sent alone, what is told of the rest."""

from typing import Any

import pytest

from schema.core.relay import global_id, person_id
from tests.gateway.test_contention import OPEN
from tests.gateway.test_end_to_end import QUEUE, source_id
from tests.world import World

pytestmark = pytest.mark.server

RESULT = "status effect errors { code message field } task { id state assignee { displayName } }"


async def send(world: World, name: str, kind: str, person: str = "alice", **values: Any) -> dict[str, Any]:
    document = f"mutation M($input: {kind}!) {{ {name}(input: $input) {{ {RESULT} }} }}"
    payload: dict[str, Any] = (await world.data(document, person, input=values))[name]
    return payload


async def task_of(world: World, key: str, person: str = "carol", query: str = OPEN) -> str:
    nodes = (await world.data(query, person, source=await source_id(world, key)))["viewer"]["inbox"]["nodes"]
    found: str = nodes[0]["id"]
    return found


@pytest.mark.parametrize(
    ("key", "options"),
    [
        ("epilot", {"due_date": "2027-02-24T00:00:00.000"}),
        ("uipath", {"noteText": "called twice"}),
        ("camunda", {"action": "escalate"}),
    ],
)
async def test_options_of_the_vendor_alone_are_an_update(world: World, key: str, options: dict[str, Any]) -> None:
    """Of a task admin, as every update. No options are none."""
    task = await task_of(world, key)

    refused = await send(world, "updateTask", "UpdateTaskInput", taskId=task, vendorOptions=options)
    applied = await send(world, "updateTask", "UpdateTaskInput", "carol", taskId=task, vendorOptions=options)
    nothing = await send(world, "updateTask", "UpdateTaskInput", "carol", taskId=task, vendorOptions={})

    assert ("REJECTED", "APPLIED", []) == (refused["status"], applied["status"], applied["errors"])
    assert {"FORBIDDEN", "NOT_FOUND"} & {error["code"] for error in refused["errors"]}
    assert ["VALIDATION_FAILED"] == [error["code"] for error in nothing["errors"]]
    assert 1 == len(await world.effects(key))


async def test_what_no_task_takes_costs_no_call(world: World) -> None:
    """GEOtareas has 30 reads and 10 writes a minute; UiPath's notes hold 512 characters with the author's name."""
    task, note = await task_of(world, "geotareas"), await task_of(world, "uipath", "alice", QUEUE)
    due = await task_of(world, "camunda")
    for key in ("geotareas", "uipath", "camunda"):
        await world.control(key, "requests", method="DELETE")

    answers = [
        await assign(world, task, person_id("bob"), reason="x" * 501),
        *[await assign(world, task, global_id("User", "geotareas", user)) for user in ("abc", "9" * 31)],
        await send(world, "addTaskComment", "AddTaskCommentInput", taskId=note, text="x" * 499),
        await send(world, "updateTask", "UpdateTaskInput", "carol", taskId=due, clear=["priority"]),
    ]

    found = [(answer["status"], *answer["errors"][0]["field"]) for answer in answers]
    assert [("REJECTED", field) for field in ("reason", "userId", "userId", "text", "clear")] == found
    assert "text must have 1 to 498 characters" == answers[3]["errors"][0]["message"]
    assert [[], [], []] == [await world.requests(key) for key in ("geotareas", "uipath", "camunda")]


async def test_an_unknown_user_is_no_unknown_task(world: World) -> None:
    """The field says which of the two the source does not know."""
    task = await task_of(world, "geotareas")

    answer = await assign(world, task, global_id("User", "geotareas", "987654321"))

    assert ["VALIDATION_FAILED"] == [error["code"] for error in answer["errors"]]
    assert (["userId"], task) == (answer["errors"][0]["field"], answer["task"]["id"])


async def test_who_comes_second_is_told_who_came_first(world: World) -> None:
    """GEOtareas clears the group when it assigns a user: bob could see the task until alice claimed it."""
    task = await task_of(world, "geotareas", "alice", QUEUE)

    first = await send(world, "claimTask", "ClaimTaskInput", taskId=task)
    second = await send(world, "claimTask", "ClaimTaskInput", "bob", taskId=task)
    complete = await send(world, "completeTask", "CompleteTaskInput", "bob", taskId=task, outcome="approved")

    assert ("APPLIED", ["ALREADY_ASSIGNED"]) == (first["status"], [error["code"] for error in second["errors"]])
    assert {"displayName": "Alice Moreno"} == second["task"]["assignee"]
    assert ["ALREADY_ASSIGNED"] == [error["code"] for error in complete["errors"]]


async def test_a_reason_that_the_source_does_not_keep_is_told(world: World) -> None:
    task = await task_of(world, "littlehorse")
    cancelled = await send(world, "cancelTask", "CancelTaskInput", "carol", taskId=task, reason="no longer needed")

    assert "APPLIED" == cancelled["status"]
    assert "the flow fails at this task unless its workflow handles that" in cancelled["effect"]
    assert "LittleHorse keeps no reason for this" in cancelled["effect"]


async def assign(world: World, task: str, user: str, **more: Any) -> dict[str, Any]:
    return await send(world, "assignTask", "AssignTaskInput", "carol", taskId=task, userId=user, override=True, **more)
