"""A task's form, outcomes and data, and the values that complete it."""

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import TypeGuard

from connectors.littlehorse import wire
from connectors.littlehorse.settings import LittlehorseOptions
from connectors.sdk import (
    Form,
    FormField,
    FormFieldType,
    FormKind,
    Requirement,
    TaskOutcome,
    ValidationFailedError,
    decode_json_value,
    json_schema_of,
    task_outcomes,
)

FIELD_TYPES = {
    "STRING": FormFieldType.TEXT,
    "DOUBLE": FormFieldType.NUMBER,
    "INTEGER": FormFieldType.INTEGER,
    "BOOLEAN": FormFieldType.BOOLEAN,
}

# The bridge reads a submitted INTEGER with 32 bits, and answers 500 if it needs more.
SMALLEST, LARGEST = -(2**31), 2**31 - 1

_EXPECTED = {"STRING": "a text", "BOOLEAN": "true or false", "INTEGER": "a whole number", "DOUBLE": "a number"}

Values = dict[str, dict[str, object]]
"""What completes a task: `{"type", "value"}` by the name of the field."""


def data_of(record: wire.TaskRecord) -> dict[str, object]:
    """The results by the name of the field."""
    return {
        name: decode_json_value(result.value, what="a result of the task")
        for name, result in (record.results or {}).items()
    }


def form_of(record: wire.TaskRecord, options: LittlehorseOptions) -> Form:
    """If outcomes are configured, the form is without the field that takes the outcome."""
    data = data_of(record)
    hidden = options.outcome_field if options.outcomes else None
    fields = tuple(
        FormField(
            key=field.name,
            type=FIELD_TYPES.get(field.type, FormFieldType.UNKNOWN),
            required=bool(field.required),
            label=field.display_name or None,
            native_type=field.type,
            value=data.get(field.name),
            description=field.description or None,
            minimum=SMALLEST if field.type == "INTEGER" else None,
            maximum=LARGEST if field.type == "INTEGER" else None,
        )
        for field in record.fields or ()
        if field.name != hidden
    )
    return Form(kind=FormKind.FIELDS, fields=fields, json_schema=json_schema_of(fields, sends_unknown=False))


def outcomes_of(record: wire.TaskRecord, options: LittlehorseOptions) -> tuple[TaskOutcome, ...]:
    """The configured outcomes if the form has the field for them, otherwise none."""
    fields = record.fields or ()
    if not any(field.name == options.outcome_field for field in fields):
        return ()
    others = [field for field in fields if field.name != options.outcome_field]
    data = Requirement.REQUIRED if any(field.required for field in others) else Requirement.OPTIONAL
    return task_outcomes(options.outcomes, data=data if others else Requirement.UNSUPPORTED)


def values_of(
    record: wire.TaskRecord, data: Mapping[str, object], outcome: str | None, options: LittlehorseOptions
) -> Values:
    """The values to send, each with the declared type of its field. None leaves a field out.

    ValidationFailedError names the first field that does not fit.
    """
    fields = {field.name: field for field in record.fields or ()}
    given = {name: value for name, value in data.items() if value is not None}
    if outcome is not None:
        if options.outcome_field is None or options.outcome_field not in fields:
            raise ValidationFailedError("the form of the task has no field for an outcome", field=("outcome",))
        given[options.outcome_field] = outcome
    _check_names(given, fields)
    return {
        name: {"type": fields[name].type, "value": _submitted(fields[name], value)} for name, value in given.items()
    }


def holds(record: wire.TaskRecord, values: Values) -> bool:
    """Whether the record's results are the ones that were sent."""
    data = data_of(record)
    return all(name in data and _is_same(value["value"], data[name]) for name, value in values.items())


def _is_same(sent: object, shown: object) -> bool:
    if isinstance(sent, bool) or isinstance(shown, bool):
        return sent is shown
    if isinstance(sent, float) and isinstance(shown, int | Decimal):
        # The kernel stores a double, and the bridge shows it as a decimal number.
        return sent == float(shown)
    return sent == shown


def _check_names(given: Mapping[str, object], fields: Mapping[str, wire.Field]) -> None:
    """ValidationFailedError for an unknown field, and for a required field that is missing or blank."""
    for name in given:
        if name not in fields:
            known = ", ".join(sorted(fields)) or "none"
            raise ValidationFailedError(f"the form has no field {name!r}; its fields are: {known}", field=_path(name))
    for name, field in fields.items():
        value = given.get(name)
        if field.required and (value is None or (isinstance(value, str) and not value.strip())):
            raise ValidationFailedError(f"field {name!r} is required", field=_path(name))


def _submitted(field: wire.Field, value: object) -> object:
    match field.type:
        case "STRING" if isinstance(value, str):
            return value
        case "BOOLEAN" if isinstance(value, bool):
            return value
        case "INTEGER" if _is_number(value) and _is_whole(value):
            if not SMALLEST <= value <= LARGEST:
                raise _misfit(field, f"takes numbers from {SMALLEST} to {LARGEST}")
            return int(value)
        case "DOUBLE" if _is_number(value):
            return _double(field, value)
        case str(known) if known in _EXPECTED:
            raise _misfit(field, f"takes {_EXPECTED[known]}")
        case _:
            raise _misfit(field, "has a type that the bridge does not accept")


def _double(field: wire.Field, value: float | Decimal) -> float:
    try:
        double = float(value)
    except OverflowError:
        double = math.inf
    if not math.isfinite(double):
        raise _misfit(field, "takes a finite number")
    return double


def _is_number(value: object) -> TypeGuard[float | Decimal]:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _is_whole(value: float | Decimal) -> bool:
    return isinstance(value, int) or (math.isfinite(value) and value % 1 == 0)


def _misfit(field: wire.Field, message: str) -> ValidationFailedError:
    return ValidationFailedError(f"field {field.name!r} {message}", field=_path(field.name))


def _path(name: str) -> tuple[str, str]:
    return ("data", name)
