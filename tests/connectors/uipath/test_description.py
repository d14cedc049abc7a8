"""Requests and records, compared with the vendor's API descriptions."""

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from connectors.sdk.commands import (
    AddComment,
    Assign,
    CancelFlow,
    Claim,
    Complete,
    CreateTask,
    DeleteTask,
    Release,
    ResumeFlow,
    SaveDraft,
    SetTags,
    SuspendFlow,
    Update,
)
from connectors.sdk.model import OPEN_STATES, DetailAspect, Tag, Task, TaskKind, TaskPriority, TaskState
from connectors.sdk.query import FlowQuery, Interval, SortKey, TaskOrderField, TaskQuery
from connectors.sdk.testing import carried_out, read_flow
from connectors.uipath import UiPathConnector, wire
from connectors.uipath.formats import decode_record
from tests.connectors.uipath.tenant import NOW, Tenant
from tests.spec import ApiDescription

TEMPLATES = (
    (re.compile(r"^/odata/Tasks\(\d+\)"), "/odata/Tasks({key})"),
    (re.compile(r"\(taskId=\d+\)"), "(taskId={taskId})"),
    (re.compile(r"\(organizationUnitId=\d+\)"), "(organizationUnitId={organizationUnitId})"),
    (re.compile(r"^/api/v1/instances/[0-9a-f-]{36}"), "/api/v1/instances/{instanceId}"),
)

# In the vendor's newer client, not in the description of version 20.
NEWER = {
    "PUT /tasks/GenericTasks/SaveTaskTags",
    "PUT /tasks/GenericTasks/SaveTaskData",
    "PUT /forms/TaskForms/SaveTaskData",
    "PUT /tasks/AppTasks/SaveAppTasksData",
    "POST /odata/Tasks/UiPath.Server.Configuration.OData.EditTaskMetadata",
}


@pytest.fixture(scope="module")
def orchestrator(api_descriptions: Path) -> ApiDescription:
    return ApiDescription(api_descriptions / "uipath" / "orchestrator-tasks.openapi.yaml")


@pytest.fixture(scope="module")
def maestro(api_descriptions: Path) -> ApiDescription:
    return ApiDescription(api_descriptions / "uipath" / "maestro-instances.openapi.yaml")


def template(path: str) -> str:
    for pattern, form in TEMPLATES:
        path = pattern.sub(form, path)
    return path


def parameters(description: ApiDescription, method: str, path: str) -> dict[str, set[str]]:
    """The names of an operation's parameters in lower case, by their place."""
    item = description._document["paths"][path]
    found: dict[str, set[str]] = {"query": set(), "header": set(), "path": set()}
    for each in (*item.get("parameters", ()), *item[method.lower()].get("parameters", ())):
        named = (
            description._document["components"]["parameters"][each["$ref"].rsplit("/", 1)[-1]]
            if "$ref" in each
            else each
        )
        found[named["in"]].add(named["name"].lower())
    return found


async def every_call(tenant: Tenant, connector: UiPathConnector) -> None:
    """Each method of the client at least once, with every member of a filter."""
    everything = TaskQuery(
        ids=frozenset({"828-1", "828-2"}),
        states=frozenset({TaskState.READY, TaskState.CANCELED}),
        kinds=frozenset({TaskKind.FORM, TaskKind.DOCUMENT}),
        priorities=frozenset(TaskPriority),
        assignees=frozenset({"7", "8"}),
        business_keys=frozenset({"it's"}),
        definition_keys=frozenset({"Loans"}),
        times=((TaskOrderField.CREATED_AT, Interval(gt=NOW, lt=NOW)),),
        present=frozenset({TaskOrderField.UPDATED_AT}),
        absent=frozenset({TaskOrderField.COMPLETED_AT}),
        order=tuple(SortKey(field) for field in sorted(UiPathConnector.sorts)),
    )
    await connector.ping()
    await connector.list_tasks(everything, limit=100)
    await connector.list_tasks(TaskQuery(order=everything.order), limit=2, after="rows:2")
    page = await connector.list_tasks(TaskQuery(states=OPEN_STATES), limit=500)
    await connector.extras.get_self()
    await connector.list_users(limit=5)
    flows = (await connector.list_flows(FlowQuery(definition_keys=frozenset({"x"})), limit=5)).items
    flows = (await connector.list_flows(FlowQuery(), limit=100)).items
    flow = await read_flow(connector, next(each.native_id for each in flows if each.native_state == "Running"))
    free = [task for task in page.items if task.native_id.startswith("828-") and task.native_state == "Unassigned"]
    alice = tenant.identity("alice")
    for native_type in ("FormTask", "AppTask", "ExternalTask"):
        task = next(each for each in free if each.native_type == native_type and each.flow_id != flow.native_id)
        await connector.get_tasks([task.native_id])
        await connector.get_detail(task, frozenset(DetailAspect))
        await connector.perform(SaveDraft(task=task, data={"a": 1}))
        await connector.perform(SetTags(task=task, tags=(Tag(name="urgent"),)))
        await connector.perform(Update(task=task, title="Other", priority=TaskPriority.LOW))
        await connector.perform(AddComment(task=task, text="Hello"))
        claimed = (await connector.perform(Claim(task=task, actor=alice))).task
        shared = (await connector.perform(Assign(task=claimed, group_id=alice.groups[0], override=True))).task
        owned = (await connector.perform(Assign(task=shared, user_id=alice.native_id))).task
        unassigned = (await connector.perform(Release(task=owned))).task
        await carried_out(connector, Complete(task=unassigned, outcome="approve", data={"a": 1}))
    created = await connector.perform(
        CreateTask(title="Check", data={}, options={"folderId": "828", "externalTag": "j"})
    )
    await connector.perform(DeleteTask(task=created.task))
    await connector.perform_on_flow(SuspendFlow(flow=flow, reason="wait"))
    await connector.get_flows([flow.native_id])
    await connector.perform_on_flow(ResumeFlow(flow=flow))
    await connector.get_flows([flow.native_id])
    await connector.perform_on_flow(CancelFlow(flow=flow, reason="duplicate"))


@pytest.mark.slow
async def test_every_request_is_as_the_vendor_describes_it(
    orchestrator: ApiDescription, maestro: ApiDescription
) -> None:
    """Body, query and headers. Operations that are not in the description are those of newer clients."""
    tenant = Tenant()
    tenant.stand_in.reset(tasks=300, seed=7, now=NOW, scenario=None)
    connector = tenant.open(allow_delete=True, assign_before_completing=True)
    with tenant.transport.counting() as requests:
        await every_call(tenant, connector)
    for each in tenant.opened:
        await each.aclose()
    sent: set[str] = set()
    for request in requests:
        service, _, path = request.url.path.removeprefix("/acme/DefaultTenant/").partition("_/")
        if service not in {"orchestrator", "pims"}:
            continue
        form = template(f"/{path}")
        sent.add(f"{request.method} {form}")
        if f"{request.method} {form}" in NEWER:
            continue
        description = orchestrator if service == "orchestrator" else maestro
        described = parameters(description, request.method, form)
        own = {name for name in request.headers if name.startswith("x-uipath")}

        description.check_request(request.method, form, request.content)
        assert {name.lower() for name in request.url.params} <= described["query"], form
        assert own <= described["header"], form

    tasks = "/odata/Tasks/UiPath.Server.Configuration.OData"

    assert sent == NEWER | {
        f"GET {tasks}.GetTasksAcrossFolders",
        "GET /odata/Tasks({key})",
        f"GET {tasks}.GetTaskUsers(organizationUnitId={{organizationUnitId}})",
        f"POST {tasks}.AssignTasks",
        f"POST {tasks}.ReassignTasks",
        f"POST {tasks}.UnassignTasks",
        f"POST {tasks}.DeleteTasks",
        "POST /tasks/GenericTasks/CreateTask",
        "POST /tasks/GenericTasks/CompleteTask",
        "POST /tasks/AppTasks/CompleteAppTask",
        "POST /forms/TaskForms/CompleteTask",
        "GET /tasks/GenericTasks/GetTaskDataById",
        "GET /tasks/AppTasks/GetAppTaskById",
        "GET /forms/TaskForms/GetTaskFormById",
        "GET /odata/TaskActivities/UiPath.Server.Configuration.OData.GetByTaskId(taskId={taskId})",
        "GET /odata/TaskNotes/UiPath.Server.Configuration.OData.GetByTaskId(taskId={taskId})",
        "POST /odata/TaskNotes/UiPath.Server.Configuration.OData.CreateTaskNote",
        "GET /odata/Users/UiPath.Server.Configuration.OData.GetCurrentUser",
        "GET /odata/Folders",
        "GET /api/v1/instances",
        "GET /api/v1/instances/{instanceId}",
        "POST /api/v1/instances/{instanceId}/cancel",
        "POST /api/v1/instances/{instanceId}/pause",
        "POST /api/v1/instances/{instanceId}/resume",
    }


def example(description: ApiDescription, schema: dict[str, Any], depth: int = 0) -> Any:
    """A value with every member that a schema describes, three levels deep."""
    if "anyOf" in schema:
        schema = next(each for each in schema["anyOf"] if each.get("type") != "null")
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        schema = description._document["components"]["schemas"][name]
    match schema.get("type"):
        case "integer":
            return 1 << 40 if schema.get("format") == "int64" else 3
        case "boolean":
            return True
        case "array":
            return [example(description, schema["items"], depth + 1)] if depth < 3 else []
        case "object" if schema.get("properties") and depth < 3:
            return {name: example(description, each, depth + 1) for name, each in schema["properties"].items()}
        case "object":
            return {}
        case _:
            texts = {"date-time": "2026-01-02T03:04:05Z", "uuid": "0b9d7c1e-4a5f-4d7b-9e61-6a1f6b1d2c3d"}
            return schema["enum"][0] if "enum" in schema else texts.get(schema.get("format", ""), "text")


@pytest.mark.parametrize(
    ("schema", "record"),
    [
        ("TaskDto", wire.Task),
        ("TaskDataDto", wire.Task),
        ("TaskDataDto", wire.TaskData),
        ("TaskFormDto", wire.Task),
        ("TaskFormDto", wire.TaskData),
        ("AppTasksDataDto", wire.Task),
        ("AppTasksDataDto", wire.TaskData),
        ("TaskNoteDto", wire.Note),
        ("TaskActivityDto", wire.Activity),
        ("UserLoginInfoDto", wire.UserLogin),
        ("UserDto", wire.CurrentUser),
        ("FolderDto", wire.Folder),
        ("TaskOperationErrorResponse", wire.OperationError),
    ],
)
def test_described_records_are_read_whole(orchestrator: ApiDescription, schema: str, record: Any) -> None:
    """Every member of ours that is in the description has its value."""
    described = orchestrator._document["components"]["schemas"][schema]
    value = example(orchestrator, described)
    read = decode_record(msgspec.Raw(msgspec.json.encode(value)), record)
    names = {field.name: field.encode_name for field in msgspec.structs.fields(record)}
    known = {name[:1].lower() + name[1:] for name in described["properties"]}

    assert [] == [name for name, encoded in names.items() if encoded in known and getattr(read, name) is None]


@pytest.mark.parametrize("camel_case", [False, True])
@pytest.mark.parametrize("numeric_enums", [False, True])
async def test_tasks_read_the_same_in_every_style(tenant: Tenant, camel_case: bool, numeric_enums: bool) -> None:
    """Answers in either letter case, with enums as texts or numbers."""

    def shown(tasks: list[Task]) -> list[Task]:
        return [msgspec.structs.replace(task, payload=None) for task in tasks]

    expected = shown(await tenant.drain())
    tenant.stand_in.style.camel_case = camel_case
    tenant.stand_in.style.numeric_enums = numeric_enums

    assert expected == shown(await tenant.drain())
    assert len(expected) > 20
