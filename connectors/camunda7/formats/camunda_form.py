"""The inputs of a Camunda form as fields, for people to see. What a form computes, hides or checks is not evaluated."""

from collections.abc import Iterator, Mapping
from typing import Any

from connectors.sdk import FormField, FormFieldType, option

FIELD_TYPES = {
    "textfield": FormFieldType.TEXT,
    "textarea": FormFieldType.TEXT,
    "number": FormFieldType.NUMBER,
    "checkbox": FormFieldType.BOOLEAN,
    "radio": FormFieldType.SELECT,
    "select": FormFieldType.SELECT,
    "checklist": FormFieldType.MULTI_SELECT,
    "taglist": FormFieldType.MULTI_SELECT,
    "datetime": FormFieldType.DATETIME,
    "filepicker": FormFieldType.FILE,
    "dynamiclist": FormFieldType.JSON,
}


def fields_of(schema: object, held: Mapping[str, object]) -> tuple[FormField, ...]:
    """In the document's order. `held` are the variables of the task."""
    return tuple(_fields(schema, held))


def _fields(node: object, held: Mapping[str, object]) -> Iterator[FormField]:
    components = node.get("components") if isinstance(node, dict) else None
    for each in components if isinstance(components, list) else ():
        if not isinstance(each, dict):
            continue
        kind, key = each.get("type"), each.get("key")
        if isinstance(kind, str) and isinstance(key, str) and kind in FIELD_TYPES:
            yield _field(each, kind, key, held)
        else:
            yield from _fields(each, held)


def _field(each: Mapping[str, Any], kind: str, key: str, held: Mapping[str, object]) -> FormField:
    rules, hides = _object(each.get("validate")), _object(each.get("conditional")).get("hide")
    is_date = kind == "datetime" and each.get("subtype") == "date"
    return FormField(
        key=key,
        type=FormFieldType.DATE if is_date else FIELD_TYPES[kind],
        native_type=kind,
        label=_text(each.get("label")),
        required=rules.get("required") is True,
        value=held.get(key),
        default_value=each.get("defaultValue"),
        options=_options(each),
        description=_text(each.get("description")),
        is_disabled=each.get("disabled") is True,
        is_read_only=each.get("readonly") is True,
        is_conditional=bool(hides),
        condition=_text(hides),
        is_multiline=kind == "textarea",
        minimum=_number(rules.get("min")),
        maximum=_number(rules.get("max")),
        min_length=_whole(rules.get("minLength")),
        max_length=_whole(rules.get("maxLength")),
        pattern=_text(rules.get("pattern")),
    )


def _options(each: Mapping[str, Any]) -> tuple[Any, ...] | None:
    values = each.get("values")
    if not isinstance(values, list):
        return None
    return tuple(option(v["value"], _text(v.get("label"))) for v in values if isinstance(v, dict) and "value" in v)


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _number(value: object) -> object:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
