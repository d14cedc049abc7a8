"""The scalars DateTime and JSON: how their values are written and read."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NewType, Self

import msgspec
import strawberry
from graphql import (
    FloatValueNode,
    GraphQLError,
    ListValueNode,
    ObjectValueNode,
    ValueNode,
    VariableNode,
    value_from_ast_untyped,
)

from connectors.sdk.json import shown_number

JSON = NewType("JSON", object)

_RAW = msgspec.json.Decoder(float_hook=Decimal)


def write_time(value: object) -> str:
    """ISO 8601 in UTC with milliseconds and Z: 2026-06-15T09:00:00.000Z."""
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise TypeError("a DateTime must be a datetime with a time zone")
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def read_time(value: object) -> datetime:
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
            if moment.tzinfo is not None:
                return moment.astimezone(UTC)
        except OverflowError:
            raise GraphQLError("DateTime must be within the years 1 to 9999 in UTC.") from None
        except ValueError:
            pass
    raise GraphQLError("DateTime must be an ISO 8601 string with a time zone, such as 2026-06-15T09:00:00Z.")


def read_time_literal(node: ValueNode, variables: Mapping[str, object] | None = None) -> datetime:
    """A time that is written in the document, as `read_time`. The error has its place."""
    try:
        return read_time(value_from_ast_untyped(node, dict(variables) if variables else None))
    except GraphQLError as error:
        raise GraphQLError(error.message, node) from None


class WrittenFloat(float):
    """A number of a request with the text that it was written as. Where a float is wanted it is one."""

    text: str

    def __new__(cls, text: str) -> Self:
        number = super().__new__(cls, text)
        number.text = text
        return number


def read_json(value: object) -> object:
    """A JSON value of a variable. Numbers with a fraction or an exponent are Decimals with the digits of the request."""
    match value:
        case WrittenFloat():
            return Decimal(value.text)
        case dict():
            return {key: read_json(each) for key, each in value.items()}
        case list():
            return [read_json(each) for each in value]
        case _:
            return value


def read_json_literal(node: ValueNode, variables: Mapping[str, object] | None = None) -> object:
    """A JSON value that is written in the document, as `read_json`. A variable in it that has no value is null."""
    match node:
        case FloatValueNode():
            return Decimal(node.value)
        case ObjectValueNode():
            return {each.name.value: read_json_literal(each.value, variables) for each in node.fields}
        case ListValueNode():
            return [read_json_literal(each, variables) for each in node.values]
        case VariableNode():
            return read_json((variables or {}).get(node.name.value))
        case _:
            return value_from_ast_untyped(node)


def write_json(value: object) -> object:
    """The value as plain JSON types.

    A decimal becomes a number if a double holds it exactly as written, else a string. An integer beyond 64 bits
    becomes a string. Raises TypeError for a value that is not JSON.
    """
    match value:
        case None | bool() | str():
            return value
        case int() | float() | Decimal():
            return shown_number(value)
        case datetime():
            return write_time(value)
        case msgspec.Raw():
            return write_json(_RAW.decode(value))
        case Mapping():
            return {str(key): write_json(each) for key, each in value.items()}
        case list() | tuple():
            return [write_json(each) for each in value]
        case _:
            raise TypeError(f"{type(value).__name__} is not a JSON value")


SCALARS: Mapping[object, Any] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description="ISO 8601 time in UTC with milliseconds, for example 2026-06-15T09:00:00.000Z. Input may have any time zone, but must have one.",
        serialize=write_time,
        parse_value=read_time,
        parse_literal=read_time_literal,
    ),
    JSON: strawberry.scalar(
        name="JSON",
        description=(
            "Any JSON value. In answers, numbers that a double cannot represent exactly as written, and integers beyond 64 bits, are strings. Numbers of requests keep all their digits. Such a string is the number again where it is sent back to the task that holds it."
        ),
        serialize=write_json,
        parse_value=read_json,
        parse_literal=read_json_literal,
    ),
}
