"""LittleHorse's rows of the domain page."""

from typing import Any

import msgspec

from connectors.littlehorse import LittlehorseSettings, wire
from connectors.littlehorse.forms import FIELD_TYPES, form_of
from connectors.littlehorse.mapping import flow_stub, state_of, task_from_wire
from connectors.sdk.model import FormField, FormFieldType, Task
from connectors.sdk.query import TaskOrderField, order_value, overdue
from tests.connectors.domain import DomainChecks, Pair, cases_of, seen
from tests.connectors.littlehorse.conftest import BASE_URL, NOW

SETTINGS = LittlehorseSettings.model_validate(
    {
        "key": "littlehorse",
        "name": "LittleHorse",
        "vendor": "littlehorse",
        "base_url": BASE_URL,
        "credentials": {"kind": "bearer", "token": "eyJ.the.token"},
        "options": {"tenant": "default"},
    }
)
USER = {"id": "17", "email": "alice@example.com", "valid": True}

FORM = "fields d: name, label, type, required, options"


def task(status: str = "UNASSIGNED", **members: Any) -> Task:
    row = {"id": "0-1", "wfRunId": "3e5d1f0b", "status": status, **members}
    return task_from_wire(msgspec.convert(row, wire.TaskRow), SETTINGS, fetched_at=NOW)


def field(type_: str) -> FormField:
    """A field with every member that the bridge gives."""
    described = wire.Field(name="iban", type=type_, display_name="IBAN", description="of the payee", required=True)
    record = wire.TaskRecord(id="0-1", wf_run_id="3e5d1f0b", fields=(described,))
    return form_of(record, SETTINGS.options).fields[0]


async def no_run() -> Pair:
    return "UNKNOWN", flow_stub("3e5d1f0b", SETTINGS.key, fetched_at=NOW).state.value


def told_of_a_field() -> str:
    read = field("STRING")
    told = {"name": read.key, "label": read.label, "type": read.native_type, "required": read.required}
    return "fields d: " + ", ".join(name for name, value in {**told, "options": read.options}.items() if value)


def forms() -> Pair:
    read = field("STRING")
    return ("iban", "IBAN", "STRING", True), (read.key, read.label, read.native_type, read.required)


DOMAIN = DomainChecks(
    states={
        ("UNASSIGNED", ""): lambda: seen(task("UNASSIGNED"), task("UNASSIGNED", user=USER)),
        ("ASSIGNED", "user"): lambda: seen(task("ASSIGNED", user=USER)),
        ("DONE", ""): lambda: seen(task("DONE"), task("DONE", user=USER)),
        ("CANCELLED", ""): lambda: seen(task("CANCELLED"), task("CANCELLED", user=USER)),
    },
    statuses=cases_of(state_of),
    unknown=lambda: task("UNRECOGNIZED", user=USER),
    kinds=lambda: frozenset({task().kind}),
    flow_words={("UNKNOWN", "always: the bridge shows no run"): no_run},
    values={
        ("priority", "none"): lambda: ((None, None), (task().priority, task().priority_score)),
        ("sort value when none", "50"): lambda: (50, order_value(task(), TaskOrderField.PRIORITY)),
        ("due", "none"): lambda: (None, task().due_at),
        ("overdue", "false"): lambda: (False, overdue(task(), NOW)),
        ("escalated", "null"): lambda: (None, task().is_escalated),
        ("follow-up", "null"): lambda: (None, task().follow_up_at),
        ("form", FORM): forms,
    },
    form_types={
        FormFieldType.TEXT: ("STRING",),
        FormFieldType.NUMBER: ("DOUBLE",),
        FormFieldType.INTEGER: ("INTEGER",),
        FormFieldType.BOOLEAN: ("BOOLEAN",),
        FormFieldType.UNKNOWN: ("UNRECOGNIZED",),
    },
    form_type=lambda native: field(str(native)).type,
    native_types=frozenset(FIELD_TYPES),
    precedence={("native state", "assignment"): lambda: ("COMPLETED", task("DONE", user=USER).state.value)},
    deviating={
        ("form", FORM): told_of_a_field,
        ("ASSIGNED", "no user in the record"): lambda: seen(task("ASSIGNED"), task("ASSIGNED", user={"id": ""})).words,
    },
)
