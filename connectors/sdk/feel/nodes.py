"""Operators of FEEL as functions from the context to the value."""

import re
from collections.abc import Callable, Mapping, Sequence

from connectors.sdk.feel import values
from connectors.sdk.feel.functions import FUNCTION_NAMES
from connectors.sdk.feel.values import Context, FeelError, NotEvaluatedError

Node = Callable[[Context], object]
MOST_NAMES = 200_000


def failing(_: Context) -> object:
    raise FeelError


def holds_for_null(value: object) -> bool:
    if isinstance(value, list | tuple):
        return any(each is None for each in value)
    return value if isinstance(value, bool) else value is None


def both(left: Node, right: Node, *, decides: bool) -> Node:
    """`or` (True decides) and `and` (False decides), with three values."""

    def joined(context: Context) -> object:
        # Both sides are evaluated: the library fails if one of them does.
        sides = [side if isinstance(side, bool) else None for side in (left(context), right(context))]
        return decides if decides in sides else None if None in sides else not decides

    return joined


def comparing(operator: str, left: Node, right: Node) -> Node:
    if operator == "=":
        return lambda context: values.equals(left(context), right(context))
    if operator == "!=":
        return lambda context: not values.equals(left(context), right(context))
    return lambda context: values.compare(operator, left(context), right(context))


def between(value: Node, start: Node, end: Node) -> Node:
    def between(context: Context) -> object:
        lowest, highest, found = start(context), end(context), value(context)
        if lowest is None or highest is None:
            return None
        if {values.type_of(each) for each in (lowest, highest, found)} != {"number"} or values.compare(
            ">", lowest, highest
        ):
            raise NotEvaluatedError
        return bool(values.compare(">=", found, lowest) and values.compare("<=", found, highest))

    return between


def inside(value: Node, start: Node, end: Node, *, has_low: bool, has_high: bool) -> Node:
    """Whether a number is in an interval."""

    def inside(context: Context) -> object:
        low, high, found = start(context), end(context), value(context)
        if {values.type_of(low), values.type_of(high)} != {"number"} or values.compare(">", low, high):
            raise NotEvaluatedError
        if found is None:
            return False
        if values.type_of(found) != "number":
            raise NotEvaluatedError
        return bool(
            values.compare(">=" if has_low else ">", found, low)
            and values.compare("<=" if has_high else "<", found, high)
        )

    return inside


def indexed(node: Node, place: int) -> Node:
    """The element of a list at a place, counted from 1, or from the end if it is negative."""

    def indexed(context: Context) -> object:
        listed = node(context)
        if listed is None:
            return None
        found = list(listed) if isinstance(listed, list | tuple) else [listed]
        index = place - 1 if place > 0 else len(found) + place
        return values.checked(found[index]) if place and 0 <= index < len(found) else None

    return indexed


def quantified(name: str, listed: Node, test: Node, *, is_some: bool) -> Node:
    def quantified(context: Context) -> object:
        found = listed(context)
        if found is None:
            return None
        if not isinstance(found, list | tuple):
            raise NotEvaluatedError
        held = [test({**context, name: values.checked(each)}) not in (None, False) for each in found]
        return any(held) if is_some else all(held)

    return quantified


def arithmetic(operator: str, left: Node, right: Node) -> Node:
    match operator:
        case "+":
            return lambda context: values.add(left(context), right(context))
        case "-":
            return lambda context: values.computed(lambda a, b: a - b, left(context), right(context))
        case "*":
            return lambda context: values.computed(lambda a, b: a * b, left(context), right(context))
        case "/":
            return lambda context: values.divided(left(context), right(context))
        case _:
            return lambda context: values.computed(lambda a, b: float(a**b), left(context), right(context))


def member(node: Node, name: str) -> Node:
    return lambda context: values.member(node(context), name)


def call(name: str, function: Callable[..., object], given: Sequence[Node]) -> Node:
    def called(context: Context) -> object:
        if name in context:
            raise NotEvaluatedError
        return function(*(node(context) for node in given))

    return called


def variable(name: str) -> Node:
    def variable(context: Context) -> object:
        if name in context:
            return values.checked(context[name])
        if name in FUNCTION_NAMES or name in values.OF_EVERY_OBJECT:
            raise NotEvaluatedError
        return None

    return variable


class FixedContext(dict[str, object]):
    """A context that does not change. The names in it are looked through once for many expressions.

    `within` is the context of the whole form for one of a row, which has no other names.
    """

    within: "FixedContext | None" = None
    odd: set[str] | None = None


def odd_names(context: Context) -> set[str]:
    """Names in the context, at any depth, that contain more than letters and digits; without blanks."""
    if not isinstance(context, FixedContext):
        return _odd_names(context)
    whole = context.within or context
    if whole.odd is None:
        whole.odd = _odd_names(whole)
    return whole.odd


def _odd_names(value: object) -> set[str]:
    found: set[str] = set()
    rest: list[object] = [value]
    seen = 0
    while rest:
        node = rest.pop()
        inner = list(node.values()) if isinstance(node, Mapping) else node if isinstance(node, list | tuple) else []
        seen += len(inner)
        if seen > MOST_NAMES:
            raise NotEvaluatedError
        rest.extend(inner)
        if isinstance(node, Mapping):
            found |= {re.sub(r"\s+", "", key) for key in node if not re.fullmatch(r"\w+", key)}
    return found - {""}
