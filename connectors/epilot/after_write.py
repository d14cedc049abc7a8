"""Tasks and flows as the vendor will show them after a write, from the answer to that write."""

from datetime import datetime

from msgspec import Raw, UnsetType
from msgspec.structs import replace

from connectors.epilot import wire
from connectors.epilot.ids import flow_id, task_id
from connectors.epilot.mapping import FUTURE, OF_ENDED_FLOW, task_from_wire, tasks_of
from connectors.epilot.settings import EpilotSettings
from connectors.epilot.wire import Execution, FlowOfTask
from connectors.sdk import Flow, FlowState, MalformedResponseError, Outcome, Task

_ENDS = frozenset({"COMPLETED", "SKIPPED"})


def changed(before: Task, answer: tuple[wire.Task, Raw], settings: EpilotSettings, *, fetched_at: datetime) -> Task:
    """The answer has the task, and nothing of its flow: that is as before."""
    row, payload = answer
    flow = FlowOfTask(
        flow=task_id(before.native_id).flow, current=before.rule != FUTURE.rule, flow_name=before.flow_name
    )
    task = task_from_wire(row, flow, settings, fetched_at=fetched_at, payload=payload)
    return replace(task, subjects=before.subjects)


def check_ended(row: wire.Task, status: str | UnsetType) -> None:
    """MalformedResponseError, with `maybe_applied`, for an answer that does not show the end that was sent."""
    if status in _ENDS and row.status != status:
        raise MalformedResponseError(f"answered with a task that is not {status}", maybe_applied=True)


def created(flow: Flow, answer: tuple[wire.Task, Raw], settings: EpilotSettings, *, fetched_at: datetime) -> Task:
    """A new task of `flow`. The answer does not say whether it is a current one: it is shown as a future one."""
    row, payload = answer
    of_flow = FlowOfTask(
        flow=flow_id(flow.native_id), current=False, flow_name=flow.name, flow_status=flow.native_state
    )
    task = task_from_wire(row, of_flow, settings, fetched_at=fetched_at, payload=payload)
    return replace(task, subjects=flow.subjects)


def canceled(task: Task, *, fetched_at: datetime) -> Task:
    """The task after its flow was closed."""
    ended = OF_ENDED_FLOW[FlowState.CANCELED]
    return replace(task, state=ended.state, state_reason=ended.reason, rule=ended.rule, fetched_at=fetched_at)


def canceled_with_flow(
    task: Task, closed: Execution | None, settings: EpilotSettings, *, fetched_at: datetime
) -> Outcome:
    """`closed` is the execution in the answer; None for v1, which answers without a body."""
    if closed is None:
        effect = f"closed the flow {_name(task)} with all its open tasks"
        return Outcome(task=canceled(task, fetched_at=fetched_at), effect=effect)
    tasks = tasks_of(closed, settings, fetched_at=fetched_at)
    after = tasks.pop(task.native_id, None) or canceled(task, fetched_at=fetched_at)
    others = sum(each.rule == OF_ENDED_FLOW[FlowState.CANCELED].rule for each in tasks.values())
    return Outcome(task=after, effect=f"closed the flow {_name(task)} and {others} other tasks that had not ended")


def closed(flow: Flow, *, fetched_at: datetime) -> Flow:
    """A workflow (v1) after it was closed: the answer has no body."""
    return replace(
        flow,
        state=FlowState.CANCELED,
        rule="epilot.flow.closed",
        native_state="CLOSED",
        ended_at=fetched_at,
        current_task_ids=(),
        fetched_at=fetched_at,
        payload=None,
    )


def _name(task: Task) -> str:
    """The flow of the task, for people."""
    execution = task_id(task.native_id).flow.execution
    return f"{task.flow_name} ({execution})" if task.flow_name else execution
