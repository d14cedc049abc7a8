"""The table of states, row by row."""

from itertools import product

import pytest

from connectors.epilot.settings import ReadyWhen
from connectors.epilot.states import KINDS, PENDING, has_come, standing
from connectors.sdk.model import FlowState, TaskKind, TaskState

ROWS = [
    ("PENDING", False, True, True, TaskState.READY, None, "epilot.pending.unassigned"),
    ("PENDING", True, True, True, TaskState.RESERVED, None, "epilot.pending.assigned"),
    ("PENDING", True, False, True, TaskState.CREATED, None, "epilot.pending.future"),
    ("PENDING", True, True, False, TaskState.CREATED, None, "epilot.pending.future"),
    ("PENDING", False, None, None, TaskState.CREATED, None, "epilot.pending.future"),
    ("UNASSIGNED", False, True, True, TaskState.READY, None, "epilot.pending.unassigned"),
    ("UNASSIGNED", True, True, True, TaskState.RESERVED, None, "epilot.pending.assigned"),
    ("ASSIGNED", True, True, True, TaskState.RESERVED, None, "epilot.pending.assigned"),
    ("ASSIGNED", False, True, True, TaskState.READY, None, "epilot.pending.unassigned"),
    ("IN_PROGRESS", False, False, False, TaskState.IN_PROGRESS, None, "epilot.in_progress"),
    ("ON_HOLD", True, True, True, TaskState.SUSPENDED, "ON_HOLD", "epilot.on_hold"),
    (
        "WAITING_FOR_CONFIRMATION",
        True,
        True,
        True,
        TaskState.SUSPENDED,
        "WAITING_EXTERNAL",
        "epilot.waiting_for_confirmation",
    ),
    ("SCHEDULED", True, True, True, TaskState.CREATED, "SCHEDULED", "epilot.scheduled"),
    ("CONDITION_PENDING", True, True, True, TaskState.CREATED, "CONDITION_PENDING", "epilot.condition_pending"),
    ("COMPLETED", True, False, False, TaskState.COMPLETED, None, "epilot.completed"),
    ("SKIPPED", True, False, False, TaskState.SKIPPED, None, "epilot.skipped"),
    ("FAILED", True, True, True, TaskState.FAILED, None, "epilot.failed"),
    ("ARCHIVED", True, True, True, TaskState.UNKNOWN, None, "epilot.unknown"),
    (None, True, True, True, TaskState.UNKNOWN, None, "epilot.unknown"),
]


@pytest.mark.parametrize(("status", "assigned", "current", "enabled", "state", "reason", "rule"), ROWS)
@pytest.mark.parametrize("flow", [FlowState.ACTIVE, FlowState.UNKNOWN, None])
def test_every_status_has_its_row(
    status: str | None,
    assigned: bool,
    current: bool | None,
    enabled: bool | None,
    state: TaskState,
    reason: str | None,
    rule: str,
    flow: FlowState | None,
) -> None:
    """State, reason and the rule's name, in a flow that runs or of which nothing is known."""
    found = standing(status, assigned=assigned, current=current, enabled=enabled, flow=flow, when=ReadyWhen.BOTH)

    assert (found.state, found.reason, found.rule) == (state, reason, rule)


@pytest.mark.parametrize(
    ("flow", "reason", "rule"),
    [
        (FlowState.CANCELED, "FLOW_CLOSED", "epilot.flow.closed"),
        (FlowState.COMPLETED, "FLOW_DONE", "epilot.flow.done"),
    ],
)
@pytest.mark.parametrize("status", [row[0] for row in ROWS])
def test_an_ended_flow_cancels_what_had_not_ended(flow: FlowState, reason: str, rule: str, status: str | None) -> None:
    """Closed statuses win over the flow, the flow over all others."""
    found = standing(status, assigned=True, current=True, enabled=True, flow=flow, when=ReadyWhen.BOTH)

    if status in {"COMPLETED", "SKIPPED", "FAILED"}:
        assert found.state.value == status
    else:
        assert (found.state, found.reason, found.rule) == (TaskState.CANCELED, reason, rule)


@pytest.mark.parametrize(
    ("when", "current", "enabled", "come"),
    [
        (ReadyWhen.CURRENT, True, False, True),
        (ReadyWhen.CURRENT, False, True, False),
        (ReadyWhen.CURRENT, None, True, True),
        (ReadyWhen.ENABLED, False, True, True),
        (ReadyWhen.ENABLED, True, False, False),
        (ReadyWhen.ENABLED, True, None, True),
        (ReadyWhen.BOTH, True, True, True),
        (ReadyWhen.BOTH, True, False, False),
        (ReadyWhen.BOTH, None, True, True),
        (ReadyWhen.BOTH, True, None, True),
    ],
)
def test_the_option_says_what_makes_a_task_ready(
    when: ReadyWhen,
    current: bool | None,
    enabled: bool | None,
    come: bool,
) -> None:
    """What a row does not tell is left out of the judgement."""
    assert come is has_come(current=current, enabled=enabled, when=when)


def test_what_says_nothing_is_not_ready() -> None:
    """When unsure, a task is one of the future."""
    assert not any(has_come(current=None, enabled=None, when=when) for when in ReadyWhen)


def test_the_synonyms_of_pending_are_the_same() -> None:
    """Whatever else is told of the task."""
    for assigned, current, enabled in product((True, False), (True, False, None), (True, False, None)):
        found = {
            standing(status, assigned=assigned, current=current, enabled=enabled, flow=None, when=ReadyWhen.BOTH)
            for status in PENDING
        }

        assert 1 == len(found)


def test_kinds_follow_the_type_of_a_task() -> None:
    """The four that the vendor has."""
    assert KINDS == {
        "MANUAL": TaskKind.MANUAL,
        "AUTOMATION": TaskKind.AUTOMATION,
        "DECISION": TaskKind.DECISION,
        "AI_AGENT": TaskKind.AI,
    }
