"""An execution of each generation from the vendor's descriptions and pages, and answers made of them."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx2
import msgspec

from connectors.epilot import EpilotConnector, EpilotSettings
from connectors.epilot.formats import executions
from connectors.epilot.mapping import tasks_of
from connectors.epilot.wire import Execution
from connectors.sdk.model import Task, UserRef
from connectors.sdk.query import TaskQuery
from connectors.sdk.testing import drain

NOW = datetime(2026, 6, 15, 9, 0, tzinfo=UTC)


def people(*ids: str) -> tuple[UserRef, ...]:
    return tuple(UserRef(native_id=each) for each in ids)


def flow_execution() -> dict[str, Any]:
    return {
        "id": "exec_abc123def456",
        "flow_template_id": "tpl_abc123def456",
        "org_id": "739224",
        "name": "Lead Qualification",
        "created_at": "2026-06-01T09:00:00.000Z",
        "updated_at": "2026-06-02T10:15:00.000Z",
        "due_date": "2026-07-01T00:00:00.000",
        "status": "STARTED",
        "assigned_to": ["10010730"],
        "analytics": {"started_at": "2026-06-01T09:00:00.000Z", "started_by": "10010730"},
        "contexts": [
            {"entity_id": "3fa3fa86", "entity_schema": "opportunity", "is_primary": True},
            {"entity_id": "7bc8de90", "entity_schema": "contact", "is_primary": False},
        ],
        "crt_tasks": [{"id": "task_7hj28a", "crt_since": "2026-06-02T10:15:00.000Z"}],
        "phases": [
            {"id": "phase_9gjs2952j", "template_id": "tp1", "name": "Qualifizierung", "status": "IN_PROGRESS"},
            {"id": "phase_close", "template_id": "tp2", "name": "Abschluss", "status": "OPEN"},
        ],
        "tasks": [
            {
                "id": "task_call",
                "template_id": "tt_call",
                "name": "Kunden anrufen",
                "description": {"enabled": True, "value": "<p>Adresse</p>"},
                "task_type": "MANUAL",
                "status": "COMPLETED",
                "phase_id": "phase_9gjs2952j",
                "assigned_to": ["10010730"],
                "enabled": True,
                "analytics": {
                    "started_at": "2026-06-01T09:00:00.000Z",
                    "in_progress_at": "2026-06-02T10:00:00.000Z",
                    "completed_at": "2026-06-02T10:15:00.000Z",
                    "in_progress_by": "10010730",
                    "completed_by": "10010730",
                },
                "created_at": "2026-06-01T09:00:00.000Z",
                "updated_at": "2026-06-02T10:15:00.000Z",
                "taxonomies": [],
            },
            {
                "id": "task_7hj28a",
                "template_id": "tt_offer",
                "name": "Angebot senden",
                "task_type": "MANUAL",
                "status": "PENDING",
                "phase_id": "phase_9gjs2952j",
                "assigned_to": ["10010730", {"variable": "{{entity.owner}}", "value": ["10010731"]}],
                "enabled": True,
                "due_date": "2026-06-15T00:00:00.000",
                "analytics": {},
                "journey": {"id": "j1", "journeyId": "j1", "name": "Angebot"},
                "created_at": "2026-06-01T09:00:00.000Z",
                "updated_at": "2026-06-01T09:00:00.000Z",
            },
            {
                "id": "task_seg",
                "template_id": "tt_seg",
                "name": "Kundentyp?",
                "task_type": "DECISION",
                "status": "PENDING",
                "phase_id": "phase_close",
                "enabled": False,
                "analytics": {},
                "trigger_mode": "manual",
                "conditions": [
                    {"id": "cond_a", "branch_name": "Privat", "logical_operator": "AND", "statements": []},
                    {"id": "cond_b", "branch_name": "Gewerbe", "logical_operator": "AND", "statements": []},
                ],
            },
            {
                "id": "task_mail",
                "template_id": "tt_mail",
                "name": "Bestätigung senden",
                "task_type": "AUTOMATION",
                "status": "SCHEDULED",
                "phase_id": "phase_close",
                "enabled": True,
                "analytics": {},
                "automation_config": {"flow_id": "auto_flow_1"},
                "automation_execution_id": None,
                "schedule": {"mode": "delayed", "duration": 3, "unit": "days", "schedule_id": None},
            },
        ],
        "edges": [
            {"id": "e1", "from_id": "task_call", "to_id": "task_7hj28a"},
            {"id": "e2", "from_id": "task_7hj28a", "to_id": "task_seg"},
        ],
        "closing_reason": {
            "configured_reasons": [{"id": "cr_lost", "title": "Verloren"}, {"id": "cr_late", "title": "Zu spät"}],
            "selected_reasons": [],
        },
        "trigger": {"type": "MANUAL"},
        "singleClosingReasonSelection": True,
    }


def workflow_execution() -> dict[str, Any]:
    return {
        "id": "8gja72h6kas6h",
        "definitionId": "rUqQv3Xd",
        "orgId": "739224",
        "name": "Lead Qualification",
        "trigger": "MANUAL",
        "status": "STARTED",
        "creationTime": "2021-04-27T12:01:13.000Z",
        "lastUpdateTime": "2021-04-28T08:00:00.000Z",
        "assignedTo": ["252"],
        "contexts": [{"id": "3fa3fa86", "title": "New Opportunity", "schema": "opportunity"}],
        "nextOpenStep": {"id": "step2"},
        "configuredClosingReasonSnapshot": [{"id": "cr1", "title": "Lost"}],
        "flow": [
            {
                "id": "section1",
                "name": "Gathering",
                "type": "SECTION",
                "status": "IN_PROGRESS",
                "steps": [
                    {
                        "id": "step1",
                        "definitionId": "sd1",
                        "name": "Call client",
                        "type": "STEP",
                        "executionType": "MANUAL",
                        "status": "COMPLETED",
                        "assignedTo": ["11"],
                        "enabled": True,
                        "created": "2021-04-27T12:01:13.000Z",
                        "lastUpdated": "2021-04-28T08:00:00.000Z",
                        "completedTime": "2021-04-28T08:00:00.000Z",
                    },
                    {
                        "id": "step2",
                        "definitionId": "sd2",
                        "name": "Check availability",
                        "type": "STEP",
                        "executionType": "MANUAL",
                        "status": "UNASSIGNED",
                        "assignedTo": [],
                        "enabled": True,
                    },
                ],
            },
            {
                "id": "step3",
                "definitionId": "sd3",
                "name": "Print catalog",
                "type": "STEP",
                "executionType": "AUTOMATION",
                "status": "PENDING",
                "dueDate": "2023-01-15T20:00:00",
            },
        ],
    }


def read(**changes: Any) -> Execution:
    return executions.flow_execution(msgspec.json.encode({**flow_execution(), **changes}))


def read_v1(**changes: Any) -> Execution:
    return executions.workflow_execution(msgspec.json.encode({**workflow_execution(), **changes}))


def with_task(number: int, **changes: Any) -> list[dict[str, Any]]:
    tasks: list[dict[str, Any]] = flow_execution()["tasks"]
    tasks[number] = {**tasks[number], **changes}
    return tasks


def tasks(execution: Execution, settings: EpilotSettings) -> list[Task]:
    return list(tasks_of(execution, settings, fetched_at=NOW).values())


CREATING = ("/executions", "/steps", "/tasks")


class Wire:
    """Answers with the examples, changed as given, and records what was sent."""

    def __init__(self, **changes: Any) -> None:
        self.changes = changes
        self.sent: list[tuple[str, Any]] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        body = json.loads(request.content) if request.content else None
        path = request.url.raw_path.decode()
        self.sent.append((f"{request.method} {path}", body))
        # A change of a task's status is answered with that status.
        ended = {"status": body["status"]} if request.method == "PATCH" and body and "status" in body else {}
        # What is created is answered with 201.
        status = 201 if request.method == "POST" and path.rstrip("/").endswith(CREATING) else 200
        if "/steps" in path:
            steps = workflow_execution()["flow"][0]["steps"]
            return httpx2.Response(status, json={**steps[1], "executionId": "8gja72h6kas6h", **ended, **self.changes})
        if path.startswith("/v1") and request.method == "PATCH":
            return httpx2.Response(204)
        if path.startswith("/v1"):
            return httpx2.Response(status, json={**workflow_execution(), **self.changes})
        flow = flow_execution()
        if "/tasks" in path:
            return httpx2.Response(status, json={**flow["tasks"][1], **ended, **self.changes})
        return httpx2.Response(status, json={**flow, **self.changes})


def answering(body: object, seen: list[Any] | None = None) -> Callable[[httpx2.Request], httpx2.Response]:
    def answer(request: httpx2.Request) -> httpx2.Response:
        if seen is not None:
            seen.append(json.loads(request.content))
        return httpx2.Response(200, json=body)

    return answer


async def everything(connector: EpilotConnector, query: TaskQuery | None = None) -> list[Any]:
    return await drain(connector, connector.pushdown(query or TaskQuery()), connector.info.page_limit)
