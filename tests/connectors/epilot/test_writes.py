"""Verbs of tasks: what is sent, the result, and what is refused before a call."""

from collections.abc import Callable
from typing import Any

import httpx2
import msgspec
import pytest
from msgspec.structs import replace

from connectors.epilot import EpilotConnector
from connectors.sdk.caller import Identity
from connectors.sdk.commands import (
    AddComment,
    Assign,
    Claim,
    Complete,
    Release,
    Resume,
    Retry,
    Skip,
    Start,
    Suspend,
    TaskAction,
    TaskCommand,
    Unassign,
    Update,
    UpdateField,
)
from connectors.sdk.errors import (
    AlreadyAssignedError,
    ConflictError,
    ConnectorError,
    IdentityNotLinkedError,
    MalformedResponseError,
    UnsupportedActionError,
    ValidationFailedError,
)
from connectors.sdk.model import Task, TaskKind, TaskPriority, TaskState
from tests.connectors.epilot import example
from tests.connectors.epilot.example import Wire

Scripted = Callable[..., EpilotConnector]

ALICE = Identity(native_id="10010730")
BOB = example.people("10010731")
PATCH = "PATCH /v2/flows/executions/exec_abc123def456/tasks/task_7hj28a"


@pytest.fixture
def step(task: Task) -> Task:
    return replace(task, native_id="v1/8gja72h6kas6h/step2", flow_id="v1/8gja72h6kas6h")


VARIABLE = {"variable": "{{entity.owner}}", "value": ["10010731"]}
OFFER = msgspec.Raw(msgspec.json.encode(example.flow_execution()["tasks"][1]))
BEGUN = msgspec.Raw(b'{"id":"task_7hj28a","analytics":{"in_progress_at":"2026-06-02T10:00:00.000Z"}}')


@pytest.mark.parametrize(
    ("verb", "more", "payload", "body"),
    [
        (Release, {}, OFFER, {"assigned_to": [VARIABLE]}),
        (Unassign, {}, OFFER, {"assigned_to": []}),
        (Assign, {"user_id": "8"}, OFFER, {"assigned_to": ["8"]}),
        (Assign, {"user_id": "8", "options": {"add": True}}, OFFER, {"assigned_to": ["10010730", VARIABLE, "8"]}),
        (Assign, {"user_id": "10010731", "options": {"add": True}}, OFFER, {"assigned_to": ["10010730", VARIABLE]}),
        (Start, {}, None, {"status": "IN_PROGRESS"}),
        (Suspend, {}, None, {"status": "ON_HOLD"}),
        (Resume, {}, None, {"status": "PENDING"}),
        (Resume, {}, BEGUN, {"status": "IN_PROGRESS"}),
        (Skip, {}, None, {"status": "SKIPPED"}),
        (Complete, {}, None, {"status": "COMPLETED"}),
        (Complete, {"outcome": "cond_a"}, None, {"status": "COMPLETED", "next_condition_id": "cond_a"}),
        (Update, {"title": "T"}, None, {"name": "T"}),
        (Update, {"due_at": example.NOW}, None, {"due_date": "2026-06-15T09:00:00.000Z"}),
        (Update, {"options": {"due_date": "2026-06-20T00:00:00.000"}}, None, {"due_date": "2026-06-20T00:00:00.000"}),
        (Update, {"options": {"enabled": False}}, None, {"enabled": False}),
        (Update, {"description": "D"}, None, {"description": {"enabled": True, "value": "D"}}),
        (
            Update,
            {"clear": frozenset({UpdateField.DESCRIPTION})},
            None,
            {"description": {"enabled": False, "value": ""}},
        ),
    ],
)
async def test_a_verb_is_one_change_of_the_task(
    scripted: Scripted, task: Task, verb: type[TaskCommand], more: Any, payload: Any, body: Any
) -> None:
    """Only the changed members are sent. Variables stay variables."""
    wire = Wire()
    outcome = await scripted(wire).perform(verb(task=replace(task, payload=payload), actor=ALICE, **more))

    assert wire.sent == [(PATCH, body)]
    assert outcome.task.native_id == task.native_id


@pytest.mark.parametrize(
    ("verb", "more", "body"),
    [
        (Release, {}, {"assignedTo": []}),
        (Assign, {"user_id": "8"}, {"assignedTo": ["8"]}),
        (Start, {}, {"status": "IN_PROGRESS", "assignedToInProgress": "10010730"}),
        (Suspend, {}, {"status": "ON_HOLD", "assignedToOnHold": "10010730"}),
        (Complete, {}, {"status": "COMPLETED"}),
        (Skip, {}, {"status": "SKIPPED"}),
        (Update, {"title": "T", "due_at": example.NOW}, {"name": "T", "dueDate": "2026-06-15T09:00:00.000Z"}),
    ],
)
async def test_a_verb_is_one_change_of_the_step(
    scripted: Scripted, step: Task, verb: type[TaskCommand], more: Any, body: Any
) -> None:
    """v1 has names of its own and gets the caller's user id with two statuses."""
    wire = Wire()
    await scripted(wire).perform(verb(task=step, actor=ALICE, **more))

    assert wire.sent == [("PATCH /v1/workflows/executions/8gja72h6kas6h/steps/step2", body)]


@pytest.mark.parametrize("verb", [Complete, Skip])
async def test_an_answer_that_shows_an_open_task_is_no_end(
    scripted: Scripted, task: Task, step: Task, verb: type[TaskCommand]
) -> None:
    """Whether it was applied is not known: a read has to show it."""
    for each in (task, step):
        with pytest.raises(MalformedResponseError) as caught:
            await scripted(Wire(status="IN_PROGRESS")).perform(verb(task=each, actor=ALICE))
        assert caught.value.maybe_applied


async def test_ids_are_percent_encoded(scripted: Scripted, task: Task) -> None:
    """Each in its own part of the path."""
    wire = Wire(id="t/1")
    await scripted(wire).perform(Start(task=replace(task, native_id="v2/a%2Fb%20c%3Ad/t%2F1")))

    assert [path for path, _ in wire.sent] == ["PATCH /v2/flows/executions/a%2Fb%20c%3Ad/tasks/t%2F1"]


async def test_a_claim_writes_then_reads_who_has_it(scripted: Scripted, task: Task) -> None:
    """Of two claims at once the later one wins."""
    tasks = example.flow_execution()["tasks"]
    tasks[1]["assigned_to"] = ["10010730"]
    wire = Wire(tasks=tasks, assigned_to=["10010730"])
    outcome = await scripted(wire).perform(Claim(task=task, actor=ALICE))

    assert [path for path, _ in wire.sent] == [PATCH, "GET /v2/flows/executions/exec_abc123def456"]
    assert wire.sent[0][1] == {"assigned_to": ["10010730"]}
    assert (outcome.task.state, outcome.task.flow_name) == (TaskState.RESERVED, "Lead Qualification")


async def test_a_claim_that_another_overwrote_is_lost(scripted: Scripted, task: Task) -> None:
    """The read shows another assignee."""
    tasks = example.flow_execution()["tasks"]
    tasks[1]["assigned_to"] = ["10010731"]

    with pytest.raises(AlreadyAssignedError):
        await scripted(Wire(tasks=tasks)).perform(Claim(task=task, actor=ALICE))


@pytest.mark.parametrize("is_gone", [False, True])
async def test_a_claim_that_a_read_does_not_show_may_be_applied(scripted: Scripted, task: Task, is_gone: bool) -> None:
    """No other person has the task, or the flow no longer exists."""
    tasks = example.flow_execution()["tasks"]
    tasks[1]["assigned_to"] = []
    wire = Wire(tasks=tasks)

    def answer(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(404) if is_gone and request.method == "GET" else wire(request)

    with pytest.raises(MalformedResponseError) as caught:
        await scripted(answer).perform(Claim(task=task, actor=ALICE))
    assert caught.value.maybe_applied


async def test_a_claim_whose_read_fails_may_be_applied(scripted: Scripted, task: Task) -> None:
    """The write was applied."""
    wire = Wire()

    def answer(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(503) if request.method == "GET" else wire(request)

    with pytest.raises(ConnectorError) as caught:
        await scripted(answer).perform(Claim(task=task, actor=ALICE))
    assert caught.value.maybe_applied


@pytest.mark.parametrize(
    ("command", "error"),
    [
        (lambda task: Claim(task=task), IdentityNotLinkedError),
        (lambda task: Release(task=task), IdentityNotLinkedError),
        (lambda task: Claim(task=replace(task, payload=None, assignees=BOB), actor=ALICE), AlreadyAssignedError),
        (lambda task: Assign(task=task, group_id="g"), ValidationFailedError),
        (lambda task: Assign(task=task, user_id="8", options={"mode": "add"}), ValidationFailedError),
        (lambda task: Assign(task=task, user_id="8", options={"add": "yes"}), ValidationFailedError),
        (lambda task: Complete(task=task, data={"a": 1}), ValidationFailedError),
        (lambda task: Complete(task=task, comment="done"), ValidationFailedError),
        (lambda task: Complete(task=replace(task, kind=TaskKind.MANUAL), outcome="x"), ValidationFailedError),
        (lambda task: Update(task=task), ValidationFailedError),
        (lambda task: Update(task=task, title=""), ValidationFailedError),
        (lambda task: Update(task=task, clear=frozenset({UpdateField.TITLE})), ValidationFailedError),
        (lambda task: Update(task=task, clear=frozenset({UpdateField.DUE_AT})), UnsupportedActionError),
        (lambda task: Update(task=task, priority=TaskPriority.HIGH), UnsupportedActionError),
        (
            lambda task: Update(task=task, due_at=example.NOW, options={"due_date": "2026-06-20"}),
            ValidationFailedError,
        ),
        (lambda task: AddComment(task=task, text="x"), UnsupportedActionError),
        (lambda task: Retry(task=replace(task, native_id="v1/a/b")), UnsupportedActionError),
        (
            lambda task: Update(task=replace(task, native_id="v1/a/b"), options={"enabled": True}),
            UnsupportedActionError,
        ),
        (lambda task: Complete(task=replace(task, native_id="v1/a/b"), outcome="x"), ValidationFailedError),
    ],
)
async def test_invalid_commands_are_refused_without_a_call(
    scripted: Scripted, task: Task, command: Callable[[Task], TaskCommand], error: type[ConnectorError]
) -> None:
    """By the right error."""
    wire = Wire()

    with pytest.raises(error):
        await scripted(wire).perform(command(task))
    assert wire.sent == []


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        (TaskKind.AUTOMATION, "automation:run"),
        (TaskKind.UNKNOWN, "automation:run"),
        (TaskKind.AI, "execute"),
        (TaskKind.DECISION, "execute"),
    ],
)
async def test_a_failed_task_is_run_again(scripted: Scripted, task: Task, kind: TaskKind, path: str) -> None:
    """An automation by `automation:run`, other tasks by `execute`. Neither has a body."""
    wire = Wire(status="IN_PROGRESS")
    outcome = await scripted(wire).perform(Retry(task=replace(task, kind=kind, state=TaskState.FAILED)))

    assert wire.sent == [(f"POST {PATCH.removeprefix('PATCH ')}/{path}", None)]
    assert outcome.task.state is TaskState.IN_PROGRESS


async def test_a_decision_shows_its_branch_at_once(scripted: Scripted, task: Task) -> None:
    """Also if the answer does not have it."""
    wire = Wire(status="COMPLETED", task_type="DECISION", conditions=None)
    outcome = await scripted(wire).perform(Complete(task=task, outcome="cond_a"))

    assert (outcome.task.state, outcome.task.outcome) == (TaskState.COMPLETED, "cond_a")


@pytest.mark.parametrize("answer", [{"id": "another"}, {"id": None}])
async def test_an_answer_about_another_task_may_be_applied(
    scripted: Scripted, task: Task, answer: dict[str, Any]
) -> None:
    """It is unknown what was changed."""
    with pytest.raises(MalformedResponseError) as caught:
        await scripted(Wire(**answer)).perform(Start(task=task))
    assert caught.value.maybe_applied


@pytest.mark.parametrize("verb", [Start, Suspend, Resume, Complete, Skip])
async def test_the_status_of_a_disabled_task_is_not_changed(
    scripted: Scripted, task: Task, verb: type[TaskCommand]
) -> None:
    """Without a call, as permittedActions says it. A record that does not tell is tried."""
    wire = Wire()
    connector = scripted(wire)
    disabled = replace(task, payload=msgspec.Raw(b'{"id":"task_7hj28a","enabled":false}'))
    others = [
        replace(task, payload=payload) for payload in (None, msgspec.Raw(b'{"enabled":true}'), msgspec.Raw(b"[]"))
    ]

    with pytest.raises(ConflictError, match="disabled"):
        await connector.perform(verb(task=disabled, actor=ALICE))
    assert [None] * 3 == [connector.refusal_of(each, verb.action, ALICE) for each in others]
    assert connector.refusal_of(disabled, TaskAction.ASSIGN, ALICE) is None
    assert [] == wire.sent
