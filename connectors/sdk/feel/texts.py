"""Numbers and texts as form-js and feelin read and write them: in JavaScript."""

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

from connectors.sdk.forms import is_number

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)


def number_of(value: object) -> Decimal | None:
    """A finite number, or a text of one, as form-js reads it."""
    if isinstance(value, str):
        value = value.strip()
    if is_number(value) or (isinstance(value, str) and _NUMBER.fullmatch(value)):
        try:
            number = Decimal(str(value))
        except InvalidOperation:
            return None
        return number if number.is_finite() else None
    return None


def javascript_text(value: object) -> str:
    """`String(value)`."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return ",".join("" if each is None else javascript_text(each) for each in value)
    if isinstance(value, Mapping):
        return "[object Object]"
    if isinstance(value, bool):
        return str(value).lower()
    number = number_of(value)
    if number is None:
        return str(value)
    whole = number.to_integral_value()
    return f"{whole:f}" if number == whole else f"{number.normalize():f}"
