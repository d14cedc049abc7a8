"""Query strings and bodies, read as Spring reads them."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from sandbox.littlehorse.errors import RefusalError

STATUSES = ("UNASSIGNED", "ASSIGNED", "DONE", "CANCELLED")
TYPES = ("DOUBLE", "BOOLEAN", "STRING", "INTEGER", "UNRECOGNIZED")

_INTEGER = re.compile(r"[+-]?\d{1,10}")


def required(query: Mapping[str, str], name: str) -> str:
    if name not in query:
        raise RefusalError(400, f"Required request parameter '{name}' is not present")
    return query[name]


def integer(query: Mapping[str, str], name: str, default: int | None = None) -> int:
    """Return a 32-bit integer; raise 400 for anything else. Without `default` the parameter is required."""
    text = required(query, name) if default is None else query.get(name, str(default))
    if not _INTEGER.fullmatch(text) or not -(2**31) <= int(text) < 2**31:
        raise RefusalError(400, f"Failed to convert value of type 'java.lang.String' to required type 'int': {text}")
    return int(text)


def status(query: Mapping[str, str]) -> str | None:
    text = query.get("status") or None
    if text is not None and text not in STATUSES:
        raise RefusalError(400, f"No enum constant UserTaskStatus.{text}")
    return text


def dates(query: Mapping[str, str]) -> tuple[datetime | None, datetime | None]:
    """Return both time bounds. An offset is ignored: the local time counts as UTC. Raises 500 unless the first is earlier."""
    earliest, latest = (_date(query.get(name)) for name in ("earliest_start_date", "latest_start_date"))
    if earliest is not None and latest is not None and earliest >= latest:
        raise RefusalError(500, shape="problem")
    return earliest, latest


def _date(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        raise RefusalError(400, f"Failed to convert value to required type 'LocalDateTime': {text}") from None


def json_object(body: bytes) -> dict[str, Any]:
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise RefusalError(400, "JSON parse error") from None
    if not isinstance(parsed, dict):
        raise RefusalError(400, "JSON parse error")
    return parsed


def results(body: bytes) -> dict[str, tuple[str, Any]]:
    """Return the values to submit, as they were sent. Raises 400 for an unknown type such as STR."""
    found: dict[str, tuple[str, Any]] = {}
    for name, each in json_object(body).items():
        if not isinstance(each, dict) or each.get("type") not in TYPES:
            raise RefusalError(400, "JSON parse error: Cannot deserialize value of type UserTaskFieldType")
        found[name] = (each["type"], each.get("value"))
    return found


def converted(kind: str, value: Any) -> Any:
    """Convert a JSON value as the bridge does. Raises 500 for a value of another type."""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    match kind:
        case "INTEGER" if _INTEGER.fullmatch(text) and -(2**31) <= int(text) < 2**31:
            return int(text)
        case "DOUBLE":
            try:
                return float(text)
            except ValueError:
                raise RefusalError(500, "For input string") from None
        case "BOOLEAN" if isinstance(value, bool):
            return value
        case "STRING" if isinstance(value, str):
            return value
        case _:
            raise RefusalError(500, "For input string")
