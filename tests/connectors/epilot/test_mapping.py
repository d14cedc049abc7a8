"""Records of both generations as ours."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from connectors.epilot import EpilotSettings
from connectors.epilot.detail import detail_from_wire
from connectors.epilot.mapping import (
    Execution,
    flow_from_wire,
    task_within_flow,
    tasks_of,
    time_to_wire,
)
from connectors.epilot.reading import flow_execution, workflow_execution
from connectors.epilot.settings import ReadyWhen
from connectors.sdk.errors import MalformedResponseError
from connectors.sdk.model import (
    ActivityType,
    DetailAspect,
    Flow,
    FlowState,
    FormKind,
    PhaseState,
    Requirement,
    Task,
    TaskKind,
    TaskState,
)
from connectors.sdk.time import time_from_wire
from tests.connectors.epilot import example

NOW = datetime(2026, 6, 15, 9, 0, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
FLOW = "v2/exec_abc123def456"

MakeSettings = Callable[..., EpilotSettings]


def read(**changes: Any) -> Execution:
    return flow_execution(msgspec.json.encode({**example.flow_execution(), **changes}))


def read_v1(**changes: Any) -> Execution:
    return workflow_execution(msgspec.json.encode({**example.workflow_execution(), **changes}))


def with_task(number: int, **changes: Any) -> list[dict[str, Any]]:
    tasks: list[dict[str, Any]] = example.flow_execution()["tasks"]
    tasks[number] = {**tasks[number], **changes}
    return tasks


def tasks(execution: Execution, settings: EpilotSettings) -> list[Task]:
    return list(tasks_of(execution, settings, fetched_at=NOW).values())


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
    """People, also those of variables; subjects; times; definition; its own bytes."""
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
    """Where no zone is configured."""
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
    """Of any member of a task but its id."""
    absent = with_task(1)
    absent[1].pop(name, None)
    given = tasks(read(tasks=with_task(1, **{name: None})), make_settings())[1]
    without = tasks(read(tasks=absent), make_settings())[1]

    assert given.native_id == f"{FLOW}/task_7hj28a"
    assert replace(given, payload=None) == replace(without, payload=None)


def test_nulls_of_a_flow_are_read_as_absent(make_settings: MakeSettings) -> None:
    """Without current tasks nobody says whose turn it is: `enabled` alone decides."""
    nothing = dict.fromkeys(
        ("name", "contexts", "crt_tasks", "phases", "edges", "analytics", "closing_reason", "due_date", "status")
    )
    execution = read(**nothing)
    flow = flow_from_wire(execution, make_settings(), fetched_at=NOW)

    assert (flow.state, flow.phases, flow.subjects) == (FlowState.UNKNOWN, None, None)
    assert tasks(execution, make_settings())[1].state is TaskState.RESERVED
    assert tasks(read(tasks=None), make_settings()) == []


def test_a_task_given_twice_is_one(make_settings: MakeSettings) -> None:
    """The first counts; the order is the vendor's."""
    again = [*example.flow_execution()["tasks"], {"id": "task_call", "name": "Another"}]
    found = tasks(read(tasks=again), make_settings())

    assert len(found) == 4
    assert found[0].title == "Kunden anrufen"


def test_assignees_may_be_written_in_any_way(make_settings: MakeSettings) -> None:
    """Numbers, nobody, variables without or with several values, the same person twice."""
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


@pytest.mark.parametrize(
    "body",
    [
        {"id": ""},
        {"id": 7},
        {"tasks": {}},
        {"tasks": [7]},
        {"tasks": [{}]},
        {"tasks": [{"id": "a", "assigned_to": "10010730"}]},
        {"crt_tasks": [7]},
    ],
)
def test_what_is_no_flow_is_malformed_without_being_quoted(body: dict[str, Any]) -> None:
    """The member is named, its value is not."""
    with pytest.raises(MalformedResponseError) as caught:
        read(**body)
    assert "10010730" not in str(caught.value)


def test_a_flow_has_phases_and_what_can_be_done_now(make_settings: MakeSettings) -> None:
    """Progress is the share of a phase's tasks that have ended."""
    flow = flow_from_wire(read(), make_settings(), fetched_at=NOW)

    assert (flow.native_id, flow.state, flow.native_type) == (FLOW, FlowState.ACTIVE, "v2")
    assert [(phase.name, phase.state, phase.progress) for phase in flow.phases or ()] == [
        ("Qualifizierung", PhaseState.ACTIVE, 0.5),
        ("Abschluss", PhaseState.NOT_STARTED, 0.0),
    ]
    assert flow.current_task_ids == (f"{FLOW}/task_7hj28a",)
    assert flow.definition is not None
    assert flow.definition.key == "tpl_abc123def456"
    assert flow.started_by is not None
    assert (flow.started_by.native_id, flow.due_at) == ("10010730", datetime(2026, 6, 30, 22, 0, tzinfo=UTC))


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("STARTED", FlowState.ACTIVE),
        ("DONE", FlowState.COMPLETED),
        ("CLOSED", FlowState.CANCELED),
        ("PAUSED", FlowState.UNKNOWN),
    ],
)
def test_every_status_of_a_flow_has_its_state(make_settings: MakeSettings, status: str, state: FlowState) -> None:
    """An ended flow has its end and nothing to do."""
    analytics = {"completed_at": "2026-06-03T00:00:00Z", "closed_at": "2026-06-03T00:00:00Z"}
    flow = flow_from_wire(read(status=status, analytics=analytics), make_settings(), fetched_at=NOW)
    ended = state in {FlowState.COMPLETED, FlowState.CANCELED}

    assert flow.state is state
    assert flow.ended_at == (datetime(2026, 6, 3, tzinfo=UTC) if ended else None)
    assert bool(flow.current_task_ids) is not ended


def test_a_flow_that_another_started_has_its_parent(make_settings: MakeSettings) -> None:
    """In the same spelling as its own id."""
    flow = flow_from_wire(
        read(_execution_chain={"parent_execution_id": "exec/0", "depth": 1}), make_settings(), fetched_at=NOW
    )

    assert flow.parent_id == "v2/exec%2F0"


def within(task: Task, flow: Flow, when: ReadyWhen = ReadyWhen.BOTH) -> TaskState:
    return task_within_flow(task, flow, when).state


def test_a_known_flow_corrects_its_rows(make_settings: MakeSettings, task: Task) -> None:
    """Ended: CANCELED. Running: a pending task that is not current was one of the future."""
    settings = make_settings()
    running = flow_from_wire(read(), settings, fetched_at=NOW)
    other = replace(task, native_id=f"{FLOW}/task_seg")
    fresh = replace(other, fetched_at=datetime(2026, 6, 15, 9, 1, tzinfo=UTC))
    busy = replace(other, state=TaskState.IN_PROGRESS, native_state="IN_PROGRESS")
    done = replace(task, state=TaskState.COMPLETED, native_state="COMPLETED")
    closed = replace(running, state=FlowState.CANCELED)

    assert within(task, running) is TaskState.READY
    assert within(other, running) is TaskState.CREATED
    assert within(other, running, ReadyWhen.ENABLED) is TaskState.READY
    assert within(fresh, running) is TaskState.READY
    assert within(busy, running) is TaskState.IN_PROGRESS
    assert within(task, closed) is TaskState.CANCELED
    assert within(done, closed) is TaskState.COMPLETED


def test_a_workflow_is_a_flow_of_sections_and_steps(make_settings: MakeSettings) -> None:
    """The next open step is the current one; steps outside of sections come too."""
    execution = read_v1()
    found = tasks(execution, make_settings())
    flow = flow_from_wire(execution, make_settings(), fetched_at=NOW)

    assert [(task.native_id, task.kind, task.state) for task in found] == [
        ("v1/8gja72h6kas6h/step1", TaskKind.MANUAL, TaskState.COMPLETED),
        ("v1/8gja72h6kas6h/step2", TaskKind.MANUAL, TaskState.READY),
        ("v1/8gja72h6kas6h/step3", TaskKind.AUTOMATION, TaskState.CREATED),
    ]
    assert found[0].completed_at == datetime(2021, 4, 28, 8, 0, tzinfo=UTC)
    assert found[1].subjects is not None
    assert found[1].subjects[0].label == "New Opportunity"
    assert (flow.native_id, flow.state, flow.native_type) == ("v1/8gja72h6kas6h", FlowState.ACTIVE, "v1")
    assert [(phase.key, phase.progress) for phase in flow.phases or ()] == [("section1", 0.5)]
    assert flow.current_task_ids == ("v1/8gja72h6kas6h/step2",)


def test_steps_of_a_light_list_are_read_by_what_they_have(make_settings: MakeSettings) -> None:
    """Neither status nor assignees: the next open step is ready, the others are not."""
    steps = [{"id": "step1", "name": "Call client"}, {"id": "step2", "name": "Check"}]
    light = [{"id": "section1", "name": "Gathering", "type": "SECTION", "steps": steps}, {"id": "step3", "name": "P"}]
    found = tasks(read_v1(flow=light), make_settings())

    assert [(task.title, task.state) for task in found] == [
        ("Call client", TaskState.CREATED),
        ("Check", TaskState.READY),
        ("P", TaskState.CREATED),
    ]


def test_a_detail_tells_form_outcomes_and_what_was_done(make_settings: MakeSettings) -> None:
    """A journey is the form; a decision that waits for a person has branches."""
    settings = make_settings(journey_url_template="https://journeys.test/{journey}")
    execution = read()
    details = [detail_from_wire(row, execution, frozenset(DetailAspect), settings) for row, _ in execution.tasks]
    call, offer, segment, mail = details

    assert call.description == "<p>Adresse</p>"
    assert [activity.type for activity in call.activities or ()] == [
        ActivityType.CREATED,
        ActivityType.STARTED,
        ActivityType.COMPLETED,
    ]
    assert offer.form is not None
    assert (offer.form.kind, offer.form.url) == (FormKind.EXTERNAL_URL, "https://journeys.test/j1")
    assert [(step.name, step.completed_by) for step in offer.previous_steps or ()] == [("Kunden anrufen", "10010730")]
    assert [(o.code, o.label, o.data) for o in segment.outcomes or ()] == [
        ("cond_a", "Privat", Requirement.UNSUPPORTED),
        ("cond_b", "Gewerbe", Requirement.UNSUPPORTED),
    ]
    assert mail.form is not None
    assert (mail.form.kind, mail.outcomes, mail.data, mail.comments) == (FormKind.NONE, (), None, None)


def test_a_decided_task_has_the_branch_as_outcome(make_settings: MakeSettings) -> None:
    """Not before it is completed; a decision made by itself offers no choice."""
    conditions = [{"id": "cond_a", "branch_name": "Privat", "is_met": True}, {"id": "cond_b", "is_met": False}]
    decided = with_task(2, conditions=conditions, status="COMPLETED")
    pending = with_task(2, conditions=conditions, trigger_mode="automatic")
    execution = read(tasks=pending)
    detail = detail_from_wire(execution.tasks[2][0], execution, frozenset(DetailAspect), make_settings())

    assert tasks(read(tasks=decided), make_settings())[2].outcome == "cond_a"
    assert tasks(execution, make_settings())[2].outcome is None
    assert detail.outcomes == ()


def test_a_task_of_a_loop_shows_no_end_of_its_last_round(make_settings: MakeSettings) -> None:
    """It is pending again, under the same id."""
    again = with_task(0, status="PENDING", loop_config={"max_iterations": 3, "crt_iterations": 1})
    call = tasks(read(tasks=again, crt_tasks=[{"id": "task_call"}]), make_settings())[0]

    assert (call.state, call.completed_at, call.completed_by) == (TaskState.RESERVED, None, None)
