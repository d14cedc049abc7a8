"""Functions of FEEL that forms use. Arguments of other types than these are not evaluated."""

from collections.abc import Callable, Mapping

from connectors.camunda.formats.feel_values import NotEvaluatedError


def _of_text(test: Callable[[str, str], object]) -> Callable[[object, object], object]:
    def checked(one: object, other: object) -> object:
        if isinstance(one, str) and isinstance(other, str):
            return test(one, other)
        raise NotEvaluatedError

    return checked


def _text(change: Callable[[str], object]) -> Callable[[object], object]:
    def checked(one: object) -> object:
        if isinstance(one, str):
            return change(one)
        raise NotEvaluatedError

    return checked


def _count(one: object) -> object:
    if isinstance(one, list | tuple):
        return len(one)
    raise NotEvaluatedError


FUNCTIONS: Mapping[str, tuple[int, Callable[..., object]]] = {
    "not": (1, lambda one: not one if isinstance(one, bool) else None),
    "count": (1, _count),
    "contains": (2, _of_text(lambda one, other: other in one)),
    "starts with": (2, _of_text(str.startswith)),
    "ends with": (2, _of_text(str.endswith)),
    "upper case": (1, _text(str.upper)),
    "lower case": (1, _text(str.lower)),
    "string length": (1, _text(lambda one: len(one.encode("utf-16-le")) // 2)),
}

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
