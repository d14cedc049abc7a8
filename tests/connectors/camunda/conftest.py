"""A Camunda connector on its stand-in, or on scripted answers. Its clock stands still."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

import httpx2
import msgspec
import pytest

from connectors.camunda import CamundaConnector
from connectors.camunda.settings import CamundaSettings
from connectors.sdk.caller import Identity
from connectors.sdk.model import Task
from connectors.sdk.query import Page, TaskQuery
from sandbox.camunda import STAND_IN
from sandbox.camunda.stand_in import CamundaStandIn
from tests.connectors.camunda.rows import task_of

NOW = datetime(2026, 6, 15, 9, tzinfo=UTC)

Handler = Callable[[httpx2.Request], httpx2.Response]


def streamed(handler: Handler) -> httpx2.MockTransport:
    """A transport whose bodies arrive as a stream, as on a socket."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        made = handler(request)
        return httpx2.Response(made.status_code, headers=made.headers, stream=httpx2.ByteStream(made.content))

    return httpx2.MockTransport(answer)


@pytest.fixture
def settings() -> CamundaSettings:
    return CamundaSettings.model_validate(
        {
            "key": "camunda",
            "name": "Camunda 8",
            "base_url": "https://camunda.test",
            "credentials": {"kind": "basic", "username": "demo", "password": "s3cr3t-of-demo"},
            "options": {
                "outcome_variable": "outcome",
                "outcomes": [{"code": "approve", "label": "Approve", "nature": "POSITIVE"}],
                "url_template": "https://tasks.test/{key}",
                "flow_url_template": "https://flows.test/{key}",
            },
        }
    )


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> CamundaStandIn:
    """Its password differs from its user name, so that a test can search texts for the password."""
    monkeypatch.setattr("sandbox.camunda.stand_in.PASSWORD", "s3cr3t-of-demo")
    made = STAND_IN(clock=lambda: NOW)
    made.reset(tasks=250, seed=7, now=None, scenario=None)
    return made


@pytest.fixture
async def connector(settings: CamundaSettings, stand_in: CamundaStandIn) -> AsyncIterator[CamundaConnector]:
    made = CamundaConnector.open(settings, transport=httpx2.ASGITransport(app=stand_in), clock=lambda: NOW)
    yield made
    await made.aclose()


@pytest.fixture
async def answering(settings: CamundaSettings) -> AsyncIterator[Callable[..., CamundaConnector]]:
    """Makes a connector whose upstream is the given function."""
    opened: list[CamundaConnector] = []

    def make(handler: Handler, configured: CamundaSettings = settings) -> CamundaConnector:
        opened.append(CamundaConnector.open(configured, transport=streamed(handler), clock=lambda: NOW))
        return opened[-1]

    yield make
    for each in opened:
        await each.aclose()


@pytest.fixture
def versions(settings: CamundaSettings) -> dict[str, CamundaSettings]:
    """The settings for each version of the server."""
    return {
        version: settings.model_copy(
            update={"options": settings.options.model_copy(update={"server_version": version})}
        )
        for version in ("8.8", "8.9", "8.10")
    }


@pytest.fixture
def alice() -> Identity:
    return Identity(native_id="alice", groups=("accounting",))


@pytest.fixture
def row() -> dict[str, Any]:
    """A user task in the full form of server 8.9."""
    return {
        "userTaskKey": "2251799813685732",
        "name": "Approve invoice",
        "state": "CREATED",
        "assignee": None,
        "candidateGroups": ["accounting"],
        "candidateUsers": ["alice", "bob"],
        "priority": 50,
        "creationDate": "2026-01-05T08:15:30.123Z",
        "completionDate": None,
        "followUpDate": "2026-01-06T08:00:00.000Z",
        "dueDate": "2026-01-08T18:00:00.000+01:00",
        "elementId": "approve_invoice",
        "elementInstanceKey": "2251799813685731",
        "processDefinitionId": "invoice",
        "processDefinitionKey": "2251799813685600",
        "processDefinitionVersion": 3,
        "processName": "Invoice receipt",
        "processInstanceKey": "2251799813685700",
        "rootProcessInstanceKey": "2251799813685700",
        "tenantId": "<default>",
        "formKey": "2251799813685601",
        "externalFormReference": None,
        "customHeaders": {"channel": "email"},
        "tags": ["vip"],
    }


@pytest.fixture
def instance() -> dict[str, Any]:
    """A process instance in the full form of server 8.9."""
    return {
        "processInstanceKey": "2251799813685700",
        "processDefinitionId": "invoice",
        "processDefinitionName": "Invoice receipt",
        "processDefinitionVersion": 3,
        "processDefinitionVersionTag": None,
        "processDefinitionKey": "2251799813685600",
        "startDate": "2026-01-05T09:15:29.900+01:00",
        "endDate": None,
        "state": "ACTIVE",
        "hasIncident": False,
        "tenantId": "<default>",
        "parentProcessInstanceKey": "2251799813685650",
        "parentElementInstanceKey": "2251799813685651",
        "rootProcessInstanceKey": "2251799813685640",
        "tags": ["vip"],
        "businessId": "INV-7",
    }


@pytest.fixture
def task(row: dict[str, Any], settings: CamundaSettings) -> Task:
    return task_of(msgspec.json.encode(row), settings, fetched_at=NOW)


@pytest.fixture
def drain() -> Callable[..., Any]:
    async def all_of(connector: CamundaConnector, query: TaskQuery, limit: int = 100) -> list[Task]:
        found: list[Task] = []
        after: str | None = None
        while True:
            page: Page[Task] = await connector.list_tasks(query, limit=limit, after=after)
            found += page.items
            after = page.next_cursor
            if after is None:
                return found

    return all_of
