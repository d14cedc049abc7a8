"""Bodies and query strings. Members that the engine does not know are ignored."""

import re
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from sandbox.camunda7.errors import UnreadableError, invalid

Json = dict[str, Any]

_MOMENT = re.compile(r"\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d{4}")


def body_of(content: bytes) -> Json:
    """Return the JSON object of a body; an empty one for no body."""
    if not content:
        return {}
    try:
        found = msgspec.json.decode(content)
    except msgspec.DecodeError as error:
        raise UnreadableError(f"Unexpected end-of-input or character: {error}") from None
    if not isinstance(found, dict):
        raise UnreadableError("Cannot deserialize value from Array value (token `JsonToken.START_ARRAY`)")
    return found


def query_of(query_string: bytes) -> Json:
    """Return the parameters of a query string, with lists and truth values as a body has them."""
    return {name: _value(name, text) for name, text in parse_qsl(query_string.decode("latin-1"))}


def time_of(text: object, member: str) -> datetime | None:
    """Read the only form of times that the engine knows: milliseconds and an offset without a colon."""
    if text is None:
        return None
    if not isinstance(text, str) or _MOMENT.fullmatch(text) is None:
        raise UnreadableError(
            f'Cannot deserialize value of type `java.util.Date` from String "{text}": not a valid representation '
            f'(through reference chain: TaskDto["{member}"])'
        )
    return datetime.fromisoformat(text)


def time_in_query(text: object, member: str) -> datetime | None:
    """As `time_of`. In a query the engine says nothing of what is wrong."""
    try:
        return time_of(text, member)
    except UnreadableError:
        raise invalid("") from None


def number_of(query: Json, name: str, default: int) -> int:
    text = query.get(name, default)
    try:
        return int(text)
    except ValueError:
        raise invalid(f"Cannot set query parameter '{name}' to value '{text}': Cannot convert value") from None


def _value(name: str, text: str) -> Any:
    if name.endswith("In") or name in {"candidateGroups", "processInstanceIds", "keysIn"}:
        return text.split(",")
    return {"true": True, "false": False}.get(text, text)
