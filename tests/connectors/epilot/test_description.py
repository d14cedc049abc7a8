"""Requests and answers against the vendor's API descriptions."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from connectors.epilot import EpilotConnector
from connectors.epilot.ids import flow_id, task_id
from connectors.epilot.settings import Generation
from connectors.sdk.commands import (
    Assign,
    CancelFlow,
    CancelFlowOfTask,
    Claim,
    Complete,
    CreateTask,
    Release,
    Resume,
    Retry,
    Skip,
    Start,
    StartFlow,
    Suspend,
    Unassign,
    Update,
)
from connectors.sdk.model import OPEN_STATES, DetailAspect, Flow, SubjectRef, Task, TaskKind, TaskState
from connectors.sdk.query import FlowQuery, TaskQuery
from tests.spec import ApiDescription

FILES = (
    "workflow-execution.openapi.json",
    "user.openapi.json",
    "kanban.openapi.json",
    "query-workflows.extract.openapi.json",
)
# The service sends null for these, its changelog says so; the descriptions do not.
NULLS = {"automation_execution_id", "schedule_id"}
# "Otherwise only contains the user id", says the text of a group's `users` beside a schema of people.
NOT_PEOPLE = "users"


class Descriptions:
    """Checks each exchange against the description that has its path, and records the operations seen."""

    def __init__(self, folder: Path) -> None:
        self.seen: set[str] = set()
        self._by_path: list[tuple[re.Pattern[str], str, ApiDescription]] = []
        for name in FILES:
            description = ApiDescription(folder / name)
            paths = json.loads((folder / name).read_text(encoding="utf-8"))["paths"]
            # Paths without variables first: `/v2/users/me` is no user's id.
            for path in sorted(paths, key=lambda path: path.count("{")):
                pattern = "/".join(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(piece)) for piece in path.split("/"))
                self._by_path.append((re.compile(pattern), path, description))
        self._by_path.sort(key=lambda each: each[1].count("{"))

    def check(self, request: httpx2.Request, status: int, body: bytes) -> None:
        path = request.url.raw_path.decode().partition("?")[0]
        template, description = next(
            (template, description) for pattern, template, description in self._by_path if pattern.fullmatch(path)
        )
        self.seen.add(f"{request.method} {template}")
        description.check_request(request.method, template, request.content)
        described = body if not body else json.dumps(as_described(json.loads(body))).encode()
        # For an unknown execution the vendor answers without a body, which is not in the description.
        if not (status == 200 and not body):
            description.check_response(request.method, template, status, described)


def as_described(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: as_described(each)
            for name, each in value.items()
            if (each is not None or name not in NULLS)
            and not (name == NOT_PEOPLE and isinstance(each, list) and all(isinstance(one, str) for one in each))
        }
    return [as_described(each) for each in value] if isinstance(value, list) else value


class DescribedTransport(httpx2.AsyncBaseTransport):
    def __init__(self, inner: httpx2.AsyncBaseTransport, descriptions: Descriptions) -> None:
        self._inner = inner
        self._descriptions = descriptions

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        response = await self._inner.handle_async_request(request)
        body = await response.aread()
        self._descriptions.check(request, response.status_code, body)
        headers = {name: value for name, value in response.headers.items() if name != "content-encoding"}
        return httpx2.Response(response.status_code, headers=headers, stream=httpx2.ByteStream(body))


@pytest.fixture
def descriptions(api_descriptions: Path) -> Descriptions:
    return Descriptions(api_descriptions / "epilot")


@pytest.fixture
def described(organisation: Any, descriptions: Descriptions) -> Iterator[Any]:
    """The organisation, all of whose exchanges are checked from now on."""
    organisation.transport = DescribedTransport(organisation.transport, descriptions)
    yield organisation
    assert descriptions.seen


async def ready(connector: EpilotConnector) -> Iterator[Any]:
    page = await connector.list_tasks(connector.pushdown(TaskQuery(states=OPEN_STATES)), limit=100)
    return iter([task for task in page.items if task.state is TaskState.READY and task.kind is TaskKind.MANUAL])


async def flow_of(connector: EpilotConnector, task: Task) -> Any:
    found = (await connector.get_flows([task.flow_id or ""]))[task.flow_id or ""]

    assert isinstance(found, Flow)
    return found


async def test_reads_are_as_described(described: Any, descriptions: Descriptions) -> None:
    """Lists, single tasks, flows, people."""
    connector = described.connector
    alice = described.identity("alice")
    for query in (
        TaskQuery(),
        TaskQuery(states=OPEN_STATES, assignees=frozenset({alice.native_id})),
        TaskQuery(states=frozenset({TaskState.COMPLETED}), has_assignee=False),
        TaskQuery(has_assignee=True),
    ):
        await connector.list_tasks(connector.pushdown(query), limit=20)
    task = next(await ready(connector))
    await connector.get_tasks([task.native_id])
    await connector.get_detail(task, frozenset(DetailAspect))
    subject = task.subjects[0]
    await connector.list_flows(
        FlowQuery(subject_types=frozenset({subject.type}), subject_ids=frozenset({subject.native_id})), limit=5
    )
    await connector.get_users([alice.native_id])
    await connector.list_users(search="ali", limit=5)
    await connector.get_groups(alice.groups)
    await connector.list_groups(search="acc", limit=5)
    await connector.list_members(alice.groups[0], limit=5)
    await connector.extras.directory.groups_of_user(alice.native_id)
    await connector.extras.directory.next_in_group(alice.groups[0])
    await connector.extras.directory.get_self()

    assert {
        "POST /v1/kanban/query/flows:execute",
        "GET /v2/flows/executions/{execution_id}",
        "POST /v2/flows/executions:search",
        "GET /v2/users/{id}",
        "GET /v2/users",
        "GET /v2/users/me",
        "GET /v2/users/{id}/groups",
        "GET /v1/groups",
        "GET /v1/groups/{id}",
        "POST /v1/groups/{id}/user:next",
    } == descriptions.seen


async def test_the_other_lists_are_as_described(described: Any, descriptions: Descriptions) -> None:
    """The overview, flows of an entity in both generations, and all workflows."""
    alice = described.identity("alice").native_id
    overview = described.open(list_by="overview", definition_ids=["tpl"])
    await overview.list_tasks(TaskQuery(assignees=frozenset({alice})), limit=20)
    entity = {"entity_schema": "meter", "entity_id": "x"}
    await described.open(list_by="entities", entities=[entity]).list_tasks(TaskQuery(), limit=20)
    await described.open(list_by="entities", generation="v1", entities=[entity]).list_tasks(TaskQuery(), limit=20)
    await described.open(list_by="executions_v1").list_tasks(TaskQuery(), limit=20)

    assert {
        "POST /v2/query/domain/workflows:execute",
        "POST /v2/flows/executions:search",
        "GET /v1/workflows/executions",
        "GET /v1/workflows/executions/{executionId}",
    } == descriptions.seen


async def test_verbs_of_tasks_are_as_described(described: Any, descriptions: Descriptions) -> None:
    """Every verb of a task in a flow."""
    connector, alice = described.connector, described.identity("alice")
    tasks = await ready(connector)
    task = next(tasks)
    for step in (
        lambda task: Claim(task=task, actor=alice),
        lambda task: Start(task=task, actor=alice),
        lambda task: Suspend(task=task, actor=alice),
        lambda task: Resume(task=task, actor=alice),
        lambda task: Update(
            task=task,
            title="Another title",
            description="<p>Another</p>",
            due_at=described.now,
            options={"enabled": True},
        ),
        lambda task: Release(task=task, actor=alice),
        lambda task: Assign(task=task, actor=alice, user_id=described.identity("bob").native_id),
        lambda task: Assign(task=task, actor=alice, user_id=alice.native_id, options={"add": True}),
        lambda task: Unassign(task=task, actor=alice),
        lambda task: Complete(task=task, actor=alice),
    ):
        task = (await connector.perform(step(task))).task
    await connector.perform(Skip(task=next(tasks), actor=alice))
    page = await connector.list_tasks(TaskQuery(), limit=100)
    failed = next(task for task in page.items if task.state is TaskState.FAILED)
    await connector.perform(Retry(task=failed))
    await connector.perform(CancelFlowOfTask(task=failed, reason="moved away"))

    assert {
        "PATCH /v2/flows/executions/{execution_id}/tasks/{task_id}",
        "POST /v2/flows/executions/{execution_id}/tasks/{task_id}/automation:run",
        "PATCH /v2/flows/executions/{execution_id}",
    } <= descriptions.seen


async def test_verbs_of_flows_are_as_described(described: Any, descriptions: Descriptions) -> None:
    """Start, create a task, cancel with a reason; and extras: due date, assignees, reopen, phase, delete."""
    connector, alice = described.connector, described.identity("alice")
    task = next(await ready(connector))
    flow = await flow_of(connector, task)
    subject = SubjectRef(type="opportunity", native_id=task.subjects[0].native_id)
    started = await connector.perform_on_flow(
        StartFlow(definition_key=flow.definition.key, subjects=(subject,), options={"purposes": []})
    )
    made = await connector.perform(CreateTask(title="Call back", flow=flow, options={"assigned_to": [alice.native_id]}))
    canceled = await connector.perform_on_flow(CancelFlow(flow=flow, reason="moved", actor=alice))
    execution = flow_id(started.flow.native_id).execution
    await connector.extras.flows.assign(execution, [alice.native_id])
    await connector.extras.flows.set_due(execution, "2026-07-01T00:00:00.000")
    record = await connector._client.flows.get(execution)
    await connector.extras.flows.patch_phase(
        execution, record.record.phases[0].id, {"name": "First", "assigned_to": []}
    )
    await connector._client.flows.close(execution, reasons=record.record.closing_reason.configured_reasons[:1])
    await connector.extras.flows.reopen(execution)
    await connector.extras.flows.finish(execution)
    await connector.extras.flows.delete(execution)

    assert made.task.title == "Call back"
    assert canceled.flow.native_state == "CLOSED"
    assert {
        "POST /v2/flows/executions",
        "GET /v2/flows/executions/{execution_id}",
        "PATCH /v2/flows/executions/{execution_id}",
        "DELETE /v2/flows/executions/{execution_id}",
        "POST /v2/flows/executions/{execution_id}/tasks",
        "PATCH /v2/flows/executions/{execution_id}/phases/{phase_id}",
    } <= descriptions.seen


async def test_verbs_of_v1_are_as_described(described: Any, descriptions: Descriptions) -> None:
    """Create, list, read, change, close, reopen, delete; steps; closing reasons."""
    connector, alice = described.open(list_by="executions_v1"), described.identity("alice")
    page = await connector.list_tasks(TaskQuery(), limit=1000)
    task = next(task for task in page.items if task.state is TaskState.RESERVED)
    flow = await flow_of(connector, task)
    released = await connector.perform(Unassign(task=task, actor=alice))
    claimed = await connector.perform(Claim(task=released.task, actor=alice))
    for step in (
        lambda task: Start(task=task, actor=alice),
        lambda task: Suspend(task=task, actor=alice),
        lambda task: Resume(task=task, actor=alice),
        lambda task: Update(task=task, title="T", description="D", due_at=described.now),
        lambda task: Release(task=task, actor=alice),
        lambda task: Complete(task=task, actor=alice),
    ):
        claimed = await connector.perform(step(claimed.task))
    made = await connector.perform(CreateTask(title="Call back", description="soon", flow=flow, options={"index": 0}))
    started = await connector.perform_on_flow(
        StartFlow(
            definition_key=flow.definition.key,
            subjects=(SubjectRef(type="opportunity", native_id="3fa3fa86-0907-4642-a57e-0fe30a19874d", label="X"),),
        )
    )
    execution = flow_id(started.flow.native_id).execution
    await connector.extras.workflows.closing_reasons(execution)
    await connector._client.workflows.update(execution, {"assignedTo": [alice.native_id], "dueDate": "2026-07-01"})
    canceled = await connector.perform_on_flow(CancelFlow(flow=started.flow, reason="moved", actor=alice))
    await connector.extras.workflows.reopen(execution)
    where = task_id(made.task.native_id)
    await connector.extras.workflows.delete_step(where.flow.execution, where.task)
    await connector.extras.workflows.delete(execution)

    assert where.flow.generation is Generation.V1
    assert canceled.flow.native_state == "CLOSED"
    assert {
        "GET /v1/workflows/executions",
        "POST /v1/workflows/executions",
        "GET /v1/workflows/executions/{executionId}",
        "PATCH /v1/workflows/executions/{executionId}",
        "DELETE /v1/workflows/executions/{executionId}",
        "POST /v1/workflows/executions/{executionId}/steps",
        "PATCH /v1/workflows/executions/{executionId}/steps/{stepId}",
        "DELETE /v1/workflows/executions/{executionId}/steps/{stepId}",
        "GET /v1/workflows/executions/{executionId}/closing-reasons",
    } == descriptions.seen


async def test_schedules_and_automations_are_as_described(described: Any, descriptions: Descriptions) -> None:
    """Cancel a schedule, run one now, execute, reconcile, revert."""
    connector = described.connector
    tasks = (await connector.list_tasks(TaskQuery(), limit=100)).items
    scheduled = next(task_id(task.native_id) for task in tasks if task.native_state == "SCHEDULED")
    await connector.extras.flows.cancel_schedule(scheduled.flow.execution, scheduled.task)
    skipped = (await connector.get_tasks([str(scheduled)]))[str(scheduled)]
    described.stand_in.reset(tasks=40, seed=7, now=described.now, scenario=None)
    await connector.extras.flows.run_schedule_now(scheduled.flow.execution, scheduled.task)
    automation = task_id(next(task.native_id for task in tasks if task.kind is TaskKind.AUTOMATION))
    await connector.extras.flows.reconcile_automation(automation.flow.execution, automation.task)
    manual = next(await ready(connector))
    where = task_id(manual.native_id)
    await connector._client.flows.execute_task(where.flow.execution, where.task)
    await connector.perform(Complete(task=manual))
    row, _ = await connector.extras.flows.revert_task(where.flow.execution, where.task)

    assert skipped.state is TaskState.SKIPPED
    assert row.status == "PENDING"
    assert {
        "DELETE /v2/flows/executions/{execution_id}/tasks/{task_id}/schedule",
        "POST /v2/flows/executions/{execution_id}/tasks/{task_id}/schedule/run-now",
        "POST /v2/flows/executions/{execution_id}/tasks/{task_id}/reconcile-automation",
        "POST /v2/flows/executions/{execution_id}/tasks/{task_id}/execute",
    } <= descriptions.seen
