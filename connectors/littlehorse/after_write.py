"""A task as the bridge will show it after a write. The bridge answers writes without a record."""

from datetime import datetime

from msgspec.structs import replace

from connectors.littlehorse.mapping import state_of
from connectors.sdk import GroupRef, Task, UserRef


def assigned(task: Task, user: UserRef | None, group: str | None, *, fetched_at: datetime) -> Task:
    """With `user` as the only owner and `group`, a name, as the only candidate; None clears either."""
    status = "UNASSIGNED" if user is None else "ASSIGNED"
    state, rule = state_of(status, assigned=user is not None)
    return replace(
        task,
        state=state,
        rule=rule,
        native_state=status,
        assignees=() if user is None else (user,),
        candidate_groups=() if group is None else (GroupRef(native_id=group, name=group),),
        assigned_at=None if user is None else fetched_at,
        fetched_at=fetched_at,
        payload=None,
    )


def cancelled(task: Task, *, fetched_at: datetime) -> Task:
    state, rule = state_of("CANCELLED", assigned=bool(task.assignees))
    return replace(task, state=state, rule=rule, native_state="CANCELLED", fetched_at=fetched_at, payload=None)
