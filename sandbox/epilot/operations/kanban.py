"""The kanban API: a query over the tasks of all flows, and the values of a column."""

import math
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Literal

from msgspec import UNSET, Struct, UnsetType, field

from sandbox.epilot.answers import Reply, json_reply
from sandbox.epilot.errors import forbidden, invalid
from sandbox.epilot.requests import Call, body_of
from sandbox.epilot.search import (
    FilterNode,
    Predicate,
    Row,
    at,
    everything,
    matcher,
    names_others,
    sorted_rows,
    values_of,
)


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


class KanbanOperations:
    """`rows` returns the rows that are visible at a time."""

    def __init__(self, rows: Callable[[datetime], Iterable[Row]]) -> None:
        self._rows = rows

    def execute(self, call: Call) -> Reply:
        call.caller.require("kanban:view")
        query = body_of(call.content, FlowsQuery)
        if query.start < 0 or query.size < 1:
            raise invalid("from must not be negative and size must be positive")
        matches: Predicate = everything
        if query.filters is not UNSET:
            if "kanban:all_assignee_filters" not in call.caller.grants and names_others(query.filters, call.caller.id):
                raise forbidden()
            matches = matcher(query.filters, call.now)
        found = [row for row in self._rows(call.now) if matches(row)]
        if query.sorting is not UNSET:
            found = sorted_rows(found, query.sorting.field, descending=query.sorting.direction == "desc")
        if query.group_by is not UNSET:
            found = _first_of_each(found, query.group_by.field)
        return json_reply(
            {
                "results": found[query.start : query.start + query.size],
                "hits": len(found),
                "page_number": query.start // query.size + 1,
                "page_size": query.size,
                "total_pages": math.ceil(len(found) / query.size),
            }
        )

    def autocomplete(self, call: Call) -> Reply:
        call.caller.require("kanban:view")
        attribute, typed = call.query.get("attribute"), call.query.get("input", "").casefold()
        if not attribute:
            raise invalid("attribute is required")
        start, size = call.number("from", default=0), call.number("size", default=25, least=1, most=250)
        found = values_of(self._rows(call.now), attribute, typed)
        return json_reply({"results": found[start : start + size], "hits": len(found)})


def _first_of_each(rows: list[Row], field: str) -> list[Row]:
    """Keep the first row of each task, phase or entity. The vendor does not document which row it keeps."""
    keys: dict[str, Callable[[Row], Any]] = {
        "task": lambda row: (row["execution_id"], row["id"]),
        "phase": lambda row: (row["execution_id"], row["phase_id"]),
        "context_entity": lambda row: next(at(row, "contexts.entity_id"), None),
    }
    kept: dict[Any, Row] = {}
    for row in rows:
        kept.setdefault(keys[field](row), row)
    return list(kept.values())
