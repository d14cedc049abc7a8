"""Values of form data: whether one is empty, and whether two are the same."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final, TypeGuard

from connectors.sdk.json import encode_json_numbers
from connectors.sdk.model import FormOption

Number = int | float | Decimal


class _Missing:
    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = _Missing()
"""A value that was not given. `null` is a value."""


def is_number(value: object) -> TypeGuard[Number]:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def is_empty(value: object) -> bool:
    """Not given, null, a text without letters, an empty list or object. `false` and 0 are values."""
    if value is MISSING or value is None:
        return True
    if isinstance(value, str):
        return not value.strip()
    return isinstance(value, list | tuple | dict) and not value


def is_same(one: object, other: object) -> bool:
    """Whether two JSON values are equal. `true` is not 1, and 1 is 1.0."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if is_number(one) and is_number(other):
        return Decimal(str(one)) == Decimal(str(other))
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(is_same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(is_same, one, other))
    return type(one) is type(other) and one == other


def text_of(value: object) -> str:
    """A JSON value as text: a text as it is, everything else as JSON."""
    return value if isinstance(value, str) else bytes(encode_json_numbers(value)).decode()


def option(raw_value: object, label: str | None = None) -> FormOption:
    """An option with its text."""
    return FormOption(value=text_of(raw_value), raw_value=raw_value, label=label)
