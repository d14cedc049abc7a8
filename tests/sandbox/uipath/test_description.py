"""Every operation of the stand-in for UiPath against the vendor's API descriptions."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest

from sandbox.uipath.directory import FINANCE, FOLDERS
from tests.sandbox.uipath.tenant import ALICE, BOB, COMPLETE, INSTANCES, LIST, ODATA, Json, Tenant, tenant_of
from tests.spec import ApiDescription

# These are described in camelCase in every answer.
_CAMEL = frozenset({
    "AssignedToUser", "CreatorUser", "LastModifierUser", "TargetUser", "TaskSlaDetail", "TaskAssignments",
})  # fmt: skip
# Members that newer clients use and the description lacks.
_NEWER = frozenset({"@odata.context", "@odata.count", "Type", "AssigneeId"})


@pytest.fixture
async def tenant() -> AsyncIterator[Tenant]:
    async with tenant_of(150) as tenant:
        yield tenant


@pytest.fixture(scope="session")
def orchestrator(api_descriptions: Path) -> ApiDescription:
    return ApiDescription(api_descriptions / "uipath" / "orchestrator-tasks.openapi.yaml")


@pytest.fixture(scope="session")
def maestro(api_descriptions: Path) -> ApiDescription:
    return ApiDescription(api_descriptions / "uipath" / "maestro-instances.openapi.yaml")


def as_described(value: Any, *, camel: bool = False) -> Any:
    """Convert an answer to the spelling of the description: without null, nested names in camelCase."""
    if isinstance(value, list):
        return [as_described(each, camel=camel) for each in value]
    if not isinstance(value, dict):
        return value
    found: Json = {}
    for name, each in value.items():
        if each is None:
            continue
        if name == "data":
            found[name] = each
        elif name == "tags":
            found[name] = [{inner[:1].upper() + inner[1:]: text for inner, text in tag.items()} for tag in each]
        else:
            spelled = name[:1].lower() + name[1:] if camel else name
            found[spelled] = as_described(each, camel=camel or name in _CAMEL)
    return found


def unknown_names(description: ApiDescription, schema: str, rows: list[Json]) -> set[str]:
    described = set(description._document["components"]["schemas"][schema]["properties"])
    return {name for row in rows for name in row} - described - _NEWER


async def test_reads_are_as_described(tenant: Tenant, orchestrator: ApiDescription) -> None:
    """The reads are lists, single tasks on each path, users, folders, notes, activities and the caller."""
    form, app = tenant.task(type="FormTask", folder=828), tenant.task(type="AppTask", folder=828)
    noted = next(task for task in tenant.stand_in.store.tasks.values() if task.notes and task.deleted is None)
    expand = "AssignedToUser,CreatorUser,LastModifierUser,TaskAssignments($expand=Assignee),Activities($expand=CreatorUser,TargetUser)"
    folder = FOLDERS[noted.folder]
    calls: list[tuple[str, str, str, Any, dict[str, str]]] = [
        (LIST, LIST, "TaskDto", None, {"$expand": expand, "$count": "true", "$filter": "Id gt 0", "$top": "1000"}),
        (f"{LIST}ForAdmin", f"{LIST}ForAdmin", "TaskDto", None, {"$orderby": "Id"}),
        ("/odata/Tasks({key})", f"/odata/Tasks({form.id})", "TaskDto", None, {"$expand": expand}),
        (f"/odata/Tasks/{ODATA}.GetByKey(identifier={{identifier}})", f"/odata/Tasks/{ODATA}.GetByKey(identifier={form.key})", "TaskDto", None, {}),
        (f"/odata/Tasks/{ODATA}.GetTaskUsers(organizationUnitId={{organizationUnitId}})", f"/odata/Tasks/{ODATA}.GetTaskUsers(organizationUnitId=828)", "", FINANCE, {}),
        ("/tasks/GenericTasks/GetTaskDataById", "/tasks/GenericTasks/GetTaskDataById", "TaskDataDto", FINANCE, {"taskId": str(form.id)}),
        ("/tasks/GenericTasks/GetTaskDataByKey", "/tasks/GenericTasks/GetTaskDataByKey", "TaskDataDto", FINANCE, {"taskKey": form.key}),
        ("/forms/TaskForms/GetTaskFormById", "/forms/TaskForms/GetTaskFormById", "TaskFormDto", FINANCE, {"taskId": str(form.id), "expandOnFormLayout": "true"}),
        ("/tasks/AppTasks/GetAppTaskById", "/tasks/AppTasks/GetAppTaskById", "AppTasksDataDto", FINANCE, {"taskId": str(app.id)}),
        (f"/odata/TaskNotes/{ODATA}.GetByTaskId(taskId={{taskId}})", f"/odata/TaskNotes/{ODATA}.GetByTaskId(taskId={noted.id})", "TaskNoteDto", folder, {"$expand": "CreatorUser"}),
        (f"/odata/TaskActivities/{ODATA}.GetByTaskId(taskId={{taskId}})", f"/odata/TaskActivities/{ODATA}.GetByTaskId(taskId={noted.id})", "TaskActivityDto", folder, {"$expand": "CreatorUser,TargetUser,TaskNote"}),
        (f"/odata/Users/{ODATA}.GetCurrentUser", f"/odata/Users/{ODATA}.GetCurrentUser", "UserDto", None, {}),
        ("/odata/Folders", "/odata/Folders", "FolderDto", None, {"$filter": "Id eq 828"}),
    ]  # fmt: skip
    for template, path, schema, where, params in calls:
        answer = await tenant.send("GET", path, folder=where, params=params)
        body = as_described(answer.json(), camel=schema == "")

        assert 200 == answer.status_code, path
        orchestrator.check_response("GET", template, 200, orjson.dumps(body))
        rows = body.get("value", [body])

        assert rows, path
        if schema:
            assert set() == unknown_names(orchestrator, schema, rows), path


async def test_writes_are_as_described(tenant: Tenant, orchestrator: ApiDescription) -> None:
    """Requests and answers match, also answers that contain errors."""
    free = tenant.task(status="Unassigned", type="ExternalTask", folder=FINANCE.id)
    form, app = (tenant.task(type=type, assignee=ALICE) for type in ("FormTask", "AppTask"))
    item = {"TaskId": free.id, "UserId": ALICE, "UserNameOrEmail": "x", "AssignmentCriteria": "SingleUser"}
    again = {"TaskId": free.id, "AssigneeUserIds": [BOB], "AssignmentCriteria": "AllUsers"}
    note = f"/odata/TaskNotes/{ODATA}.CreateTaskNote"
    tasks = f"/odata/Tasks/{ODATA}"
    tenant.become("alice")
    done = {"action": "Approve", "data": {"a": 1}}
    calls: list[tuple[str, Json, Any, int]] = [
        ("/tasks/GenericTasks/CreateTask", {"title": "x", "type": "ExternalTask", "priority": "Low", "data": {"A": 1}, "tags": [{"Name": "n"}]}, FINANCE, 201),
        (f"{tasks}.AssignTasks", {"taskAssignments": [item]}, None, 200),
        (f"{tasks}.AssignTasks", {"taskAssignments": [item]}, None, 200),
        (f"{tasks}.ReassignTasks", {"taskAssignments": [again]}, None, 200),
        (f"{tasks}.UnassignTasks", {"taskIds": [free.id, form.id, 4711]}, None, 200),
        (f"{tasks}.AssignTasks", {"taskAssignments": [{"TaskId": form.id, "UserId": ALICE}]}, None, 200),
        (note, {"TaskId": free.id, "Text": "Hello"}, FINANCE, 201),
        (COMPLETE["ExternalTask"], {"taskId": free.id}, FINANCE, 204),
        (COMPLETE["FormTask"], {"taskId": form.id, **done}, FINANCE, 204),
        (COMPLETE["AppTask"], {"taskId": app.id, **done}, FINANCE, 204),
        (f"{tasks}.DeleteTasks", {"taskIds": [form.id, 4711]}, None, 200),
    ]  # fmt: skip
    for path, body, folder, status in calls:
        orchestrator.check_request("POST", path, orjson.dumps(body))
        answer = await tenant.send("POST", path, body, folder=folder)

        assert status == answer.status_code, (path, answer.text)
        content = orjson.dumps(as_described(answer.json())) if answer.content else b""
        orchestrator.check_response("POST", path, status, content)


async def test_instances_are_as_described(tenant: Tenant, maestro: ApiDescription) -> None:
    """The operations are lists, single instances, commands and errors."""
    instances = tenant.stand_in.store.instances
    instance = next(each for each in instances.values() if each.status == "Running")
    headers = {"authorization": f"Bearer {tenant.token}", "x-uipath-folderkey": FOLDERS[instance.folder].key}
    one = f"{INSTANCES}/{instance.id}"
    template = "/api/v1/instances/{instanceId}"
    calls = [
        ("GET", "/api/v1/instances", INSTANCES, 200),
        ("GET", "/api/v1/instances", f"{INSTANCES}?pageSize=501", 400),
        ("GET", template, one, 200),
        ("GET", template, f"{INSTANCES}/{UUID(int=5)}", 404),
        ("POST", f"{template}/pause", f"{one}/pause", 200),
        ("POST", f"{template}/pause", f"{one}/pause", 400),
        ("POST", f"{template}/resume", f"{one}/resume", 200),
        ("POST", f"{template}/cancel", f"{one}/cancel", 200),
    ]
    for method, described, url, status in calls:
        body = b'{"comment":"x"}' if method == "POST" else b""
        maestro.check_request(method, described, body)
        answer = await tenant.client.request(
            method, url, content=body, headers=headers | {"content-type": "application/json"}
        )

        assert status == answer.status_code, url
        maestro.check_response(method, described, status, answer.content)
