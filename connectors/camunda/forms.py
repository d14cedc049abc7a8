"""Linked forms (form-js documents) as fields, and form data as process variables."""

import math
from collections.abc import Iterator, Mapping
from decimal import Decimal

from connectors.camunda import wire
from connectors.sdk import (
    Form,
    FormField,
    FormFieldType,
    FormKind,
    FormOption,
    ValidationFailedError,
    decode_json,
    encode_json_numbers,
    option,
)

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

# Components deeper than this are left out: the author of a form decides how deep it is.
DEEPEST = 20


def form_of(form: wire.Form | None) -> Form:
    """The linked form with the vendor's schema; kind NONE if there is no form."""
    if form is None or form.schema is None:
        return Form(kind=FormKind.NONE)
    schema: object = decode_json(form.schema.encode(), object, what="the form's schema")
    return Form(
        kind=FormKind.VENDOR_SCHEMA,
        fields=tuple(_fields(schema, "", 0)),
        vendor_schema=schema,
        key=form.form_id or form.form_key,
    )


def external_form(reference: str) -> Form:
    """A form of another application. It has an address only if the reference is one of the web."""
    url = reference if reference.startswith(("https://", "http://")) else None
    return Form(kind=FormKind.EXTERNAL_URL, url=url, key=reference)


def variables_of(data: Mapping[str, object]) -> dict[str, object]:
    """Form data as variables: "customer.name" becomes a member of `customer`, as form-js submits it.

    ValidationFailedError for two values in one place, and for a number that JSON does not have.
    """
    variables: dict[str, object] = {}
    for key, value in data.items():
        *path, last = key.split(".")
        node = variables
        for part in path:
            inner = node.setdefault(part, {})
            if not isinstance(inner, dict):
                raise ValidationFailedError("is also given as a plain value", field=("data", key))
            node = inner
        if last in node:
            raise ValidationFailedError("is given twice", field=("data", key))
        node[last] = _to_wire(value, key)
    return variables


def _to_wire(value: object, key: str) -> object:
    """A copy of `value` with decimals as JSON numbers."""
    if isinstance(value, dict):
        return {name: _to_wire(each, key) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_to_wire(each, key) for each in value]
    if isinstance(value, Decimal | float) and not math.isfinite(value):
        raise ValidationFailedError("is not a finite number", field=("data", key))
    return encode_json_numbers(value) if isinstance(value, Decimal) else value


def _fields(node: object, path: str, depth: int) -> Iterator[FormField]:
    """Input components in the document's order. The `path` of a group is a prefix of the keys in it."""
    components = node.get("components") if isinstance(node, dict) else None
    if not isinstance(components, list) or depth > DEEPEST:
        return
    for component in components:
        if not isinstance(component, dict):
            continue
        if component.get("type") == "dynamiclist":
            key = component.get("path")
        elif "components" in component:
            inner = component.get("path")
            yield from _fields(component, f"{path}{inner}." if isinstance(inner, str) and inner else path, depth + 1)
            continue
        else:
            key = component.get("key")
        if isinstance(key, str) and key:
            yield _field(component, path + key)


def _field(component: Mapping[str, object], key: str) -> FormField:
    validate = component.get("validate")
    native_type = component.get("type")
    native = native_type if isinstance(native_type, str) else None
    return FormField(
        key=key,
        type=_type(component, native),
        native_type=native,
        label=_text(component, "label") or _text(component, "dateLabel"),
        required=isinstance(validate, dict) and validate.get("required") is True,
        value=component.get("defaultValue"),
        description=_text(component, "description"),
        options=_options(component.get("values")),
    )


def _type(component: Mapping[str, object], native: str | None) -> FormFieldType:
    if native == "datetime" and component.get("subtype") == "date":
        return FormFieldType.DATE
    if native == "datetime" and component.get("subtype") == "time":
        return FormFieldType.TEXT
    if native == "number" and component.get("decimalDigits") == 0:
        return FormFieldType.INTEGER
    return FIELD_TYPES.get(native or "", FormFieldType.UNKNOWN)


def _options(values: object) -> tuple[FormOption, ...] | None:
    """Options that the form itself lists; None if it lists none, or they come from a variable."""
    if not isinstance(values, list):
        return None
    return tuple(
        option(each["value"], _text(each, "label")) for each in values if isinstance(each, dict) and "value" in each
    )


def _text(node: Mapping[str, object], member: str) -> str | None:
    value = node.get(member)
    return value if isinstance(value, str) else None
