"""The JSON Schema (2020-12) of the data that complete a task, made from the fields of its form."""

from collections.abc import Callable, Sequence
from typing import Any

from connectors.sdk.model import FormField, FormFieldType

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_TYPES: dict[FormFieldType, dict[str, Any]] = {
    FormFieldType.TEXT: {"type": "string"},
    FormFieldType.NUMBER: {"type": "number"},
    FormFieldType.INTEGER: {"type": "integer"},
    FormFieldType.BOOLEAN: {"type": "boolean"},
    FormFieldType.DATE: {"type": "string", "format": "date"},
    FormFieldType.DATETIME: {"type": "string"},
    FormFieldType.SELECT: {},
    FormFieldType.MULTI_SELECT: {"type": "array"},
    FormFieldType.JSON: {},
    FormFieldType.UNKNOWN: {},
}


Shapes = Callable[[FormField], dict[str, Any] | None]


def json_schema_of(
    fields: Sequence[FormField], *, sends_unknown: bool, shapes: Shapes = lambda field: None
) -> dict[str, Any]:
    """Files and disabled fields are left out: they cannot be sent. Conditional fields are optional.

    A required field that the task holds already is in `required` nevertheless only if it has no present value.
    `shapes` has the schema of a single value where the vendor takes more or less than the field's type says; else None.
    """
    return {"$schema": DIALECT, **_object(fields, shapes, closed=not sends_unknown)}


def _object(fields: Sequence[FormField], shapes: Shapes, *, closed: bool) -> dict[str, Any]:
    node: dict[str, Any] = {"type": "object", "properties": {}}
    for field in fields:
        if field.is_disabled or field.type is FormFieldType.FILE:
            continue
        way = field.key.split(".") if field.is_nested else [field.key]
        holder = node
        demanded = field.required and not field.is_conditional and field.value in (None, "")
        for part in way[:-1]:
            if demanded:
                _demand(holder, part)
            inner: dict[str, Any] = holder["properties"].setdefault(part, {"type": "object", "properties": {}})
            holder = inner if "properties" in inner else {"properties": {}}
        holder["properties"][way[-1]] = _value(field, shapes)
        if demanded:
            _demand(holder, way[-1])
    if closed:
        node["additionalProperties"] = False
    return node


def _demand(node: dict[str, Any], name: str) -> None:
    names: list[str] = node.setdefault("required", [])
    if name not in names:
        names.append(name)


def _value(field: FormField, shapes: Shapes) -> dict[str, Any]:
    shape = shapes(field)
    one = dict(_TYPES[field.type]) if shape is None else shape
    _set(one, title=field.label or None, description=field.description or None, default=field.default_value)
    if field.is_read_only:
        one["readOnly"] = True
    match field.type:
        case _ if shape is not None:
            pass
        case FormFieldType.TEXT:
            shortest = field.min_length if field.min_length is not None or not field.required else 1
            _set(one, minLength=shortest, maxLength=field.max_length, pattern=field.pattern)
        case FormFieldType.DATETIME:
            _set(one, pattern=field.pattern)
        case FormFieldType.NUMBER | FormFieldType.INTEGER:
            _set(one, minimum=field.minimum, maximum=field.maximum)
            _set(one, multipleOf=None if field.minimum else field.step)
        case FormFieldType.BOOLEAN if field.must_be_true and field.required:
            one["const"] = True
        case FormFieldType.SELECT:
            _set(one, enum=_values(field))
        case FormFieldType.MULTI_SELECT:
            one["items"] = {} if field.options is None else {"enum": _values(field)}
        case _ if field.fields is not None:
            one |= {"type": "array", "items": _object(field.fields, shapes, closed=False)}
        case _:
            pass
    if field.is_multiple and field.type is not FormFieldType.MULTI_SELECT:
        one = {"type": "array", "items": one}
    if one.get("type") == "array":
        fewest = field.min_items if field.min_items is not None or not field.required else 1
        _set(one, minItems=fewest, maxItems=field.max_items)
    return one


def _values(field: FormField) -> list[object] | None:
    return None if field.options is None else [option.raw_value for option in field.options]


def _set(node: dict[str, Any], **members: object) -> None:
    node.update({name: value for name, value in members.items() if value is not None})
