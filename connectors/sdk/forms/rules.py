"""What is wrong with one value of a form field. Every rule that the value breaks is one fault."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache

from connectors.sdk.forms.choices import Choices
from connectors.sdk.forms.patterns import matches
from connectors.sdk.forms.places import DataPath
from connectors.sdk.forms.values import is_empty, is_number, text_of
from connectors.sdk.model import FormFault, FormField, FormFieldType, FormOption

# Options that a message names at most.
MOST_NAMED = 10


def faults_of(field: FormField, value: object, path: DataPath) -> Iterator[FormFault]:
    """The faults of a value that is not empty. `null` has none: whether it may be empty is another question."""
    if value is None:
        return
    if field.is_multiple and field.type is not FormFieldType.MULTI_SELECT:
        if not isinstance(value, list):
            yield fault(field, path, "takes a list")
            return
        yield from _item_count(field, value, path)
        for place, each in enumerate(value):
            yield from _of_one(field, each, (*path, place))
        return
    yield from _of_one(field, value, path)


def fault(field: FormField, path: DataPath, rule: str) -> FormFault:
    return FormFault(path=path, rule=rule, label=field.label)


def required(field: FormField, path: DataPath) -> FormFault:
    return fault(field, path, "must be ticked" if field.must_be_true else "is required")


def _of_one(field: FormField, value: object, path: DataPath) -> Iterator[FormFault]:
    wanted = _wrong_type(field, value)
    if wanted is not None:
        yield fault(field, path, f"takes {wanted}")
        return
    if isinstance(value, str):
        yield from _text(field, value, path)
    elif is_number(value):
        yield from _number(field, value, path)
    elif isinstance(value, list):
        yield from _item_count(field, value, path)
        if field.fields is not None:
            for place, row in enumerate(value):
                yield from _row(field.fields, row, (*path, place))


def _row(fields: Sequence[FormField], row: object, path: DataPath) -> Iterator[FormFault]:
    if not isinstance(row, Mapping):
        yield FormFault(path=path, rule="takes an object with the fields of a row")
        return
    for field in fields:
        value = row.get(field.key)
        if field.required and not field.is_conditional and not field.is_disabled and is_unfilled(field, value):
            yield required(field, (*path, field.key))
        elif not is_empty(value):
            yield from faults_of(field, value, (*path, field.key))


def is_unfilled(field: FormField, value: object) -> bool:
    """Whether a required field has too little: nothing, or a box that is not ticked."""
    return is_empty(value) or (field.must_be_true and value is not True)


def _wrong_type(field: FormField, value: object) -> str | None:
    """What the field takes, if `value` does not fit; else None."""
    match field.type:
        case FormFieldType.TEXT:
            return None if isinstance(value, str) else "a text"
        case FormFieldType.NUMBER:
            return None if _as_number(value) is not None else "a number"
        case FormFieldType.INTEGER:
            number = _as_number(value)
            return None if number is not None and number % 1 == 0 else "a whole number"
        case FormFieldType.BOOLEAN:
            return None if isinstance(value, bool) else "true or false"
        case FormFieldType.DATE:
            return None if is_date(value) else "a date as YYYY-MM-DD"
        case FormFieldType.DATETIME:
            return None if is_moment(value) else "a date and time as ISO 8601"
        case FormFieldType.SELECT:
            return _wrong_option(field, [value])
        case FormFieldType.MULTI_SELECT:
            return _wrong_option(field, value) if isinstance(value, list) else "a list of options"
        case FormFieldType.FILE:
            return "a file, which cannot be sent through this gateway: use the vendor's own form"
        case FormFieldType.JSON:
            return None if field.fields is None or isinstance(value, list) else "a list of rows"
        case FormFieldType.UNKNOWN:
            return None


def _as_number(value: object) -> Decimal | None:
    """A finite number. A text of one is not taken: a connector whose vendor takes it converts it before."""
    if not is_number(value):
        return None
    number = Decimal(str(value))
    return number if number.is_finite() else None


def _wrong_option(field: FormField, values: Sequence[object]) -> str | None:
    if field.options is None:
        return None
    choices = _choices(_SameOptions(field.options))
    if all(value in choices for value in values):
        return None
    named = ", ".join(text_of(each.raw_value) for each in field.options[:MOST_NAMED])
    return f"one of {named}" + (", ..." if len(field.options) > MOST_NAMED else "")


class _SameOptions:
    """Options as a key: the very same ones, such as those of one field in many rows."""

    def __init__(self, options: tuple[FormOption, ...]) -> None:
        self.options = options

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _SameOptions) and self.options is other.options

    def __hash__(self) -> int:
        return id(self.options)


@lru_cache(maxsize=16)
def _choices(options: _SameOptions) -> Choices:
    return Choices(option.raw_value for option in options.options)


def _text(field: FormField, value: str, path: DataPath) -> Iterator[FormFault]:
    if field.type is not FormFieldType.TEXT:
        return
    if field.min_length is not None and len(value) < field.min_length:
        yield fault(field, path, f"takes at least {field.min_length} characters")
    if field.max_length is not None and len(value) > field.max_length:
        yield fault(field, path, f"takes at most {field.max_length} characters")
    if field.pattern is not None and matches(field.pattern, value) is False:
        yield fault(field, path, "does not have the form that is asked for")


def _number(field: FormField, value: object, path: DataPath) -> Iterator[FormFault]:
    number = _as_number(value)
    if number is None:
        return
    if is_number(field.minimum) and number < Decimal(str(field.minimum)):
        yield fault(field, path, f"takes a number from {field.minimum}")
    if is_number(field.maximum) and number > Decimal(str(field.maximum)):
        yield fault(field, path, f"takes a number up to {field.maximum}")
    if is_number(field.step) and field.step:
        start = Decimal(str(field.minimum)) if is_number(field.minimum) else Decimal(0)
        if (number - start) % Decimal(str(field.step)) != 0:
            yield fault(field, path, f"takes steps of {field.step}")


def _item_count(field: FormField, value: Sequence[object], path: DataPath) -> Iterator[FormFault]:
    if field.min_items is not None and len(value) < field.min_items:
        yield fault(field, path, f"takes at least {field.min_items} entries")
    if field.max_items is not None and len(value) > field.max_items:
        yield fault(field, path, f"takes at most {field.max_items} entries")


def is_date(value: object) -> bool:
    """YYYY-MM-DD and nothing after it."""
    return isinstance(value, str) and len(value) == 10 and _reads(date.fromisoformat, value)


def is_time(value: object) -> bool:
    """A time of day, with or without an offset."""
    return isinstance(value, str) and _reads(time.fromisoformat, value)


def is_moment(value: object) -> bool:
    """A date with a time, with or without an offset; a date alone counts as its midnight."""
    return isinstance(value, str) and _reads(datetime.fromisoformat, value)


def _reads(read: Callable[[str], object], value: str) -> bool:
    try:
        read(value)
    except ValueError:
        return False
    return True
