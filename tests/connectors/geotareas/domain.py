"""GEOtareas' rows of the domain page."""

from typing import Any

import msgspec

from connectors.geotareas import GeotareasSettings, wire
from connectors.geotareas.details import FIELD_TYPES, detail_from_wire
from connectors.geotareas.flows import FLOW_STATES, flow_from_wire, task_within_flow
from connectors.geotareas.mapping import state_of, task_from_wire
from connectors.sdk.model import DetailAspect, Flow, FormField, FormFieldType, Task
from connectors.sdk.query import TaskOrderField, order_value, overdue
from tests.connectors.domain import DomainChecks, Pair, Seen, cases_of, seen
from tests.connectors.geotareas.conftest import BASE_URL, NOW, SECRETS

USER = {"id": "17", "name": "Alice Moreno"}


def settings(zone: str | None = "Europe/Madrid") -> GeotareasSettings:
    config = {"key": "geotareas", "name": "GEOtareas", "vendor": "geotareas", "base_url": BASE_URL}
    return GeotareasSettings.model_validate({**config, "time_zone": zone, "credentials": {"kind": "login", **SECRETS}})


def row(**members: Any) -> wire.TaskRow:
    return msgspec.convert({"id": "674839201748392018", "status": "PENDING", **members}, wire.TaskRow)


def task(
    status: str = "PENDING", *, zone: str | None = "Europe/Madrid", is_overdue: bool | None = None, **members: Any
) -> Task:
    return task_from_wire(row(status=status, **members), settings(zone), fetched_at=NOW, is_overdue=is_overdue)


def flow(status: str) -> Flow:
    return flow_from_wire(wire.InstanceRow(id="1", status=status), settings(), fetched_at=NOW)


def cancelled() -> Seen:
    tasks = (task(), task(assigned_to_user=USER), task("IN_PROGRESS"))
    return seen(*(task_within_flow(each, flow("CANCELLED")) for each in tasks))


def in_error() -> Seen:
    tasks = (task(), task(assigned_to_user=USER), task("IN_PROGRESS"), task("COMPLETED"))
    unchanged = all(task_within_flow(each, flow("ERROR")) == each for each in tasks)
    return Seen(f"task {'unchanged' if unchanged else 'changed'}, flow {flow('ERROR').state}", frozenset())


def lateness() -> Pair:
    late: dict[str, Any] = {"due_date": "2026-03-19T12:59:59"}
    zoned = (task(**late), task("COMPLETED", **late), task(due_date="2026-03-19T13:00:00"))
    zoneless = (task(zone=None, **late), task(zone=None, is_overdue=True, **late), task(zone=None))
    return (
        [True, False, False, None, True, False],
        [overdue(each, NOW) for each in (*zoned, *zoneless)],
    )


def dues() -> Pair:
    """Without a time zone the text is kept."""
    zoned, zoneless = (task(due_date="2026-03-19T13:00:00", zone=zone) for zone in ("Europe/Madrid", None))
    text = None if zoneless.sla is None else zoneless.sla.ends_on
    return (NOW, None, "2026-03-19T13:00:00"), (zoned.due_at, zoneless.due_at, text)


def fields(*types: str) -> tuple[FormField, ...]:
    record = wire.TaskRecord(id="1", status="PENDING", fields=tuple(wire.Field(name=each, type=each) for each in types))
    form = detail_from_wire(record, frozenset({DetailAspect.FORM}), settings()).form
    assert form is not None
    return form.fields


def forms() -> Pair:
    """The types in the vendor's order, with a select that has no options."""
    names = ("text", "number", "date", "boolean", "select", "file")
    read = fields(*names)
    return (
        (names, FormFieldType.UNKNOWN not in {field.type for field in read}, [None] * len(names)),
        (tuple(FIELD_TYPES), True, [field.options for field in read]),
    )


DOMAIN = DomainChecks(
    states={
        ("PENDING", "no user"): lambda: seen(task(), task(assigned_to_group={"id": "3", "name": "Accounting"})),
        ("PENDING", "user"): lambda: seen(task(assigned_to_user=USER)),
        ("IN_PROGRESS", ""): lambda: seen(task("IN_PROGRESS"), task("IN_PROGRESS", assigned_to_user=USER)),
        ("COMPLETED", ""): lambda: seen(task("COMPLETED"), task("COMPLETED", assigned_to_user=USER)),
        ("*(instance CANCELLED)*", "known, task open"): cancelled,
        ("*(instance ERROR)*", ""): in_error,
    },
    statuses=cases_of(state_of),
    unknown=lambda: task("WAITING", assigned_to_user=USER),
    kinds=lambda: frozenset({task().kind}),
    flow=flow,
    flow_states=frozenset(FLOW_STATES),
    values={
        ("priority", "none (`escalated` is not a priority)"): lambda: (
            (None, None),
            (task(escalated=True).priority, task(escalated=True).priority_score),
        ),
        ("sort value when none", "50"): lambda: (50, order_value(task(escalated=True), TaskOrderField.PRIORITY)),
        ("due", "`due_date` **without zone**: comparable only if a zone is configured"): dues,
        ("overdue", "configured zone: same; else only by `overdue_only=true`"): lateness,
        ("escalated", "`escalated`"): lambda: (
            [True, False, None],
            [task(escalated=each).is_escalated for each in (True, False, None)],
        ),
        ("follow-up", "null"): lambda: (None, task().follow_up_at),
        ("form", "fields d: text number date boolean select file; **no options**"): forms,
    },
    form_types={
        FormFieldType.TEXT: ("text",),
        FormFieldType.NUMBER: ("number",),
        FormFieldType.BOOLEAN: ("boolean",),
        FormFieldType.DATE: ("date",),
        FormFieldType.SELECT: ("select",),
        FormFieldType.FILE: ("file",),
        FormFieldType.UNKNOWN: ("signature",),
    },
    form_type=lambda native: fields(str(native))[0].type,
    native_types=frozenset(FIELD_TYPES),
    precedence={
        ("closed native state", "flow overlay"): lambda: (
            "COMPLETED",
            task_within_flow(task("COMPLETED"), flow("CANCELLED")).state.value,
        ),
        ("flow overlay", "native state"): lambda: (
            "CANCELED",
            task_within_flow(task("IN_PROGRESS"), flow("CANCELLED")).state.value,
        ),
        ("native state", "assignment"): lambda: (
            "IN_PROGRESS",
            task("IN_PROGRESS", assigned_to_user=USER).state.value,
        ),
    },
)
