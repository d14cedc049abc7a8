"""The form of a task, the values that complete it, and whether a record holds them."""

import math
from collections.abc import Mapping
from decimal import Decimal

import msgspec
from msgspec import Raw

from connectors.littlehorse import wire
from connectors.littlehorse.settings import LittlehorseOptions
from connectors.sdk import (
    Form,
    FormField,
    FormFieldType,
    FormKind,
    MalformedResponseError,
    Requirement,
    TaskOutcome,
    ValidationFailedError,
)

TYPES = {
    "STRING": FormFieldType.TEXT,
    "DOUBLE": FormFieldType.NUMBER,
    "INTEGER": FormFieldType.INTEGER,
    "BOOLEAN": FormFieldType.BOOLEAN,
}

# The bridge parses what is submitted with 32 bits, and answers 500 beyond them.
SMALLEST, LARGEST = -(2**31), 2**31 - 1

# Form data keeps its decimals and its integers of any size.
_VALUES = msgspec.json.Decoder(float_hook=Decimal)

Values = dict[str, dict[str, object]]


def data_of(record: wire.TaskRecord) -> dict[str, object]:
    return {name: _value(result.value) for name, result in (record.results or {}).items()}


def form_of(record: wire.TaskRecord, options: LittlehorseOptions) -> Form:
    """Without the field that the outcome fills, where outcomes are configured."""
    data = data_of(record)
    hidden = options.outcome_field if options.outcomes else None
    return Form(
        kind=FormKind.FIELDS,
        fields=tuple(
            FormField(
                key=field.name,
                type=TYPES.get(field.type, FormFieldType.UNKNOWN),
                required=bool(field.required),
                label=field.display_name or None,
                native_type=field.type,
                value=data.get(field.name),
                description=field.description or None,
            )
            for field in record.fields or ()
            if field.name != hidden
        ),
    )


def outcomes_of(record: wire.TaskRecord, options: LittlehorseOptions) -> tuple[TaskOutcome, ...]:
    """Those configured, for tasks whose form has the field for them."""
    fields = record.fields or ()
    if not any(field.name == options.outcome_field for field in fields):
        return ()
    others = [field for field in fields if field.name != options.outcome_field]
    data = Requirement.REQUIRED if any(field.required for field in others) else Requirement.OPTIONAL
    return tuple(
        TaskOutcome(
            code=each.code,
            label=each.label,
            nature=each.nature,
            data=data if others else Requirement.UNSUPPORTED,
            comment=Requirement.UNSUPPORTED,
        )
        for each in options.outcomes
    )


def values_of(
    record: wire.TaskRecord, data: Mapping[str, object], outcome: str | None, options: LittlehorseOptions
) -> Values:
    """What is sent: each value with its field's declared type. ValidationFailedError names the first field that fails.

    None leaves a field out.
    """
    fields = {field.name: field for field in record.fields or ()}
    given = {name: value for name, value in data.items() if value is not None}
    if outcome is not None:
        if options.outcome_field is None or options.outcome_field not in fields:
            raise ValidationFailedError("the task's form has no field for an outcome", field=("outcome",))
        given[options.outcome_field] = outcome
    for name in given:
        if name not in fields:
            known = ", ".join(sorted(fields)) or "none"
            raise ValidationFailedError(f"the form has no field {name!r}; its fields are: {known}", field=_path(name))
    for name, field in fields.items():
        value = given.get(name)
        if field.required and (value is None or (isinstance(value, str) and not value.strip())):
            raise ValidationFailedError(f"field {name!r} is required", field=_path(name))
    return {
        name: {"type": fields[name].type, "value": _submitted(fields[name], value)} for name, value in given.items()
    }


def holds(record: wire.TaskRecord, values: Values) -> bool:
    """Whether the record's results are those that were sent."""
    data = data_of(record)
    return all(name in data and _is_same(value["value"], data[name]) for name, value in values.items())


def _is_same(sent: object, shown: object) -> bool:
    if isinstance(sent, bool) or isinstance(shown, bool):
        return sent is shown
    if isinstance(sent, float) and isinstance(shown, int | Decimal):
        # What a kernel of doubles shows in decimals is that double.
        return sent == float(shown)
    return sent == shown


def _submitted(field: wire.Field, value: object) -> object:
    number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    match field.type:
        case "STRING" if isinstance(value, str):
            return value
        case "BOOLEAN" if isinstance(value, bool):
            return value
        case "INTEGER" if number and isinstance(value, int | float | Decimal) and _is_whole(value):
            if not SMALLEST <= value <= LARGEST:
                raise ValidationFailedError(
                    f"field {field.name!r} takes numbers from {SMALLEST} to {LARGEST}", field=_path(field.name)
                )
            return int(value)
        case "DOUBLE" if number and isinstance(value, int | float | Decimal):
            return _double(field, value)
        case "STRING" | "BOOLEAN" | "INTEGER" | "DOUBLE":
            wanted = {"STRING": "a text", "BOOLEAN": "true or false", "INTEGER": "a whole number"}
            raise ValidationFailedError(
                f"field {field.name!r} takes {wanted.get(field.type, 'a number')}", field=_path(field.name)
            )
        case _:
            raise ValidationFailedError(
                f"field {field.name!r} has a type that the bridge does not take from anybody", field=_path(field.name)
            )


def _double(field: wire.Field, value: float | Decimal) -> float:
    try:
        double = float(value)
    except OverflowError:
        double = math.inf
    if not math.isfinite(double):
        raise ValidationFailedError(f"field {field.name!r} takes a finite number", field=_path(field.name))
    return double


def _is_whole(value: float | Decimal) -> bool:
    return isinstance(value, int) or (math.isfinite(value) and value % 1 == 0)


def _path(name: str) -> tuple[str, str]:
    return ("data", name)


def _value(raw: Raw) -> object:
    """Any JSON value; the first pass over the answer only found its end, so it may still be unreadable."""
    try:
        return _VALUES.decode(raw)
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise MalformedResponseError("holds a result that is not readable as JSON") from error
