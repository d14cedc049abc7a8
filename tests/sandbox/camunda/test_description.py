"""Every operation of the stand-in for Camunda, in each release: requests and answers match the vendor's description."""

import json
from pathlib import Path
from typing import Any

import httpx2
import pytest

from sandbox.camunda.stand_in import CamundaStandIn
from tests.spec import ApiDescription

FOLDER = Path(__file__).parents[4] / "shared/specs/camunda"
FILES = {
    "8.8": "rest-api.8.8.yaml",
    "8.9": "rest-api.8.9.bundle.json",
    "8.10": "human-tasks.8.10-alpha.subset.json",
}
STRING = {"$eq": "a", "$neq": "b", "$exists": True, "$in": ["a"], "$notIn": ["c"], "$like": "a*?"}
RANGE = {"$eq": 1, "$neq": 2, "$exists": True, "$gt": 0, "$gte": 1, "$lt": 9, "$lte": 8, "$in": [1]}
MOMENT = "2026-06-01T00:00:00Z"
DATE = {name: True if name == "$exists" else [MOMENT] if name == "$in" else MOMENT for name in RANGE}
STATE = {"$eq": "CREATED", "$neq": "FAILED", "$exists": True, "$in": ["CREATED"], "$like": "C*"}
KEY = {"$eq": "1", "$neq": "2", "$exists": True, "$in": ["1"], "$notIn": ["2"]}
VARIABLE = [{"name": "country", "value": '"DE"'}, {"name": "country", "value": STRING}]
# The vendor's description of 8.8 allows only operators, no plain value.
VARIABLE_8_8 = {"value": {"$eq": '"DE"'}, "name": "country"}


def only(kind: dict[str, Any], state: str) -> dict[str, Any]:
    """The operators of the task's state, with a state of another enumeration."""
    return {
        name: [state] if name == "$in" else state if name in ("$eq", "$neq") else each for name, each in kind.items()
    }


TASK_FILTER = {
    "state": STATE, "assignee": STRING, "candidateGroup": STRING, "candidateUser": STRING, "name": STRING, "tenantId": STRING,
    "priority": RANGE, "creationDate": DATE, "completionDate": DATE, "followUpDate": DATE, "dueDate": DATE,
    "userTaskKey": "1", "processInstanceKey": "1", "processDefinitionKey": "1", "processDefinitionId": "invoice",
    "elementId": "approve_invoice", "elementInstanceKey": "1", "tags": ["vip"],
    "processInstanceVariables": VARIABLE, "localVariables": VARIABLE,
}  # fmt: skip
INSTANCE_FILTER = {
    "state": only(STATE, "ACTIVE"), "processDefinitionId": STRING, "processDefinitionName": STRING, "processDefinitionVersion": RANGE,
    "processDefinitionVersionTag": STRING, "processDefinitionKey": KEY, "processInstanceKey": KEY, "parentProcessInstanceKey": KEY,
    "parentElementInstanceKey": KEY, "tenantId": STRING, "startDate": DATE, "endDate": DATE, "hasIncident": False,
    "variables": VARIABLE, "tags": ["vip"], "elementId": STRING, "elementInstanceState": only(STATE, "ACTIVE"),
    "errorMessage": STRING, "incidentErrorHashCode": RANGE, "hasRetriesLeft": False, "hasElementInstanceIncident": True,
    "batchOperationId": STRING, "batchOperationKey": STRING, "businessId": STRING,
}  # fmt: skip
AUDIT_FILTER = {
    "operationType": only(STATE, "ASSIGN"), "result": only(STATE, "SUCCESS"), "timestamp": DATE, "actorId": STRING,
    "actorType": only(STATE, "USER"),
}  # fmt: skip
TASK_SORTS = ("creationDate", "completionDate", "followUpDate", "dueDate", "priority", "name")
INSTANCE_SORTS = (
    "processInstanceKey", "processDefinitionId", "processDefinitionName", "processDefinitionVersion", "processDefinitionVersionTag",
    "processDefinitionKey", "parentProcessInstanceKey", "parentElementInstanceKey", "startDate", "endDate", "state", "hasIncident",
    "tenantId",
)  # fmt: skip


def without(filter_: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in filter_.items() if name not in names}


def sorts(*fields: str) -> list[dict[str, str]]:
    return [{"field": field, "order": "DESC"} for field in fields]


def calls(release: str) -> list[tuple[str, str, Any, int]]:
    """Method, path template, body and expected status, in the order of the calls."""
    tasks, instances = TASK_FILTER, INSTANCE_FILTER
    task_sorts: tuple[str, ...] = TASK_SORTS
    instance_sorts: tuple[str, ...] = (*INSTANCE_SORTS, "businessId")
    if release == "8.8":
        variables = [VARIABLE_8_8]
        tasks = without(TASK_FILTER, "tags") | {"name": "x"}
        tasks |= {"processInstanceVariables": variables, "localVariables": variables}
        instances, instance_sorts = without(INSTANCE_FILTER, "businessId") | {"variables": variables}, INSTANCE_SORTS
    if release == "8.10":
        tasks = TASK_FILTER | {"businessId": STRING, "processDefinitionId": STRING, "processInstanceKey": KEY}
        instances = INSTANCE_FILTER | {"suspendedDate": DATE}
        task_sorts, instance_sorts = (*TASK_SORTS, "businessId"), (*instance_sorts, "suspendedDate")
    task, instance = "/user-tasks/{userTaskKey}", "/process-instances/{processInstanceKey}"
    start: dict[str, Any] = {"processDefinitionId": "invoice", "variables": {"amount": 1}, "tags": ["vip"]}
    later = [] if release == "8.8" else [
        ("POST", f"{task}/effective-variables/search", {"page": {"from": 1, "limit": 2}}, 200),
        ("POST", f"{task}/audit-logs/search", {}, 200),
        ("POST", f"{task}/audit-logs/search", {"filter": AUDIT_FILTER, "sort": sorts("timestamp", "actorId", "entityType")}, 200),
        ("POST", "/process-instances", start | {"businessId": "INV-1"}, 200),
    ]  # fmt: skip
    return [
        ("POST", "/user-tasks/search", None, 200),
        ("POST", "/user-tasks/search", {"page": {"limit": 1000}}, 200),
        ("POST", "/user-tasks/search", {"filter": tasks, "sort": sorts(*task_sorts)}, 200),
        ("GET", task, None, 200),
        ("GET", f"{task}/form", None, 200),
        ("POST", f"{task}/variables/search", {"filter": {"name": STRING}, "sort": sorts("name", "value", "scopeKey")}, 200),
        ("POST", f"{task}/assignment", {"assignee": "alice", "allowOverride": True, "action": "take"}, 204),
        ("POST", f"{task}/assignment", {"assignee": "bob", "allowOverride": False}, 409),
        ("POST", f"{task}/assignment", {"assignee": ""}, 400),
        ("DELETE", f"{task}/assignee", None, 204),
        ("PATCH", task, {"changeset": {"priority": 70, "dueDate": MOMENT, "candidateUsers": ["bob"]}, "action": "plan"}, 204),
        ("PATCH", task, {"changeset": {"priority": None, "dueDate": "", "candidateUsers": []}}, 204),
        ("PATCH", task, {}, 400),
        *later,
        ("POST", f"{task}/completion", {"variables": {"decision": "approved"}, "action": "done"}, 204),
        ("POST", f"{task}/completion", {}, 404),
        ("POST", "/process-instances/search", {"page": {"limit": 1000}}, 200),
        ("POST", "/process-instances/search", {"filter": instances, "sort": sorts(*instance_sorts)}, 200),
        ("POST", "/process-instances/search", {"filter": {"$or": [{"hasIncident": True}, instances]}}, 200),
        ("GET", instance, None, 200),
        ("POST", f"{instance}/modification", {"activateInstructions": [{"elementId": "approve_invoice"}]}, 204),
        ("POST", f"{instance}/modification", {"activateInstructions": [{"elementId": "unknown"}]}, 400),
        ("POST", f"{instance}/cancellation", {}, 204),
        ("POST", f"{instance}/cancellation", {}, 404),
        ("POST", f"{instance}/modification", {}, 404),
        ("POST", "/process-instances", start, 200),
        ("POST", "/process-instances", {"processDefinitionKey": "2251799813685249", "startInstructions": []}, 200),
        ("POST", "/process-instances", start | {"awaitCompletion": True}, 504),
        ("POST", "/process-instances", start | {"tags": ["1"]}, 400),
        ("POST", "/process-definitions/search", {"filter": {"isLatestVersion": True}, "page": {"limit": 2}}, 200),
        ("POST", "/process-definitions/search", {"filter": {"processDefinitionId": STRING, "name": STRING, "version": 3}}, 200),
        ("GET", "/process-definitions/{processDefinitionKey}", None, 200),
        *([] if release == "8.10" else [("GET", "/process-definitions/{processDefinitionKey}/form", None, 204)]),
        ("POST", "/users/search", {"filter": {"username": STRING, "name": STRING, "email": STRING}, "sort": sorts("email")}, 200),
        ("GET", "/users/{username}", None, 200),
        ("POST", "/groups/search", {"filter": {"groupId": STRING, "name": "a"}, "sort": sorts("name")}, 200),
        ("GET", "/groups/{groupId}", None, 200),
        ("POST", "/groups/{groupId}/users/search", {"sort": sorts("username")}, 200),
        ("GET", "/topology", None, 200),
        ("GET", "/status", None, 204),
        ("GET", "/authentication/me", None, 200),
    ]  # fmt: skip


@pytest.mark.parametrize("release", FILES)
async def test_requests_and_answers_fit_the_description_of_their_release(
    engine: httpx2.AsyncClient, camunda: CamundaStandIn, release: str
) -> None:
    """The calls cover all operations, successes and errors, and every member of every filter."""
    if not FOLDER.exists():
        pytest.skip("the vendor's API descriptions do not lie beside the repository")
    description = ApiDescription(FOLDER / FILES[release])
    camunda.reset(tasks=300, seed=7, now=None, scenario=release)
    rows = camunda.store.tasks.rows
    task = next(each for each in rows if each.state == "CREATED" and each.element_id == "approve_invoice")
    values = {
        "userTaskKey": task.user_task_key,
        "processInstanceKey": task.process_instance_key,
        "processDefinitionKey": task.process_definition_key,
        "username": "alice",
        "groupId": "accounting",
    }
    for method, template, body, status in calls(release):
        answer = await engine.request(method, template.format(**values), json=body)

        assert status == answer.status_code, f"{method} {template}: {answer.text}"
        description.check_response(method, template, status, answer.content)
        if status < 400:
            description.check_request(method, template, b"" if body is None else json.dumps(body).encode())
    formless = next(each for each in rows if each.element_id == "create_account")
    answer = await engine.get(f"/user-tasks/{formless.user_task_key}/form")
    assert 204 == answer.status_code
    description.check_response("GET", "/user-tasks/{userTaskKey}/form", 204, answer.content)


@pytest.mark.parametrize("release", FILES)
async def test_an_operation_exists_only_in_the_releases_that_describe_it(
    engine: httpx2.AsyncClient, camunda: CamundaStandIn, release: str
) -> None:
    """Effective variables and audit logs exist since 8.9, suspension since 8.10."""
    camunda.reset(tasks=300, seed=7, now=None, scenario=release)
    task = next(each for each in camunda.store.tasks.rows if each.state == "CREATED")
    statuses = [
        (await engine.post(path, json={})).status_code
        for path in (
            f"/user-tasks/{task.user_task_key}/audit-logs/search",
            f"/user-tasks/{task.user_task_key}/effective-variables/search",
            f"/process-instances/{task.process_instance_key}/suspension",
        )
    ]

    assert {"8.8": [404, 404, 404], "8.9": [200, 200, 404], "8.10": [200, 200, 204]}[release] == statuses


async def test_each_release_writes_its_own_members(engine: httpx2.AsyncClient, camunda: CamundaStandIn) -> None:
    """8.8 leaves out null members and the tags of tasks. The business id of a task exists since 8.10."""
    tasks, instances, pages = {}, {}, {}
    for release in FILES:
        camunda.reset(tasks=300, seed=7, now=None, scenario=release)
        body = {"filter": {"assignee": {"$exists": False}}}
        answer = (await engine.post("/user-tasks/search", json=body)).json()
        tasks[release] = answer["items"][0]
        instances[release] = (await engine.post("/process-instances/search", json={})).json()["items"][0]
        pages[release] = (await engine.post("/users/search", json={"filter": {"username": "nobody"}})).json()["page"]

    assert 24 == len(tasks["8.9"])
    assert {"businessId"} == tasks["8.10"].keys() - tasks["8.9"].keys()
    assert {"tags", "rootProcessInstanceKey", "assignee", "completionDate"} <= tasks["8.9"].keys() - tasks["8.8"].keys()
    assert {"suspendedDate"} == instances["8.10"].keys() - instances["8.9"].keys()
    assert {"businessId", "rootProcessInstanceKey"} <= instances["8.9"].keys() - instances["8.8"].keys()
    assert {"totalItems", "hasMoreTotalItems"} == pages["8.8"].keys()
    assert {"totalItems", "hasMoreTotalItems", "startCursor", "endCursor"} == pages["8.9"].keys()


@pytest.mark.parametrize(
    ("release", "path", "body", "status"),
    [
        ("8.8", "/user-tasks/search", {"filter": {"tags": ["vip"]}}, 400),
        ("8.8", "/user-tasks/search", {"filter": {"name": {"$like": "*"}}}, 400),
        ("8.8", "/process-instances/search", {"filter": {"businessId": "INV-1"}}, 400),
        ("8.8", "/process-instances", {"processDefinitionId": "invoice", "businessId": "INV-1"}, 400),
        ("8.9", "/user-tasks/search", {"filter": {"businessId": "INV-1"}}, 400),
        ("8.9", "/user-tasks/search", {"filter": {"processInstanceKey": {"$in": ["1"]}}}, 400),
        ("8.9", "/user-tasks/search", {"sort": [{"field": "businessId"}]}, 400),
        ("8.9", "/process-instances/search", {"filter": {"state": "SUSPENDED"}}, 400),
        ("8.10", "/process-instances/search", {"filter": {"state": "SUSPENDED"}}, 200),
        ("8.10", "/user-tasks/search", {"filter": {"processInstanceKey": {"$in": ["1"]}}}, 200),
    ],
)
async def test_a_release_refuses_what_a_later_one_brought(
    engine: httpx2.AsyncClient, camunda: CamundaStandIn, release: str, path: str, body: Any, status: int
) -> None:
    """A member of a later release is unknown: 400."""
    camunda.reset(tasks=20, seed=7, now=None, scenario=release)

    assert status == (await engine.post(path, json=body)).status_code


def test_the_release_may_be_chosen_when_the_stand_in_is_made() -> None:
    """A reset without a release restores it. The error for an unknown word lists the known ones."""
    camunda = CamundaStandIn(release="8.10")
    camunda.reset(tasks=1, seed=7, now=None, scenario="operations+8.8")
    named = camunda.scenario.release.name
    camunda.reset(tasks=1, seed=7, now=None, scenario=None)

    assert ("8.8", "8.10") == (named, camunda.scenario.release.name)
    with pytest.raises(ValueError, match=r"no scenario '7\.1': there are 'operations', .*'8\.10'"):
        camunda.reset(tasks=1, seed=7, now=None, scenario="operations+7.1")
