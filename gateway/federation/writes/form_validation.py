"""Checks an outcome and form data against the task's form, before anything is sent."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from connectors.sdk.errors import InputError
from connectors.sdk.model import Form, FormField, FormFieldType, FormKind, TaskOutcome

NUMBERS = (int, float, Decimal)
TIME_ZONE_FREE = re.compile(r"\d{4}-\d{2}-\d{2}([T ].*)?")


def missing_fields(form: Form, data: Mapping[str, object]) -> list[FormField]:
    """Required fields that `data` leaves out, or whose value is null or the empty text."""
    return [field for field in form.fields if field.required and data.get(field.key) in (None, "")]


def check_fields(form: Form, data: Mapping[str, object]) -> None:
    """Raises InputError for the first field that has the wrong type, is a file, or is not in the form.

    Keys that are not in the form are refused only if the vendor gives the complete list of fields (FormKind.FIELDS).
    """
    fields = {field.key: field for field in form.fields}
    for key, value in data.items():
        field = fields.get(key)
        if field is None:
            if form.kind is FormKind.FIELDS:
                known = ", ".join(sorted(fields)) or "none"
                raise InputError(f"the form has no field {key!r}; its fields are: {known}", field=("data", key))
            continue
        if value is not None and (wanted := _wrong(field, value)):
            raise InputError(f"field {key!r} takes {wanted}", field=("data", key))


def missing_error(field: FormField) -> InputError:
    return InputError(f"field {field.key!r} is required", field=("data", field.key))


def check_outcome(outcome: str | None, outcomes: Sequence[TaskOutcome] | None) -> None:
    """Raises InputError unless the outcome is one of the task's; any outcome fits a task that names none."""
    if not outcomes:
        return
    codes = [known.code for known in outcomes]
    if outcome is None:
        raise InputError(f"an outcome is required: one of {', '.join(codes)}", field=("outcome",))
    if outcome not in codes:
        raise InputError(f"unknown outcome; this task has {', '.join(codes)}", field=("outcome",))


def _wrong(field: FormField, value: object) -> str | None:
    """What the field takes, if `value` does not fit; else None."""
    number = isinstance(value, NUMBERS) and not isinstance(value, bool)
    match field.type:
        case FormFieldType.TEXT:
            return None if isinstance(value, str) else "a string"
        case FormFieldType.NUMBER:
            return None if number else "a number"
        case FormFieldType.INTEGER:
            return None if number and _is_whole(value) else "a whole number"
        case FormFieldType.BOOLEAN:
            return None if isinstance(value, bool) else "true or false"
        case FormFieldType.DATE:
            return None if _is_date(value) else "a date as YYYY-MM-DD"
        case FormFieldType.DATETIME:
            return None if _is_datetime(value) else "a time as ISO 8601"
        case FormFieldType.SELECT:
            return _wrong_option(field, [value])
        case FormFieldType.MULTI_SELECT:
            return _wrong_option(field, value) if isinstance(value, list) else "a list of options"
        case FormFieldType.FILE:
            return "a file; files cannot be sent through this gateway, use the vendor's own form"
        case FormFieldType.JSON | FormFieldType.UNKNOWN:
            return None


def _wrong_option(field: FormField, values: Sequence[object]) -> str | None:
    if field.options is None:
        return None if all(isinstance(value, str) for value in values) else "a string"
    options = [option.value for option in field.options]
    return None if all(str(value) in options for value in values) else f"one of {', '.join(options)}"


def _is_whole(value: object) -> bool:
    return isinstance(value, int) or (isinstance(value, float | Decimal) and value % 1 == 0)


def _is_date(value: object) -> bool:
    if not isinstance(value, str) or not TIME_ZONE_FREE.fullmatch(value):
        return False
    try:
        date.fromisoformat(value[:10])
    except ValueError:
        return False
    return True


def _is_datetime(value: object) -> bool:
    if not isinstance(value, str):
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True
