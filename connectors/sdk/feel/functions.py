"""Functions of FEEL that forms use. Arguments that the library would convert first are not evaluated."""

import math
from collections.abc import Callable, Mapping

from connectors.sdk.feel.texts import javascript_text
from connectors.sdk.feel.values import NOT_EVALUATED, NotEvaluatedError, coerced, double, plain, type_of
from connectors.sdk.forms import is_number, is_same

Function = Callable[..., object]


def _of_texts(compute: Callable[..., object]) -> Function:
    """Null for arguments of other types."""

    def checked(*given: object) -> object:
        if any(isinstance(each, list | tuple) for each in given):
            raise NotEvaluatedError
        return compute(*given) if all(isinstance(each, str) for each in given) else None

    return checked


def _of_numbers(compute: Callable[..., float | bool | None]) -> Function:
    """Null for arguments of other types."""

    def checked(*given: object) -> object:
        if any(isinstance(each, list | tuple) for each in given):
            raise NotEvaluatedError
        if not all(map(is_number, given)):
            return None
        try:
            made = compute(*map(double, given))
        except (OverflowError, ValueError) as error:
            raise NotEvaluatedError from error
        return made if made is None or isinstance(made, bool) else plain(float(made))

    return checked


def _listed(one: object) -> list[object] | None:
    """A list, and one value as a list of it. None of null."""
    if isinstance(one, list | tuple):
        return list(one)
    return None if one is None else [one]


def _count(one: object) -> object:
    listed = _listed(one)
    return None if listed is None else len(listed)


def _has(listed: object, element: object) -> object:
    """The library compares plain values only."""
    found = _listed(listed)
    if found is None:
        return None
    if any(each is NOT_EVALUATED or type_of(each) in ("list", "context") for each in (*found, element)):
        raise NotEvaluatedError
    return any(is_same(each, element) for each in found)


def _folded(fold: Callable[[list[float]], float]) -> Function:
    """Of one list of numbers, or of several numbers. Null without any, and if one is no number."""

    def folded(*given: object) -> object:
        numbers = list(given[0]) if len(given) == 1 and isinstance(given[0], list | tuple) else list(given)
        if any(isinstance(each, list | tuple) or each is NOT_EVALUATED for each in numbers):
            raise NotEvaluatedError
        if not numbers or not all(map(is_number, numbers)):
            return None
        return plain(fold([double(each) for each in numbers]))

    return folded


def _total(numbers: list[float]) -> float:
    """Added one by one, as JavaScript does."""
    total = numbers[0]
    for number in numbers[1:]:
        total += number
    return total


def _number(text: object) -> object:
    if isinstance(text, list | tuple):
        raise NotEvaluatedError
    number = coerced(text) if isinstance(text, str) else None
    return None if number is None else plain(float(number))


def _string(one: object) -> object:
    if one is None or isinstance(one, str):
        return one
    if isinstance(one, bool):
        return javascript_text(one)
    number = double(one) if is_number(one) else math.inf
    if abs(number) >= 1e15 or 0 < abs(number) < 1e-4:
        raise NotEvaluatedError
    return javascript_text(plain(number))


def _modulo(dividend: float, divisor: float) -> float | None:
    if not divisor:
        return None
    rest = math.fmod(math.fmod(dividend, divisor) + divisor, divisor)
    return math.floor(rest * 1e9 + 0.5) / 1e9


def _substring(text: object, start: object, *length: object) -> object:
    """Places count from 1, or from the end if they are negative."""
    if not isinstance(text, str) or not all(isinstance(each, int) and each for each in (start, *length)):
        raise NotEvaluatedError
    if not isinstance(start, int) or len(text) + start < 0 or any(each > "\uffff" for each in text):
        raise NotEvaluatedError
    first = len(text) + start if start < 0 else start - 1
    last = first + int(str(length[0])) if length else len(text)
    if last < first:
        raise NotEvaluatedError
    return text[first:last]


FUNCTIONS: Mapping[str, tuple[tuple[int, ...], Function]] = {
    "not": ((1,), lambda one: not one if isinstance(one, bool) else None),
    "count": ((1,), _count),
    "list contains": ((2,), _has),
    "sum": ((1, 2, 3, 4), _folded(_total)),
    "min": ((1, 2, 3, 4), _folded(min)),
    "max": ((1, 2, 3, 4), _folded(max)),
    "contains": ((2,), _of_texts(lambda one, other: other in one)),
    "starts with": ((2,), _of_texts(str.startswith)),
    "ends with": ((2,), _of_texts(str.endswith)),
    "upper case": ((1,), _of_texts(str.upper)),
    "lower case": ((1,), _of_texts(str.lower)),
    "string length": ((1,), _of_texts(len)),
    "substring": ((2, 3), _substring),
    "string": ((1,), _string),
    "number": ((1,), _number),
    "abs": ((1,), _of_numbers(abs)),
    "floor": ((1,), _of_numbers(math.floor)),
    "ceiling": ((1,), _of_numbers(math.ceil)),
    "modulo": ((2,), _of_numbers(_modulo)),
    "odd": ((1,), _of_numbers(lambda one: abs(one) % 2 == 1)),
    "even": ((1,), _of_numbers(lambda one: abs(one) % 2 == 0)),
}
"""By name: the numbers of arguments that it may have, and what it computes."""

# Functions of the language whose name is one word: a missing variable of that name is the function.
FUNCTION_NAMES = frozenset(
    [
        "number",
        "string",
        "date",
        "time",
        "duration",
        "now",
        "today",
        "not",
        "substring",
        "replace",
        "contains",
        "matches",
        "split",
        "count",
        "min",
        "max",
        "sum",
        "mean",
        "all",
        "any",
        "sublist",
        "append",
        "concatenate",
        "remove",
        "reverse",
        "union",
        "flatten",
        "product",
        "median",
        "stddev",
        "mode",
        "decimal",
        "floor",
        "ceiling",
        "abs",
        "modulo",
        "sqrt",
        "log",
        "exp",
        "odd",
        "even",
        "is",
        "before",
        "after",
        "meets",
        "overlaps",
        "finishes",
        "includes",
        "during",
        "starts",
        "coincides",
        "sort",
        "assert",
        "range",
        "context",
        "trim",
        "uuid",
        "partition",
        "duplicate",
    ]
)
