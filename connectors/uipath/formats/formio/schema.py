"""The JSON Schema of the data that may be sent with a form."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from connectors.sdk import FormField, FormFieldType, encode_json_numbers, is_empty, is_number, json_schema_of
from connectors.uipath.formats.formio.components import Component, Layout, mapping, text
from connectors.uipath.formats.formio.conditions import expressions, logic_of
from connectors.uipath.formats.formio.javascript import to_text


def json_schema(layout: object, fields: tuple[FormField, ...], held: Mapping[str, Any]) -> dict[str, Any]:
    """Of the fields, the form's buttons, and the data beside the form, which may be sent along as they are.

    A field that is required while another has a certain value is so in the schema too, if both are on the first level.
    """
    schema = json_schema_of(fields, sends_unknown=False, shapes=_shape)
    properties = schema["properties"]
    form = Layout(layout)
    demands = list(_demands(form, fields))
    if demands:
        schema["allOf"] = demands
    for component in form.all:
        if component.is_button and component.holds_data:
            properties.setdefault(component.key, {"type": "boolean"})
    for name, value in held.items():
        properties.setdefault(name, {"const": value, "readOnly": True})
    return schema


def _shape(field: FormField) -> dict[str, Any] | None:
    """What the components submit where the type alone does not say it."""
    match field.native_type:
        case "selectboxes":
            names = [each.value for each in field.options or ()]
            named = {"properties": {name: {"type": "boolean"} for name in names}, "additionalProperties": False}
            ticked = {"type": "object", **(named if field.options is not None else {})}
            listed = {"type": "array", "items": {"enum": names} if field.options is not None else {"type": "string"}}
            return {"anyOf": [ticked, listed]}
        case "tags":
            return {"anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "string"}]}
        case "day":
            return {"type": "string"}
        case "number" | "currency":
            bounds = {"minimum": field.minimum, "maximum": field.maximum}
            return {"type": "number", **{name: _float(bound) for name, bound in bounds.items() if is_number(bound)}}
        case "survey" | "address" | "datamap" | "container":
            return {"type": "object"}
        case _:
            return None


def _float(bound: object) -> object:
    return float(bytes(encode_json_numbers(bound))) if isinstance(bound, Decimal) else bound


def _demands(form: Layout, fields: tuple[FormField, ...]) -> Iterator[dict[str, Any]]:
    by_key = {field.key: field for field in fields}
    for field in fields:
        component = form.by_data_path.get(field.key)
        if component is None or not field.required or field.is_nested or field.is_disabled or not is_empty(field.value):
            continue
        condition = _only_condition(component)
        other = None if condition is None else by_key.get(text(condition, "when") or "")
        if condition is None or other is None or other.is_nested:
            continue
        wanted = to_text(condition.get("eq"))
        values = (
            [True, False] if other.type is FormFieldType.BOOLEAN else [each.raw_value for each in other.options or ()]
        )
        found = [value for value in values if to_text(value) == wanted]
        if found and not other.is_multiple and other.type is not FormFieldType.MULTI_SELECT:
            holds = {"properties": {other.key: {"enum": found}}, "required": [other.key]}
            yield {"if": holds, "then": {"required": [field.key]}}


def _only_condition(component: Component) -> Mapping[str, Any] | None:
    """`{show: true, when, eq}` of the component or of a group around it, if there is no other condition."""
    around = [each for each in (component, *component.ancestors) if expressions(each.part) or logic_of(each.part)]
    if len(around) != 1 or len(expressions(around[0].part)) != 1 or logic_of(around[0].part):
        return None
    condition = mapping(around[0].part, "conditional")
    is_plain = text(condition, "when") is not None and not condition.get("conjunction") and not condition.get("json")
    return condition if is_plain and to_text(condition.get("show")) == "true" else None
