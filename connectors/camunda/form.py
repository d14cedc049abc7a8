"""Linked forms (form-js documents) as fields."""

from collections.abc import Iterator, Mapping

import msgspec

from connectors.camunda import wire
from connectors.sdk import Form, FormField, FormFieldType, FormKind, FormOption, MalformedResponseError

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

# Components deeper than this are left out: a schema is somebody's document.
DEEPEST = 20


def form_of(form: wire.Form | None) -> Form:
    """The linked form with the vendor's schema; kind NONE where there is no form."""
    if form is None or form.schema is None:
        return Form(kind=FormKind.NONE)
    try:
        schema: object = msgspec.json.decode(form.schema)
    except (msgspec.DecodeError, RecursionError) as error:
        raise MalformedResponseError("the form's schema is not readable as JSON") from error
    return Form(
        kind=FormKind.VENDOR_SCHEMA,
        fields=tuple(_fields(schema, "", 0)),
        vendor_schema=schema,
        key=form.form_id or form.form_key,
    )


def external_form(reference: str) -> Form:
    """A form of another application; an address only where the reference is one that a browser may follow."""
    url = reference if reference.startswith(("https://", "http://")) else None
    return Form(kind=FormKind.EXTERNAL_URL, url=url, key=reference)


def _fields(node: object, path: str, depth: int) -> Iterator[FormField]:
    """Input components in the document's order; a group's `path` comes before the keys within."""
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
    """Static options; None where there are none or they come from a variable."""
    if not isinstance(values, list):
        return None
    return tuple(
        FormOption(
            value=each["value"] if isinstance(each["value"], str) else msgspec.json.encode(each["value"]).decode(),
            label=_text(each, "label"),
        )
        for each in values
        if isinstance(each, dict) and "value" in each
    )


def _text(node: Mapping[str, object], member: str) -> str | None:
    value = node.get(member)
    return value if isinstance(value, str) else None
