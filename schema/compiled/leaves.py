"""Scalars and enums as they are written in answers. What graphql-core would convert or refuse is a `Surprise`."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Never

from graphql import (
    GRAPHQL_MAX_INT,
    GRAPHQL_MIN_INT,
    GraphQLEnumType,
    GraphQLNonNull,
    GraphQLOutputType,
    GraphQLScalarType,
    get_named_type,
)

from schema.core.scalars import write_json, write_time

_UTC_LENGTH = len("+00:00")
_TIMES = 8192


class Surprise(Exception):  # noqa: N818 it is no error: the list is answered in the ordinary way
    """The generated code does not answer this list: graphql-core does, with its errors and their paths."""


def refuse(_: object = None) -> Never:
    raise Surprise


def _time(value: Any) -> str:
    """As `write_time`, which is slower."""
    if type(value) is datetime and value.tzinfo is UTC:
        return _utc_time(value)
    return write_time(value)


@lru_cache(maxsize=_TIMES)
def _utc_time(value: datetime) -> str:
    """Kept rows are written again and again. Of one zone alone: equal times of two zones would share a text."""
    return value.isoformat("T", "milliseconds")[:-_UTC_LENGTH] + "Z"


def _int(value: Any) -> int:
    """As `BoundedIntExecutor`: a larger number is the nearest one that fits."""
    if type(value) is int:
        return min(max(value, GRAPHQL_MIN_INT), GRAPHQL_MAX_INT)
    raise Surprise


def _float(value: Any) -> float:
    if type(value) is float and math.isfinite(value):
        return value
    raise Surprise


def _json(value: Any) -> object:
    written = write_json(value)
    if written is None:
        raise Surprise
    return written


HELPERS: Mapping[str, Any] = {"X": refuse, "T": _time, "I": _int, "F": _float, "J": _json}
"""What the expressions of `leaf` need."""
_BY_FUNCTION = {"Int": "I", "Float": "F", "DateTime": "T", "JSON": "J"}


def leaf(declared: GraphQLOutputType, expression: str, names: dict[str, Any]) -> str:
    """An expression of the written value of `expression`. `names` gets what the expression needs beyond `HELPERS`.

    A null where none may be raises Surprise, as does any value that is not of the expected Python type.
    """
    inner = declared.of_type if isinstance(declared, GraphQLNonNull) else declared
    null = "X()" if isinstance(declared, GraphQLNonNull) else "None"
    if isinstance(inner, GraphQLEnumType):
        table = f"E_{get_named_type(inner).name}"
        names[table] = {member: inner.coerce_output_value(member) for member in inner.wrapped_cls}  # type: ignore[attr-defined] # Strawberry's
        return f"({null} if (x := {expression}) is None else {table}[x])"
    if not isinstance(inner, GraphQLScalarType):
        raise Surprise
    if inner.name in {"ID", "String"}:
        return f"(x if type(x := {expression}) is str else {null} if x is None else X())"
    if inner.name == "Boolean":
        return f"(x if (x := {expression}) is True or x is False else {null} if x is None else X())"
    function = _BY_FUNCTION.get(inner.name)
    if function is None:
        raise Surprise
    return f"({null} if (x := {expression}) is None else {function}(x))"
