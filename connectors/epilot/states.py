"""What state a task is in: its own status, its flow's, and whether its turn has come."""

from collections.abc import Mapping

from msgspec import Struct

from connectors.epilot.settings import ReadyWhen
from connectors.sdk import FlowState, PhaseState, TaskKind, TaskState

# Deprecated words for PENDING; who is assigned is told by the assignees.
PENDING = frozenset({"PENDING", "UNASSIGNED", "ASSIGNED"})

KINDS: Mapping[str, TaskKind] = {
    "MANUAL": TaskKind.MANUAL,
    "AUTOMATION": TaskKind.AUTOMATION,
    "DECISION": TaskKind.DECISION,
    "AI_AGENT": TaskKind.AI,
}

FLOW_STATES: Mapping[str, FlowState] = {
    "STARTED": FlowState.ACTIVE,
    "DONE": FlowState.COMPLETED,
    "CLOSED": FlowState.CANCELED,
}

PHASE_STATES: Mapping[str, PhaseState] = {
    "OPEN": PhaseState.NOT_STARTED,
    "IN_PROGRESS": PhaseState.ACTIVE,
    "COMPLETED": PhaseState.COMPLETED,
}


class Standing(Struct, frozen=True):
    """A state, why, and the row of the table that decided."""

    state: TaskState
    rule: str
    reason: str | None = None


UNKNOWN = Standing(TaskState.UNKNOWN, "epilot.unknown")
FUTURE = Standing(TaskState.CREATED, "epilot.pending.future")

# These stay what they are when the flow ends.
_CLOSED: Mapping[str, Standing] = {
    "COMPLETED": Standing(TaskState.COMPLETED, "epilot.completed"),
    "SKIPPED": Standing(TaskState.SKIPPED, "epilot.skipped"),
    "FAILED": Standing(TaskState.FAILED, "epilot.failed"),
}
# The vendor leaves the other tasks of an ended flow as they were.
OF_ENDED_FLOW: Mapping[FlowState, Standing] = {
    FlowState.CANCELED: Standing(TaskState.CANCELED, "epilot.flow.closed", "FLOW_CLOSED"),
    FlowState.COMPLETED: Standing(TaskState.CANCELED, "epilot.flow.done", "FLOW_DONE"),
}
_UNDER_WAY: Mapping[str, Standing] = {
    "IN_PROGRESS": Standing(TaskState.IN_PROGRESS, "epilot.in_progress"),
    "ON_HOLD": Standing(TaskState.SUSPENDED, "epilot.on_hold", "ON_HOLD"),
    "WAITING_FOR_CONFIRMATION": Standing(TaskState.SUSPENDED, "epilot.waiting_for_confirmation", "WAITING_EXTERNAL"),
    "SCHEDULED": Standing(TaskState.CREATED, "epilot.scheduled", "SCHEDULED"),
    "CONDITION_PENDING": Standing(TaskState.CREATED, "epilot.condition_pending", "CONDITION_PENDING"),
}


def standing(
    status: str | None,
    *,
    assigned: bool,
    current: bool | None,
    enabled: bool | None,
    flow: FlowState | None,
    when: ReadyWhen,
) -> Standing:
    """`current` and `enabled` None: the record does not say; `flow` None: nothing is known of the flow."""
    word = status or ""
    ended = None if flow is None else OF_ENDED_FLOW.get(flow)
    told = _CLOSED.get(word) or ended or _UNDER_WAY.get(word)
    if told is not None:
        return told
    if word not in PENDING:
        return UNKNOWN
    if not has_come(current=current, enabled=enabled, when=when):
        return FUTURE
    if assigned:
        return Standing(TaskState.RESERVED, "epilot.pending.assigned")
    return Standing(TaskState.READY, "epilot.pending.unassigned")


def has_come(*, current: bool | None, enabled: bool | None, when: ReadyWhen) -> bool:
    """Whether a pending task's turn has come. Rows that lack what is asked for are judged by what they have; by nothing: no."""
    asked = {
        ReadyWhen.CURRENT: (current,),
        ReadyWhen.ENABLED: (enabled,),
        ReadyWhen.BOTH: (current, enabled),
    }[when]
    known = [each for each in asked if each is not None] or [each for each in (current, enabled) if each is not None]
    return bool(known) and all(known)
