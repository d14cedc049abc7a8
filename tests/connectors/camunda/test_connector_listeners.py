"""Commands that task listeners delay or deny."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

import httpx2
import pytest

from connectors.camunda import CamundaConnector
from connectors.camunda.settings import CamundaSettings
from connectors.sdk.caller import Identity
from connectors.sdk.commands import (
    Assign,
    CancelFlow,
    CancelFlowOfTask,
    Claim,
    Complete,
    StartFlow,
    TaskCommand,
    Update,
)
from connectors.sdk.errors import ConflictError, UpstreamTimeoutError
from connectors.sdk.model import Flow, FlowState, PendingTransition, Task, TaskPriority, TaskState
from connectors.sdk.query import FlowQuery, TaskQuery
from sandbox.camunda import STAND_IN

Make = Callable[[Task], TaskCommand]


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 6, 15, 9, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def listening(settings: CamundaSettings, clock: Clock, stand_in: object) -> AsyncIterator[CamundaConnector]:
    """A cluster whose processes have task listeners that take 20 s, or deny."""
    made = STAND_IN(clock=clock)
    made.reset(tasks=5, seed=7, now=None, scenario=None)
    connector = CamundaConnector.open(settings, transport=httpx2.ASGITransport(app=made), clock=clock)
    yield connector
    await connector.aclose()


async def task_of(connector: CamundaConnector, process: str, element: str) -> Task:
    """A fresh task at that element."""
    started = await connector.perform_on_flow(StartFlow(definition_key=process))
    page = await connector.list_tasks(TaskQuery(flows=frozenset({started.flow.native_id})), limit=100)
    return next(
        task for task in page.items if task.definition is not None and task.definition.key == f"{process}/{element}"
    )


async def reread(connector: CamundaConnector, task: Task) -> Task:
    found = (await connector.get_tasks([task.native_id]))[task.native_id]
    assert isinstance(found, Task)
    return found


@pytest.mark.parametrize(
    ("element", "make", "pending", "meanwhile", "state"),
    [
        (
            "slow_assignment",
            lambda task: Claim(task=task, actor=Identity(native_id="alice")),
            PendingTransition.ASSIGN,
            TaskState.READY,
            TaskState.RESERVED,
        ),
        (
            "slow_assignment",
            lambda task: Assign(task=task, user_id="bob", override=True),
            PendingTransition.ASSIGN,
            TaskState.READY,
            TaskState.RESERVED,
        ),
        (
            "slow_update",
            lambda task: Update(task=task, priority=TaskPriority.CRITICAL),
            PendingTransition.UPDATE,
            TaskState.READY,
            TaskState.READY,
        ),
        (
            "slow_completion",
            lambda task: Complete(task=task),
            PendingTransition.COMPLETE,
            TaskState.READY,
            TaskState.COMPLETED,
        ),
        (
            "late_denied_completion",
            lambda task: Complete(task=task),
            PendingTransition.COMPLETE,
            TaskState.READY,
            TaskState.READY,
        ),
    ],
)
async def test_a_command_that_a_listener_delays_may_be_applied(
    element: str,
    make: Make,
    pending: PendingTransition,
    meanwhile: TaskState,
    state: TaskState,
    listening: CamundaConnector,
    clock: Clock,
) -> None:
    """The answer is 504, but the command stays accepted. The task refuses other commands until the listener is done."""
    task = await task_of(listening, "task-listeners", element)

    with pytest.raises(UpstreamTimeoutError) as caught:
        await listening.perform(make(task))
    assert caught.value.maybe_applied

    under_way = await reread(listening, task)
    assert (meanwhile, pending) == (under_way.state, under_way.pending_transition)
    with pytest.raises(ConflictError) as refused:
        await listening.perform(Claim(task=task, actor=Identity(native_id="carol")))
    assert not refused.value.maybe_applied

    clock.pass_(30)
    after = await reread(listening, task)
    assert (state, None) == (after.state, after.pending_transition)


@pytest.mark.parametrize(
    ("element", "make"),
    [
        ("denied_assignment", lambda task: Claim(task=task, actor=Identity(native_id="alice"))),
        ("denied_update", lambda task: Update(task=task, priority=TaskPriority.LOW)),
        ("denied_completion", lambda task: Complete(task=task)),
    ],
)
async def test_a_listener_that_denies_leaves_the_task_as_it_was(
    element: str, make: Make, listening: CamundaConnector
) -> None:
    """The error contains the listener's reason."""
    task = await task_of(listening, "task-listeners", element)

    with pytest.raises(ConflictError, match="denied by Task Listener") as caught:
        await listening.perform(make(task))

    assert "no longer" not in caught.value.message
    assert task.version == (await reread(listening, task)).version


async def test_a_task_being_created_is_not_ready(listening: CamundaConnector, clock: Clock) -> None:
    """Until its listeners of the event creating are done."""
    task = await task_of(listening, "slow-creation", "slow_creation")

    assert (TaskState.CREATED, PendingTransition.CREATE) == (task.state, task.pending_transition)

    clock.pass_(30)
    assert TaskState.READY is (await reread(listening, task)).state


@pytest.mark.parametrize("by_task", [True, False])
async def test_a_cancelled_flow_may_wait_for_its_tasks(
    by_task: bool, listening: CamundaConnector, clock: Clock
) -> None:
    """The instance ends when its tasks' listeners of the event canceling are done."""
    task = await task_of(listening, "slow-cancellation", "slow_cancellation")
    assert task.flow_id is not None
    flow = (await listening.get_flows([task.flow_id]))[task.flow_id]
    assert isinstance(flow, Flow)

    async def cancel() -> None:
        if by_task:
            await listening.perform(CancelFlowOfTask(task=task))
        else:
            await listening.perform_on_flow(CancelFlow(flow=flow))

    with pytest.raises(UpstreamTimeoutError) as caught:
        await cancel()
    assert caught.value.maybe_applied
    assert PendingTransition.CANCEL is (await reread(listening, task)).pending_transition

    clock.pass_(30)
    ended = (await listening.get_flows([task.flow_id]))[task.flow_id]
    assert isinstance(ended, Flow)
    assert (TaskState.CANCELED, FlowState.CANCELED) == ((await reread(listening, task)).state, ended.state)


async def test_a_called_flow_is_cancelled_by_its_root_only(listening: CamundaConnector) -> None:
    """The refusal names the root. The record has parent and root."""
    started = await listening.perform_on_flow(StartFlow(definition_key="order-fulfilment"))
    page = await listening.list_flows(FlowQuery(), limit=100)
    child = next(flow for flow in page.items if flow.parent_id == started.flow.native_id)

    assert started.flow.native_id == child.root_id
    with pytest.raises(ConflictError, match=started.flow.native_id):
        await listening.perform_on_flow(CancelFlow(flow=child))
