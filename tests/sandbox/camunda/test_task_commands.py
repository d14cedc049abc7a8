"""Commands on user tasks of the stand-in for Camunda."""

from typing import Any

import httpx2
import pytest

from sandbox.camunda.stand_in import CamundaStandIn
from tests.sandbox.camunda.conftest import StillClock


async def open_task(engine: httpx2.AsyncClient, **filter_: Any) -> dict[str, Any]:
    body = {"filter": {"state": "CREATED"} | filter_, "page": {"limit": 1}}
    task: dict[str, Any] = (await engine.post("/user-tasks/search", json=body)).json()["items"][0]
    return task


async def read(engine: httpx2.AsyncClient, task: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = (await engine.get(f"/user-tasks/{task['userTaskKey']}")).json()
    return answer


def done(camunda: CamundaStandIn) -> list[tuple[str, str]]:
    return [(effect.action, effect.task) for effect in camunda.effects.all()]


async def test_of_two_claims_the_first_wins(engine: httpx2.AsyncClient, camunda: CamundaStandIn) -> None:
    """The owner may repeat the claim without a further effect. An assignment with override replaces the owner."""
    task = await open_task(engine, assignee={"$exists": False})
    path = f"/user-tasks/{task['userTaskKey']}/assignment"
    answers = [
        await engine.post(path, json={"assignee": assignee, "allowOverride": False})
        for assignee in ("alice", "bob", "alice")
    ]
    reason = f"Expected to claim user task with key '{task['userTaskKey']}', but it has already been assigned"

    assert [204, 409, 204] == [answer.status_code for answer in answers]
    assert (
        "INVALID_STATE",
        f"Command 'CLAIM' rejected with code 'INVALID_STATE': {reason}",
    ) == (answers[1].json()["title"], answers[1].json()["detail"])
    await engine.post(path, json={"assignee": "bob"})
    await engine.delete(f"/user-tasks/{task['userTaskKey']}/assignee")
    assert [(action, task["userTaskKey"]) for action in ("claim", "assign", "unassign")] == done(camunda)
    assert ("demo", "r1") == (camunda.effects.all()[0].actor, camunda.effects.all()[0].request_id)


async def test_completing_takes_the_process_on(engine: httpx2.AsyncClient, camunda: CamundaStandIn) -> None:
    """The next task appears; the last one completes the instance. A late command answers 404."""
    task = await open_task(engine, elementId="approve_invoice")
    path = f"/user-tasks/{task['userTaskKey']}"
    await engine.post(f"{path}/completion", json={"variables": {"decision": "approved", "amount": 12}})
    after = await read(engine, task)
    following = await open_task(engine, processInstanceKey=task["processInstanceKey"])
    variables = (await engine.post(f"/user-tasks/{following['userTaskKey']}/variables/search", json={})).json()["items"]
    late = await engine.post(f"{path}/completion", json={})
    await engine.post(f"/user-tasks/{following['userTaskKey']}/completion")
    instance = (await engine.get(f"/process-instances/{task['processInstanceKey']}")).json()

    assert ("COMPLETED", "2026-06-15T09:00:00.000Z") == (after["state"], after["completionDate"])
    assert "Prepare bank transfer" == following["name"]
    assert {("decision", '"approved"'), ("amount", "12")} <= {(each["name"], each["value"]) for each in variables}
    assert (404, "NOT_FOUND") == (late.status_code, late.json()["title"])
    assert ("COMPLETED", "2026-06-15T09:00:00.000Z") == (instance["state"], instance["endDate"])
    assert 2 == len(done(camunda))


async def test_steps_side_by_side_must_all_be_completed(engine: httpx2.AsyncClient) -> None:
    """The next task appears after the last one of a stage."""
    task = await open_task(engine, elementId="check_documents")
    instance = {"processInstanceKey": task["processInstanceKey"]}
    await engine.post(f"/user-tasks/{task['userTaskKey']}/completion")
    billing = await open_task(engine, elementId="set_up_billing", **instance)
    account = await open_task(engine, elementId="create_account", **instance)
    waiting = {"filter": instance | {"state": "CREATED"}}
    await engine.post(f"/user-tasks/{account['userTaskKey']}/completion")
    between = (await engine.post("/user-tasks/search", json=waiting)).json()["items"]
    await engine.post(f"/user-tasks/{billing['userTaskKey']}/completion")
    afterwards = (await engine.post("/user-tasks/search", json=waiting)).json()["items"]

    assert ["Set up billing for new customer"] == [each["name"] for each in between]
    assert ["Make welcome call"] == [each["name"] for each in afterwards]


async def test_cancelling_a_process_ends_its_tasks(engine: httpx2.AsyncClient, camunda: CamundaStandIn) -> None:
    """The effect has the key of the instance."""
    task = await open_task(engine)
    await engine.post(f"/process-instances/{task['processInstanceKey']}/cancellation", json={})
    instance = (await engine.get(f"/process-instances/{task['processInstanceKey']}")).json()

    assert ("CANCELED", "TERMINATED") == ((await read(engine, task))["state"], instance["state"])
    assert [("cancel_flow", task["processInstanceKey"])] == done(camunda)


async def test_an_update_changes_what_it_names_and_resets_by_empty_values(engine: httpx2.AsyncClient) -> None:
    """Null keeps a value, an empty one resets it."""
    task = await open_task(engine, dueDate={"$exists": True}, candidateGroup={"$exists": True})
    path = f"/user-tasks/{task['userTaskKey']}"
    changeset: dict[str, Any] = {
        "dueDate": "",
        "candidateGroups": [],
        "priority": None,
        "followUpDate": "2026-07-01T12:00:00+02:00",
    }
    await engine.patch(path, json={"changeset": changeset | {"assignee": "nobody"}})
    expected = task | {"dueDate": None, "candidateGroups": [], "followUpDate": "2026-07-01T10:00:00.000Z"}

    assert expected == await read(engine, task)


@pytest.mark.parametrize(
    ("changeset", "detail"),
    [
        ({"priority": 101}, "The value for priority is '101' but must be within the [0,100] range."),
        (
            {"dueDate": "foo"},
            "The provided due date 'foo' cannot be parsed as a date according to RFC 3339, section 5.6.",
        ),
        (
            {"priority": 200, "followUpDate": "foo", "dueDate": "bar"},
            (
                "The provided due date 'bar' cannot be parsed as a date according to RFC 3339, section 5.6. "
                "The provided follow-up date 'foo' cannot be parsed as a date according to RFC 3339, section 5.6. "
                "The value for priority is '200' but must be within the [0,100] range."
            ),
        ),
        ({"assignee": "bob"}, "No update data provided. "),
    ],
)
async def test_an_invalid_update_is_refused(
    engine: httpx2.AsyncClient, camunda: CamundaStandIn, changeset: dict[str, Any], detail: str
) -> None:
    """The answer is 400 INVALID_ARGUMENT, and the task does not change."""
    task = await open_task(engine)
    answer = await engine.patch(f"/user-tasks/{task['userTaskKey']}", json={"changeset": changeset})

    assert (400, "INVALID_ARGUMENT") == (answer.status_code, answer.json()["title"])
    assert answer.json()["detail"].startswith(detail)
    assert [] == done(camunda)


@pytest.mark.parametrize("key", ["1", "0", "-1", "4611686018427387904"])
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/user-tasks/{}/assignment", {"assignee": "bob"}),
        ("DELETE", "/user-tasks/{}/assignee", None),
        ("PATCH", "/user-tasks/{}", {"changeset": {"priority": 1}}),
        ("POST", "/user-tasks/{}/completion", {}),
        ("POST", "/process-instances/{}/cancellation", {}),
        ("POST", "/process-instances/{}/modification", {"terminateInstructions": [{"elementInstanceKey": "1"}]}),
    ],
)
async def test_a_command_for_a_key_of_another_partition_is_not_delivered(
    engine: httpx2.AsyncClient, method: str, path: str, body: dict[str, Any] | None, key: str
) -> None:
    """A command answers 503: the cluster has only one partition. A read answers 404."""
    answer = await engine.request(method, path.format(key), json=body)
    problem = answer.json()
    detail = "Expected to handle request, but request could not be delivered"

    assert (503, "UNAVAILABLE", detail) == (answer.status_code, problem["title"], problem["detail"])
    assert 404 == (await engine.get(f"/user-tasks/{key}")).status_code


async def test_a_task_that_waits_for_a_listener_takes_no_command(engine: httpx2.AsyncClient) -> None:
    """The 409 names the state."""
    waiting = {"$in": ["ASSIGNING", "UPDATING", "COMPLETING"]}
    task = await open_task(engine, state=waiting)
    answer = await engine.post(f"/user-tasks/{task['userTaskKey']}/completion", json={})

    assert 409 == answer.status_code
    assert answer.json()["detail"].endswith(f"but it is in state '{task['state']}'")


async def test_reads_lag_behind_writes_as_long_as_set(
    engine: httpx2.AsyncClient, camunda: CamundaStandIn, clock: StillClock
) -> None:
    """The engine has the change at once, searches after the lag."""
    camunda.settings.read_lag_ms = 500
    task = await open_task(engine)
    await engine.post(f"/user-tasks/{task['userTaskKey']}/completion", json={})
    clock.advance(499)
    before = (await read(engine, task))["state"]
    again = await engine.post(f"/user-tasks/{task['userTaskKey']}/completion", json={})
    clock.advance(1)

    assert ("CREATED", 404, "COMPLETED") == (before, again.status_code, (await read(engine, task))["state"])


async def test_long_values_are_truncated_unless_asked_for_whole(engine: httpx2.AsyncClient) -> None:
    """A truncated value is marked."""
    task = await open_task(engine, elementId="assess_claim")
    lengths = {}
    for truncate in ("true", "false"):
        path = f"/user-tasks/{task['userTaskKey']}/variables/search?truncateValues={truncate}"
        [report] = (await engine.post(path, json={"filter": {"name": "report"}})).json()["items"]
        lengths[truncate] = (report["isTruncated"], len(report["value"]) > 8191)

    assert {"true": (True, False), "false": (False, True)} == lengths


@pytest.mark.parametrize(
    ("method", "path", "request_", "status", "title"),
    [
        ("GET", "/user-tasks/1", {"auth": ("demo", "wrong")}, 401, "Unauthorized"),
        ("GET", "/user-tasks/invalidKey", {}, 400, "Bad Request"),
        ("GET", "/user-tasks/1", {}, 404, "NOT_FOUND"),
        ("POST", "/user-tasks/1/assignment", {}, 400, "Bad Request"),
        ("POST", "/user-tasks/1/assignment", {"json": {"user": "a"}}, 400, "Bad Request"),
        ("POST", "/user-tasks/1/completion", {"content": b"a=1"}, 415, "Unsupported Media Type"),
        (
            "POST",
            "/user-tasks/search",
            {"content": b"{", "headers": {"Content-Type": "application/json"}},
            400,
            "Bad Request",
        ),
        ("GET", "/tasks", {}, 404, "Not Found"),
        ("PUT", "/user-tasks/1", {}, 405, "Method Not Allowed"),
    ],
)
async def test_what_the_web_layer_refuses_is_a_problem_too(
    engine: httpx2.AsyncClient, method: str, path: str, request_: dict[str, Any], status: int, title: str
) -> None:
    """The body repeats status and path."""
    answer = await engine.request(method, path, **request_)
    problem = answer.json()

    assert (status, status, title, f"/v2{path}") == (
        answer.status_code, problem["status"], problem["title"], problem["instance"],
    )  # fmt: skip


async def test_the_latest_definitions_only_go_forward(engine: httpx2.AsyncClient) -> None:
    """There is no start cursor, and only ids can be sorted by."""
    latest = {"isLatestVersion": True}
    answer = (await engine.post("/process-definitions/search", json={"filter": latest, "page": {"limit": 2}})).json()
    refused = await engine.post("/process-definitions/search", json={"filter": latest, "sort": [{"field": "name"}]})

    assert (2, 11, None) == (len(answer["items"]), answer["page"]["totalItems"], answer["page"]["startCursor"])
    assert 400 == refused.status_code
