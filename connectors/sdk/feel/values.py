"""Values of FEEL expressions, compared and computed as the library feelin does it: in JavaScript."""

import math
import re
from collections.abc import Callable, Mapping
from typing import Final

from connectors.sdk.forms import is_number

Context = Mapping[str, object]


class NotEvaluatedError(Exception):
    """The expression needs a part of the language that the gateway does not evaluate."""


class FeelError(Exception):
    """feelin cannot evaluate the expression either; forms take null instead."""


class _NotEvaluated:
    def __repr__(self) -> str:
        return "NOT_EVALUATED"


NOT_EVALUATED: Final = _NotEvaluated()
"""The value of an expression that the gateway does not evaluate, and of a name that depends on one."""

# Members that every JavaScript object has: the library finds them where a variable is missing.
OF_EVERY_OBJECT = frozenset(
    [
        "constructor",
        "toString",
        "toLocaleString",
        "valueOf",
        "hasOwnProperty",
        "isPrototypeOf",
        "propertyIsEnumerable",
        "__proto__",
        "__defineGetter__",
        "__defineSetter__",
        "__lookupGetter__",
        "__lookupSetter__",
    ]
)
BIGGEST_WHOLE = 2**53
_DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def type_of(value: object) -> str:
    if value is None:
        return "nil"
    if isinstance(value, bool):
        return "boolean"
    if is_number(value):
        return "number"
    if isinstance(value, str):
        return "string"
    if isinstance(value, Mapping):
        return "context"
    if isinstance(value, list | tuple):
        return "list"
    raise NotEvaluatedError


def equals(one: object, other: object) -> bool | None:
    """None for values of different types. A list of one value is that value, as in the library."""
    if (one is None) != (other is None):
        return False
    one, other = _alone(one), _alone(other)
    kind = type_of(one)
    if kind != type_of(other):
        return None
    if kind == "nil":
        return True
    if kind == "number":
        return double(one) == double(other)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(
            equals(each, there) is True for each, there in zip(one, other, strict=True)
        )
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return len(one) == len(other) and all(
            key in other and equals(value, other[key]) is True for key, value in one.items()
        )
    return one == other


def compare(operator: str, left: object, right: object) -> bool | None:
    """`left` < `right` and the like. None if one of them is null."""
    if right is None:
        return None
    if type_of(right) not in ("number", "string"):
        raise FeelError
    if left is None:
        return None
    left = _primitive(left)
    if isinstance(left, str) and isinstance(right, str):
        return _ordered(operator, left.encode("utf-16-be"), right.encode("utf-16-be"))
    numbers = coerced(left), coerced(right)
    return False if None in numbers else _ordered(operator, *numbers)


def add(one: object, other: object) -> object:
    if isinstance(one, str) and isinstance(other, str):
        return one + other
    return computed(lambda a, b: a + b, one, other)


def computed(operation: Callable[[float, float], float], one: object, other: object) -> object:
    """The result of two numbers; null for values of other types."""
    if type_of(one) != "number" or type_of(other) != "number":
        return None
    try:
        return plain(operation(double(one), double(other)))
    except (OverflowError, ZeroDivisionError) as error:
        raise NotEvaluatedError from error


def divided(one: object, other: object) -> object:
    is_by_zero = type_of(other) == "number" and not double(other)
    return None if is_by_zero else computed(lambda a, b: a / b, one, other)


def plain(number: float) -> float:
    """A double as JSON shows it: whole if it is."""
    if isinstance(number, complex) or not math.isfinite(number):
        raise NotEvaluatedError
    return int(number) if number.is_integer() and abs(number) < BIGGEST_WHOLE else number


def member(value: object, name: str) -> object:
    """A member of an object, or of each object in a list; null if there is none."""
    if isinstance(value, list | tuple):
        if any(isinstance(each, list | tuple) for each in value):
            raise NotEvaluatedError
        return [member(each, name) for each in value]
    if not isinstance(value, Mapping):
        if value is NOT_EVALUATED:
            raise NotEvaluatedError
        return None
    if name in value:
        return checked(value[name])
    if name in OF_EVERY_OBJECT:
        raise NotEvaluatedError
    return None


def checked(value: object) -> object:
    """A value that is known, with all its parts."""
    if value is NOT_EVALUATED:
        raise NotEvaluatedError
    return value


def double(number: object) -> float:
    """A number as JavaScript holds it."""
    try:
        return float(number)  # type: ignore[arg-type]
    except OverflowError as error:
        raise NotEvaluatedError from error


def _alone(value: object) -> object:
    if isinstance(value, list | tuple) and len(value) < 2:
        return value[0] if value else None
    return checked(value)


def _ordered(operator: str, one: object, other: object) -> bool:
    tests: dict[str, Callable[[object, object], bool]] = {
        "<": lambda a, b: a < b,  # type: ignore[operator]
        "<=": lambda a, b: a <= b,  # type: ignore[operator]
        ">": lambda a, b: a > b,  # type: ignore[operator]
        ">=": lambda a, b: a >= b,  # type: ignore[operator]
    }
    return tests[operator](one, other)


def _primitive(value: object) -> object:
    """Lists and objects are texts for JavaScript where it compares them."""
    match type_of(value):
        case "list" if isinstance(value, list | tuple):
            return ",".join("" if each is None else _javascript_text(each) for each in value)
        case "context":
            return "[object Object]"
        case _:
            return value


def _javascript_text(value: object) -> str:
    primitive = _primitive(checked(value))
    if isinstance(primitive, bool):
        return str(primitive).lower()
    return primitive if isinstance(primitive, str) else str(plain(double(primitive)))


def coerced(value: object) -> float | None:
    """A value of another type as a number; None if it is none."""
    if isinstance(value, str):
        text = value.strip()
        if not text:
            return 0
        if _DECIMAL.fullmatch(text):
            return float(text)
        if text[:2].lower() in ("0x", "0o", "0b") or "Infinity" in text:
            raise NotEvaluatedError
        return None
    return double(value)
