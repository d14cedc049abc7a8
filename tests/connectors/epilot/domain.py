"""epilot's rows of the domain page."""

import json
from typing import Any

import msgspec
from pydantic import SecretStr

from connectors.epilot import EpilotSettings, wire
from connectors.epilot.details import detail_from_wire
from connectors.epilot.flows import flow_from_wire, task_within_flow
from connectors.epilot.formats import flow_execution
from connectors.epilot.ids import FlowId
from connectors.epilot.mapping import ENDED_STATUSES, FLOW_STATES, KINDS, OPEN_STATUSES, PENDING, task_from_wire
from connectors.epilot.settings import EpilotCredentials, EpilotOptions, Generation
from connectors.epilot.wire import FlowOfTask
from connectors.sdk.model import DetailAspect, Flow, FormKind, PhaseState, Task
from connectors.sdk.query import TaskOrderField, order_value, overdue
from tests.connectors.domain import DomainChecks, Pair, Seen, seen
from tests.connectors.epilot.example import NOW
from tests.connectors.epilot.example import flow_execution as example

SETTINGS = EpilotSettings(
    key="epilot",
    name="epilot",
    credentials=EpilotCredentials(token=SecretStr("eyJ.the.token")),
    options=EpilotOptions(journey_url_template="https://journeys.test/{journey}"),
    time_zone="Europe/Berlin",
)


def task(status: str = "PENDING", *, current: bool = True, flow_status: str = "STARTED", **members: Any) -> Task:
    """Current and enabled by default."""
    row = {"id": "task_1", "status": status, "enabled": True, **members}
    of_flow = FlowOfTask(flow=FlowId(Generation.V2, "exec_1"), current=current, flow_status=flow_status)
    return task_from_wire(msgspec.convert(row, wire.Task), of_flow, SETTINGS, fetched_at=NOW)


def flow(status: str, **members: Any) -> Flow:
    raw = json.dumps({**example(), "status": status, **members}).encode()
    return flow_from_wire(flow_execution(raw), SETTINGS, fetched_at=NOW)


def ended() -> Seen:
    """By a row that has the flow's status, and by the execution if the row does not."""
    when = SETTINGS.options.ready_when
    told = [task(each, flow_status=status) for status in ("CLOSED", "DONE") for each in ("PENDING", "IN_PROGRESS")]
    looked_up = [task_within_flow(task("IN_PROGRESS"), flow(status), when) for status in ("CLOSED", "DONE")]
    return seen(*told, *looked_up)


def lateness() -> Pair:
    late: dict[str, Any] = {"due_date": "2026-06-15T08:59:59.000Z"}
    tasks = (task(**late), task("COMPLETED", **late), task(due_date="2026-06-15T09:00:00.000Z"), task())
    return [True, False, False, False], [overdue(each, NOW) for each in tasks]


def dues() -> Pair:
    """A dynamic date is due once the vendor has computed it."""
    known = task(due_date="2026-06-15T11:00:00.000", due_date_config={"type": "TASK_COMPLETED"})
    waiting = task(due_date=None, due_date_config={"type": "TASK_COMPLETED"})
    return (NOW, None), (known.due_at, waiting.due_at)


def phase(status: str) -> PhaseState:
    phases = flow("STARTED", phases=[{"id": "phase_1", "status": status}]).phases
    assert phases is not None
    return phases[0].state


def forms() -> Pair:
    execution = flow_execution(json.dumps(example()).encode())
    read = [
        detail_from_wire(row, execution, frozenset({DetailAspect.FORM}), SETTINGS).form for row, _ in execution.tasks
    ]
    return (
        [FormKind.NONE, FormKind.EXTERNAL_URL, FormKind.NONE, FormKind.NONE, "https://journeys.test/j1"],
        [*(None if form is None else form.kind for form in read), None if read[1] is None else read[1].url],
    )


DOMAIN = DomainChecks(
    states={
        ("PENDING", "not among the flow's current tasks, or `enabled` false"): lambda: seen(
            task(current=False), task(enabled=False), task(current=False, assigned_to=["1"])
        ),
        ("PENDING", "current, `assigned_to` empty"): lambda: seen(task(), task(assigned_to=[])),
        ("PENDING", "current, `assigned_to` set"): lambda: seen(
            task(assigned_to=["1", "2"]), task(assigned_to=[{"variable": "{{owner}}", "value": ["1"]}])
        ),
        ("UNASSIGNED (deprecated)", ""): lambda: seen(task("UNASSIGNED")),
        ("ASSIGNED (deprecated)", ""): lambda: seen(task("ASSIGNED", assigned_to=["1"])),
        ("IN_PROGRESS", ""): lambda: seen(task("IN_PROGRESS"), task("IN_PROGRESS", assigned_to=["1"])),
        ("ON_HOLD", ""): lambda: seen(task("ON_HOLD")),
        ("WAITING_FOR_CONFIRMATION", ""): lambda: seen(task("WAITING_FOR_CONFIRMATION")),
        ("SCHEDULED", ""): lambda: seen(task("SCHEDULED")),
        ("CONDITION_PENDING", ""): lambda: seen(task("CONDITION_PENDING")),
        ("COMPLETED", ""): lambda: seen(task("COMPLETED"), task("COMPLETED", current=False)),
        ("SKIPPED", ""): lambda: seen(task("SKIPPED")),
        ("FAILED", ""): lambda: seen(task("FAILED")),
        ("*(flow CLOSED / DONE)*", "task still open"): ended,
    },
    statuses=PENDING | frozenset(ENDED_STATUSES) | frozenset(OPEN_STATUSES),
    unknown=lambda: task("ARCHIVED"),
    kinds=lambda: frozenset(task(task_type=each).kind for each in KINDS),
    flow=flow,
    flow_states=frozenset(FLOW_STATES),
    phase=phase,
    values={
        ("priority", "none"): lambda: ((None, None), (task().priority, task().priority_score)),
        ("sort value when none", "50"): lambda: (50, order_value(task(), TaskOrderField.PRIORITY)),
        ("due", "`due_date`, also dynamic"): dues,
        ("overdue", "same"): lateness,
        ("escalated", "null"): lambda: (None, task().is_escalated),
        ("follow-up", "null (SCHEDULED is not it)"): lambda: (
            None,
            task("SCHEDULED", schedule={"scheduled_at": "2026-07-01T00:00:00.000Z"}).follow_up_at,
        ),
        ("form", "journey / link"): forms,
    },
    precedence={
        ("closed native state", "flow overlay"): lambda: (
            ["COMPLETED", "SKIPPED", "FAILED"],
            [task(each, flow_status="CLOSED").state.value for each in ("COMPLETED", "SKIPPED", "FAILED")],
        ),
        ("flow overlay", "native state"): lambda: ("CANCELED", task("ON_HOLD", flow_status="CLOSED").state.value),
        ("native state", "assignment"): lambda: ("IN_PROGRESS", task("IN_PROGRESS", assigned_to=["1"]).state.value),
    },
    deviating={
        ("UNASSIGNED (deprecated)", ""): lambda: seen(task("UNASSIGNED", current=False)).words,
        ("ASSIGNED (deprecated)", ""): lambda: seen(task("ASSIGNED", assigned_to=["1"], enabled=False)).words,
    },
)
