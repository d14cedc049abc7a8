"""Verbs of flows, creating a task in a flow, and cancelling a flow by one of its tasks."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from connectors.epilot import EpilotConnector
from connectors.sdk.caller import Identity
from connectors.sdk.commands import (
    CancelFlow,
    CancelFlowOfTask,
    CancelStrategy,
    CreateTask,
    FlowCommand,
    StartFlow,
)
from connectors.sdk.errors import (
    ConflictError,
    ConnectorError,
    MalformedResponseError,
    ValidationFailedError,
)
from connectors.sdk.model import Flow, FlowState, SubjectRef, Task, TaskPriority, TaskState
from tests.connectors.epilot import example
from tests.connectors.epilot.example import Wire

Scripted = Callable[..., EpilotConnector]

ALICE = Identity(native_id="10010730")


@pytest.fixture
def flow() -> Flow:
    return Flow(
        source="epilot",
        native_id="v2/exec_abc123def456",
        state=FlowState.ACTIVE,
        rule="epilot.flow.started",
        fetched_at=example.NOW,
        payload=msgspec.Raw(msgspec.json.encode(example.flow_execution())),
    )


@pytest.fixture
def step(task: Task) -> Task:
    return replace(task, native_id="v1/8gja72h6kas6h/step2", flow_id="v1/8gja72h6kas6h")


FLOW = "PATCH /v2/flows/executions/exec_abc123def456"
LOST = {"id": "cr_lost", "title": "Verloren"}


@pytest.mark.parametrize(
    ("options", "reason", "preferred", "body"),
    [
        (None, None, (), {"status": "CLOSED"}),
        (None, "moved", (), {"status": "CLOSED", "closing_reason": {"extra_description": "moved"}}),
        (None, None, ("cr_no", "Verloren"), {"status": "CLOSED", "closing_reason": {"selected_reasons": [LOST]}}),
        (None, None, ("cr_no",), {"status": "CLOSED"}),
        (
            {"closing_reasons": ["cr_lost"]},
            "moved",
            ("cr_late",),
            {"status": "CLOSED", "closing_reason": {"selected_reasons": [LOST], "extra_description": "moved"}},
        ),
    ],
)
async def test_a_flow_is_closed_with_reasons_that_it_offers(
    scripted: Scripted, flow: Flow, options: Any, reason: str | None, preferred: tuple[str, ...], body: Any
) -> None:
    """One write: the flow's payload has the reasons. The command's reasons replace the configured ones."""
    wire = Wire(status="CLOSED")
    connector = scripted(wire, closing_reasons=preferred)
    outcome = await connector.perform_on_flow(CancelFlow(flow=flow, options=options, reason=reason))

    assert wire.sent == [(FLOW, body)]
    assert (outcome.flow.state, outcome.flow.current_task_ids) == (FlowState.CANCELED, ())


async def test_an_answer_that_shows_an_open_flow_is_no_cancel(scripted: Scripted, flow: Flow) -> None:
    """Whether it was applied is not known: a read has to show it."""
    with pytest.raises(MalformedResponseError) as caught:
        await scripted(Wire(status="OPEN")).perform_on_flow(CancelFlow(flow=flow))
    assert caught.value.maybe_applied


@pytest.mark.parametrize(
    "options", [{"closing_reasons": ["cr_no"]}, {"closing_reasons": ["cr_lost", "cr_late"]}, {"x": 1}]
)
async def test_closing_reasons_that_the_flow_does_not_offer_are_refused(
    scripted: Scripted, flow: Flow, options: Any
) -> None:
    """A reason that is not configured, two where the flow takes one, and an unknown option."""
    wire = Wire()

    with pytest.raises(ValidationFailedError):
        await scripted(wire).perform_on_flow(CancelFlow(flow=flow, options=options))
    assert wire.sent == []


async def test_canceling_a_flow_by_its_task_tells_what_else_ended(scripted: Scripted, task: Task) -> None:
    """The effect counts the other open tasks. A configured closing reason costs one read."""
    wire = Wire(status="CLOSED")
    connector = scripted(wire, closing_reasons=["cr_lost"])
    outcome = await connector.perform(CancelFlowOfTask(task=task))

    assert [path.split(" ")[0] for path, _ in wire.sent] == ["GET", "PATCH"]
    assert (outcome.task.state, outcome.task.state_reason) == (TaskState.CANCELED, "FLOW_CLOSED")
    assert outcome.effect == "closed the flow exec_abc123def456 and 2 other tasks that had not ended"
    assert connector.info.cancel_strategies == (CancelStrategy.SKIP, CancelStrategy.CANCEL_FLOW)


async def test_a_workflow_is_closed_without_an_answer(scripted: Scripted, step: Task, flow: Flow) -> None:
    """Status 204: the task and flow are derived from the ones before. The caller's user id is sent."""
    wire = Wire()
    connector = scripted(wire)
    canceled = await connector.perform(CancelFlowOfTask(task=step, actor=ALICE, reason="moved"))
    old = replace(
        flow, native_id="v1/8gja72h6kas6h", payload=msgspec.Raw(msgspec.json.encode(example.workflow_execution()))
    )
    closed = await connector.perform_on_flow(CancelFlow(flow=old, options={"closing_reasons": ["Lost"]}))

    assert wire.sent == [
        (
            "PATCH /v1/workflows/executions/8gja72h6kas6h",
            {"status": "CLOSED", "closingReasonDescription": "moved", "closedBy": "10010730"},
        ),
        (
            "PATCH /v1/workflows/executions/8gja72h6kas6h",
            {"status": "CLOSED", "selectedClosingReasons": [{"id": "cr1", "title": "Lost"}]},
        ),
    ]
    assert (canceled.task.state, closed.flow.state) == (TaskState.CANCELED, FlowState.CANCELED)


SUBJECTS = (
    SubjectRef(type="opportunity", native_id="o1", label="X"),
    SubjectRef(type="contact", native_id="c1", is_primary=True),
)


async def test_a_flow_starts_on_its_business_objects(scripted: Scripted) -> None:
    """Exactly one is the primary one. The option `purposes` is sent."""
    wire = Wire()
    command = StartFlow(definition_key="tpl", subjects=SUBJECTS, options={"purposes": ["p1"]})
    outcome = await scripted(wire).perform_on_flow(command)

    assert outcome.flow.state is FlowState.ACTIVE
    assert wire.sent == [
        (
            "POST /v2/flows/executions",
            {
                "flow_template_id": "tpl",
                "contexts": [
                    {"entity_id": "o1", "entity_schema": "opportunity", "is_primary": False},
                    {"entity_id": "c1", "entity_schema": "contact", "is_primary": True},
                ],
                "trigger": {"type": "MANUAL"},
                "purposes": ["p1"],
            },
        )
    ]


async def test_a_workflow_starts_by_option(scripted: Scripted) -> None:
    """By the command's option or the source's option."""
    wire = Wire()
    await scripted(wire).perform_on_flow(
        StartFlow(definition_key="wf", subjects=SUBJECTS[:1], options={"generation": "v1"})
    )
    await scripted(wire, generation="v1").perform_on_flow(StartFlow(definition_key="wf"))

    assert wire.sent == [
        (
            "POST /v1/workflows/executions",
            {
                "workflowId": "wf",
                "trigger": "MANUAL",
                "contexts": [{"id": "o1", "title": "X", "schema": "opportunity"}],
            },
        ),
        ("POST /v1/workflows/executions", {"workflowId": "wf", "trigger": "MANUAL", "contexts": []}),
    ]


@pytest.mark.parametrize(
    "change",
    [{"subjects": ()}, {"version": "2"}, {"data": {"a": 1}}, {"options": {"x": 1}}, {"options": {"generation": "v9"}}],
)
async def test_a_flow_that_cannot_start_is_refused(scripted: Scripted, change: Any) -> None:
    """Without a call."""
    wire = Wire()
    command = StartFlow(**{"definition_key": "tpl", "subjects": SUBJECTS, **change})

    with pytest.raises(ValidationFailedError):
        await scripted(wire).perform_on_flow(command)
    assert wire.sent == []


U1, U2, U3 = (f"7c1e0b52-4a86-4d0f-9b35-0c52d7e6a1{number:02x}" for number in range(3))


def placed(**changes: Any) -> dict[str, Any]:
    edges = [{"id": "e1", "from_id": U1, "to_id": U2}]
    return {**example.flow_execution(), "crt_tasks": [{"id": U1}], "edges": edges, **changes}


async def test_a_new_task_goes_before_the_next_one(scripted: Scripted, flow: Flow) -> None:
    """Behind the current task, or between named neighbours. These may be native ids."""
    known = replace(flow, payload=msgspec.Raw(msgspec.json.encode(placed())))
    wire = Wire(id=U3, name="Call back")
    connector = scripted(wire)
    outcome = await connector.perform(CreateTask(title="Call back", flow=known))
    named = {"previous_task_id": f"v2/exec_abc123def456/{U2}", "next_task_id": U3, "automation_flow_id": "a"}
    await connector.perform(CreateTask(title="Run", flow=known, options={**named, "task_type": "AUTOMATION"}))

    assert wire.sent == [
        (
            f"POST {FLOW.removeprefix('PATCH ')}/tasks",
            {"previous_task_id": U1, "next_task_id": U2, "task": {"name": "Call back", "task_type": "MANUAL"}},
        ),
        (
            f"POST {FLOW.removeprefix('PATCH ')}/tasks",
            {
                "previous_task_id": U2,
                "next_task_id": U3,
                "task": {"name": "Run", "task_type": "AUTOMATION", "automation_config": {"flow_id": "a"}},
            },
        ),
    ]
    assert (outcome.task.native_id, outcome.task.title) == (f"v2/exec_abc123def456/{U3}", "Call back")


@pytest.mark.parametrize(
    ("execution", "change", "error"),
    [
        (placed(crt_tasks=[]), {}, ValidationFailedError),
        (placed(crt_tasks=[{"id": U1}, {"id": U2}]), {}, ValidationFailedError),
        (placed(edges=[]), {}, ValidationFailedError),
        (placed(edges=None), {}, ValidationFailedError),
        (example.flow_execution(), {}, ConflictError),
        (placed(), {"title": " "}, ValidationFailedError),
        (placed(), {"description": "D"}, ValidationFailedError),
        (placed(), {"priority": TaskPriority.LOW}, ValidationFailedError),
        (placed(), {"data": {"a": 1}}, ValidationFailedError),
        (placed(), {"flow": None}, ValidationFailedError),
        (placed(), {"options": {"task_type": "ROBOT"}}, ValidationFailedError),
    ],
)
async def test_a_task_that_cannot_be_created_is_refused(
    scripted: Scripted, flow: Flow, execution: Any, change: Any, error: type[ConnectorError]
) -> None:
    """Without a call."""
    known = replace(flow, payload=msgspec.Raw(msgspec.json.encode(execution)))
    wire = Wire()

    with pytest.raises(error):
        await scripted(wire).perform(CreateTask(**{"title": "Call", "flow": known, **change}))
    assert wire.sent == []


async def test_a_new_step_may_have_a_description(scripted: Scripted, flow: Flow) -> None:
    """It is created in a section at an index. Options of v2 are refused."""
    old = replace(flow, native_id="v1/8gja72h6kas6h", payload=None)
    wire = Wire()
    options = {"phase_id": "section1", "index": 2, "task_type": "AUTOMATION", "automation_flow_id": "a"}
    await scripted(wire).perform(CreateTask(title="T", description="D", flow=old, options=options))

    assert wire.sent == [
        (
            "POST /v1/workflows/executions/8gja72h6kas6h/steps",
            {
                "name": "T",
                "insertionIndex": 2,
                "description": {"enabled": True, "value": "D"},
                "sectionId": "section1",
                "executionType": "AUTOMATION",
                "automationConfig": {"flowId": "a"},
            },
        )
    ]
    with pytest.raises(ValidationFailedError):
        await scripted(wire).perform(CreateTask(title="T", flow=old, options={"next_task_id": U1}))


@pytest.mark.parametrize("native_id", ["1", "v2", "v2/..", "v2/."])
async def test_a_text_that_is_no_flow_id_is_not_found(scripted: Scripted, flow: Flow, native_id: str) -> None:
    """Without a call."""
    wire = Wire()
    command: FlowCommand = CancelFlow(flow=replace(flow, native_id=native_id))

    with pytest.raises(ConnectorError):
        await scripted(wire).perform_on_flow(command)
    assert wire.sent == []
