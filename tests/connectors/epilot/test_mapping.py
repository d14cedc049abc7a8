"""Records of tasks as tasks, and the table of states."""

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from connectors.epilot import EpilotSettings
from connectors.epilot.mapping import KINDS, PENDING, is_ready, state_of, time_to_wire
from connectors.epilot.settings import ReadyWhen
from connectors.sdk.model import (
    FlowState,
    TaskKind,
    TaskState,
)
from connectors.sdk.time import time_from_wire
from tests.connectors.epilot.example import read, tasks, with_task

NOW = datetime(2026, 6, 15, 9, 0, tzinfo=UTC)


FLOW = "v2/exec_abc123def456"


MakeSettings = Callable[..., EpilotSettings]


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
    """State, reason and name of the rule, in a running flow and in an unknown one."""
    found = state_of(status, assigned=assigned, current=current, enabled=enabled, flow=flow, when=ReadyWhen.BOTH)

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
    """An ended flow changes all statuses but COMPLETED, SKIPPED and FAILED."""
    found = state_of(status, assigned=True, current=True, enabled=True, flow=flow, when=ReadyWhen.BOTH)

    if status in {"COMPLETED", "SKIPPED", "FAILED"}:
        assert found.state.value == status
    elif status is None:
        # It may have ended before its flow did.
        assert (found.state, found.rule) == (TaskState.UNKNOWN, "epilot.unknown")
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
    """Members that the row does not have are ignored."""
    assert come is is_ready(current=current, enabled=enabled, when=when)


def test_a_row_without_both_members_is_not_ready() -> None:
    """A task is not ready if the row has neither member."""
    assert not any(is_ready(current=None, enabled=None, when=when) for when in ReadyWhen)


def test_the_synonyms_of_pending_are_the_same() -> None:
    """For each combination of the other members."""
    for assigned, current, enabled in product((True, False), (True, False, None), (True, False, None)):
        found = {
            state_of(status, assigned=assigned, current=current, enabled=enabled, flow=None, when=ReadyWhen.BOTH)
            for status in PENDING
        }

        assert 1 == len(found)


def test_kinds_follow_the_type_of_a_task() -> None:
    """The vendor has four types."""
    assert KINDS == {
        "MANUAL": TaskKind.MANUAL,
        "AUTOMATION": TaskKind.AUTOMATION,
        "DECISION": TaskKind.DECISION,
        "AI_AGENT": TaskKind.AI,
    }


BERLIN = ZoneInfo("Europe/Berlin")


def test_a_flow_gives_its_tasks_with_kind_and_state(make_settings: MakeSettings) -> None:
    """Four tasks of three types; only the current one can be worked on."""
    found = tasks(read(), make_settings())

    assert [(task.native_id, task.kind, task.state) for task in found] == [
        (f"{FLOW}/task_call", TaskKind.MANUAL, TaskState.COMPLETED),
        (f"{FLOW}/task_7hj28a", TaskKind.MANUAL, TaskState.RESERVED),
        (f"{FLOW}/task_seg", TaskKind.DECISION, TaskState.CREATED),
        (f"{FLOW}/task_mail", TaskKind.AUTOMATION, TaskState.CREATED),
    ]


def test_a_task_has_what_its_record_and_its_flow_tell(make_settings: MakeSettings) -> None:
    """Assignees, also from variables; subjects; times; definition; its own bytes."""
    call, offer, *_ = tasks(read(), make_settings(url_template="https://e.test/{execution}/{task}"))

    assert [user.native_id for user in offer.assignees] == ["10010730", "10010731"]
    assert offer.due_at == datetime(2026, 6, 14, 22, 0, tzinfo=UTC)
    assert offer.sla is not None
    assert offer.sla.ends_on == "2026-06-15T00:00:00.000"
    assert [(s.type, s.native_id, s.is_primary) for s in offer.subjects or ()] == [
        ("opportunity", "3fa3fa86", True),
        ("contact", "7bc8de90", False),
    ]
    assert (offer.flow_id, offer.flow_name) == (FLOW, "Lead Qualification")
    assert offer.definition is not None
    assert offer.definition.key == "tt_offer"
    assert offer.url == "https://e.test/exec_abc123def456/task_7hj28a"
    assert offer.payload is not None
    assert msgspec.json.decode(offer.payload)["id"] == "task_7hj28a"
    assert call.completed_at == datetime(2026, 6, 2, 10, 15, tzinfo=UTC)
    assert call.completed_by is not None
    assert call.completed_by.native_id == "10010730"
    assert call.description == "<p>Adresse</p>"
    assert call.tags == ()


def test_a_due_day_without_a_zone_stays_a_text(make_settings: MakeSettings) -> None:
    """If no zone is configured."""
    offer = tasks(read(), make_settings(time_zone=None))[1]

    assert offer.due_at is None
    assert offer.sla is not None
    assert offer.sla.ends_on == "2026-06-15T00:00:00.000"


def test_a_due_time_with_a_zone_is_no_text(make_settings: MakeSettings) -> None:
    """It needs no configured zone."""
    offer = tasks(read(tasks=with_task(1, due_date="2026-06-15T08:00:00.000Z")), make_settings(time_zone=None))[1]

    assert (offer.due_at, offer.sla) == (datetime(2026, 6, 15, 8, 0, tzinfo=UTC), None)


@given(st.datetimes(min_value=datetime(1970, 1, 2), max_value=datetime(2200, 1, 1), timezones=st.timezones()))  # noqa: DTZ001 bounds have no zone here
def test_a_written_time_is_read_again(moment: datetime) -> None:
    """To the millisecond, in UTC."""
    read_again = time_from_wire(time_to_wire(moment), None)

    assert read_again is not None
    assert 0 <= (moment.astimezone(UTC) - read_again).total_seconds() < 0.001


@pytest.mark.parametrize("name", ["assigned_to", "analytics", "description", "due_date", "enabled", "journey", "name",
                                  "taxonomies", "template_id", "status", "task_type", "phase_id", "created_at"])  # fmt: skip
def test_null_is_read_as_absent(make_settings: MakeSettings, name: str) -> None:
    """For each member of a task except its id."""
    absent = with_task(1)
    absent[1].pop(name, None)
    given = tasks(read(tasks=with_task(1, **{name: None})), make_settings())[1]
    without = tasks(read(tasks=absent), make_settings())[1]

    assert given.native_id == f"{FLOW}/task_7hj28a"
    assert replace(given, payload=None) == replace(without, payload=None)


def test_assignees_may_be_written_in_any_way(make_settings: MakeSettings) -> None:
    """Numbers, null, variables without or with several values, the same user twice."""
    people: list[Any] = [
        7,
        None,
        "",
        {"variable": "{{a}}"},
        {"variable": "{{b}}", "value": None},
        {"variable": "{{c}}", "value": ["7", 8]},
        "8",
    ]
    found = tasks(read(tasks=with_task(1, assigned_to=people)), make_settings())[1]

    assert [user.native_id for user in found.assignees] == ["7", "8"]


def test_a_task_of_a_loop_shows_no_end_of_its_last_round(make_settings: MakeSettings) -> None:
    """It is pending again, under the same id."""
    again = with_task(0, status="PENDING", loop_config={"max_iterations": 3, "crt_iterations": 1})
    call = tasks(read(tasks=again, crt_tasks=[{"id": "task_call"}]), make_settings())[0]

    assert (call.state, call.completed_at, call.completed_by) == (TaskState.RESERVED, None, None)
