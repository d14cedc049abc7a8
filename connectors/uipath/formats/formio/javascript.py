"""Values as JavaScript sees them: as text and as number. Form.io's rules are written in these terms."""

import math
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation

from connectors.sdk import MISSING, DataPath, is_number

Number = int | float | Decimal

_LEADING = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)", re.ASCII)
_WHOLE = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_INTEGER = re.compile(r"[+-]?\d+", re.ASCII)
_LEADING_INTEGER = re.compile(r"\s*([+-]?\d+)", re.ASCII)
_PART = re.compile(r"[^.\[\]]+")
# Texts of numbers that are longer are no numbers here.
_LONGEST = 400
# Numbers from here on are no lengths and counts.
_MOST = 1 << 53


def to_text(value: object) -> str:
    """`String(value)`."""
    if value is MISSING:
        return "undefined"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if is_number(value):
        return number_text(_double(value))
    if isinstance(value, str):
        return value
    if isinstance(value, Sequence):
        return ",".join("" if each is None else to_text(each) for each in value)
    return "[object Object]"


def number_text(value: float) -> str:
    """A double as JavaScript writes it."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if value == 0:
        return "0"
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    if not isinstance(exponent, int):  # only of values that are not finite
        return "NaN"
    text = "".join(map(str, digits))
    point = len(text) + exponent
    head = "-" if sign else ""
    if len(text) <= point <= 21:
        return head + text.ljust(point, "0")
    if 0 < point <= 21:
        return f"{head}{text[:point]}.{text[point:]}"
    if -6 < point <= 0:
        return f"{head}0.{'0' * -point}{text}"
    rest = f".{text[1:]}" if len(text) > 1 else ""
    return f"{head}{text[0]}{rest}e{'+' if point > 0 else '-'}{abs(point - 1)}"


def number_of(value: object) -> Number | None:
    """The number that `value` is or that its whole text is; None for everything else. Texts keep all their digits."""
    if is_number(value):
        return value if not isinstance(value, float) or math.isfinite(value) else None
    if not isinstance(value, str) or len(value) > _LONGEST:
        return None
    text = value.strip()
    number = int(text) if _INTEGER.fullmatch(text) else _decimal(text) if _WHOLE.fullmatch(text) else None
    return number if number is not None and math.isfinite(_double(number)) else None


def canonical_number(text: str) -> Number | None:
    """The number, if JavaScript would write it as exactly this text; else None. "1.0" and "007" are texts."""
    number = number_of(text)
    return number if number is not None and number_text(_double(number)) == text else None


def leading_number(value: object) -> Decimal | None:
    """`parseFloat(value)`: "12 EUR" is 12. None for NaN."""
    if is_number(value):
        return Decimal(str(value))
    found = _LEADING.match(value[:_LONGEST]) if isinstance(value, str) else None
    return None if found is None else _decimal(found[1])


def leading_integer(value: object) -> int | None:
    """`parseInt(value, 10)`; None for NaN."""
    if is_number(value):
        return int(value) if -_MOST < value < _MOST else None
    found = _LEADING_INTEGER.match(value[:_LONGEST]) if isinstance(value, str) else None
    return None if found is None else int(found[1])


def is_truthy(value: object) -> bool:
    """Empty lists and objects are true."""
    if value is MISSING or value is None:
        return False
    return True if isinstance(value, list | Mapping) else bool(value)


def length(text: str) -> int:
    """In UTF-16 units."""
    return len(text) + sum(1 for letter in text if letter > "\uffff")


def path_of(text: str) -> DataPath:
    """`lines[0].item` as its parts."""
    parts = tuple(
        int(part) if part.isascii() and part.isdecimal() and len(part) < 10 else part for part in _PART.findall(text)
    )
    return parts or ("",)


def _double(number: Number) -> float:
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def _decimal(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None
