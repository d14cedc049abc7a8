"""Requests and answers of every operation, compared with the description of the vendor's API."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import jsonschema
import msgspec
import pytest

from connectors.geotareas import GeotareasConnector, GeotareasSettings
from connectors.sdk.caller import Identity
from connectors.sdk.commands import Assign, Claim, Complete, Release
from connectors.sdk.model import OPEN_STATES, DetailAspect, Flow, FlowState, Task, TaskState
from connectors.sdk.query import FlowQuery, Interval, TaskQuery
from connectors.sdk.testing import FaultyTransport
from sandbox.geotareas import GeotareasStandIn
from sandbox.geotareas.definitions import WORKFLOWS
from sandbox.geotareas.directory import ACCOUNTING
from tests.spec import ApiDescription, read_yaml

Scripted = Callable[..., GeotareasConnector]

LOGIN = "/apidev/v1/login"
TASKS = "/apidev/v1/workflow/tasks"
INSTANCES = "/apidev/v1/workflow/instances"
# The description does not have this operation, because only the beginning of the vendor's page was available.
DEFINITIONS = "/apidev/v1/workflow/definitions"


@pytest.fixture
def document(api_descriptions: Path) -> dict[str, Any]:
    found: dict[str, Any] = read_yaml((api_descriptions / "geotareas" / "openapi.yaml").read_text("utf-8"))
    return found


@pytest.fixture
def description(api_descriptions: Path) -> ApiDescription:
    return ApiDescription(api_descriptions / "geotareas" / "openapi.yaml")


def template(path: str) -> str:
    return re.sub(rf"^{TASKS}/[0-9]+", f"{TASKS}/{{id}}", path)


def check_query(document: dict[str, Any], request: httpx2.Request) -> None:
    """Every parameter is described, and its value is valid."""
    described = {
        each["name"]: each["schema"] for each in document["paths"][template(request.url.path)]["get"]["parameters"]
    }
    for name, text in request.url.params.multi_items():
        schema = described[name]
        if "$ref" in schema:
            schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
        value: object = int(text) if schema["type"] == "integer" else text
        if schema["type"] == "boolean":
            value = {"true": True, "false": False}[text]
        jsonschema.validate(value, schema)


async def test_every_request_is_as_the_vendor_describes_it(
    document: dict[str, Any], description: ApiDescription
) -> None:
    """Each call of the client at least once, with every filter and all required headers."""
    stand_in = GeotareasStandIn()
    stand_in.reset(tasks=40, seed=7, now=None, scenario=None)
    # httpx2 and Starlette type ASGI applications differently.
    app: Any = stand_in
    transport = FaultyTransport(httpx2.ASGITransport(app=app))
    options = {"release_groups": {"*": ACCOUNTING}, "definition_ids": {each.name: each.id for each in WORKFLOWS}}
    config = stand_in.source_config("http://geotareas.test") | {"options": options}
    connector = GeotareasConnector.open(GeotareasSettings.model_validate(config), transport=transport)
    zoneless = GeotareasConnector.open(
        GeotareasSettings.model_validate(config | {"time_zone": None}), transport=transport
    )
    alice = Identity(native_id=stand_in.identities()["alice"]["id"])
    with transport.counting() as requests:
        await connector.ping()
        page = await connector.list_tasks(connector.pushdown(TaskQuery(states=OPEN_STATES)), limit=100)
        ready = next(task for task in page.items if task.state is TaskState.READY)
        assert ready.definition is not None
        everything = TaskQuery(
            states=OPEN_STATES,
            definition_keys=frozenset({ready.definition.key}),
            subject_types=frozenset({"CUENTA"}),
            overdue_at=zoneless.clock(),
        )
        await zoneless.list_tasks(zoneless.pushdown(everything), limit=1)
        detail = await connector.get_detail(ready, set(DetailAspect))
        assert detail.form is not None
        assert detail.outcomes
        await connector.get_flows([ready.flow_id or ""])
        flows = FlowQuery(
            states=frozenset({FlowState.ACTIVE}),
            definition_keys=frozenset({WORKFLOWS[0].id}),
            subject_types=frozenset({"CUENTA"}),
            subject_ids=frozenset({"738291047382910473"}),
            started_at=Interval(gte=connector.clock(), lt=connector.clock()),
        )
        await connector.list_flows(connector.pushdown_flows(flows), limit=1)
        await connector.extras.list_definitions(
            asked={"status": "all", "entity_type": "CUENTA", "search": "account"}, limit=100
        )
        taken = (await connector.perform(Claim(task=ready, actor=alice, reason="mine"))).task
        given = (await connector.perform(Release(task=taken, actor=alice, reason="not mine"))).task
        await connector.perform(Assign(task=given, user_id=alice.native_id))
        data: dict[str, object] = {field.key: "x" for field in detail.form.fields}
        await connector.perform(Complete(task=given, outcome=detail.outcomes[0].code, data=data, comment="Done."))
    await connector.aclose()
    await zoneless.aclose()

    for request in requests:
        path = template(request.url.path)
        if path == DEFINITIONS:
            continue
        description.check_request(request.method, path, request.content)
        if request.method == "GET" and path != f"{TASKS}/{{id}}":
            check_query(document, request)
        protected = {"authorization", "x-api-key"} & set(request.headers)
        assert (path != LOGIN) == (len(protected) == 2)
        assert request.headers["tenant"] == config["credentials"]["tenant"]
        assert request.method == "GET" or request.headers["content-type"] == "application/json"
    asked = {(request.method, template(request.url.path)) for request in requests}
    described = {
        (method.upper(), path)
        for path, operations in document["paths"].items()
        for method in operations
        if method != "parameters"
    }
    assert described | {("GET", DEFINITIONS)} == asked
    assert {"limit", "offset", "status", "definition_id", "entity_type", "overdue_only"} == params_of(requests, TASKS)
    assert {
        "limit", "offset", "status", "definition_id", "entity_type", "entity_id", "startdate", "enddate"
    } == params_of(requests, INSTANCES)  # fmt: skip


def params_of(requests: list[httpx2.Request], path: str) -> set[str]:
    return {name for request in requests if request.url.path == path for name in request.url.params}


def examples(node: Any) -> Iterator[Any]:
    """The described answers with status 200, one for each operation that has one."""
    for operations in node["paths"].values():
        for method, operation in operations.items():
            if method != "parameters":
                yield operation["responses"]["200"]["content"]["application/json"].get("example")


async def test_every_described_answer_is_read(document: dict[str, Any], scripted: Scripted, task: Task) -> None:
    """The examples of the vendor's pages, through the whole connector."""
    paths = document["paths"]

    def answer(request: httpx2.Request) -> httpx2.Response:
        operation = paths[template(request.url.path)][request.method.lower()]
        return httpx2.Response(200, json=operation["responses"]["200"]["content"]["application/json"]["example"])

    connector = scripted(answer)
    listed = (await connector.list_tasks(TaskQuery(), limit=10)).items
    found = await connector.get_tasks([task.native_id])
    detail = await connector.get_detail(task, set(DetailAspect))
    done = await connector.perform(Complete(task=task, outcome="sent"))
    moved = await connector.perform(Assign(task=task, user_id="182736450918273645"))

    assert [task.native_id] == [each.native_id for each in listed] == list(found)
    assert ["sent", "failed"] == [each.code for each in detail.outcomes or ()]
    assert ["Verify Contact Information"] == [each.name for each in detail.previous_steps or ()]
    assert (TaskState.COMPLETED, "sent", "the flow goes on with Review Welcome Package") == (
        done.task.state,
        done.task.outcome,
        done.effect,
    )
    assert moved.task.assignee is not None
    assert (TaskState.RESERVED, "Maria Garcia", ()) == (
        moved.task.state,
        moved.task.assignee.name,
        moved.task.candidate_groups,
    )
    assert 5 == sum(example is not None for example in examples(document))


async def test_an_instance_with_the_described_members_is_read(
    document: dict[str, Any], description: ApiDescription, scripted: Scripted
) -> None:
    """The vendor's page has no example. One instance has every described member, one only the required ones."""
    schema = document["components"]["schemas"]["InstanceSummary"]
    full = dict.fromkeys(schema["properties"], "1") | {"status": "RUNNING", "started_at": "2026-03-15T11:30:00"}
    bare = dict.fromkeys(schema["required"], "2") | {"status": "ERROR"}
    body = {"success": True, "data": [full, bare], "meta": {"total": 2, "limit": 100, "offset": 0}}
    description.check_response("GET", INSTANCES, 200, msgspec.json.encode(body))
    found = await scripted(lambda _: httpx2.Response(200, json=body)).get_flows(["1", "2"])

    assert {"1": "RUNNING", "2": "ERROR"} == {
        key: flow.native_state for key, flow in found.items() if isinstance(flow, Flow)
    }
