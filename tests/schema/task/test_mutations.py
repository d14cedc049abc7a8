"""Writes: what is requested from the federation, and the payload."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest

from connectors.sdk.capability import Support
from connectors.sdk.commands import CancelStrategy, MutationStatus, UpdateField
from connectors.sdk.model import OPEN_STATES, FlowRef, NativeRef, Tag, TaskPriority, TaskRef, TaskState
from schema.core.relay import global_id, person_id
from schema.ports import (
    AssignIntent,
    CancelIntent,
    ClaimIntent,
    CompleteIntent,
    InboxScope,
    Intent,
    PersonId,
    Problem,
    ReleaseIntent,
    SourceRef,
    TaskFilter,
    UnassignIntent,
    WriteRequest,
    WriteResult,
    intents,
)
from tests.schema.conftest import Ask
from tests.schema.fake_federation import FakeFederation, a_task

TASK = global_id("Task", "c8", "1")
REF = TaskRef("c8", "1")
ZOE, ACCOUNTING = global_id("User", "c8", "zoe"), global_id("Group", "c8", "accounting")

SOURCE, FOREIGN_FLOW = global_id("Source", "c8"), global_id("Flow", "geo", "f1")
PAYLOAD = """status task { id state } support atomic effect operationId replayed upstreamCalls clientMutationId
  errors { code message field retryAt alternatives nativeStatus nativeCode }"""


async def _write(ask: Ask, mutation: str, **arguments: Any) -> dict[str, Any]:
    input_type = {
        "claimTask": "ClaimTaskInput",
        "assignTask": "AssignTaskInput",
        "completeTask": "CompleteTaskInput",
        "cancelTask": "CancelTaskInput",
        "updateTask": "UpdateTaskInput",
        "saveTaskDraft": "SaveTaskDraftInput",
        "addTaskComment": "AddTaskCommentInput",
    }.get(mutation, "TaskActionInput")
    document = f"mutation($i: {input_type}!) {{ {mutation}(input: $i) {{ {PAYLOAD} }} }}"
    result = await ask(document, i={"taskId": TASK, **arguments})
    assert [] == result.errors
    assert result.data is not None
    payload: dict[str, Any] = result.data[mutation]
    return payload


@pytest.mark.parametrize(
    ("mutation", "arguments", "intent"),
    [
        ("claimTask", {}, ClaimIntent()),
        ("releaseTask", {"reason": "ill"}, ReleaseIntent(reason="ill")),
        ("unassignTask", {"reason": None}, UnassignIntent()),
        ("assignTask", {"userId": person_id("alice")}, AssignIntent(user=PersonId(key="alice"))),
        ("assignTask", {"userId": global_id("User", "geo", "17")}, AssignIntent(user=PersonId(key="alice"))),
        (
            "assignTask",
            {"userId": ZOE, "groupId": None, "override": True, "keepGroup": False, "reason": "r"},
            AssignIntent(user=PersonId(ref=NativeRef("c8", "zoe")), override=True, keep_group=False, reason="r"),
        ),
        (
            "assignTask",
            {"groupId": ACCOUNTING, "override": None, "keepGroup": None},
            AssignIntent(group=NativeRef("c8", "accounting")),
        ),
        ("completeTask", {}, CompleteIntent()),
        (
            "completeTask",
            {"outcome": "ok", "data": {"id": 2**53 + 1}, "comment": "c", "claimIfNeeded": True},
            CompleteIntent(outcome="ok", data={"id": 2**53 + 1}, comment="c", claim_if_needed=True),
        ),
        ("startTask", {"reason": "now"}, intents.StartIntent(reason="now")),
        ("suspendTask", {}, intents.SuspendIntent()),
        ("resumeTask", {}, intents.ResumeIntent()),
        ("retryTask", {}, intents.RetryIntent()),
        ("addTaskComment", {"text": "Well"}, intents.CommentIntent(text="Well")),
        ("saveTaskDraft", {"data": {"a": 1}}, intents.SaveDraftIntent(data={"a": 1})),
        (
            "updateTask",
            {
                "title": "New",
                "dueAt": "2027-01-02T00:00:00Z",
                "priority": "HIGH",
                "candidateUserIds": [ZOE, person_id("alice")],
                "candidateGroupIds": [],
                "clear": ["followUpAt"],
                "vendorOptions": {"a": 1},
            },
            intents.UpdateIntent(
                title="New",
                due_at=datetime(2027, 1, 2, tzinfo=UTC),
                priority=TaskPriority.HIGH,
                candidate_users=(PersonId(ref=NativeRef("c8", "zoe")), PersonId(key="alice")),
                candidate_groups=(),
                clear=frozenset({UpdateField.FOLLOW_UP_AT}),
                options={"a": 1},
            ),
        ),
        (
            "updateTask",
            {"tags": [{"name": "urgent"}, {"name": "region", "value": "north"}]},
            intents.TagIntent(tags=(Tag(name="urgent"), Tag(name="region", value="north"))),
        ),
        ("cancelTask", {}, CancelIntent()),
        ("cancelTask", {"allow": None}, CancelIntent()),
        (
            "cancelTask",
            {"allow": ["SKIP", "CANCEL_FLOW"], "reason": "r"},
            CancelIntent(allow=(CancelStrategy.SKIP, CancelStrategy.CANCEL_FLOW), reason="r"),
        ),
    ],
)
async def test_mutation_becomes_an_intent(
    mutation: str, arguments: dict[str, Any], intent: Intent, ask: Ask, federation: FakeFederation
) -> None:
    """Null counts as absent."""
    federation.add(a_task())
    await _write(ask, mutation, **arguments)

    assert [WriteRequest(target=REF, intent=intent)] == federation.calls["perform"]


async def test_version_and_keys_are_passed_on(ask: Ask, federation: FakeFederation) -> None:
    """The client's own id is returned."""
    federation.add(a_task())
    payload = await _write(ask, "claimTask", expectedVersion="v1", idempotencyKey="k1", clientMutationId="m1")

    request = WriteRequest(target=REF, intent=ClaimIntent(), expected_version="v1", idempotency_key="k1")
    assert [request] == federation.calls["perform"]
    assert {
        "status": "APPLIED",
        "task": {"id": TASK, "state": "READY"},
        "support": "NATIVE",
        "atomic": True,
        "effect": None,
        "operationId": "op-1",
        "replayed": False,
        "upstreamCalls": 1,
        "clientMutationId": "m1",
        "errors": [],
    } == payload


async def test_refusal_is_data(ask: Ask, federation: FakeFederation) -> None:
    """Every member of a problem is shown. An unknown code becomes UPSTREAM_ERROR."""
    problem = Problem(
        code="CAPABILITY_NOT_SUPPORTED",
        message="no such verb",
        field=("data", "amount"),
        alternatives=(CancelStrategy.CANCEL_FLOW,),
        native_status=409,
        native_code="X1",
    )
    federation.result = WriteResult(
        status=MutationStatus.REJECTED,
        operation_id="op-2",
        problems=(problem, Problem(code="NEW", message="?")),
        support=Support.EMULATED,
        replayed=True,
        effect="none",
    )
    payload = await _write(ask, "cancelTask")

    assert ("REJECTED", None, True, "EMULATED") == tuple(
        payload[name] for name in ("status", "task", "replayed", "support")
    )
    assert {
        "code": "CAPABILITY_NOT_SUPPORTED",
        "message": "no such verb",
        "field": ["data", "amount"],
        "retryAt": None,
        "alternatives": ["CANCEL_FLOW"],
        "nativeStatus": 409,
        "nativeCode": "X1",
    } == payload["errors"][0]
    assert "UPSTREAM_ERROR" == payload["errors"][1]["code"]


@pytest.mark.parametrize(
    ("mutation", "arguments", "field"),
    [
        ("claimTask", {"taskId": "nonsense"}, ["taskId"]),
        ("releaseTask", {"taskId": ZOE}, ["taskId"]),
        ("assignTask", {}, ["userId"]),
        ("assignTask", {"userId": ZOE, "groupId": ACCOUNTING}, ["groupId"]),
        ("assignTask", {"userId": ACCOUNTING}, ["userId"]),
        ("assignTask", {"userId": person_id("nobody")}, ["userId"]),
        ("assignTask", {"groupId": ZOE}, ["groupId"]),
        ("assignTask", {"groupId": global_id("Group", "geo", "1")}, ["groupId"]),
        ("completeTask", {"data": [1]}, ["data"]),
    ],
)
async def test_wrong_argument_is_refused_in_the_payload(
    mutation: str, arguments: dict[str, Any], field: list[str], ask: Ask, federation: FakeFederation
) -> None:
    """Nothing is sent. The error names the argument."""
    payload = await _write(ask, mutation, clientMutationId="m", **arguments)

    assert [("VALIDATION_FAILED", field)] == [(error["code"], error["field"]) for error in payload["errors"]]
    assert ("REJECTED", "UNSUPPORTED", False, 0, "m") == tuple(
        payload[name] for name in ("status", "support", "atomic", "upstreamCalls", "clientMutationId")
    )
    assert str(UUID(payload["operationId"])) == payload["operationId"]
    assert {} == federation.calls


async def test_later_write_sees_the_result_of_the_earlier_one(ask: Ask, federation: FakeFederation) -> None:
    """The loader forgets the task before a write and has the new record after it."""
    federation.add(a_task())
    reserved = msgspec.structs.replace(a_task(), state=TaskState.RESERVED)
    federation.result = WriteResult(status=MutationStatus.APPLIED, operation_id="o", task=reserved)
    document = """mutation($id: ID!) { a: claimTask(input: { taskId: $id }) { task { state description } }
      b: claimTask(input: { taskId: $id }) { task { state description } } }"""
    result = await ask(document, id=TASK)

    seen = {"task": {"state": "RESERVED", "description": None}}
    assert result.data == {"a": seen, "b": seen}
    assert [] == federation.calls["get_tasks"]
    assert 2 == len(federation.calls["get_details"])


@pytest.mark.parametrize(
    ("document", "field"),
    [
        (f'updateTask(input: {{taskId: "{TASK}"}})', []),
        (f'updateTask(input: {{taskId: "{TASK}", clear: ["state"]}})', ["clear"]),
        (f'updateTask(input: {{taskId: "{TASK}", clear: ["title"]}})', ["clear"]),
        (
            f'updateTask(input: {{taskId: "{TASK}", title: "a", clear: ["dueAt"], dueAt: "2027-01-01T00:00:00Z"}})',
            ["clear"],
        ),
        (f'updateTask(input: {{taskId: "{TASK}", title: "a", tags: []}})', ["tags"]),
        (f'updateTask(input: {{taskId: "{TASK}", candidateUserIds: ["{TASK}"]}})', ["candidateUserIds"]),
        (f'saveTaskDraft(input: {{taskId: "{TASK}", data: [1]}})', ["data"]),
        (f'addTaskComment(input: {{taskId: "{TASK}", text: "  "}})', ["text"]),
        (f'createTask(input: {{sourceId: "{TASK}", title: "a"}})', ["sourceId"]),
        (f'createTask(input: {{sourceId: "{SOURCE}", title: " "}})', ["title"]),
        (f'createTask(input: {{sourceId: "{SOURCE}", title: "a", flowId: "{TASK}"}})', ["flowId"]),
        (f'createTask(input: {{sourceId: "{SOURCE}", title: "a", flowId: "{FOREIGN_FLOW}"}})', ["flowId"]),
    ],
)
async def test_wrong_arguments_are_refused_by_name(
    ask: Ask, federation: FakeFederation, document: str, field: list[str]
) -> None:
    """Nothing is sent."""
    result = await ask(f"mutation {{ {document} {{ status errors {{ code field }} }} }}")

    assert result.data is not None
    (payload,) = result.data.values()
    assert ("REJECTED", "VALIDATION_FAILED", field or None) == (
        payload["status"],
        payload["errors"][0]["code"],
        payload["errors"][0]["field"],
    )
    assert [] == federation.calls["perform"]


async def test_a_new_task_is_created_in_its_source(ask: Ask, federation: FakeFederation) -> None:
    """Alone or within a flow."""
    federation.result = WriteResult(status=MutationStatus.APPLIED, operation_id="op", task=a_task())
    document = "mutation ($i: CreateTaskInput!) { createTask(input: $i) { status task { id } } }"
    flow = global_id("Flow", "c8", "f1")
    await ask(document, i={"sourceId": SOURCE, "title": "Call", "flowId": flow, "priority": "LOW", "data": {"a": 1}})

    assert [
        WriteRequest(
            target=SourceRef("c8"),
            intent=intents.CreateTaskIntent(
                title="Call", priority=TaskPriority.LOW, data={"a": 1}, flow=FlowRef("c8", "f1")
            ),
        )
    ] == federation.calls["perform"]


@pytest.mark.parametrize(("source", "shown"), [("geo", {"name": "Field work"}), ("gone", None), (None, None)])
async def test_a_problem_names_its_source(
    ask: Ask, federation: FakeFederation, source: str | None, shown: object
) -> None:
    """Null if it is about none, or if the source is not configured any more."""
    problem = Problem(code="UPSTREAM_TIMEOUT", message="did not answer in time", source=source)
    federation.result = WriteResult(status=MutationStatus.REJECTED, operation_id="op-3", problems=(problem,))

    result = await ask(
        f'mutation {{ claimTask(input: {{ taskId: "{TASK}" }}) {{ errors {{ message source {{ name }} }} }} }}'
    )

    assert result.data is not None
    assert [{"message": "did not answer in time", "source": shown}] == result.data["claimTask"]["errors"]


async def test_the_viewer_of_a_payload_reads_lists_and_counts(ask: Ask, federation: FakeFederation) -> None:
    """After the write was performed; of a flow's payload too."""
    lists = "viewer { user { id } inbox(first: 0) { totalCount } taskStats(scope: CLAIMABLE, groupBy: []) { total } }"
    for document in (
        f'claimTask(input: {{ taskId: "{TASK}" }}) {{ {lists} }}',
        f'cancelFlow(input: {{ flowId: "{global_id("Flow", "c8", "f")}" }}) {{ {lists} }}',
    ):
        result = await ask(f"mutation {{ {document} }}")

        assert [] == result.errors
        assert ["perform", "list_tasks", "task_stats"] == list(federation.calls)
        (request,) = federation.calls["task_stats"]
        assert (InboxScope.CLAIMABLE, TaskFilter(states=OPEN_STATES, all_of=(TaskFilter(),))) == (
            request.scope,
            request.filter,
        )
        federation.calls.clear()
