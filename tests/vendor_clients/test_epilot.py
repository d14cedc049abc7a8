"""The stand-in for epilot, called by the vendor's own client @epilot/sdk."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from sandbox.epilot import READER_ID, STAND_IN, EpilotStandIn, access_token, user_token
from sandbox.epilot.directory import ALICE, BOB, GROUP_IDS
from sandbox.epilot.records import Flow, Task
from sandbox.server import serve
from tests.vendor_clients.conftest import told_by_node

Json = dict[str, Any]

READS = {
    "getMeV2", "listUsersV2", "getUserV2", "getGroupsForUser", "getGroups", "getGroup", "advanceUserAssignment",
    "getUser", "listUsers", "getFlowExecution", "searchFlowExecutions", "executeFlowsQuery", "flowsAutocomplete",
    "executeWorkflowsQuery", "workflowsAutocomplete",
}  # fmt: skip
FLOWS = {
    "startFlowExecution", "getFlowExecution", "searchFlowExecutions", "patchFlowExecution", "deleteFlowExecution",
    "patchTask", "executeTask", "runTaskAutomation", "reconcileAutomationTask", "addTask", "patchPhase",
    "cancelTaskSchedule", "runTaskScheduleNow", "cancelSchedule",
}  # fmt: skip
WORKFLOWS = {
    "getExecutions", "createExecution", "getExecution", "updateExecution", "deleteExecution", "createStep",
    "updateStep", "deleteStep", "getClosingReasonExecution", "searchExecutions", "searchSteps",
}  # fmt: skip
HABITS = {"getMeV2", "getMe", "executeFlowsQuery"}


@pytest.fixture
def epilot() -> EpilotStandIn:
    stand_in = STAND_IN()
    stand_in.reset(tasks=120, seed=7, now=None, scenario=None)
    return stand_in


@pytest.fixture
async def address(epilot: EpilotStandIn) -> AsyncIterator[str]:
    """The address of the stand-in, behind its control interface."""
    async with serve([epilot], host="127.0.0.1", base_port=0) as urls:
        yield urls["epilot"]


def failed_automation(epilot: EpilotStandIn) -> tuple[Flow, Task]:
    return next((flow, task) for flow in epilot.flows.all() for task in flow.tasks if task.status == "FAILED")


async def told(node: str, script: str, address: str, *, astray: tuple[str, ...] = (), **given: Any) -> Json:
    """The output of a script. Its requests stay on this machine; `astray` are the other hosts that it tries to reach."""
    words = {"url": address, "token": access_token(), "alice": ALICE, "bob": BOB, **given}
    answer: Json = await told_by_node(node, script, words)

    assert list(astray) == answer["refused"]
    return answer


async def test_reads(node: str, epilot: EpilotStandIn, address: str) -> None:
    """People, groups, flows, and queries over tasks."""
    flow = next(epilot.flows.all())
    context = flow.contexts[0]
    entity = {"entity_id": context.entity_id, "entity_schema": context.entity_schema}
    accounting = GROUP_IDS["accounting"]
    answer = await told(node, "epilot_reads.mjs", address, execution=flow.id, entity=entity, accounting=accounting)
    rows = list(epilot.flows.rows.all(epilot.clock()))
    hers = [
        row["id"] for row in sorted(rows, key=lambda row: row["created_at"], reverse=True) if ALICE in row["assignee"]
    ]

    assert READS == set(answer["called"])
    assert answer["me"].startswith("api_")
    assert ["bob@example.com", "carol@example.com", "dmitri@example.com"] == answer["people"]
    assert (["Bob Keller"], "Alice Moreno", ["Accounting"]) == (answer["named"], answer["one"], answer["groups"])
    assert ["Alice Moreno", "Bob Keller", "Dmitri Ivanov"] == answer["members"]
    assert ["Alice Moreno", "Bob Keller"] == answer["turns"]
    assert ("Alice Moreno", 14, 7) == (answer["older"], answer["olderList"], answer["allGroups"])
    assert [hers[:2], hers[2:4]] == answer["pages"]
    assert sorted(hers) == sorted(answer["overview"])
    assert {"results": ["ON_HOLD"], "hits": 1} == answer["suggested"]
    assert {"results": ["AI_AGENT", "AUTOMATION", "DECISION", "MANUAL"]} == answer["columns"]
    assert sum(answer["counted"]["data"]) == len({row["execution_id"] for row in rows})
    assert [flow.id, len(flow.tasks)] == answer["flow"]
    assert flow.id in answer["found"]


async def test_flows(node: str, epilot: EpilotStandIn, address: str) -> None:
    """From start to end, with every change in between."""
    flow, task = failed_automation(epilot)
    failed = {"execution_id": flow.id, "task_id": task.id}
    answer = await told(node, "epilot_flows.mjs", address, failed=failed)

    assert FLOWS == set(answer["called"])
    assert {
        "began": ["Call the customer"],
        "executed": "IN_PROGRESS",
        "assigned": [ALICE, {"variable": "{{x}}", "value": [BOB]}],
        "due": "2026-07-01T00:00:00.000",
        "described": "ö <b>",
        "paused": "ON_HOLD",
        "done": "COMPLETED",
        "reverted": "PENDING",
        "again": ["Call the customer"],
        "added": ["Look at the roof", True],
        "ran": "IN_PROGRESS",
        "reconciled": True,
        "phase": "Sale",
        "cancelled": ["DONE", "DONE"],
        "retried": "IN_PROGRESS",
        "closed": ["CLOSED", 1, "PENDING"],
        "reopened": "STARTED",
        "left": 3,
    } == answer["seen"]
    assert {"start_flow", "cancel_flow", "delete_flow", "create", "retry", "skip", "suspend", "assign"} <= {
        each.action for each in epilot.effects.all()
    }


async def test_workflows(node: str, epilot: EpilotStandIn, address: str) -> None:
    """Version 1. An unknown execution is an empty answer."""
    answer = await told(node, "epilot_workflows.mjs", address)
    created = epilot.effects.all()[0]

    assert WORKFLOWS == set(answer["called"])
    assert ("start_flow", [[created.task.removeprefix("v1/"), 2]]) == (created.action, answer["listed"])
    assert ["COMPLETED", [ALICE], "Ask again"] == answer["step"]
    assert ["Call the client", "Ask again", "Check product availability"] == answer["order"]
    assert (["Lost", "Budget too low"], ["CLOSED", 1]) == (answer["reasons"], answer["closed"])
    assert answer["searched"]
    assert answer["steps"] > 0
    assert ("", 0) == (answer["empty"], answer["gone"])


async def test_habits(node: str, epilot: EpilotStandIn, address: str) -> None:
    """Retries, errors and large answers. The tests in this file call every operation that both have."""
    now = epilot.clock()
    fault = {
        "kind": "status",
        "path": "/v2/users/me",
        "status": 429,
        "headers": {"Retry-After": "0"},
        "body": {"status": 429, "error": "Too many requests. Try again later."},
        "times": 2,
    }
    async with httpx2.AsyncClient(base_url=address, timeout=300) as client:
        await client.post("/__sandbox__/faults", json=fault)
        epilot.large_answers.most_bytes = 20_000
        answer = await told(
            node,
            "epilot_habits.mjs",
            address,
            astray=("user.sls.epilot.io",),
            execution=next(epilot.flows.all()).id,
            reader=access_token(READER_ID),
            expired=access_token(expires=now - timedelta(seconds=1)),
            person=user_token(ALICE, now + timedelta(hours=1)),
        )
        requests = (await client.get("/__sandbox__/requests")).json()["requests"]
        headers = {"Authorization": f"Bearer {access_token()}"}
        offered = {
            name
            for name, method, path in answer["operations"]
            if not _is_unknown(await client.request(method, path.replace("{", "").replace("}", ""), headers=headers))
        }
    mine = [request for request in requests if request["path"] == "/v2/users/me"]

    assert [429, 429, 200] == [request["status"] for request in mine[:3]]
    assert ["1", "2"] == [request["headers"]["x-epilot-sdk-retry-count"] for request in mine[1:3]]
    assert answer["astray"] is None
    assert ["Alice Moreno", "Alice Moreno"] == answer["person"]
    assert [401, 401, 403, 404] == [answer[name]["status"] for name in ("stranger", "late", "reader", "unknown")]
    assert {"status": 404, "said": {"message": "Task not found"}} == answer["noTask"]
    # The client sends its token to the storage too, which accepts only one kind of credentials, and it cannot read the refusal.
    assert "is not valid JSON" in answer["large"]["said"]
    assert [400, 200] == [request["status"] for request in requests if request["path"].startswith("/large-responses/")]
    assert (100, 413) == (answer["fetched"], answer["tooLarge"]["status"])
    assert HABITS == set(answer["called"])
    assert READS | FLOWS | WORKFLOWS | HABITS == offered


def _is_unknown(answer: httpx2.Response) -> bool:
    return answer.status_code == 404 and answer.content == b'{"message":"Not Found"}'
