"""Typed variables of the engine, as JSON values and back."""

from collections.abc import Mapping
from decimal import Decimal

from msgspec import Raw

from connectors.camunda7 import wire
from connectors.sdk import MalformedResponseError, ValidationFailedError, decode_json_value, encode_json_numbers

# What the engine itself makes of a number without a type; longer ones are Long.
LARGEST_INTEGER, LARGEST_LONG = (1 << 31) - 1, (1 << 63) - 1
# Texts are in a column of the engine's database.
LONGEST_TEXT = 4000

Typed = dict[str, object]


def variables_of(data: Mapping[str, object]) -> dict[str, Typed]:
    """Values as typed variables. ValidationFailedError for a value that the engine cannot store."""
    return {name: typed(value, name) for name, value in data.items()}


def typed(value: object, name: str) -> Typed:
    """Objects and lists are of type Json, which needs the engine's Spin plugin."""
    match value:
        case None:
            return {"value": None, "type": "Null"}
        case bool():
            return {"value": value, "type": "Boolean"}
        case int() if -LARGEST_INTEGER - 1 <= value <= LARGEST_INTEGER:
            return {"value": value, "type": "Integer"}
        case int() if -LARGEST_LONG - 1 <= value <= LARGEST_LONG:
            return {"value": value, "type": "Long"}
        case float() | Decimal() if _is_finite(value):
            return {"value": encode_json_numbers(value), "type": "Double"}
        case str() if len(value) <= LONGEST_TEXT:
            return {"value": value, "type": "String"}
        case str():
            raise ValidationFailedError(
                f"{name!r} has more than {LONGEST_TEXT} characters, which the engine cannot store", field=("data", name)
            )
        case Mapping() | list() | tuple():
            return {"value": bytes(encode_json_numbers(value)).decode(), "type": "Json"}
        case _:
            raise ValidationFailedError(f"{name!r} is a number that the engine cannot store", field=("data", name))


def draft_text(data: Mapping[str, object]) -> str:
    """A draft as one text. ValidationFailedError if it is too long for a variable."""
    text = bytes(encode_json_numbers(data)).decode()
    if len(text) > LONGEST_TEXT:
        raise ValidationFailedError(
            f"the draft has more than {LONGEST_TEXT} characters, which the engine cannot store", field=("data",)
        )
    return text


def data_of(variables: Mapping[str, wire.Variable]) -> dict[str, object]:
    """Values by name. JSON is decoded, a file is its name and type, and other serialised objects stay texts."""
    return {name: value_of(variable) for name, variable in variables.items()}


def value_of(variable: wire.Variable) -> object:
    value = _decoded(variable.value)
    info = variable.value_info or {}
    match variable.type:
        case "File":
            return {name: info.get(name) for name in ("filename", "mimeType")}
        case "Json":
            return _parsed(value)
        case "Object" if info.get("serializationDataFormat") == "application/json":
            return _parsed(value)
        case _:
            return value


def _decoded(raw: Raw) -> object:
    return decode_json_value(bytes(raw))


def _parsed(value: object) -> object:
    """A text that is not JSON is its own value."""
    if not isinstance(value, str):
        return value
    try:
        return decode_json_value(value)
    except MalformedResponseError:
        return value


def _is_finite(value: float | Decimal) -> bool:
    return Decimal(value).is_finite()
