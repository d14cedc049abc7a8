"""Task listeners of the stand-in for Camunda: commands that are delayed, applied late, or denied."""

from typing import Any

import httpx2
import pytest

from sandbox.camunda.definitions import DELAY_MS, Listener
from sandbox.camunda.stand_in import CamundaStandIn
from tests.sandbox.camunda.conftest import StillClock

Task = dict[str, Any]

COMMANDS: dict[str, tuple[str, str, Any]] = {
    "assignment": ("POST", "/assignment", {"assignee": "alice"}),
    "update": ("PATCH", "", {"changeset": {"priority": 90}}),
    "completion": ("POST", "/completion", {"variables": {"a": 1}}),
}


async def started(engine: httpx2.AsyncClient, process: str) -> tuple[str, dict[str, Task]]:
    """Create an instance. Returns its key and its tasks by element."""
    key = (await engine.post("/process-instances", json={"processDefinitionId": process})).json()["processInstanceKey"]
    tasks = (await engine.post("/user-tasks/search", json={"filter": {"processInstanceKey": key}})).json()["items"]
    return key, {task["elementId"]: task for task in tasks}


async def send(engine: httpx2.AsyncClient, task: Task, command: str) -> httpx2.Response:
    method, path, body = COMMANDS[command]
    return await engine.request(method, f"/user-tasks/{task['userTaskKey']}{path}", json=body)


async def read(engine: httpx2.AsyncClient, task: Task) -> Task:
    found: Task = (await engine.get(f"/user-tasks/{task['userTaskKey']}")).json()
    return found


async def log(engine: httpx2.AsyncClient, task: Task) -> list[tuple[str, str, str | None]]:
    logs = (await engine.post(f"/user-tasks/{task['userTaskKey']}/audit-logs/search", json={})).json()["items"]
    return [(each["operationType"], each["result"], each["actorId"]) for each in logs]


@pytest.mark.parametrize(
    ("command", "meanwhile", "change", "effect"),
    [
        ("assignment", "ASSIGNING", {"assignee": "alice"}, "assign"),
        ("update", "UPDATING", {"priority": 90}, "update"),
        ("completion", "COMPLETING", {"state": "COMPLETED", "completionDate": "2026-06-15T09:00:20.000Z"}, "complete"),
    ],
)
async def test_a_slow_listener_holds_a_command_up_but_it_stays_accepted(
    engine: httpx2.AsyncClient,
    camunda: CamundaStandIn,
    clock: StillClock,
    command: str,
    meanwhile: str,
    change: Task,
    effect: str,
) -> None:
    """The answer is 504. A repetition answers 409 with the state. The command is applied when the listener is done."""
    _, tasks = await started(engine, "task-listeners")
    task = tasks[f"slow_{command}"]
    accepted = await send(engine, task, command)
    again = await send(engine, task, command)
    clock.advance(DELAY_MS - 1)
    held = await read(engine, task)
    effects = len(camunda.effects.all())
    clock.advance(1)

    assert (504, "DEADLINE_EXCEEDED", 409) == (accepted.status_code, accepted.json()["title"], again.status_code)
    assert again.json()["detail"].endswith(f"but it is in state '{meanwhile}'")
    assert (task | {"state": meanwhile}, 1) == (held, effects)
    assert task | change == await read(engine, task)
    assert [(effect, task["userTaskKey"], "demo", "r1")] == [
        (each.action, each.task, each.actor, each.request_id) for each in camunda.effects.all()[1:]
    ]


@pytest.mark.parametrize(
    ("command", "words"), [("assignment", "Assignment"), ("update", "Update"), ("completion", "Completion")]
)
async def test_a_denying_listener_leaves_the_task_as_it_was(
    engine: httpx2.AsyncClient, camunda: CamundaStandIn, command: str, words: str
) -> None:
    """The 409 has the listener's reason; the audit log has the failure."""
    _, tasks = await started(engine, "task-listeners")
    task = tasks[f"denied_{command}"]
    answer = await send(engine, task, command)
    operation = {"assignment": "ASSIGN", "update": "UPDATE", "completion": "COMPLETE"}[command]
    detail = (
        f"Command '{operation}' rejected with code 'INVALID_STATE': {words} of the User Task with key '{task['userTaskKey']}' "
        "was denied by Task Listener. Reason to deny: 'the four-eyes rule was not kept'"
    )

    assert (409, "INVALID_STATE", detail) == (answer.status_code, answer.json()["title"], answer.json()["detail"])
    assert task == await read(engine, task)
    assert (operation, "FAIL", "demo") == (await log(engine, task))[-1]
    assert 1 == len(camunda.effects.all())


async def test_a_late_denial_brings_the_task_back(engine: httpx2.AsyncClient, clock: StillClock) -> None:
    """The answer is 504 and the command is not applied. It may be repeated."""
    _, tasks = await started(engine, "task-listeners")
    task = tasks["late_denied_completion"]
    first = await send(engine, task, "completion")
    held = (await read(engine, task))["state"]
    clock.advance(DELAY_MS)
    after = await read(engine, task)
    second = await send(engine, task, "completion")

    assert (504, "COMPLETING", task, 504) == (first.status_code, held, after, second.status_code)
    assert [("CREATE", "SUCCESS", None), ("COMPLETE", "FAIL", "demo")] == await log(engine, task)


async def test_a_task_may_be_slow_to_be_created(engine: httpx2.AsyncClient, clock: StillClock) -> None:
    """A task in creation takes no command."""
    _, tasks = await started(engine, "slow-creation")
    task = tasks["slow_creation"]
    early = await send(engine, task, "assignment")
    clock.advance(DELAY_MS)

    assert ("CREATING", 409) == (task["state"], early.status_code)
    assert (task | {"state": "CREATED"}, 204) == (
        await read(engine, task),
        (await send(engine, task, "assignment")).status_code,
    )


async def test_a_cancellation_waits_for_a_slow_listener(
    engine: httpx2.AsyncClient, camunda: CamundaStandIn, clock: StillClock
) -> None:
    """The answer is 504. A second cancellation is refused. Task and instance end together."""
    key, tasks = await started(engine, "slow-cancellation")
    path = f"/process-instances/{key}"
    statuses = [(await engine.post(f"{path}/cancellation", json={})).status_code for _ in range(2)]
    held = ((await read(engine, tasks["slow_cancellation"]))["state"], (await engine.get(path)).json()["state"])
    clock.advance(DELAY_MS)
    ended = ((await read(engine, tasks["slow_cancellation"]))["state"], (await engine.get(path)).json()["state"])

    assert [504, 409] == statuses
    assert (("CANCELING", "ACTIVE"), ("CANCELED", "TERMINATED")) == (held, ended)
    assert [("start_flow", key), ("cancel_flow", key)] == [(each.action, each.task) for each in camunda.effects.all()]


async def test_what_is_cancelled_meanwhile_is_not_applied(
    engine: httpx2.AsyncClient, camunda: CamundaStandIn, clock: StillClock
) -> None:
    """The task of a cancelled instance stays cancelled."""
    key, tasks = await started(engine, "task-listeners")
    await send(engine, tasks["slow_completion"], "completion")
    await engine.post(f"/process-instances/{key}/cancellation", json={})
    clock.advance(DELAY_MS)

    assert "CANCELED" == (await read(engine, tasks["slow_completion"]))["state"]
    assert ["start_flow", "cancel_flow"] == [each.action for each in camunda.effects.all()]


async def test_a_suspended_instance_holds_its_listeners_too(
    engine: httpx2.AsyncClient, camunda: CamundaStandIn, clock: StillClock
) -> None:
    """A delayed command is applied after the resumption."""
    camunda.reset(tasks=0, seed=7, now=None, scenario="8.10")
    key, tasks = await started(engine, "task-listeners")
    task = tasks["slow_assignment"]
    await send(engine, task, "assignment")
    await engine.post(f"/process-instances/{key}/suspension")
    clock.advance(DELAY_MS)
    held = (await read(engine, task))["state"]
    await engine.post(f"/process-instances/{key}/resumption")
    clock.advance(DELAY_MS)

    assert ("ASSIGNING", "alice") == (held, (await read(engine, task))["assignee"])


async def test_late_changes_are_read_after_the_lag(
    engine: httpx2.AsyncClient, camunda: CamundaStandIn, clock: StillClock
) -> None:
    """The lag counts from the time of the change, not from the next request."""
    _, tasks = await started(engine, "task-listeners")
    camunda.settings.read_lag_ms = 500
    await send(engine, tasks["slow_update"], "update")
    clock.advance(DELAY_MS + 499)
    before = await read(engine, tasks["slow_update"])
    clock.advance(1)

    assert (50, 90) == (before["priority"], (await read(engine, tasks["slow_update"]))["priority"])


async def test_a_test_may_add_listeners_of_its_own(engine: httpx2.AsyncClient, camunda: CamundaStandIn) -> None:
    """A test may add a listener to any element. A reset removes it."""
    camunda.listeners["approve_invoice", "COMPLETING"] = Listener(denial="not before noon")
    query = {"filter": {"elementId": "approve_invoice", "state": "CREATED"}}
    task = (await engine.post("/user-tasks/search", json=query)).json()["items"][0]
    denied = await send(engine, task, "completion")
    camunda.reset(tasks=300, seed=7, now=None, scenario=None)

    assert (409, True) == (denied.status_code, "'not before noon'" in denied.json()["detail"])
    assert 204 == (await send(engine, task, "completion")).status_code


async def test_every_command_leaves_its_entry(engine: httpx2.AsyncClient, clock: StillClock) -> None:
    """An entry has time, actor and assignee. Refusals because of the state have entries too, except those of claims."""
    _, tasks = await started(engine, "quality-check")
    task = tasks["check_quality"]
    path = f"/user-tasks/{task['userTaskKey']}"
    for method, at, body in (
        ("POST", "/assignment", {"assignee": "bob", "allowOverride": False}),
        ("POST", "/assignment", {"assignee": "alice", "allowOverride": False}),
        ("POST", "/assignment", {"assignee": "bob"}),
        ("DELETE", "/assignee", None),
        ("PATCH", "", {"action": "look"}),
        ("POST", "/completion", {}),
    ):
        clock.advance(1000)
        await engine.request(method, f"{path}{at}", json=body)
    logs = (await engine.post(f"{path}/audit-logs/search", json={})).json()["items"]
    newest = {
        "sort": [{"field": "timestamp", "order": "DESC"}],
        "filter": {"operationType": {"$in": ["ASSIGN", "UPDATE"]}},
    }

    assert [
        ("CREATE", "00", None, "UNKNOWN", None),
        ("ASSIGN", "01", "demo", "USER", "bob"),
        ("ASSIGN", "03", "demo", "USER", "bob"),
        ("UNASSIGN", "04", "demo", "USER", None),
        ("UPDATE", "05", "demo", "USER", None),
        ("COMPLETE", "06", "demo", "USER", None),
    ] == [
        (each["operationType"], each["timestamp"][17:19], each["actorId"], each["actorType"], each["relatedEntityKey"])
        for each in logs
    ]
    assert ["UPDATE", "ASSIGN", "ASSIGN"] == [
        each["operationType"] for each in (await engine.post(f"{path}/audit-logs/search", json=newest)).json()["items"]
    ]
