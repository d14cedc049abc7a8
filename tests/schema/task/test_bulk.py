"""`bulkTaskAction` and `takeNextTask`: arguments, and what the payloads show."""

from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.sdk.commands import CancelStrategy, MutationStatus
from connectors.sdk.model import TaskPriority, TaskRef
from connectors.sdk.query import SortDirection, SortKey, TaskOrderField
from schema.core.relay import PERSON_MARK, global_id
from schema.ports import (
    AssignIntent,
    CancelIntent,
    ClaimIntent,
    CommentIntent,
    CompleteIntent,
    PersonId,
    Problem,
    ReleaseIntent,
    TakeNextRequest,
    TaskFilter,
    UnassignIntent,
    UpdateIntent,
    WriteResult,
)
from tests.schema.conftest import Ask
from tests.schema.fake_federation import FakeFederation, a_task

BULK = """
mutation($input: BulkTaskActionInput!) { bulkTaskAction(input: $input) {
  dryRun clientMutationId
  summary { applied pending rejected unknown upstreamCalls }
  results { taskId status operationId task { id } errors { code field message } }
  viewer { user { displayName } }
} }
"""
NEXT = """
mutation($input: TakeNextTaskInput!) { takeNextTask(input: $input) { status operationId task { id } errors { code field } } }
"""
ONE, TWO = global_id("Task", "c8", "1"), global_id("Task", "c8", "2")


async def bulk(ask: Ask, **input: Any) -> dict[str, Any]:
    answer = await ask(BULK, input={"taskIds": [ONE], **input})
    assert not answer.errors
    assert answer.data is not None
    found: dict[str, Any] = answer.data["bulkTaskAction"]
    return found


async def test_there_is_a_result_for_each_id_in_their_order(ask: Ask, federation: FakeFederation) -> None:
    """A repeated id has two equal results and is written to once; a wrong id harms no other."""
    federation.add(a_task("1"), a_task("2"))

    found = await bulk(ask, taskIds=[TWO, "nonsense", ONE, TWO], action="CLAIM", clientMutationId="mine")

    assert [TWO, "nonsense", ONE, TWO] == [each["taskId"] for each in found["results"]]
    assert ["APPLIED", "REJECTED", "APPLIED", "APPLIED"] == [each["status"] for each in found["results"]]
    assert ["op-2", None, "op-1", "op-2"] == [each["operationId"] for each in found["results"]]
    assert ["taskIds", "1"] == found["results"][1]["errors"][0]["field"]
    assert (TaskRef("c8", "2"), TaskRef("c8", "1")) == federation.calls["perform_bulk"][0].targets
    assert {"applied": 3, "pending": 0, "rejected": 1, "unknown": 0, "upstreamCalls": 2} == found["summary"]
    assert ("mine", False, "Alice") == (
        found["clientMutationId"],
        found["dryRun"],
        found["viewer"]["user"]["displayName"],
    )


@pytest.mark.parametrize(
    ("sent", "intent"),
    [
        ({"action": "CLAIM"}, ClaimIntent()),
        ({"action": "RELEASE", "reason": "r"}, ReleaseIntent(reason="r")),
        (
            {
                "action": "ASSIGN",
                "assigneeUserId": global_id("User", f"{PERSON_MARK}carol"),
                "override": True,
                "reason": "r",
            },
            AssignIntent(user=PersonId(key="carol"), override=True, reason="r"),
        ),
        ({"action": "UNASSIGN"}, UnassignIntent()),
        (
            {"action": "COMPLETE", "outcome": "ok", "data": {"a": 1}, "comment": "c"},
            CompleteIntent(outcome="ok", data={"a": 1}, comment="c"),
        ),
        ({"action": "CANCEL", "reason": "r"}, CancelIntent(reason="r")),
        (
            {"action": "CANCEL", "allowCancel": ["SKIP", "CANCEL_FLOW"]},
            CancelIntent(allow=(CancelStrategy.SKIP, CancelStrategy.CANCEL_FLOW)),
        ),
        ({"action": "SKIP"}, CancelIntent(allow=(CancelStrategy.SKIP,))),
        (
            {"action": "UPDATE_DUE", "dueAt": "2026-12-24T00:00:00Z"},
            UpdateIntent(due_at=datetime(2026, 12, 24, tzinfo=UTC)),
        ),
        ({"action": "UPDATE_PRIORITY", "priority": "HIGH"}, UpdateIntent(priority=TaskPriority.HIGH)),
        ({"action": "COMMENT", "comment": "c"}, CommentIntent(text="c")),
    ],
)
async def test_every_action_is_the_intent_of_its_single_mutation(
    ask: Ask, federation: FakeFederation, sent: dict[str, Any], intent: Any
) -> None:
    await bulk(ask, **sent, idempotencyKey="k")

    request = federation.calls["perform_bulk"][0]
    assert (intent, "k", False) == (request.intent, request.idempotency_key, request.dry_run)


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"action": "RETRY"}, "action"),
        ({"action": "CLAIM", "outcome": "ok"}, "outcome"),
        ({"action": "CLAIM", "override": True}, "override"),
        ({"action": "ASSIGN"}, "assigneeUserId"),
        ({"action": "UPDATE_DUE"}, "dueAt"),
        ({"action": "UPDATE_PRIORITY"}, "priority"),
        ({"action": "COMMENT", "comment": " "}, "comment"),
        ({"action": "COMPLETE", "data": [1]}, "data"),
        ({"action": "CLAIM", "idempotencyKey": "k" * 256}, "idempotencyKey"),
        ({"action": "CLAIM", "taskIds": [ONE] * 101}, "taskIds"),
    ],
)
async def test_arguments_that_are_wrong_for_all_tasks_reject_each_of_them(
    ask: Ask, federation: FakeFederation, sent: dict[str, Any], field: str
) -> None:
    """Nothing is sent and nothing is recorded."""
    found = await bulk(ask, **sent)

    assert {("REJECTED", None)} == {(each["status"], each["operationId"]) for each in found["results"]}
    assert (["VALIDATION_FAILED"], [field]) == (
        [error["code"] for error in found["results"][0]["errors"]],
        found["results"][0]["errors"][0]["field"],
    )
    assert len(found["results"]) == found["summary"]["rejected"]
    assert not federation.calls["perform_bulk"]


async def test_a_fault_of_one_task_is_told_by_the_argument_of_this_input(ask: Ask, federation: FakeFederation) -> None:
    """The gateway calls it as the single mutation does."""
    problem = Problem(code="VALIDATION_FAILED", message="m", field=("userId",))
    federation.result = WriteResult(status=MutationStatus.REJECTED, operation_id="op", problems=(problem,))

    found = await bulk(ask, action="ASSIGN", assigneeUserId=global_id("User", f"{PERSON_MARK}carol"), dryRun=True)

    assert (["assigneeUserId"], True) == (found["results"][0]["errors"][0]["field"], found["dryRun"])
    assert federation.calls["perform_bulk"][0].dry_run


async def test_a_bulk_action_costs_as_many_objects_as_it_names_tasks(ask: Ask) -> None:
    """Also without results, and its results are the rows of a list; the lists of its viewer count once."""
    ids = [global_id("Task", "c8", str(number)) for number in range(100)]

    def document(times: int, selection: str) -> str:
        fields = " ".join(f"b{number}: bulkTaskAction(input: $input) {{ {selection} }}" for number in range(times))
        return f"mutation($input: BulkTaskActionInput!) {{ {fields} }}"

    async def refused(times: int, selection: str, tasks: int = 100) -> bool:
        answer = await ask(document(times, selection), input={"taskIds": ids[:tasks], "action": "CLAIM"})
        return not answer.ran

    assert await refused(25, "results { taskId task { comments(first: 3) { nodes { id } } } }")
    assert not await refused(3, "results { taskId } viewer { inbox(first: 100) { nodes { id } } }")
    assert await refused(1, "results { task { outcomes { code } } }")
    assert not await refused(1, "results { task { outcomes { code } } }", tasks=20)
    assert await refused(1, "... on BulkTaskPayload { results { task { outcomes { code } } } }")


async def test_the_next_task_is_asked_for_with_filter_and_order(ask: Ask, federation: FakeFederation) -> None:
    await ask(
        NEXT,
        input={
            "filter": {"text": "invoice"},
            "orderBy": [{"field": "PRIORITY", "direction": "DESC"}],
            "idempotencyKey": "k",
        },
    )
    await ask(NEXT, input={})

    first, second = federation.calls["take_next"]
    assert ("invoice", (SortKey(TaskOrderField.PRIORITY, SortDirection.DESC),), "k") == (
        first.filter.text,
        first.order,
        first.idempotency_key,
    )
    assert TakeNextRequest(filter=TaskFilter(), order=(SortKey(TaskOrderField.DUE_AT),)) == second


async def test_the_task_that_was_taken_is_shown(ask: Ask, federation: FakeFederation) -> None:
    federation.result = WriteResult(status=MutationStatus.APPLIED, operation_id="op-7", task=a_task("1"))

    answer = await ask(NEXT, input={})

    assert answer.data == {
        "takeNextTask": {"status": "APPLIED", "operationId": "op-7", "task": {"id": ONE}, "errors": []}
    }


async def test_a_filter_that_is_wrong_takes_nothing(ask: Ask, federation: FakeFederation) -> None:
    answer = await ask(NEXT, input={"idempotencyKey": "k" * 256})

    assert answer.data is not None
    assert ("REJECTED", "VALIDATION_FAILED") == (
        answer.data["takeNextTask"]["status"],
        answer.data["takeNextTask"]["errors"][0]["code"],
    )
    assert not federation.calls["take_next"]
