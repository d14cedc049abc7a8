from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from connectors.camunda import wire
from connectors.camunda.mapping import (
    NATIVE_STATES,
    STATE_RULES,
    data_of,
    innermost,
    priority_of,
    score_of,
    task_of,
    tasks_of,
    variables_of,
)
from connectors.camunda.settings import CamundaSettings, PriorityThresholds
from connectors.sdk.errors import MalformedResponseError, ValidationFailedError
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
    """Each row of the state table, and what stands outside of it."""
    raw = msgspec.json.encode({**row, "state": native, "assignee": assignee})

    task = task_of(raw, settings, fetched_at=NOW)

    assert (TaskState(state), pending and PendingTransition(pending), rule, native) == (
        task.state,
        task.pending_transition,
        task.rule,
        task.native_state,
    )


def test_the_examples_cover_the_whole_state_table() -> None:
    """No row of the table is without an example above."""
    assert {rule.rule for rule in STATE_RULES} | {"c8.unknown"} == {rule for *_, rule in STATES}


def test_open_states_come_from_five_native_ones() -> None:
    """Both READY and RESERVED are asked for by the same native states."""
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


def test_a_row_of_nothing_but_its_key_is_a_task(settings: CamundaSettings) -> None:
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
    [("dueDate", "2026-01-05T08:15:30"), ("dueDate", "soon"), ("priority", "high"), ("userTaskKey", 7)],
)
def test_a_member_that_does_not_fit_is_named(
    member: str, value: object, row: dict[str, Any], settings: CamundaSettings
) -> None:
    """The error says where, and quotes nothing."""
    with pytest.raises(MalformedResponseError) as caught:
        task_of(msgspec.json.encode({**row, member: value}), settings, fetched_at=NOW)

    assert f"$.{member}" in caught.value.message
    assert "soon" not in caught.value.message


def test_of_rows_with_one_key_the_first_is_kept(row: dict[str, Any], settings: CamundaSettings) -> None:
    """Rows may repeat in a page while the vendor's index moves."""
    rows = [msgspec.Raw(msgspec.json.encode({**row, "name": name})) for name in ("first", "second")]

    assert [task.title for task in tasks_of(rows, settings, fetched_at=NOW)] == ["first"]


@pytest.mark.parametrize(
    ("score", "priority"),
    [(0, "LOW"), (25, "LOW"), (26, "MEDIUM"), (50, "MEDIUM"), (51, "HIGH"), (75, "HIGH"), (76, "CRITICAL")],
)
def test_a_threshold_belongs_to_the_lower_priority(score: int, priority: str) -> None:
    """25, 50 and 75 are the last of LOW, MEDIUM and HIGH."""
    assert TaskPriority(priority) is priority_of(score, PriorityThresholds())


@pytest.mark.parametrize("thresholds", [PriorityThresholds(), PriorityThresholds(low=0, medium=1, high=99)])
@pytest.mark.parametrize("priority", list(TaskPriority))
def test_a_written_priority_is_read_as_itself(priority: TaskPriority, thresholds: PriorityThresholds) -> None:
    """Also where the thresholds are others; by default 25, 50, 75 and 100 are written."""
    assert priority is priority_of(score_of(priority, thresholds), thresholds)
    assert {25, 50, 75, 100} == {score_of(each, PriorityThresholds()) for each in TaskPriority}


def test_of_variables_with_one_name_the_innermost_is_seen() -> None:
    """The scope with the highest key, compared as a number; one without a scope is the last choice."""
    variables = [
        wire.Variable(name="a", value="1", scope_key="9"),
        wire.Variable(name="a", value="2", scope_key="10"),
        wire.Variable(name="a", value="3", scope_key=None),
        wire.Variable(name="b", value="4", scope_key="x"),
    ]

    assert {"a": 2, "b": 4} == data_of(innermost(variables))


def test_values_of_variables_keep_every_digit() -> None:
    """JSON in strings: decimals stay decimals, long integers stay integers, what is not JSON stays a text."""
    texts = {"amount": "10.10", "key": "9223372036854775807", "who": '"DE"', "cut": '{"a":', "none": None}
    variables = [wire.Variable(name=name, value=value) for name, value in texts.items()]

    assert data_of(variables) == {
        "amount": Decimal("10.10"),
        "key": 9223372036854775807,
        "who": "DE",
        "cut": '{"a":',
        "none": None,
    }


def test_form_data_become_variables() -> None:
    """Dotted keys are members of one variable, decimals are numbers."""
    sent = variables_of({"customer.name": "Ada", "customer.age": 3, "sums": [Decimal("1.10")], "ok": True})

    assert msgspec.json.encode(sent) == b'{"customer":{"name":"Ada","age":3},"sums":[1.10],"ok":true}'


@pytest.mark.parametrize(
    ("data", "key"),
    [
        ({"a": 1, "a.b": 2}, "a.b"),
        ({"a.b": 2, "a": 1}, "a"),
        ({"x": Decimal("NaN")}, "x"),
        ({"x": [float("inf")]}, "x"),
    ],
)
def test_form_data_that_cannot_be_sent_name_their_field(data: dict[str, object], key: str) -> None:
    """Two values for one place and numbers that JSON has not."""
    with pytest.raises(ValidationFailedError) as caught:
        variables_of(data)

    assert ("data", key) == caught.value.field
