"""Verbs on tasks: what is sent, and the record afterwards."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import httpx2
import msgspec
import pytest
from msgspec.structs import replace

from connectors.camunda import CamundaConnector
from connectors.sdk.caller import Identity
from connectors.sdk.commands import (
    Assign,
    Cancel,
    CancelFlow,
    CancelFlowOfTask,
    CancelStrategy,
    Claim,
    Complete,
    Release,
    ResumeFlow,
    StartFlow,
    SuspendFlow,
    TaskCommand,
    Unassign,
    Update,
)
from connectors.sdk.errors import (
    AlreadyAssignedError,
    ConflictError,
    ConnectorError,
    IdentityNotLinkedError,
    UnsupportedActionError,
    ValidationFailedError,
)
from connectors.sdk.model import Task, TaskPriority, TaskState, UserRef
from connectors.sdk.query import TaskQuery
from sandbox.camunda.stand_in import CamundaStandIn

Answering = Callable[..., CamundaConnector]


def noting(asked: list[httpx2.Request], response: httpx2.Response) -> Callable[[httpx2.Request], httpx2.Response]:
    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request)
        return response

    return answer


@pytest.fixture
async def ready(connector: CamundaConnector) -> Task:
    return await actionable(connector, TaskState.READY)


@pytest.fixture
async def reserved(connector: CamundaConnector) -> Task:
    return await actionable(connector, TaskState.RESERVED)


async def actionable(connector: CamundaConnector, state: TaskState) -> Task:
    page = await connector.list_tasks(TaskQuery(states=frozenset({state})), limit=100)
    return next(task for task in page.items if task.pending_transition is None)


async def reread(connector: CamundaConnector, task: Task) -> Task:
    found = (await connector.get_tasks([task.native_id]))[task.native_id]
    assert isinstance(found, Task)
    return found


def applied(stand_in: CamundaStandIn) -> list[tuple[str, str]]:
    return [(effect.action, effect.task) for effect in stand_in.effects.all()]


async def test_a_claim_makes_the_actor_owner(
    connector: CamundaConnector, stand_in: CamundaStandIn, ready: Task, alice: Identity
) -> None:
    """The record in the outcome is the one that the vendor shows afterwards."""
    outcome = await connector.perform(Claim(task=ready, actor=alice))

    after = await reread(connector, ready)
    assert (
        after.state,
        after.rule,
        after.assignee and after.assignee.native_id,
    ) == ("RESERVED", "c8.created.assigned", "alice")
    assert after.version == outcome.task.version
    assert len(applied(stand_in)) == 1


async def test_a_lost_claim_is_already_assigned(connector: CamundaConnector, ready: Task, alice: Identity) -> None:
    """The engine decides, not the record in the command."""
    await connector.perform(Claim(task=ready, actor=Identity(native_id="bob")))

    with pytest.raises(AlreadyAssignedError) as caught:
        await connector.perform(Claim(task=ready, actor=alice))

    assert not caught.value.maybe_applied


@pytest.mark.parametrize("verb", [Release, Unassign])
async def test_release_and_unassign_remove_the_owner(
    verb: type[TaskCommand], connector: CamundaConnector, stand_in: CamundaStandIn, reserved: Task, alice: Identity
) -> None:
    """Both are the same call to the vendor."""
    outcome = await connector.perform(verb(task=reserved, actor=alice))

    after = await reread(connector, reserved)
    assert (after.state, after.rule, after.assignees) == (TaskState.READY, "c8.created.unassigned", ())
    assert after.version == outcome.task.version
    assert len(applied(stand_in)) == 1


async def test_an_assignment_replaces_the_owner_only_with_override(
    connector: CamundaConnector, reserved: Task, alice: Identity
) -> None:
    """Without override the engine refuses."""
    with pytest.raises(AlreadyAssignedError):
        await connector.perform(Assign(task=reserved, actor=alice, user_id="zoe"))

    outcome = await connector.perform(Assign(task=reserved, actor=alice, user_id="zoe", override=True))

    after = await reread(connector, reserved)
    assert (after.assignee and after.assignee.native_id) == "zoe"
    assert after.version == outcome.task.version


async def test_completing_closes_the_task(connector: CamundaConnector, stand_in: CamundaStandIn, ready: Task) -> None:
    """The record in the outcome is the one that the vendor shows afterwards. A second completion is refused."""
    command = Complete(task=ready, outcome="approve", data={"amount": Decimal("10.10"), "note": "ok"})

    outcome = await connector.perform(command)

    after = await reread(connector, ready)
    assert (after.state, after.rule, outcome.task.outcome) == (TaskState.COMPLETED, "c8.completed", "approve")
    assert after.version == outcome.task.version
    with pytest.raises(ConflictError):
        await connector.perform(command)
    assert [("complete", ready.native_id)] == applied(stand_in)


async def test_completing_sends_outcome_and_data(task: Task, answering: Answering) -> None:
    """The outcome is the action and the configured variable. Decimals are sent as numbers."""
    sent: list[httpx2.Request] = []
    connector = answering(noting(sent, httpx2.Response(204)))

    await connector.perform(Complete(task=task, outcome="approve", data={"sum": Decimal("10.10")}))
    await connector.perform(Complete(task=task))

    assert [request.content for request in sent] == [
        b'{"variables":{"sum":10.10,"outcome":"approve"},"action":"approve"}',
        b'{"variables":{}}',
    ]


async def test_cancelling_the_flow_ends_the_task(
    connector: CamundaConnector, stand_in: CamundaStandIn, ready: Task
) -> None:
    """The effect names the process instance. A second cancel is refused."""
    outcome = await connector.perform(CancelFlowOfTask(task=ready))

    after = await reread(connector, ready)
    assert TaskState.CANCELED is after.state
    assert after.version == outcome.task.version
    assert outcome.effect == (f"ended the process instance {ready.flow_name} ({ready.flow_id}) with all its open tasks")
    with pytest.raises(ConflictError):
        await connector.perform(CancelFlowOfTask(task=ready))
    assert len(applied(stand_in)) == 1


@pytest.mark.parametrize(
    ("make", "error", "field"),
    [
        (lambda task: Claim(task=task), IdentityNotLinkedError, None),
        (
            lambda task: Assign(task=replace(task, assignees=(UserRef(native_id="bob"),)), group_id="sales"),
            AlreadyAssignedError,
            None,
        ),
        (
            lambda task: Assign(task=task, user_id="bob", options={"colour": "red"}),
            ValidationFailedError,
            ("options", "colour"),
        ),
        (
            lambda task: Assign(task=task, user_id="bob", options={"action": 7}),
            ValidationFailedError,
            ("options", "action"),
        ),
        (lambda task: Complete(task=task, comment="fine"), ValidationFailedError, ("comment",)),
        (lambda task: Complete(task=task, data={"a": 1, "a.b": 2}), ValidationFailedError, ("data", "a.b")),
        (
            lambda task: CancelFlowOfTask(task=replace(task, flow_id=None)),
            ConflictError,
            None,
        ),
        (lambda task: Cancel(task=task), UnsupportedActionError, None),
    ],
)
async def test_an_impossible_command_is_refused_without_a_call(
    make: Callable[[Task], TaskCommand],
    error: type[ConnectorError],
    field: tuple[str, ...] | None,
    task: Task,
    answering: Answering,
) -> None:
    """The error names the argument."""
    asked: list[httpx2.Request] = []
    connector = answering(noting(asked, httpx2.Response(204)))

    with pytest.raises(error) as caught:
        await connector.perform(make(task))

    assert (field, []) == (getattr(caught.value, "field", None), asked)


async def test_the_only_cancel_strategy_is_the_flow(connector: CamundaConnector) -> None:
    """Camunda cannot cancel a single task."""
    assert connector.info.cancel_strategies == (CancelStrategy.CANCEL_FLOW,)


COMMANDS: list[tuple[Callable[[Task], TaskCommand], str, str, Any]] = [
    (
        lambda task: Claim(task=task, actor=Identity(native_id="alice")),
        "POST",
        "/v2/user-tasks/{task}/assignment",
        {"assignee": "alice", "allowOverride": False},
    ),
    (lambda task: Release(task=task), "DELETE", "/v2/user-tasks/{task}/assignee", None),
    (lambda task: Unassign(task=task), "DELETE", "/v2/user-tasks/{task}/assignee", None),
    (
        lambda task: Assign(task=task, user_id="bob", override=True),
        "POST",
        "/v2/user-tasks/{task}/assignment",
        {"assignee": "bob", "allowOverride": True},
    ),
    (
        lambda task: Assign(task=task, group_id="sales", options={"action": "forward"}),
        "PATCH",
        "/v2/user-tasks/{task}",
        {"changeset": {"candidateGroups": ["sales"]}, "action": "forward"},
    ),
    (
        lambda task: Update(task=task, priority=TaskPriority.HIGH, options={"action": "escalate"}),
        "PATCH",
        "/v2/user-tasks/{task}",
        {"changeset": {"priority": 75}, "action": "escalate"},
    ),
    (lambda task: Complete(task=task), "POST", "/v2/user-tasks/{task}/completion", {"variables": {}}),
    (lambda task: CancelFlowOfTask(task=task), "POST", "/v2/process-instances/{flow}/cancellation", {}),
]


@pytest.mark.parametrize(("make", "method", "path", "body"), COMMANDS)
async def test_each_verb_is_exactly_one_request(
    make: Callable[[Task], TaskCommand], method: str, path: str, body: Any, task: Task, answering: Answering
) -> None:
    """There is no read before and no second write after."""
    sent: list[tuple[str, str, Any]] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        content = msgspec.json.decode(request.content) if request.content else None
        sent.append((request.method, request.url.path, content))
        return httpx2.Response(204)

    await answering(answer).perform(make(task))

    assert [(method, path.format(task=task.native_id, flow=task.flow_id), body)] == sent


def test_every_declared_verb_is_tested(task: Task) -> None:
    """On the wire, by the table above."""
    flow_verbs = {StartFlow, CancelFlow, SuspendFlow, ResumeFlow}
    assert set(CamundaConnector.declared()) - flow_verbs == {type(make(task)) for make, *_ in COMMANDS}
