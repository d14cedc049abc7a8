"""A task as the vendor will show it after a write, from the answer to that write."""

from datetime import datetime
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from connectors.geotareas import wire
from connectors.geotareas.mapping import groups_of, state_of, users_of
from connectors.sdk import MalformedResponseError, Task, TaskState, time_from_wire


def check_reassigned(answer: wire.Reassigned, *, user_id: str | None, group_id: str | None) -> None:
    """MalformedResponseError, with `maybe_applied`, for an answer that does not show the new owner or group."""
    shown = answer.assigned_to_group if user_id is None else answer.assigned_to_user
    if shown is None or shown.id != (group_id if user_id is None else user_id):
        raise MalformedResponseError("answered without the user or group that the task was to get", maybe_applied=True)


def check_completed(answer: wire.Completed, *, outcome: str) -> None:
    """MalformedResponseError, with `maybe_applied`, for an answer that shows an open task or another outcome."""
    state, _ = state_of(answer.status, assigned=True)
    if state is not TaskState.COMPLETED or answer.result not in {None, outcome}:
        raise MalformedResponseError("answered without the completion that was sent", maybe_applied=True)


def reassigned(task: Task, answer: wire.Reassigned, *, fetched_at: datetime) -> Task:
    """The answer says whether the group stays. The status does not change."""
    state, rule = state_of(task.native_state, assigned=answer.assigned_to_user is not None)
    return replace(
        task,
        state=state,
        rule=rule,
        assignees=users_of(answer.assigned_to_user),
        candidate_groups=groups_of(answer.assigned_to_group),
        fetched_at=fetched_at,
        payload=None,
    )


def completed(task: Task, answer: wire.Completed, zone: ZoneInfo | None, *, fetched_at: datetime) -> Task:
    state, rule = state_of(answer.status, assigned=bool(task.assignees))
    return replace(
        task,
        state=state,
        rule=rule,
        outcome=answer.result,
        completed_at=time_from_wire(answer.completed_at, zone),
        is_overdue=None,
        native_state=answer.status,
        fetched_at=fetched_at,
        payload=None,
    )


def effect_of(answer: wire.Completed) -> str | None:
    """What the completion did to the flow, as text for people."""
    if answer.next_step:
        return f"the flow goes on with {answer.next_step}"
    if answer.instance_status and answer.instance_status != "RUNNING":
        return f"the flow is {answer.instance_status}"
    return None
