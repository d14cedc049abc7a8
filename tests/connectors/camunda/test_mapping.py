"""User tasks as tasks."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from connectors.camunda.mapping import (
    NATIVE_STATES,
    STATE_RULES,
    tasks_of,
)
from connectors.camunda.settings import CamundaPriorities, CamundaSettings
from connectors.sdk.errors import MalformedResponseError
from connectors.sdk.model import (
    Definition,
    GroupRef,
    PendingTransition,
    Tag,
    TaskKind,
    TaskPriority,
    TaskState,
    UserRef,
)
from tests.connectors.camunda.rows import task_of

NOW = datetime(2026, 6, 15, 9, tzinfo=UTC)

STATES = [
    ("CREATING", None, "CREATED", "CREATE", "c8.creating"),
    ("CREATING", "alice", "CREATED", "CREATE", "c8.creating"),
    ("CREATED", None, "READY", None, "c8.created.unassigned"),
    ("CREATED", "", "READY", None, "c8.created.unassigned"),
    ("CREATED", "alice", "RESERVED", None, "c8.created.assigned"),
    ("ASSIGNING", None, "READY", "ASSIGN", "c8.assigning.unassigned"),
    ("ASSIGNING", "alice", "RESERVED", "ASSIGN", "c8.assigning.assigned"),
    ("UPDATING", None, "READY", "UPDATE", "c8.updating.unassigned"),
    ("UPDATING", "alice", "RESERVED", "UPDATE", "c8.updating.assigned"),
    ("COMPLETING", None, "READY", "COMPLETE", "c8.completing.unassigned"),
    ("COMPLETING", "alice", "RESERVED", "COMPLETE", "c8.completing.assigned"),
    ("CANCELING", None, "READY", "CANCEL", "c8.canceling.unassigned"),
    ("CANCELING", "alice", "RESERVED", "CANCEL", "c8.canceling.assigned"),
    ("COMPLETED", None, "COMPLETED", None, "c8.completed"),
    ("COMPLETED", "alice", "COMPLETED", None, "c8.completed"),
    ("CANCELED", "alice", "CANCELED", None, "c8.canceled"),
    ("FAILED", None, "FAILED", None, "c8.failed"),
    ("PAUSED", "alice", "UNKNOWN", None, "c8.unknown"),
    ("created", None, "UNKNOWN", None, "c8.unknown"),
    (None, None, "UNKNOWN", None, "c8.unknown"),
]


@pytest.mark.parametrize(("native", "assignee", "state", "pending", "rule"), STATES)
def test_a_native_state_and_the_assignee_decide_the_state(
    native: str | None,
    assignee: str | None,
    state: str,
    pending: str | None,
    rule: str,
    row: dict[str, Any],
    settings: CamundaSettings,
) -> None:
    """Each row of the table of states, and states that it does not have."""
    raw = msgspec.json.encode({**row, "state": native, "assignee": assignee})

    task = task_of(raw, settings, fetched_at=NOW)

    assert (TaskState(state), pending and PendingTransition(pending), rule, native) == (
        task.state,
        task.pending_transition,
        task.rule,
        task.native_state,
    )


def test_the_examples_cover_the_whole_state_table() -> None:
    """Every row of the table has an example above."""
    assert {rule.rule for rule in STATE_RULES} | {"c8.unknown"} == {rule for *_, rule in STATES}


def test_open_states_come_from_five_native_ones() -> None:
    """READY and RESERVED have the same native states."""
    expected = frozenset({"CREATED", "ASSIGNING", "UPDATING", "COMPLETING", "CANCELING"})

    assert (expected, expected) == (NATIVE_STATES[TaskState.READY], NATIVE_STATES[TaskState.RESERVED])


def test_a_full_row_fills_every_member(row: dict[str, Any], settings: CamundaSettings) -> None:
    """The vendor's documented example, member by member."""
    raw = msgspec.json.encode({**row, "assignee": "alice", "businessId": "INV-1"})

    task = task_of(raw, settings, fetched_at=NOW)

    assert task.source == "camunda"
    assert task.native_id == "2251799813685732"
    assert task.title == "Approve invoice"
    assert task.kind is TaskKind.FORM
    assert (task.priority, task.priority_score) == (TaskPriority.MEDIUM, 50)
    assert task.created_at == datetime(2026, 1, 5, 8, 15, 30, 123000, tzinfo=UTC)
    assert task.due_at == datetime(2026, 1, 8, 17, tzinfo=UTC)
    assert task.due_at.tzinfo is UTC
    assert task.follow_up_at == datetime(2026, 1, 6, 8, tzinfo=UTC)
    assert task.completed_at is None
    assert task.assignees == (UserRef(native_id="alice"),)
    assert task.candidate_users == (UserRef(native_id="alice"), UserRef(native_id="bob"))
    assert task.candidate_groups == (GroupRef(native_id="accounting"),)
    assert task.definition == Definition(
        native_id="2251799813685600/approve_invoice", key="invoice/approve_invoice", name="Approve invoice", version="3"
    )
    assert (task.flow_id, task.flow_name) == ("2251799813685700", "Invoice receipt")
    assert task.business_key == "INV-1"
    assert task.tags == (Tag(name="vip"),)
    assert task.url == "https://tasks.test/2251799813685732"
    assert task.payload == msgspec.Raw(raw)


def test_a_row_with_only_a_key_is_a_task(settings: CamundaSettings) -> None:
    """Server 8.8 may leave every other member out."""
    task = task_of(b'{"userTaskKey":"7"}', settings, fetched_at=NOW)

    assert (
        task.title,
        task.state,
        task.candidate_users,
        task.candidate_groups,
        task.priority,
        task.definition,
        task.tags,
        task.business_key,
    ) == ("7", TaskState.UNKNOWN, (), (), None, None, None, None)


@pytest.mark.parametrize(
    ("member", "value"),
    [("dueDate", 5), ("priority", "high"), ("name", ["secret"]), ("userTaskKey", 7), ("userTaskKey", "")],
)
def test_a_member_that_does_not_fit_is_named(
    member: str, value: object, row: dict[str, Any], settings: CamundaSettings
) -> None:
    """The error names the member and does not quote its value."""
    with pytest.raises(MalformedResponseError) as caught:
        task_of(msgspec.json.encode({**row, member: value}), settings, fetched_at=NOW)

    assert f"({member})" in caught.value.message
    assert not {"high", "secret"} & set(caught.value.message.split())


def test_of_rows_with_the_same_key_the_first_is_kept(row: dict[str, Any], settings: CamundaSettings) -> None:
    """A page may repeat rows while the vendor's index changes."""
    rows = [msgspec.Raw(msgspec.json.encode({**row, "name": name})) for name in ("first", "second")]

    tasks, odd = tasks_of(rows, settings, fetched_at=NOW)

    assert ["first"] == [task.title for task in tasks]
    assert () == odd


@pytest.mark.parametrize(
    ("score", "priority"),
    [(0, "LOW"), (25, "LOW"), (26, "MEDIUM"), (50, "MEDIUM"), (51, "HIGH"), (75, "HIGH"), (76, "CRITICAL")],
)
def test_a_threshold_belongs_to_the_lower_priority(score: int, priority: str) -> None:
    """25, 50 and 75 are the highest of LOW, MEDIUM and HIGH."""
    assert TaskPriority(priority) is CamundaPriorities().priority_of(score)


@pytest.mark.parametrize("thresholds", [CamundaPriorities(), CamundaPriorities(low=0, medium=1, high=99)])
@pytest.mark.parametrize("priority", list(TaskPriority))
def test_a_written_priority_is_read_as_itself(priority: TaskPriority, thresholds: CamundaPriorities) -> None:
    """For all thresholds. By default 25, 50, 75 and 100 are written."""
    assert priority is thresholds.priority_of(thresholds.score_of(priority))
    assert {25, 50, 75, 100} == {CamundaPriorities().score_of(each) for each in TaskPriority}
