"""One search: page, sort and filter of a request body, applied to a table."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import orjson

from sandbox.camunda.errors import ProblemError, bad_enum, bad_request, invalid_argument
from sandbox.camunda.search.filters import FilterMembers, matching
from sandbox.camunda.search.table import Order, Position, Table

DEFAULT_LIMIT = 100
MOST_ITEMS = 10_000
"""The highest sum of limit and offset, and the highest total (Elasticsearch's result window)."""

_QUERY = frozenset({"page", "sort", "filter"})
_PAGE = frozenset({"limit", "from", "after", "before"})


@dataclass(frozen=True, slots=True)
class SearchFields:
    """What a search can sort and filter by. `sorts` maps sort fields to indexes; `filters` None: no filter is allowed."""

    sorts: Mapping[str, str]
    filters: FilterMembers | None
    offset_only: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    limit: int
    offset: int
    cursor: str | None
    backwards: bool


def search(
    table: Table[Any], fields: SearchFields, body: Any, *, among: int | None = None, forward_only: bool = False
) -> dict[str, Any]:
    """Answer a search among the rows `among` (None: all). With `forward_only` it has no offset and no start cursor."""
    query = {} if body is None else body
    if not isinstance(query, dict):
        raise bad_request("Request property [body] cannot be parsed")
    for name in query:
        if name not in _QUERY or (name == "filter" and fields.filters is None):
            raise bad_request(f"Request property [{name}] cannot be parsed")
    page = _page(query.get("page"), fields, forward_only=forward_only)
    orders = _orders(query.get("sort"), fields)
    found = matching(table, fields.filters or {}, query.get("filter"))
    if among is not None:
        found &= among
    total = found.bit_count()
    after = None if page.cursor is None else _decoded(table, orders, page.cursor)
    wanted = page.offset + page.limit
    ordinals = list(
        islice(table.sorted(found, orders, wanted, after=after, backwards=page.backwards), page.offset, wanted)
    )
    if page.backwards:
        ordinals.reverse()
    rows = [table.rows[ordinal] for ordinal in ordinals]
    return {
        "items": rows,
        "page": {
            "totalItems": min(total, MOST_ITEMS),
            "hasMoreTotalItems": total > MOST_ITEMS,
            "startCursor": _cursor(table, orders, rows[0]) if rows and not forward_only else None,
            "endCursor": _cursor(table, orders, rows[-1]) if rows else None,
        },
    }


def _page(page: Any, fields: SearchFields, *, forward_only: bool) -> Page:
    if page is None:
        return Page(DEFAULT_LIMIT, 0, None, backwards=False)
    if not isinstance(page, dict):
        raise bad_request("Request property [page] cannot be parsed")
    given = {name: value for name, value in page.items() if value is not None}
    allowed = {"limit", "from"} if fields.offset_only else _PAGE
    for name in given:
        if name not in allowed:
            raise bad_request(f"Request property [page.{name}] cannot be parsed")
    if forward_only:
        given = {name: value for name, value in given.items() if name not in ("from", "before")}
    if len(given.keys() & {"from", "after", "before"}) > 1:
        raise bad_request("Only one of [from, after, before] is allowed.")
    limit, offset = _count(given, "limit", DEFAULT_LIMIT), _count(given, "from", 0)
    if offset + limit > MOST_ITEMS:
        raise ProblemError(
            500, "INTERNAL", f"Result window is too large, from + size must be less than or equal to: [{MOST_ITEMS}]"
        )
    cursor = given.get("after", given.get("before"))
    if cursor is not None and not isinstance(cursor, str):
        raise bad_request("Request property [page.after] cannot be parsed")
    return Page(limit, offset, cursor, backwards="before" in given)


def _count(page: Mapping[str, Any], name: str, default: int) -> int:
    value = page.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool):
        raise bad_request(f"Request property [page.{name}] cannot be parsed")
    if value < 0:
        raise invalid_argument(f"The value for page.{name} is '{value}' but must be a non-negative number.")
    return value


def _orders(sort: Any, fields: SearchFields) -> list[Order]:
    if sort is None:
        return []
    if not isinstance(sort, list) or not all(isinstance(each, dict) for each in sort):
        raise bad_request("Request property [sort] cannot be parsed")
    canonical = {name.lower(): name for name in fields.sorts}
    orders: list[Order] = []
    for each in sort:
        for name in each:
            if name not in ("field", "order"):
                raise bad_request(f"Request property [sort.{name}] cannot be parsed")
        field, order = each.get("field"), each.get("order") or "ASC"
        if field is None:
            raise invalid_argument("Sort field must not be null.")
        if str(field).lower() not in canonical:
            raise bad_enum(field, "field", tuple(fields.sorts))
        if str(order).upper() not in ("ASC", "DESC"):
            raise bad_enum(order, "order", ("ASC", "DESC"))
        index = fields.sorts[canonical[str(field).lower()]]
        orders.append(Order(index, descending=str(order).upper() == "DESC"))
    return orders


def _cursor(table: Table[Any], orders: Sequence[Order], row: Any) -> str:
    return base64.b64encode(orjson.dumps([*table.position(orders, row), table.shape.key(row)])).decode()


def _decoded(table: Table[Any], orders: Sequence[Order], cursor: str) -> Position:
    try:
        values = orjson.loads(base64.b64decode(cursor, validate=True))
    except (binascii.Error, ValueError):
        values = None
    key = values[-1] if isinstance(values, list) and len(values) == len(orders) + 1 else None
    ordinal = table.ordinal(key) if isinstance(key, str) else None
    if (
        not isinstance(values, list)
        or ordinal is None
        or any(
            value is not None and kept is not None and type(value) is not type(kept)
            for value, kept in zip(values, table.position(orders, table.rows[ordinal]), strict=False)
        )
    ):
        raise invalid_argument(f"Cannot decode pagination cursor '{cursor}'")
    return Position(tuple(values[:-1]), ordinal)
