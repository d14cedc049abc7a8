"""Query strings and bodies, read as Spring reads them."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from sandbox.littlehorse.errors import RefusalError

STATUSES = ("UNASSIGNED", "ASSIGNED", "DONE", "CANCELLED")
TYPES = ("DOUBLE", "BOOLEAN", "STRING", "INTEGER", "UNRECOGNIZED")

_PACKAGE = "io.littlehorse.usertasks"
_VALUES = f"java.util.LinkedHashMap<java.lang.String,{_PACKAGE}.models.common.UserTaskVariableValue>"
_COMPLETING = (
    f"public void {_PACKAGE}.controllers.UserController.completeUserTask(java.lang.String,java.lang.String,"
    f"java.lang.String,java.lang.String,java.util.Map<java.lang.String, {_PACKAGE}.models.common.UserTaskVariableValue>)"
    " throws com.fasterxml.jackson.core.JsonProcessingException"
)
_INTEGER = re.compile(r"[+-]?\d{1,10}")
_KINDS: dict[type, str] = {
    str: "java.lang.String",
    bool: "java.lang.Boolean",
    int: "java.lang.Integer",
    float: "java.lang.Double",
}


def required(query: Mapping[str, str], name: str) -> str:
    if name not in query:
        raise RefusalError(400, f"Required parameter '{name}' is not present.")
    return query[name]


def integer(query: Mapping[str, str], name: str, default: int | None = None) -> int:
    """Return a 32-bit integer; raise 400 for anything else. Without `default` the parameter is required."""
    text = required(query, name) if default is None else query.get(name, str(default))
    if not _is_integer(text):
        raise _unconverted(name, "java.lang.Integer", f'For input string: "{text}"')
    return int(text)


def limit(query: Mapping[str, str]) -> int:
    """Return how many rows are wanted; raise 500 for a negative number."""
    found = integer(query, "limit")
    if found < 0:
        raise RefusalError(500, shape="problem")
    return found


def status(query: Mapping[str, str]) -> str | None:
    text = query.get("status") or None
    if text is not None and text not in STATUSES:
        kind = f"{_PACKAGE}.util.enums.UserTaskStatus"
        annotated = f"@org.springframework.web.bind.annotation.RequestParam {kind}"
        raise _unconverted(
            "status", kind, f"Failed to convert from type [java.lang.String] to type [{annotated}] for value [{text}]"
        )
    return text


def dates(query: Mapping[str, str]) -> tuple[datetime | None, datetime | None]:
    """Return both time bounds. An offset is ignored: the local time counts as UTC. Raises 500 unless the first is earlier."""
    earliest, latest = (_date(query, name) for name in ("earliest_start_date", "latest_start_date"))
    if earliest is not None and latest is not None and earliest >= latest:
        raise RefusalError(500, shape="problem")
    return earliest, latest


def json_object(body: bytes) -> dict[str, Any]:
    if not body:
        raise RefusalError(400, f"Required request body is missing: {_COMPLETING}")
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise RefusalError(
            400, f"JSON parse error: Unrecognized token '{body[:20].decode(errors='replace')}'"
        ) from None
    if isinstance(parsed, dict):
        return parsed
    if isinstance(parsed, str):
        raise RefusalError(
            400,
            "JSON parse error: Cannot construct instance of `java.util.LinkedHashMap` (although at least one Creator "
            f"exists): no String-argument constructor/factory method to deserialize from String value ('{parsed}')",
        )
    token = "START_ARRAY" if isinstance(parsed, list) else "VALUE_NUMBER_INT"
    raise RefusalError(
        400,
        f"JSON parse error: Cannot deserialize value of type `{_VALUES}` from Array value (token `JsonToken.{token}`)",
    )


def results(body: bytes) -> dict[str, tuple[str, Any]]:
    """Return the values to submit, as they were sent. Raises 400 for an unknown type such as STR."""
    found: dict[str, tuple[str, Any]] = {}
    for name, each in json_object(body).items():
        kind = each.get("type") if isinstance(each, dict) else None
        if kind not in TYPES:
            raise RefusalError(
                400,
                f"JSON parse error: Cannot deserialize value of type `{_PACKAGE}.util.enums.UserTaskFieldType` from "
                f'String "{kind}": not one of the values accepted for Enum class: '
                "[BOOLEAN, STRING, INTEGER, UNRECOGNIZED, DOUBLE]",
            )
        found[name] = (kind, each.get("value"))
    return found


def converted(kind: str, value: Any) -> Any:
    """Convert a JSON value as the bridge does. Raises 500 for a value of another type."""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    match kind:
        case "INTEGER" if _is_integer(text):
            return int(text)
        case "DOUBLE":
            try:
                return float(text)
            except ValueError:
                raise _misread(text) from None
        case "BOOLEAN" if isinstance(value, bool):
            return value
        case "STRING" if isinstance(value, str):
            return value
        case "STRING" | "BOOLEAN":
            wanted = "java.lang.String" if kind == "STRING" else "java.lang.Boolean"
            given = _KINDS.get(type(value), "java.util.LinkedHashMap")
            raise RefusalError(
                500,
                f"class {given} cannot be cast to class {wanted} ({given} and {wanted} are in module java.base of "
                "loader 'bootstrap')",
            )
        case _:
            raise _misread(text)


def _is_integer(text: str) -> bool:
    return _INTEGER.fullmatch(text) is not None and -(2**31) <= int(text) < 2**31


def _misread(text: str) -> RefusalError:
    return RefusalError(500, f'For input string: "{text}"')


def _unconverted(name: str, kind: str, why: str) -> RefusalError:
    return RefusalError(
        400,
        f"Method parameter '{name}': Failed to convert value of type 'java.lang.String' to required type '{kind}'; {why}",
    )


def _date(query: Mapping[str, str], name: str) -> datetime | None:
    text = query.get(name)
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        annotated = (
            "@org.springframework.web.bind.annotation.RequestParam @org.springframework.format.annotation.DateTimeFormat"
            " java.time.LocalDateTime"
        )
        raise _unconverted(
            name,
            "java.time.LocalDateTime",
            f"Failed to convert from type [java.lang.String] to type [{annotated}] for value [{text}]",
        ) from None
