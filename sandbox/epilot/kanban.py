"""The kanban API's query over the tasks of all flows: filters, sorting, pages, values of a column."""

import math
from calendar import monthrange
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

from msgspec import UNSET, Struct, UnsetType, field

from sandbox.epilot.bodies import body_of
from sandbox.epilot.calls import Call, Reply, Route, json
from sandbox.epilot.projection import Row
from sandbox.epilot.refusals import forbidden, invalid

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
    """An item (with `key`) or a group of items (with `items`): the vendor nests groups once."""

    key: str | UnsetType = UNSET
    operator: Operator | UnsetType = UNSET
    value: Scalar | list[Scalar] = None
    data_type: Literal["string", "number", "boolean", "date"] = "string"
    items: "list[FilterNode] | UnsetType" = UNSET
    combination: Combination | UnsetType = UNSET


class Sorting(Struct):
    field: str
    direction: Literal["asc", "desc"] = "asc"


class GroupBy(Struct):
    field: Literal["context_entity", "phase", "task"]


class FlowsQuery(Struct):
    filters: FilterNode | UnsetType = UNSET
    sorting: Sorting | UnsetType = UNSET
    group_by: GroupBy | UnsetType = UNSET
    start: int = field(default=0, name="from")
    size: int = 10


class Kanban:
    """`rows` gives what can be seen at a moment."""

    def __init__(self, rows: Callable[[datetime], Iterable[Row]]) -> None:
        self._rows = rows

    def routes(self) -> list[Route]:
        return [
            Route("POST", "/v1/kanban/query/flows:execute", self._execute, "kanban"),
            Route("GET", "/v1/kanban/query/flows:autocomplete", self._autocomplete, "kanban"),
        ]

    def _execute(self, call: Call) -> Reply:
        call.caller.require("kanban:view")
        query = body_of(call.content, FlowsQuery)
        if query.start < 0 or query.size < 1:
            raise invalid("from must not be negative and size must be positive")
        matches: Predicate = _everything
        if query.filters is not UNSET:
            if "kanban:all_assignee_filters" not in call.caller.grants and _asks_for_others(query.filters, call):
                raise forbidden()
            matches = _group(query.filters, call.now, depth=0)
        found = [row for row in self._rows(call.now) if matches(row)]
        if query.sorting is not UNSET:
            found = sorted_rows(found, query.sorting.field, descending=query.sorting.direction == "desc")
        if query.group_by is not UNSET:
            found = _first_of_each(found, query.group_by.field)
        return json(
            {
                "results": found[query.start : query.start + query.size],
                "hits": len(found),
                "page_number": query.start // query.size + 1,
                "page_size": query.size,
                "total_pages": math.ceil(len(found) / query.size),
            }
        )

    def _autocomplete(self, call: Call) -> Reply:
        call.caller.require("kanban:view")
        attribute, typed = call.query.get("attribute"), call.query.get("input", "").casefold()
        if not attribute:
            raise invalid("attribute is required")
        start, size = call.number("from", default=0), call.number("size", default=25, least=1, most=250)
        found = values_of(self._rows(call.now), attribute, typed)
        return json({"results": found[start : start + size], "hits": len(found)})


def values_of(rows: Iterable[Row], attribute: str, typed: str) -> list[str | bool]:
    """Give the different values of a column that begin with what was typed, in order."""
    found: dict[str, str | bool] = {}
    for row in rows:
        for value in at(row, attribute):
            if isinstance(value, str | bool) and str(value).casefold().startswith(typed):
                found.setdefault(str(value), value)
    return [found[text] for text in sorted(found)]


def sorted_rows(rows: list[Row], field: str, *, descending: bool) -> list[Row]:
    """Sort by one column, in whatever direction with those last that have nothing there."""

    def key(row: Row) -> tuple[bool, Any]:
        value = next(at(row, field), None)
        moment = _moment(value) if isinstance(value, str) and field.endswith(("_at", "_date")) else None
        text = value.casefold() if isinstance(value, str) else value
        return (value is None) != descending, "" if value is None else _ordinal(moment or text)

    return sorted(rows, key=key, reverse=descending)


def at(row: Row, key: str) -> Iterator[Any]:
    """Give the values under a column; a dotted name goes into objects and lists."""
    values: list[Any] = [row]
    for part in key.split("."):
        values = [each.get(part) for each in _flat(values) if isinstance(each, dict)]
    return (value for value in _flat(values) if value not in (None, ""))


def _ordinal(value: Any) -> str:
    """Make values of one column comparable whatever they are."""
    if isinstance(value, datetime):
        return value.isoformat()
    return f"{value:020.6f}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


def _flat(values: list[Any]) -> Iterator[Any]:
    for value in values:
        if isinstance(value, list):
            yield from value
        else:
            yield value


def _everything(_: Row) -> bool:
    return True


def _group(node: FilterNode, now: datetime, *, depth: int) -> Predicate:
    if node.items is UNSET:
        return _item(node, now)
    if depth > 1 or node.combination is UNSET:
        raise invalid("Invalid filter: a group needs a combination and groups are nested once")
    parts = [_group(each, now, depth=depth + 1) for each in node.items]
    if not parts:
        return _everything
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
    """Compare with a span of time: it contains, or it lies wholly before or after."""
    moment = _moment(value)
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


def _moment(value: Any) -> datetime | None:
    """Read a time; a floating one counts as UTC."""
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _span(word: str, now: datetime) -> tuple[datetime, datetime]:
    """Give the start and end of a named time, a day, or the same moment twice; raise 400 for anything else."""
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
    moment = _moment(word)
    if moment is None:
        raise invalid(f"Invalid filter: {word!r} is no date")
    try:
        date.fromisoformat(word)
    except ValueError:
        return moment, moment
    return moment, moment + _DAY


def _next_month(first: datetime) -> datetime:
    return first + timedelta(days=monthrange(first.year, first.month)[1])


def _asks_for_others(node: FilterNode, call: Call) -> bool:
    """Say whether a filter names other assignees than the caller."""
    if node.items is not UNSET:
        return any(_asks_for_others(each, call) for each in node.items)
    if node.key not in ("assignee", "assigned_to"):
        return False
    wanted = node.value if isinstance(node.value, list) else [node.value]
    return any(each not in (None, call.caller.id) for each in wanted)


def _first_of_each(rows: list[Row], field: str) -> list[Row]:
    """Keep one row a task, a phase of a flow, or an entity; which one the vendor does not say."""
    keys: dict[str, Callable[[Row], Any]] = {
        "task": lambda row: (row["execution_id"], row["id"]),
        "phase": lambda row: (row["execution_id"], row["phase_id"]),
        "context_entity": lambda row: next(at(row, "contexts.entity_id"), None),
    }
    kept: dict[Any, Row] = {}
    for row in rows:
        kept.setdefault(keys[field](row), row)
    return list(kept.values())
