"""The query options of an OData request, applied to a list of records."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from sandbox.uipath.errors import bad_query
from sandbox.uipath.formats.odata_filter import Filter, parse_filter, read_path
from sandbox.uipath.formats.odata_types import EntityType, Property, Read, moment
from sandbox.uipath.variants import AnswerStyle

MOST_ROWS = 1000
DEFAULT_ROWS = 1000
"""Rows without `$top`. The vendor has such a limit but does not document it for tasks."""
MOST_ORDERINGS = 5
DEEPEST_EXPAND = 2

_OPTIONS = frozenset({"$filter", "$orderby", "$top", "$skip", "$count", "$expand", "$select"})
# The vendor's own client sends this one. It has no effect.
_STRAY = frozenset({"$astaskadmin"})


@dataclass(frozen=True, slots=True)
class Ordering:
    property: Property
    read: Read
    descending: bool


@dataclass(slots=True)
class Selection:
    """Which properties of an entity an answer contains. `select` None: all except those that must be expanded."""

    expand: dict[str, "Selection"] = field(default_factory=dict)
    select: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Query:
    filter: Filter | None
    orderings: tuple[Ordering, ...]
    top: int
    skip: int
    count: bool
    selection: Selection
    others: Mapping[str, str]
    """All parameters that are not query options, by lower-case name."""


def parse_query(query_string: bytes, entity: EntityType) -> Query:
    """Raise the vendor's 400 for unknown or wrong options and for exceeded limits."""
    pairs = parse_qsl(query_string.decode("latin-1"), keep_blank_values=True)
    options: dict[str, str] = {}
    others: dict[str, str] = {}
    for name, value in pairs:
        if not name.startswith("$"):
            others[name.lower()] = value
        elif name.lower() in _OPTIONS:
            if name.lower() in options:
                raise bad_query(f"Query option '{name}' was specified more than once.")
            options[name.lower()] = value
        elif name.lower() not in _STRAY:
            raise bad_query(f"The query parameter '{name}' is not supported.")
    text = options.get("$filter")
    return Query(
        filter=None if text is None else parse_filter(text, entity),
        orderings=_orderings(options.get("$orderby", ""), entity),
        top=_number(options, "$top", DEFAULT_ROWS, MOST_ROWS),
        skip=_number(options, "$skip", 0, (1 << 31) - 1),
        count=_flag(options, "$count"),
        selection=_selection(options.get("$expand", ""), options.get("$select", ""), entity, 1),
        others=others,
    )


def matching(records: Iterable[Any], query: Query, now: datetime) -> list[Any]:
    wanted = query.filter
    return list(records) if wanted is None else [each for each in records if wanted.matches(each, now)]


def page_of(records: Sequence[Any], query: Query, now: datetime, turn: int) -> list[Any]:
    """Sort and return the page.

    Records that compare as equal are in a different order at every `turn`: the vendor guarantees none for them.
    """
    if not records:
        return []
    start = turn * 7919 % len(records)
    ordered = [*records[start:], *records[:start]]
    if turn % 2:
        ordered.reverse()
    for ordering in reversed(query.orderings):
        keyed = [(_sort_key(ordering, each, now), each) for each in ordered]
        # Null is less than any value.
        keyed.sort(key=lambda pair: pair[0], reverse=ordering.descending)
        ordered = [each for _, each in keyed]
    return ordered[query.skip : query.skip + query.top]


def entity_json(
    record: Any, entity: EntityType, selection: Selection, style: AnswerStyle, now: datetime
) -> dict[str, Any]:
    """Return the record as the vendor's JSON."""
    found: dict[str, Any] = {}
    for each in entity.properties:
        inner = selection.expand.get(each.name)
        if inner is None and (
            each.is_navigation or (selection.select is not None and each.name not in selection.select)
        ):
            continue
        found[style.name(each.name)] = _value(each, each.read(record, now), inner or Selection(), style, now)
    return found


def _value(of: Property, value: Any, selection: Selection, style: AnswerStyle, now: datetime) -> Any:
    match of.kind:
        case "date":
            return moment(value)
        case "enum":
            return style.enum(of.values, value)
        case "complex" | "entity":
            return None if value is None or of.target is None else entity_json(value, of.target, selection, style, now)
        case "complexes" | "entities":
            target = of.target
            return (
                None
                if value is None or target is None
                else [entity_json(each, target, selection, style, now) for each in value]
            )
        case _:
            return value


def _sort_key(ordering: Ordering, record: Any, now: datetime) -> tuple[bool, Any]:
    value = ordering.read(record, now)
    if value is None:
        return (False, 0)
    return (True, ordering.property.values.index(value) if ordering.property.kind == "enum" else value)


def _orderings(text: str, entity: EntityType) -> tuple[Ordering, ...]:
    if not text.strip():
        return ()
    found: list[Ordering] = []
    for part in text.split(","):
        words = part.split()
        direction = words[1].lower() if len(words) == 2 else "asc"
        if len(words) not in (1, 2) or direction not in ("asc", "desc"):
            raise bad_query("Syntax error in '$orderby'.")
        property_, read = read_path(words[0], entity)
        found.append(Ordering(property_, read, direction == "desc"))
    if len(found) > MOST_ORDERINGS:
        raise bad_query(f"The number of orderings exceeds {MOST_ORDERINGS}.")
    return tuple(found)


def _selection(expand: str, select: str, entity: EntityType, depth: int) -> Selection:
    selection = Selection()
    if select.strip():
        names = [_property(each.strip(), entity).name for each in select.split(",") if each.strip() != "*"]
        selection.select = frozenset(names) if len(names) == len(select.split(",")) else None
    for name, options in _expansions(expand):
        found = _property(name, entity)
        if found.target is None or depth > DEEPEST_EXPAND:
            raise bad_query(f"Property '{name}' cannot be expanded here.")
        unknown = set(options) - {"$expand", "$select"}
        if unknown:
            raise bad_query(f"The expand option '{min(unknown)}' is not supported.")
        selection.expand[found.name] = _selection(
            options.get("$expand", ""), options.get("$select", ""), found.target, depth + 1
        )
    return selection


def _expansions(text: str) -> list[tuple[str, dict[str, str]]]:
    """Split `A,B($expand=C;$select=D)` into names and their options."""
    found: list[tuple[str, dict[str, str]]] = []
    for part in _split(text, ","):
        name, bracket, rest = part.partition("(")
        options: dict[str, str] = {}
        if bracket:
            if not rest.endswith(")"):
                raise bad_query("Syntax error in '$expand'.")
            for option in _split(rest[:-1], ";"):
                key, _, value = option.partition("=")
                options[key.strip().lower()] = value
        found.append((name.strip(), options))
    return found


def _split(text: str, separator: str) -> list[str]:
    """Split at separators outside of brackets."""
    parts, depth = [""], 0
    for character in text:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == separator and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    if depth:
        raise bad_query("Brackets do not match.")
    return [part.strip() for part in parts if part.strip()]


def _property(name: str, entity: EntityType) -> Property:
    found = entity.find(name)
    if found is None:
        raise bad_query(f"Could not find a property named '{name}' on type '{entity.name}'.")
    return found


def _number(options: Mapping[str, str], name: str, default: int, most: int) -> int:
    text = options.get(name)
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or len(text) > 12:
        raise bad_query(f"Invalid value '{text[:40]}' for {name} query option found.")
    if int(text) > most:
        raise bad_query(f"The limit of '{most}' for {name} query has been exceeded.")
    return int(text)


def _flag(options: Mapping[str, str], name: str) -> bool:
    text = options.get(name, "false").lower()
    if text not in ("true", "false"):
        raise bad_query(f"Invalid value for {name} query option found.")
    return text == "true"
