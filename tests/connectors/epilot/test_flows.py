"""Flows, and what they say of their tasks."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from connectors.epilot import EpilotSettings
from connectors.epilot.flows import flow_from_wire, task_within_flow
from connectors.epilot.settings import ReadyWhen
from connectors.sdk.model import (
    Flow,
    FlowState,
    PhaseState,
    Task,
    TaskState,
)
from connectors.sdk.query import FlowQuery
from tests.connectors.epilot.example import everything, read, tasks

NOW = datetime(2026, 6, 15, 9, 0, tzinfo=UTC)


FLOW = "v2/exec_abc123def456"


MakeSettings = Callable[..., EpilotSettings]


async def test_flows_of_a_subject_are_searched(organisation: Any) -> None:
    """One call for each business object. A subject type alone is not pushed down."""
    connector = organisation.connector
    task = (await everything(connector))[0]
    subject = task.subjects[0]
    query = FlowQuery(subject_types=frozenset({subject.type}), subject_ids=frozenset({subject.native_id}))
    organisation.forget()
    pushed = connector.pushdown_flows(query)
    page = await connector.list_flows(pushed, limit=50)

    assert pushed == query
    assert organisation.asked == ["POST /v2/flows/executions:search"]
    assert task.flow_id in {flow.native_id for flow in page.items}
    assert all(isinstance(flow, Flow) and query.matches(flow) for flow in page.items)
    assert connector.pushdown_flows(FlowQuery(subject_types=frozenset({"a"}))) == FlowQuery()


def test_nulls_of_a_flow_are_read_as_absent(make_settings: MakeSettings) -> None:
    """If the record does not name the current tasks, `enabled` alone decides which tasks are ready."""
    nothing = dict.fromkeys(
        ("name", "contexts", "crt_tasks", "phases", "edges", "analytics", "closing_reason", "due_date", "status")
    )
    execution = read(**nothing)
    flow = flow_from_wire(execution, make_settings(), fetched_at=NOW)

    assert (flow.state, flow.phases, flow.subjects) == (FlowState.UNKNOWN, None, None)
    assert tasks(execution, make_settings())[1].state is TaskState.RESERVED
    assert tasks(read(tasks=None), make_settings()) == []


def test_a_flow_has_phases_and_current_tasks(make_settings: MakeSettings) -> None:
    """Progress is the share of a phase's tasks that are completed or skipped."""
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
    """An ended flow has an end time and no current tasks."""
    analytics = {"completed_at": "2026-06-03T00:00:00Z", "closed_at": "2026-06-03T00:00:00Z"}
    flow = flow_from_wire(read(status=status, analytics=analytics), make_settings(), fetched_at=NOW)
    ended = state in {FlowState.COMPLETED, FlowState.CANCELED}

    assert flow.state is state
    assert flow.ended_at == (datetime(2026, 6, 3, tzinfo=UTC) if ended else None)
    assert bool(flow.current_task_ids) is not ended


def test_a_flow_that_another_started_has_its_parent(make_settings: MakeSettings) -> None:
    """In the form of a native id."""
    flow = flow_from_wire(
        read(_execution_chain={"parent_execution_id": "exec/0", "depth": 1}), make_settings(), fetched_at=NOW
    )

    assert flow.parent_id == "v2/exec%2F0"


def within(task: Task, flow: Flow, when: ReadyWhen = ReadyWhen.BOTH) -> TaskState:
    return task_within_flow(task, flow, when).state


def test_a_known_flow_corrects_its_rows(make_settings: MakeSettings, task: Task) -> None:
    """An ended flow makes its open tasks CANCELED. In a running flow, a pending task that is not current is CREATED."""
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
