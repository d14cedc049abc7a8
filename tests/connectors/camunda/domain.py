"""What the domain page says about Camunda."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec

from connectors.camunda import wire
from connectors.camunda.flows import FLOW_STATES, task_within_flow
from connectors.camunda.forms import form_of
from connectors.camunda.mapping import STATE_RULES
from connectors.camunda.settings import CamundaPriorities, CamundaSettings
from connectors.sdk.form_js import FIELD_TYPES
from connectors.sdk.model import Flow, FormFieldType, FormKind, Task, TaskPriority
from connectors.sdk.query import TaskOrderField, order_value, overdue
from tests.connectors.camunda.rows import flow_of, task_of
from tests.connectors.domain import DomainChecks, Pair, Seen, seen

NOW = datetime(2026, 6, 15, 9, tzinfo=UTC)
SETTINGS = CamundaSettings(key="camunda", name="Camunda 8", base_url="http://camunda.test")

PRIORITIES = (
    "int 0..100, default 50; ours LOW <= 25, MEDIUM <= 50, HIGH <= 75, CRITICAL > 75 "
    "(thresholds from memory: make them configurable); written as 25 / 50 / 75 / 100"
)


def task(state: str = "CREATED", **members: Any) -> Task:
    row = {"userTaskKey": "2251799813685281", "name": "Approve", "state": state, **members}
    return task_of(msgspec.json.encode(row), SETTINGS, fetched_at=NOW)


def flow(state: str, **members: Any) -> Flow:
    row = {"processInstanceKey": "2251799813685249", "state": state, **members}
    return flow_of(msgspec.json.encode(row), SETTINGS, fetched_at=NOW)


def by_assignee(state: str) -> Callable[[], Seen]:
    return lambda: seen(task(state), task(state, assignee="demo"))


def suspended() -> Seen:
    free, taken = task("CREATED"), task("CREATED", assignee="demo")
    return seen(*(task_within_flow(each, flow("SUSPENDED")) for each in (free, taken)))


async def incident() -> Pair:
    read = flow("ACTIVE", hasIncident=True)
    return ("ACTIVE", True), (read.state.value, read.has_incident)


def priorities() -> Pair:
    thresholds = CamundaPriorities()
    read = [(score, task(priority=score).priority) for score in (0, 25, 26, 50, 51, 75, 76, 100)]
    low, medium, high, critical = TaskPriority
    wanted = zip(
        (0, 25, 26, 50, 51, 75, 76, 100), (low, low, medium, medium, high, high, critical, critical), strict=True
    )
    other = task_of(
        msgspec.json.encode({"userTaskKey": "1", "priority": 60}),
        SETTINGS.model_copy(
            update={"options": SETTINGS.options.model_copy(update={"priority": CamundaPriorities(low=40, medium=60)})}
        ),
        fetched_at=NOW,
    )
    return (
        (list(wanted), [25, 50, 75, 100], medium),
        (read, [thresholds.score_of(each) for each in TaskPriority], other.priority),
    )


def sorts_by_the_number() -> Pair:
    return [73, 50], [order_value(each, TaskOrderField.PRIORITY) for each in (task(priority=73), task())]


def lateness() -> Pair:
    late: dict[str, Any] = {"dueDate": "2026-06-15T08:59:59Z"}
    tasks = (task(**late), task("COMPLETED", **late), task(dueDate="2026-06-15T09:00:00Z"), task())
    return [True, False, False, False], [overdue(each, NOW) for each in tasks]


def field_type(component: object) -> FormFieldType:
    """The type of a form-js component."""
    assert isinstance(component, dict)
    schema = msgspec.json.encode({"components": [{"key": "field", **component}]}).decode()
    return form_of(wire.Form(schema=schema), {}).fields[0].type


def _types(*names: str) -> tuple[object, ...]:
    return tuple({"type": name} for name in names)


DOMAIN = DomainChecks(
    states={
        ("CREATING", ""): lambda: seen(task("CREATING"), task("CREATING", assignee="demo")),
        ("CREATED", "no assignee"): lambda: seen(task("CREATED"), task("CREATED", assignee="")),
        ("CREATED", "assignee"): lambda: seen(task("CREATED", assignee="demo")),
        ("ASSIGNING", "by assignee"): by_assignee("ASSIGNING"),
        ("UPDATING", "by assignee"): by_assignee("UPDATING"),
        ("COMPLETING", "by assignee"): by_assignee("COMPLETING"),
        ("CANCELING", "by assignee"): by_assignee("CANCELING"),
        ("COMPLETED", ""): by_assignee("COMPLETED"),
        ("CANCELED", ""): by_assignee("CANCELED"),
        ("FAILED", ""): by_assignee("FAILED"),
        ("*(flow SUSPENDED)*", "flow loaded, task open"): suspended,
    },
    statuses=frozenset(rule.native for rule in STATE_RULES),
    unknown=lambda: task("ESCALATED", assignee="demo"),
    kinds=lambda: frozenset({task().kind, task(externalFormReference="https://forms.test/1").kind}),
    flow=flow,
    flow_states=frozenset(FLOW_STATES),
    flow_words={("ACTIVE", "ACTIVE (+ `hasIncident`)"): incident},
    values={
        ("priority", PRIORITIES): priorities,
        ("sort value when none", "the number"): sorts_by_the_number,
        ("due", "`dueDate`"): lambda: (NOW, task(dueDate="2026-06-15T11:00:00+02:00").due_at),
        ("overdue", "open and due < now"): lateness,
        ("escalated", "null"): lambda: (None, task().is_escalated),
        ("follow-up", "`followUpDate`"): lambda: (NOW, task(followUpDate="2026-06-15T09:00:00Z").follow_up_at),
        ("form", "linked form schema d"): lambda: (
            [FormKind.VENDOR_SCHEMA, FormKind.NONE],
            [form_of(each, {}).kind for each in (wire.Form(schema='{"components": []}'), None)],
        ),
    },
    form_types={
        FormFieldType.TEXT: (*_types("textfield", "textarea"), {"type": "datetime", "subtype": "time"}),
        FormFieldType.NUMBER: _types("number"),
        FormFieldType.INTEGER: ({"type": "number", "decimalDigits": 0},),
        FormFieldType.BOOLEAN: _types("checkbox"),
        FormFieldType.DATE: ({"type": "datetime", "subtype": "date"},),
        FormFieldType.DATETIME: ({"type": "datetime", "subtype": "datetime"},),
        FormFieldType.SELECT: _types("radio", "select"),
        FormFieldType.MULTI_SELECT: _types("checklist", "taglist"),
        FormFieldType.FILE: _types("filepicker"),
        FormFieldType.JSON: ({"type": "dynamiclist", "path": "lines"},),
        FormFieldType.UNKNOWN: _types("signature", "expression"),
    },
    form_type=field_type,
    native_types=frozenset(FIELD_TYPES),
    precedence={
        ("closed native state", "flow overlay"): lambda: (
            "CANCELED",
            task_within_flow(task("CANCELED"), flow("SUSPENDED")).state.value,
        ),
        ("native state", "assignment"): lambda: ("CREATED", task("CREATING", assignee="demo").state.value),
    },
)
