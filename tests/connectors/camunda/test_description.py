"""Requests of every operation, against the descriptions of the vendor's API."""

import re
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest
from msgspec.structs import replace

from connectors.camunda import CamundaConnector
from connectors.camunda.settings import CamundaSettings
from connectors.sdk.caller import Identity
from connectors.sdk.commands import (
    Assign,
    CancelFlow,
    CancelFlowOfTask,
    Claim,
    Complete,
    Release,
    ResumeFlow,
    StartFlow,
    SuspendFlow,
    Update,
    UpdateField,
)
from connectors.sdk.model import OPEN_STATES, DetailAspect, FlowState, TaskPriority, TaskState
from connectors.sdk.query import FlowQuery, Interval, SortKey, TaskOrderField, TaskQuery
from connectors.sdk.testing import FaultyTransport, carried_out
from sandbox.camunda.stand_in import CamundaStandIn
from tests.spec import ApiDescription

TEMPLATES = (
    (re.compile(r"^/v2/user-tasks/\d+"), "/user-tasks/{userTaskKey}"),
    (re.compile(r"^/v2/process-instances/\d+"), "/process-instances/{processInstanceKey}"),
    (re.compile(r"^/v2/process-definitions/\d+"), "/process-definitions/{processDefinitionKey}"),
    (re.compile(r"^/v2/groups/(?!search)[^/]+"), "/groups/{groupId}"),
    (re.compile(r"^/v2"), ""),
)
FILES = {
    "8.8": "rest-api.8.8.yaml",
    "8.9": "rest-api.8.9.bundle.json",
    "8.10": "human-tasks.8.10-alpha.subset.json",
}
# The description of server 8.10 is a part that does not contain these.
XML = "/process-definitions/{processDefinitionKey}/xml"
START_FORM = "/process-definitions/{processDefinitionKey}/form"
UNDESCRIBED = {
    "/process-instances/{processInstanceKey}/suspension",
    "/process-instances/{processInstanceKey}/resumption",
}
WHEN = datetime(2026, 6, 15, 9, 0, 0, 123456, tzinfo=UTC)
BETWEEN = Interval(gt=WHEN, gte=WHEN, lt=WHEN, lte=WHEN)

# Every member of a filter, with one value and with several.
QUERIES = (
    TaskQuery(
        ids=frozenset({"1"}),
        states=frozenset({TaskState.COMPLETED}),
        priorities=frozenset({TaskPriority.MEDIUM}),
        assignees=frozenset({"alice", "bob"}),
        candidate_users=frozenset({"alice"}),
        candidate_groups=frozenset({"accounting", "sales"}),
        flows=frozenset({"1"}),
        definition_keys=frozenset({"invoice/approve_invoice"}),
        business_keys=frozenset({"INV-1"}),
        tags=frozenset({"vip"}),
        times=((TaskOrderField.CREATED_AT, BETWEEN), (TaskOrderField.COMPLETED_AT, BETWEEN)),
        present=frozenset({TaskOrderField.DUE_AT, TaskOrderField.COMPLETED_AT, TaskOrderField.CREATED_AT}),
        absent=frozenset({TaskOrderField.FOLLOW_UP_AT}),
        order=tuple(SortKey(field) for field in sorted(CamundaConnector.sorts)),
    ),
    TaskQuery(
        priorities=frozenset({TaskPriority.LOW, TaskPriority.CRITICAL}),
        flows=frozenset({"1", "2"}),
        definition_keys=frozenset({"invoice/approve_invoice", "order/approve_invoice"}),
        business_keys=frozenset({"INV-1", "INV-2"}),
        overdue_at=WHEN,
    ),
    TaskQuery(has_candidates=False, priorities=frozenset(TaskPriority)),
)
FLOW_QUERIES = (
    FlowQuery(
        ids=frozenset({"1"}),
        states=frozenset({FlowState.ACTIVE}),
        definition_keys=frozenset({"invoice"}),
        started_at=BETWEEN,
    ),
    FlowQuery(
        ids=frozenset({"1", "2"}),
        states=frozenset({FlowState.ACTIVE, FlowState.CANCELED, FlowState.SUSPENDED}),
        definition_keys=frozenset({"invoice", "order"}),
        has_start=True,
    ),
)


async def everything(connector: CamundaConnector, alice: Identity) -> None:
    """Makes each call of the client at least once."""
    await connector.ping()
    await connector.extras.get_self()
    for query in QUERIES:
        await connector.list_tasks(replace(connector.pushdown(query), order=query.order), limit=100)
    page = await connector.list_tasks(TaskQuery(states=OPEN_STATES), limit=100)
    await connector.list_tasks(TaskQuery(states=OPEN_STATES), limit=100, after=page.next_cursor)
    ready = [task for task in page.items if task.state is TaskState.READY and task.pending_transition is None]
    first, second = ready[0], next(task for task in ready if task.flow_id != ready[0].flow_id)
    await connector.get_tasks([first.native_id])
    await connector.get_detail(first, set(DetailAspect))
    await connector.get_users(["alice"])
    await connector.get_groups(["accounting"])
    users = await connector.list_users(limit=1)
    await connector.list_users(limit=1, after=users.next_cursor)
    await connector.list_users(assignable_to=first, limit=5)
    groups = await connector.list_groups(limit=1)
    await connector.list_groups(limit=1, after=groups.next_cursor)
    await connector.list_members("accounting", limit=2)
    for flow_query in FLOW_QUERIES:
        await connector.list_flows(connector.pushdown_flows(flow_query), limit=100)
    flows = await connector.list_flows(FlowQuery(), limit=1)
    await connector.list_flows(FlowQuery(), limit=1, after=flows.next_cursor)
    definitions = await connector.list_task_definitions(limit=1)
    await connector.list_task_definitions(limit=100, after=definitions.next_cursor)
    await connector.perform(Claim(task=first, actor=alice))
    await connector.perform(Assign(task=first, user_id="bob", override=True, options={"action": "forward"}))
    await connector.perform(
        Update(
            task=first,
            due_at=WHEN,
            priority=TaskPriority.HIGH,
            candidate_users=("alice",),
            clear=frozenset({UpdateField.FOLLOW_UP_AT, UpdateField.CANDIDATE_GROUPS}),
            options={"action": "plan"},
        )
    )
    await carried_out(connector, Assign(task=first, group_id="accounting", override=True))
    await connector.perform(Release(task=first))
    await connector.perform(Complete(task=first, outcome="approve", data={"note": "ok"}))
    await connector.perform(CancelFlowOfTask(task=second))
    options: dict[str, object] = {"tags": ["vip"], "tenantId": "<default>"}
    if connector.settings.options.minor >= 9:
        options["businessId"] = "INV-77"
    started = await connector.perform_on_flow(
        StartFlow(definition_key="invoice", version="2", data={"amount": 12}, options=options)
    )
    await connector.start_form(StartFlow(definition_key="purchase-order", options={"tenantId": "<default>"}))
    await connector.start_form(StartFlow(definition_key="invoice", version="3"))
    if SuspendFlow in connector.info.capabilities:
        suspended = await connector.perform_on_flow(SuspendFlow(flow=started.flow))
        await connector.perform_on_flow(ResumeFlow(flow=suspended.flow))
    await connector.perform_on_flow(CancelFlow(flow=started.flow))


def template(path: str) -> str:
    return next(pattern.sub(form, path) for pattern, form in TEMPLATES if pattern.search(path))


@pytest.mark.slow
@pytest.mark.parametrize("version", FILES)
async def test_every_request_is_as_the_vendor_describes_it(
    version: str,
    versions: dict[str, CamundaSettings],
    stand_in: CamundaStandIn,
    api_descriptions: Path,
    alice: Identity,
) -> None:
    """To each version of the server, by the description of that version."""
    description = ApiDescription(api_descriptions / "camunda" / FILES[version])
    stand_in.reset(tasks=250, seed=7, now=None, scenario=version)
    transport = FaultyTransport(httpx2.ASGITransport(app=stand_in))
    connector = CamundaConnector.open(versions[version], transport=transport)
    with transport.counting() as requests:
        await everything(connector, alice)
    await connector.aclose()

    asked = {template(request.url.path) for request in requests}
    for request in requests:
        if template(request.url.path) not in UNDESCRIBED | ({XML, START_FORM} if version == "8.10" else set()):
            description.check_request(request.method, template(request.url.path), request.content)
    older = {
        "/user-tasks/{userTaskKey}/effective-variables/search",
        "/user-tasks/{userTaskKey}/audit-logs/search",
    }
    assert asked == {
        "/topology",
        "/status",
        "/authentication/me",
        "/user-tasks/search",
        "/user-tasks/{userTaskKey}",
        "/user-tasks/{userTaskKey}/form",
        "/user-tasks/{userTaskKey}/assignment",
        "/user-tasks/{userTaskKey}/assignee",
        "/user-tasks/{userTaskKey}/completion",
        "/process-instances",
        "/process-instances/search",
        "/process-instances/{processInstanceKey}/cancellation",
        "/process-definitions/search",
        XML,
        START_FORM,
        "/users/search",
        "/groups/search",
        "/groups/{groupId}/users/search",
        *({"/user-tasks/{userTaskKey}/variables/search"} if version == "8.8" else older),
        *(UNDESCRIBED if version == "8.10" else ()),
    }
