import re
from pathlib import Path

import httpx2
import pytest

from connectors.camunda import CamundaConnector
from connectors.camunda.settings import CamundaSettings
from connectors.sdk.caller import Identity
from connectors.sdk.commands import Assign, CancelFlowOfTask, Claim, Complete, Release
from connectors.sdk.faulty_transport import FaultyTransport
from connectors.sdk.model import OPEN_STATES, DetailAspect, TaskState
from connectors.sdk.query import SortKey, TaskOrderField, TaskQuery
from sandbox.camunda.stand_in import CamundaStandIn
from tests.spec import ApiDescription

TEMPLATES = (
    (re.compile(r"^/v2/user-tasks/\d+"), "/user-tasks/{userTaskKey}"),
    (re.compile(r"^/v2/process-instances/\d+"), "/process-instances/{processInstanceKey}"),
    (re.compile(r"^/v2"), ""),
)


def template(path: str) -> str:
    return next(pattern.sub(form, path) for pattern, form in TEMPLATES if pattern.search(path))


@pytest.fixture
def description(api_descriptions: Path) -> ApiDescription:
    return ApiDescription(api_descriptions / "camunda" / "rest-api.8.9.bundle.json")


async def test_every_request_is_as_the_vendor_describes_it(
    settings: CamundaSettings, stand_in: CamundaStandIn, description: ApiDescription, alice: Identity
) -> None:
    """Each call of the client at least once, with every member of a filter."""
    transport = FaultyTransport(httpx2.ASGITransport(app=stand_in))
    connector = CamundaConnector.open(settings, transport=transport)
    everything = TaskQuery(
        states=frozenset({TaskState.COMPLETED}),
        assignees=frozenset({"alice", "bob"}),
        candidate_users=frozenset({"alice"}),
        candidate_groups=frozenset({"accounting", "sales"}),
        flows=frozenset({"1"}),
        present=frozenset({TaskOrderField.DUE_AT, TaskOrderField.COMPLETED_AT, TaskOrderField.CREATED_AT}),
        absent=frozenset({TaskOrderField.FOLLOW_UP_AT}),
        order=tuple(SortKey(field) for field in sorted(CamundaConnector.sorts)),
    )
    with transport.counting() as requests:
        await connector.ping()
        await connector.list_tasks(everything, limit=100)
        await connector.list_tasks(TaskQuery(has_candidates=False), limit=1)
        page = await connector.list_tasks(TaskQuery(states=OPEN_STATES), limit=100)
        await connector.list_tasks(TaskQuery(states=OPEN_STATES), limit=100, after=page.next_cursor)
        ready = [task for task in page.items if task.state is TaskState.READY and task.pending_transition is None]
        first, second = ready[0], next(task for task in ready if task.flow_id != ready[0].flow_id)
        await connector.get_tasks([first.native_id])
        await connector.get_detail(first, set(DetailAspect))
        await connector.get_flows([first.flow_id or ""])
        await connector.get_users(["alice"])
        await connector.get_groups(["accounting"])
        await connector.perform(Claim(task=first, actor=alice))
        await connector.perform(Assign(task=first, user_id="bob", override=True))
        await connector.perform(Release(task=first))
        await connector.perform(Complete(task=first, outcome="approve", data={"note": "ok"}))
        await connector.perform(CancelFlowOfTask(task=second))
    await connector.aclose()

    for request in requests:
        description.check_request(request.method, template(request.url.path), request.content)
    assert {template(request.url.path) for request in requests} == {
        "/topology",
        "/user-tasks/search",
        "/user-tasks/{userTaskKey}",
        "/user-tasks/{userTaskKey}/form",
        "/user-tasks/{userTaskKey}/effective-variables/search",
        "/user-tasks/{userTaskKey}/assignment",
        "/user-tasks/{userTaskKey}/assignee",
        "/user-tasks/{userTaskKey}/completion",
        "/process-instances/{processInstanceKey}",
        "/process-instances/{processInstanceKey}/cancellation",
        "/users/search",
        "/groups/search",
    }
