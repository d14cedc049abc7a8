"""Acme's records as ours; pure functions."""

import re
from datetime import datetime

from connectors.sdk import GroupRef, Task, TaskKind, TaskQuery, TaskState, UserRef, time_from_wire

from . import wire

STATES = {
    "open": (TaskState.READY, "acme.open"),
    "taken": (TaskState.RESERVED, "acme.taken"),
    "closed": (TaskState.COMPLETED, "acme.closed"),
}
UNKNOWN = (TaskState.UNKNOWN, "acme.unknown")

# What the desk can be asked for: its closed tickets, and all others, also those whose status we do not know.
CLOSED = frozenset({TaskState.COMPLETED})
NOT_CLOSED = frozenset(TaskState) - CLOSED

_NATIVE_ID = re.compile(r"T-[0-9]{1,12}")


def is_native_id(text: str) -> bool:
    return _NATIVE_ID.fullmatch(text) is not None


def pushed_down(query: TaskQuery) -> TaskQuery:
    """The part of `query` that the desk answers exactly."""
    for states in (CLOSED, NOT_CLOSED):
        if query.states is not None and query.states <= states:
            return TaskQuery(states=states)
    return TaskQuery()


def task_from_wire(ticket: wire.Ticket, source: str, *, fetched_at: datetime) -> Task:
    state, rule = STATES.get(ticket.status, UNKNOWN)
    return Task(
        source=source,
        native_id=ticket.id,
        title=ticket.subject or ticket.id,
        state=state,
        rule=rule,
        fetched_at=fetched_at,
        kind=TaskKind.MANUAL,
        created_at=time_from_wire(ticket.opened, None),
        due_at=time_from_wire(ticket.due, None),
        completed_at=time_from_wire(ticket.closed, None),
        assignees=() if ticket.holder is None else (UserRef(native_id=ticket.holder),),
        candidate_groups=() if ticket.team is None else (GroupRef(native_id=ticket.team, name=ticket.team),),
        native_state=ticket.status,
    )
