"""A task or flow as the vendor will show it after a write. The answers to most writes do not contain the record."""

from datetime import datetime

from msgspec.structs import replace

from connectors.sdk import Flow, FlowState, GroupRef, Task, TaskPriority, TaskState, UserRef, whole_milliseconds
from connectors.uipath import wire
from connectors.uipath.mapping import SCORES, state_of


def unchanged(task: Task, *, fetched_at: datetime) -> Task:
    """After a write to what lists do not show: data, a comment."""
    return replace(task, fetched_at=fetched_at, payload=None)


def updated(task: Task, *, title: str | None, priority: TaskPriority | None, fetched_at: datetime) -> Task:
    return replace(
        unchanged(task, fetched_at=fetched_at),
        title=title or task.title,
        priority=priority or task.priority,
        priority_score=task.priority_score if priority is None else SCORES[priority],
    )


def assigned(task: Task, owner: UserRef, *, fetched_at: datetime) -> Task:
    changed = _with_status(task, "Pending", owned=True, fetched_at=fetched_at)
    return replace(changed, assignees=(owner,), candidate_users=(), candidate_groups=(), assigned_at=fetched_at)


def shared(task: Task, group: GroupRef, *, fetched_at: datetime) -> Task:
    """The task after an assignment to all members of a group."""
    changed = _with_status(task, "Pending", owned=False, fetched_at=fetched_at)
    return replace(changed, assignees=(), candidate_users=(), candidate_groups=(group,))


def unassigned(task: Task, *, fetched_at: datetime) -> Task:
    changed = _with_status(task, "Unassigned", owned=False, fetched_at=fetched_at)
    return replace(changed, assignees=(), candidate_users=(), candidate_groups=())


def completed(task: Task, outcome: str | None, *, fetched_at: datetime) -> Task:
    changed = _with_status(task, "Completed", owned=False, fetched_at=fetched_at)
    return replace(changed, outcome=outcome, completed_at=whole_milliseconds(fetched_at))


def canceled(task: Task, *, reason: str, rule: str, fetched_at: datetime) -> Task:
    return replace(unchanged(task, fetched_at=fetched_at), state=TaskState.CANCELED, rule=rule, state_reason=reason)


def flow_changed(
    flow: Flow, answer: wire.Operation, state: FlowState, *, has_ended: bool, fetched_at: datetime
) -> Flow:
    """`state` is the one that the vendor shows now: a flow that is Canceling is still active."""
    return replace(
        flow,
        state=state,
        rule="uipath.instance.unknown" if state is FlowState.UNKNOWN else f"uipath.instance.{answer.status.lower()}",
        native_state=answer.status,
        ended_at=fetched_at if has_ended else flow.ended_at,
        fetched_at=fetched_at,
        payload=None,
    )


def _with_status(task: Task, status: str, *, owned: bool, fetched_at: datetime) -> Task:
    state, rule = state_of(status, owned=owned, deleted=False)
    return replace(unchanged(task, fetched_at=fetched_at), state=state, rule=rule, native_state=status)
