"""Filters of the kanban API."""

from calendar import monthrange
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

from msgspec import UNSET, Struct, UnsetType

from sandbox.epilot.errors import invalid
from sandbox.epilot.search.rows import Row, at, moment_of

Combination = Literal["AND", "OR"]
Operator = Literal[
    "EQUALS",
    "NOT_EQUALS",
    "EMPTY",
    "NOT_EMPTY",
    "CONTAINS",
    "NOT_CONTAINS",
    "IS_ONE_OF",
    "IS_NONE_OF",
    "GREATER_THAN",
    "LESS_THAN",
    "GREATER_THAN_OR_EQUAL",
    "LESS_THAN_OR_EQUAL",
]
Scalar = str | float | bool | None
Predicate = Callable[[Row], bool]

_DAY = timedelta(days=1)
_NEGATIVE = {"NOT_EQUALS": "EQUALS", "NOT_CONTAINS": "CONTAINS", "IS_NONE_OF": "IS_ONE_OF"}
_COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "GREATER_THAN": lambda one, other: bool(one > other),
    "LESS_THAN": lambda one, other: bool(one < other),
    "GREATER_THAN_OR_EQUAL": lambda one, other: bool(one >= other),
    "LESS_THAN_OR_EQUAL": lambda one, other: bool(one <= other),
}


class FilterNode(Struct):
    """A condition (with `key`) or a group of nodes (with `items`). The vendor allows one level of nesting."""

    key: str | UnsetType = UNSET
    operator: Operator | UnsetType = UNSET
    value: Scalar | list[Scalar] = None
    data_type: Literal["string", "number", "boolean", "date"] = "string"
    items: "list[FilterNode] | UnsetType" = UNSET
    combination: Combination | UnsetType = UNSET


def everything(_: Row) -> bool:
    return True


def matcher(node: FilterNode, now: datetime, *, depth: int = 0) -> Predicate:
    """Compile a filter. Raises 400 for an invalid one."""
    if node.items is UNSET:
        return _item(node, now)
    if depth > 1 or node.combination is UNSET:
        raise invalid("Invalid filter: a group needs a combination and groups are nested once")
    parts = [matcher(each, now, depth=depth + 1) for each in node.items]
    if not parts:
        return everything
    if node.combination == "AND":
        return lambda row: all(part(row) for part in parts)
    return lambda row: any(part(row) for part in parts)


def _item(node: FilterNode, now: datetime) -> Predicate:
    if node.key is UNSET or node.operator is UNSET:
        raise invalid("Invalid filter: key and operator are required")
    key, operator = node.key, node.operator
    if operator in ("EMPTY", "NOT_EMPTY"):
        return lambda row: (next(at(row, key), None) is None) == (operator == "EMPTY")
    wanted = node.value if isinstance(node.value, list) else [node.value]
    positive = _NEGATIVE.get(operator, operator)
    one = _test(positive, node.data_type, wanted, now)

    def matches(row: Row) -> bool:
        return any(one(value) for value in at(row, key)) == (positive == operator)

    return matches


def _test(operator: str, data_type: str, wanted: Sequence[Scalar], now: datetime) -> Callable[[Any], bool]:
    if operator != "IS_ONE_OF" and (len(wanted) != 1 or wanted[0] is None):
        raise invalid(f"Invalid filter: {operator} needs one value")
    if data_type == "date":
        spans = [_span(str(each), now) for each in wanted]
        return lambda value: any(_within(value, operator, span) for span in spans)
    if operator == "CONTAINS":
        part = str(wanted[0]).casefold()
        return lambda value: part in str(value).casefold()
    if operator in ("EQUALS", "IS_ONE_OF"):
        return lambda value: any(value == each and isinstance(value, bool) == isinstance(each, bool) for each in wanted)
    compare, bound = _COMPARED[operator], wanted[0]
    return lambda value: type(value) is type(bound) and compare(value, bound)


def _within(value: Any, operator: str, span: tuple[datetime, datetime]) -> bool:
    """Compare a time with a span of time. It is less or greater only if it lies outside of the span."""
    moment = moment_of(value)
    if moment is None:
        return False
    start, end = span
    if operator == "GREATER_THAN":
        return moment >= end if end > start else moment > start
    if operator == "LESS_THAN":
        return moment < start
    if operator == "GREATER_THAN_OR_EQUAL":
        return moment >= start
    if operator == "LESS_THAN_OR_EQUAL":
        return moment < end if end > start else moment <= start
    return start <= moment < end if end > start else moment == start


def _span(word: str, now: datetime) -> tuple[datetime, datetime]:
    """Return start and end of a named span or a day; for an instant both are equal. Raises 400 for anything else."""
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    monday = today - timedelta(days=today.weekday())
    first = today.replace(day=1)
    far = timedelta(days=36_500)
    named = {
        "TODAY": (today, today + _DAY),
        "TOMORROW": (today + _DAY, today + 2 * _DAY),
        "YESTERDAY": (today - _DAY, today),
        "IN_THE_FUTURE": (now, now + far),
        "IN_THE_PAST": (now - far, now),
        "THIS_WEEK": (monday, monday + 7 * _DAY),
        "NEXT_WEEK": (monday + 7 * _DAY, monday + 14 * _DAY),
        "LAST_WEEK": (monday - 7 * _DAY, monday),
        "THIS_MONTH": (first, _next_month(first)),
        "NEXT_MONTH": (_next_month(first), _next_month(_next_month(first))),
        "LAST_MONTH": ((first - _DAY).replace(day=1), first),
        "TODAY_OR_EARLIER": (now - far, today + _DAY),
    }
    if word in named:
        return named[word]
    moment = moment_of(word)
    if moment is None:
        raise invalid(f"Invalid filter: {word!r} is no date")
    try:
        date.fromisoformat(word)
    except ValueError:
        return moment, moment
    return moment, moment + _DAY


def _next_month(first: datetime) -> datetime:
    return first + timedelta(days=monthrange(first.year, first.month)[1])


def names_others(node: FilterNode, user_id: str) -> bool:
    """Whether the filter names another assignee than this user."""
    if node.items is not UNSET:
        return any(names_others(each, user_id) for each in node.items)
    if node.key not in ("assignee", "assigned_to"):
        return False
    wanted = node.value if isinstance(node.value, list) else [node.value]
    return any(each not in (None, user_id) for each in wanted)
