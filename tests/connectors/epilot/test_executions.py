"""Executions of both generations."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.epilot import EpilotSettings
from connectors.epilot.flows import flow_from_wire
from connectors.sdk.errors import MalformedResponseError
from connectors.sdk.model import (
    FlowState,
    TaskKind,
    TaskState,
)
from tests.connectors.epilot import example
from tests.connectors.epilot.example import read, read_v1, tasks

NOW = datetime(2026, 6, 15, 9, 0, tzinfo=UTC)


FLOW = "v2/exec_abc123def456"


MakeSettings = Callable[..., EpilotSettings]


def test_a_task_given_twice_is_one(make_settings: MakeSettings) -> None:
    """The first one counts. The vendor's order is kept."""
    again = [*example.flow_execution()["tasks"], {"id": "task_call", "name": "Another"}]
    found = tasks(read(tasks=again), make_settings())

    assert len(found) == 4
    assert found[0].title == "Kunden anrufen"


@pytest.mark.parametrize(
    "body",
    [
        {"id": ""},
        {"id": 10010730},
    ],
)
def test_a_flow_without_an_id_is_malformed_and_not_quoted(body: dict[str, Any]) -> None:
    """The member is named, its value is not."""
    with pytest.raises(MalformedResponseError, match="id") as caught:
        read(**body)
    assert "10010730" not in str(caught.value)


@pytest.mark.parametrize(
    ("body", "odd", "odd_tasks"),
    [
        ({"tasks": {}}, ("tasks",), 0),
        ({"tasks": None}, ("tasks",), 0),
        ({"tasks": [7]}, (), 1),
        ({"tasks": [{}]}, (), 1),
        ({"tasks": [{"id": "a", "assigned_to": "10010730"}]}, (), 1),
        ({"crt_tasks": [7]}, ("crt_tasks",), 4),
        ({"status": 7}, ("status",), 4),
        ({"phases": [{"name": "x"}]}, ("phases",), 0),
    ],
)
def test_what_does_not_fit_in_a_flow_is_told(body: dict[str, Any], odd: tuple[str, ...], odd_tasks: int) -> None:
    """Without the status or the current tasks of a flow the states of its tasks are not known."""
    execution = read(**body)

    assert (odd, odd_tasks) == (execution.odd, len(execution.odd_tasks))


def test_a_workflow_is_a_flow_of_sections_and_steps(make_settings: MakeSettings) -> None:
    """The next open step is the current task. Steps outside of sections are tasks too."""
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


def test_steps_of_a_list_may_lack_members(make_settings: MakeSettings) -> None:
    """Steps without status and assignees are UNKNOWN, whether or not they are the next open step."""
    steps = [{"id": "step1", "name": "Call client"}, {"id": "step2", "name": "Check"}]
    light = [{"id": "section1", "name": "Gathering", "type": "SECTION", "steps": steps}, {"id": "step3", "name": "P"}]
    found = tasks(read_v1(flow=light), make_settings())

    assert [(task.title, task.state) for task in found] == [
        ("Call client", TaskState.UNKNOWN),
        ("Check", TaskState.UNKNOWN),
        ("P", TaskState.UNKNOWN),
    ]
