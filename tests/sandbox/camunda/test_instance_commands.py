"""Commands on process instances of the stand-in for Camunda."""

from typing import Any

import httpx2
import pytest

from sandbox.camunda.stand_in import CamundaStandIn
from tests.sandbox.camunda.conftest import StillClock

NOW = "2026-06-15T09:00:00.000Z"


async def start(engine: httpx2.AsyncClient, process: str = "invoice", **members: Any) -> str:
    answer = await engine.post("/process-instances", json={"processDefinitionId": process} | members)
    assert answer.status_code == 200, answer.text
    key: str = answer.json()["processInstanceKey"]
    return key


async def tasks_of(engine: httpx2.AsyncClient, key: str, **filter_: Any) -> list[dict[str, Any]]:
    body = {"filter": {"processInstanceKey": key} | filter_}
    items: list[dict[str, Any]] = (await engine.post("/user-tasks/search", json=body)).json()["items"]
    return items


async def instance(engine: httpx2.AsyncClient, key: str) -> dict[str, Any]:
    answer: dict[str, Any] = (await engine.get(f"/process-instances/{key}")).json()
    return answer


async def child_of(engine: httpx2.AsyncClient, key: str) -> dict[str, Any]:
    body = {"filter": {"parentProcessInstanceKey": key}}
    [child] = (await engine.post("/process-instances/search", json=body)).json()["items"]
    found: dict[str, Any] = child
    return found


def done(camunda: CamundaStandIn) -> list[tuple[str, str]]:
    return [(effect.action, effect.task) for effect in camunda.effects.all()]


async def test_a_new_instance_shows_the_tasks_of_its_first_step(
    engine: httpx2.AsyncClient, camunda: CamundaStandIn
) -> None:
    """The instance has the given variables, tags and business id."""
    body = {
        "processDefinitionId": "invoice",
        "processDefinitionVersion": 3,
        "variables": {"amount": 12, "supplier": "Acme"},
        "tags": ["vip", "key:1"],
        "businessId": "INV-1",
    }
    answer = (await engine.post("/process-instances", json=body)).json()
    key = answer["processInstanceKey"]
    [task] = await tasks_of(engine, key)
    path = f"/user-tasks/{task['userTaskKey']}/effective-variables/search"
    variables = {each["name"]: each["value"] for each in (await engine.post(path, json={})).json()["items"]}

    assert ("invoice", 3, "<default>", {}, ["vip", "key:1"], "INV-1") == (
        answer["processDefinitionId"], answer["processDefinitionVersion"], answer["tenantId"], answer["variables"],
        answer["tags"], answer["businessId"],
    )  # fmt: skip
    assert ("Approve invoice", "CREATED", ["accounting"], ["vip", "key:1"], NOW) == (
        task["name"], task["state"], task["candidateGroups"], task["tags"], task["creationDate"],
    )  # fmt: skip
    assert {"approvalLimit": "10000", "amount": "12", "supplier": '"Acme"'} == variables
    assert {"state": "ACTIVE", "startDate": NOW, "endDate": None, "rootProcessInstanceKey": key}.items() <= (
        await instance(engine, key)
    ).items()
    assert [("start_flow", key)] == done(camunda)


async def test_an_instance_may_be_of_an_older_version_or_begin_later(engine: httpx2.AsyncClient) -> None:
    """The version is chosen by id and number or by key. Start instructions name elements."""
    older = await start(engine, processDefinitionVersion=2)
    definition = (await instance(engine, older))["processDefinitionKey"]
    by_key = await engine.post("/process-instances", json={"processDefinitionKey": definition})
    later = await start(engine, startInstructions=[{"elementId": "prepare_transfer"}])

    assert (
        2 == (await tasks_of(engine, older))[0]["processDefinitionVersion"] == by_key.json()["processDefinitionVersion"]
    )
    assert ["prepare_transfer"] == [task["elementId"] for task in await tasks_of(engine, later)]


async def test_the_newest_instance_comes_first_where_asked_so(engine: httpx2.AsyncClient, clock: StillClock) -> None:
    """The next page continues after its cursor."""
    keys = []
    for _ in range(3):
        clock.advance(1000)
        keys.append(await start(engine))
    query = {"sort": [{"field": "startDate", "order": "DESC"}]}
    first = (await engine.post("/process-instances/search", json=query | {"page": {"limit": 2}})).json()
    page = {"limit": 1, "after": first["page"]["endCursor"]}
    second = (await engine.post("/process-instances/search", json=query | {"page": page})).json()

    assert keys[::-1] == [each["processInstanceKey"] for each in first["items"] + second["items"]]


@pytest.mark.parametrize(
    ("body", "status", "title", "detail"),
    [
        ({}, 400, "INVALID_ARGUMENT", "At least one of [processDefinitionId, processDefinitionKey] is required."),
        ({"processDefinitionId": "invoice", "processDefinitionKey": "1"}, 400, "INVALID_ARGUMENT", "Only one of ["),
        ({"processDefinitionId": "no"}, 404, "NOT_FOUND", "Command 'CREATE' rejected with code 'NOT_FOUND': Expected to find process definition with process ID 'no', but none found"),
        ({"processDefinitionId": "invoice", "processDefinitionVersion": 9}, 404, "NOT_FOUND", "Command 'CREATE' rejected with code 'NOT_FOUND': Expected to find process definition with process ID 'invoice' and version '9', but"),
        ({"processDefinitionKey": "123"}, 404, "NOT_FOUND", "Command 'CREATE' rejected with code 'NOT_FOUND': Expected to find process definition with key '123', but none found"),
        ({"processDefinitionId": ""}, 400, "INVALID_ARGUMENT", "Command 'CREATE' rejected with code 'INVALID_ARGUMENT': Expected at least a bpmnProcessId or a key greater than -1, but none given"),
        ({"processDefinitionKey": "abc"}, 400, "INVALID_ARGUMENT", "The provided processDefinitionKey 'abc' is not a valid key. Expected a numeric value. Did you pass an entity id instead of an entity key?"),
        ({"processDefinitionId": "invoice", "startInstructions": [{"elementId": "no"}]}, 400, "INVALID_ARGUMENT", "Command 'CREATE' rejected with code 'INVALID_ARGUMENT': Expected to create instance of process with start"),
        ({"processDefinitionId": "invoice", "tenantId": "red"}, 400, "INVALID_ARGUMENT", "Expected to handle request Create Process Instance with tenant identifier 'red', but multi-tenancy is disabled"),
        ({"processDefinitionId": "invoice", "tags": ["a b"]}, 400, "INVALID_ARGUMENT", "The provided tag 'a b' is not valid."),
        ({"processDefinitionId": "invoice", "businessId": ""}, 400, "INVALID_ARGUMENT", "The value for businessId"),
        ({"processDefinitionId": "invoice", "variables": []}, 400, "Bad Request", "Request property [variables] cannot be parsed"),
        ({"processDefinitionId": "invoice", "who": "me"}, 400, "Bad Request", "Request property [who] cannot be parsed"),
        ({"processDefinitionId": "invoice", "operationReference": -1}, 400, "INVALID_ARGUMENT", "The value for operationReference is '-1' but must be > 0."),
    ],
)  # fmt: skip
async def test_an_invalid_creation_is_refused(
    engine: httpx2.AsyncClient, camunda: CamundaStandIn, body: dict[str, Any], status: int, title: str, detail: str
) -> None:
    """No instance is created."""
    before = len(camunda.store.instances.rows)
    answer = await engine.post("/process-instances", json=body)
    await engine.get("/topology")

    assert (status, title) == (answer.status_code, answer.json()["title"])
    assert answer.json()["detail"].startswith(detail)
    assert ([], before) == (done(camunda), len(camunda.store.instances.rows))


async def test_waiting_for_the_end_of_an_instance_times_out(
    engine: httpx2.AsyncClient, camunda: CamundaStandIn
) -> None:
    """The answer is 504, and the instance runs."""
    answer = await engine.post("/process-instances", json={"processDefinitionId": "invoice", "awaitCompletion": True})
    [(action, key)] = done(camunda)

    assert (504, "DEADLINE_EXCEEDED", "start_flow") == (answer.status_code, answer.json()["title"], action)
    assert "ACTIVE" == (await instance(engine, key))["state"]


async def test_a_called_instance_is_not_cancelled_alone(engine: httpx2.AsyncClient, camunda: CamundaStandIn) -> None:
    """The 409 names the root instance. Cancelling the root ends both."""
    root = await start(engine, "order-fulfilment", variables={"order": 7})
    child = await child_of(engine, root)
    [task] = await tasks_of(engine, child["processInstanceKey"])
    refused = await engine.post(f"/process-instances/{child['processInstanceKey']}/cancellation", json={})
    accepted = await engine.post(f"/process-instances/{root}/cancellation", json={})
    states = [(await instance(engine, key))["state"] for key in (root, child["processInstanceKey"])]
    reason = f"it is created by a parent process instance. Cancel the root process instance '{root}' instead."

    assert (root, root) == (child["rootProcessInstanceKey"], task["rootProcessInstanceKey"])
    assert (409, "INVALID_STATE", 204) == (refused.status_code, refused.json()["title"], accepted.status_code)
    assert refused.json()["detail"].endswith(reason)
    assert (["TERMINATED", "TERMINATED"], "CANCELED") == (
        states, (await tasks_of(engine, child["processInstanceKey"]))[0]["state"],
    )  # fmt: skip
    assert [("start_flow", root), ("cancel_flow", root)] == done(camunda)


async def test_a_calling_instance_goes_on_when_the_called_one_is_done(engine: httpx2.AsyncClient) -> None:
    """Its next task appears."""
    root = await start(engine, "order-fulfilment")
    child = (await child_of(engine, root))["processInstanceKey"]
    [check] = await tasks_of(engine, child)
    before = await tasks_of(engine, root)
    await engine.post(f"/user-tasks/{check['userTaskKey']}/completion", json={})

    assert ([], "COMPLETED") == (before, (await instance(engine, child))["state"])
    assert ["Hand over order"] == [task["name"] for task in await tasks_of(engine, root)]


async def test_a_modification_ends_and_begins_elements(engine: httpx2.AsyncClient, camunda: CamundaStandIn) -> None:
    """Terminations are by key, by element id or by a move. Variables are set in the instance or in the new element."""
    key = await start(engine, variables={"amount": 1})
    [first] = await tasks_of(engine, key)
    variables = [{"variables": {"amount": 2}}, {"variables": {"hint": "again"}, "scopeId": "prepare_transfer"}]
    body: dict[str, Any] = {
        "activateInstructions": [{"elementId": "prepare_transfer", "variableInstructions": variables}],
        "terminateInstructions": [{"elementInstanceKey": first["elementInstanceKey"]}],
    }
    statuses = [(await engine.post(f"/process-instances/{key}/modification", json=body)).status_code]
    [second] = await tasks_of(engine, key, state="CREATED")
    path = f"/user-tasks/{second['userTaskKey']}/variables/search"
    found = {
        each["name"]: (each["value"], each["scopeKey"]) for each in (await engine.post(path, json={})).json()["items"]
    }
    source = {"sourceType": "byId", "sourceElementId": "prepare_transfer"}
    move = {"moveInstructions": [{"sourceElementInstruction": source, "targetElementId": "approve_invoice"}]}
    statuses.append((await engine.post(f"/process-instances/{key}/modification", json=move)).status_code)

    assert [204, 204] == statuses
    assert {"hint": ('"again"', second["elementInstanceKey"]), "amount": ("2", key)} == found
    assert [("approve_invoice", "CANCELED"), ("prepare_transfer", "CANCELED"), ("approve_invoice", "CREATED")] == [
        (task["elementId"], task["state"]) for task in await tasks_of(engine, key)
    ]
    assert ("cancel", second["userTaskKey"]) == done(camunda)[-1]


async def test_an_instance_in_which_nothing_is_left_ends(engine: httpx2.AsyncClient, camunda: CamundaStandIn) -> None:
    """It is terminated. A called instance is not: the modification is refused."""
    key, root = await start(engine), await start(engine, "order-fulfilment")
    child = (await child_of(engine, root))["processInstanceKey"]
    body = {"terminateInstructions": [{"elementId": "approve_invoice"}]}
    ended = await engine.post(f"/process-instances/{key}/modification", json=body)
    body = {"terminateInstructions": [{"elementId": "check_quality"}]}
    refused = await engine.post(f"/process-instances/{child}/modification", json=body)
    unknown = await engine.post(f"/process-instances/{root}/modification", json=body)

    assert (204, "TERMINATED") == (ended.status_code, (await instance(engine, key))["state"])
    assert (400, "INVALID_ARGUMENT", "ACTIVE") == (
        refused.status_code, refused.json()["title"], (await instance(engine, child))["state"],
    )  # fmt: skip
    assert "please modify the parent process instead" in refused.json()["detail"]
    assert 400 == unknown.status_code
    assert ("cancel_flow", key) == done(camunda)[-1]


async def test_a_suspended_instance_takes_no_command_but_resumption_and_cancellation(
    engine: httpx2.AsyncClient, camunda: CamundaStandIn
) -> None:
    """Commands on its tasks answer 409. The instance that called it goes on."""
    camunda.reset(tasks=10, seed=7, now=None, scenario="8.10")
    root = await start(engine, "order-fulfilment", businessId="ORD-1")
    key = (await child_of(engine, root))["processInstanceKey"]
    [task] = await tasks_of(engine, key)
    at = f"/process-instances/{key}"
    path = f"/user-tasks/{task['userTaskKey']}"
    statuses = [(await engine.post(f"{at}/suspension", json={})).status_code]
    held = await instance(engine, key)
    statuses += [
        (await engine.request(method, url, json=body)).status_code
        for method, url, body in (
            ("POST", f"{at}/suspension", None),
            ("POST", f"{path}/completion", {}),
            ("POST", f"{path}/assignment", {"assignee": "alice"}),
            ("DELETE", f"{path}/assignee", None),
            ("PATCH", path, {"changeset": {"priority": 60}}),
            ("POST", f"{at}/modification", {}),
            ("POST", f"{at}/resumption", None),
            ("POST", f"{at}/resumption", None),
            ("POST", f"{path}/completion", {}),
            ("POST", f"{at}/suspension", {"operationReference": 3}),
        )
    ]

    assert [204, 409, 409, 409, 409, 409, 409, 204, 409, 204, 404] == statuses
    assert ("SUSPENDED", NOW, "ORD-1") == (held["state"], held["suspendedDate"], task["businessId"])
    assert {"state": "ACTIVE", "suspendedDate": None}.items() <= (await instance(engine, root)).items()
    assert [("start_flow", root), ("suspend_flow", key), ("resume_flow", key)] == done(camunda)[:3]


async def test_cancelling_clears_a_suspension(engine: httpx2.AsyncClient, camunda: CamundaStandIn) -> None:
    """The instance cannot be resumed afterwards."""
    camunda.reset(tasks=10, seed=7, now=None, scenario="8.10")
    key = await start(engine)
    await engine.post(f"/process-instances/{key}/suspension")
    cancelled = await engine.post(f"/process-instances/{key}/cancellation", json={})
    resumed = await engine.post(f"/process-instances/{key}/resumption")
    found = await instance(engine, key)

    assert (204, 404, "TERMINATED", None) == (
        cancelled.status_code, resumed.status_code, found["state"], found["suspendedDate"],
    )  # fmt: skip


async def test_an_instance_may_be_told_where_to_stop(engine: httpx2.AsyncClient) -> None:
    """It is terminated after that element."""
    key = await start(
        engine, runtimeInstructions=[{"type": "TERMINATE_PROCESS_INSTANCE", "afterElementId": "approve_invoice"}]
    )
    [task] = await tasks_of(engine, key)
    await engine.post(f"/user-tasks/{task['userTaskKey']}/completion", json={})

    assert ("TERMINATED", ["COMPLETED"]) == (
        (await instance(engine, key))["state"], [each["state"] for each in await tasks_of(engine, key)],
    )  # fmt: skip


async def test_instances_are_found_by_their_elements_and_incidents(engine: httpx2.AsyncClient) -> None:
    """The state of an element follows from the state of its task."""
    key = await start(engine, "quality-check")

    async def count(**filter_: Any) -> int:
        total: int = (await engine.post("/process-instances/search", json={"filter": filter_})).json()["page"][
            "totalItems"
        ]
        return total

    incidents = await count(hasIncident=True)

    assert (1, 0, 1) == (
        await count(processInstanceKey=key, elementId={"$like": "check_*"}, elementInstanceState="ACTIVE"),
        await count(processInstanceKey=key, elementInstanceState={"$neq": "ACTIVE"}),
        await count(processInstanceKey={"$in": [key]}, errorMessage={"$exists": False}),
    )
    assert (
        incidents
        == await count(errorMessage={"$like": "No retries left*"})
        == await count(incidentErrorHashCode={"$exists": True})
    )
    assert 0 == await count(hasRetriesLeft=True) < incidents
