"""The fields of a form, as the graph shows them, and the JSON Schema of what may be sent."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from connectors.sdk import MISSING, FormField, FormFieldType, is_number, value_at
from connectors.uipath.formats.formio.components import Component, Layout, mapping, text
from connectors.uipath.formats.formio.conditions import expressions, has_condition
from connectors.uipath.formats.formio.javascript import is_truthy
from connectors.uipath.formats.formio.rules import count_rule, is_required, number_rule
from connectors.uipath.formats.formio.taking import is_disabled
from connectors.uipath.formats.formio.texts import anchored
from connectors.uipath.formats.formio.values import options_of

# By Form.io's component type. A component of another type is a field if it has a key and takes input.
FIELD_TYPES = {
    "textfield": FormFieldType.TEXT,
    "textarea": FormFieldType.TEXT,
    "email": FormFieldType.TEXT,
    "phoneNumber": FormFieldType.TEXT,
    "url": FormFieldType.TEXT,
    "password": FormFieldType.TEXT,
    "time": FormFieldType.TEXT,
    "number": FormFieldType.NUMBER,
    "currency": FormFieldType.NUMBER,
    "checkbox": FormFieldType.BOOLEAN,
    "select": FormFieldType.SELECT,
    "radio": FormFieldType.SELECT,
    "selectboxes": FormFieldType.MULTI_SELECT,
    "tags": FormFieldType.MULTI_SELECT,
    "datetime": FormFieldType.DATETIME,
    "day": FormFieldType.DATE,
    "file": FormFieldType.FILE,
    "datagrid": FormFieldType.JSON,
    "editgrid": FormFieldType.JSON,
    "datatable": FormFieldType.JSON,
    "container": FormFieldType.JSON,
    "survey": FormFieldType.JSON,
    "address": FormFieldType.JSON,
    "datamap": FormFieldType.JSON,
}


def fields_of(layout: object, held: Mapping[str, Any]) -> tuple[FormField, ...]:
    """In the order of the form, with the values that the task holds. Of components with one key the last counts."""
    return _fields(Layout(layout).roots, held)


def _fields(components: list[Component], held: Mapping[str, Any] | None, within: str = "") -> tuple[FormField, ...]:
    """`within` is the path of the rows that the fields are in, whose values are not their own: `held` is None then."""
    found = {}
    for component in _inputs(components):
        key = component.data_path.removeprefix(f"{within}.") if within else component.data_path
        found[key] = _field(component, key, held)
    return tuple(found.values())


def _inputs(components: list[Component]) -> Iterator[Component]:
    for component in components:
        has_inner_fields = component.model == "object" and bool(component.children)
        if component.holds_data and not component.is_button and not has_inner_fields and _takes_input(component):
            yield component
        if not component.has_rows:
            yield from _inputs(component.children)


def _takes_input(component: Component) -> bool:
    return component.type in FIELD_TYPES or component.part.get("input") is True


def _field(component: Component, key: str, held: Mapping[str, Any] | None) -> FormField:
    part, kind = component.part, component.type
    value = MISSING if held is None else held.get(key, MISSING)
    if value is MISSING and held is not None:
        value = value_at(held, tuple(key.split(".")))
    boxes = kind == "selectboxes"
    is_calculated = any(part.get(name) for name in ("calculateValue", "customDefaultValue"))
    return FormField(
        key=key,
        type=_type(component),
        required=is_required(component) and not _is_set_aside(component),
        label=text(part, "label"),
        native_type=kind,
        value=None if value is MISSING else value,
        default_value=_default(component),
        options=options_of(component),
        description=text(part, "description") or text(part, "tooltip"),
        is_nested="." in key,
        is_read_only=bool(part.get("disabled")) and is_calculated,
        is_disabled=is_disabled(component),
        is_conditional=any(has_condition(each.part) for each in (component, *component.ancestors)),
        condition=_condition(component),
        is_multiple=component.is_multiple,
        is_multiline=kind == "textarea",
        must_be_true=kind == "checkbox" and bool(component.rules.get("required")),
        minimum=_bound(component, "min"),
        maximum=_bound(component, "max"),
        step=_step(component),
        min_length=None if component.has_rows else count_rule(component, "minLength"),
        max_length=None if component.has_rows else count_rule(component, "maxLength"),
        min_items=count_rule(component, "minSelectedCount" if boxes else "minLength")
        if boxes or component.has_rows
        else None,
        max_items=count_rule(component, "maxSelectedCount" if boxes else "maxLength")
        if boxes or component.has_rows
        else None,
        pattern=None if text(component.rules, "pattern") is None else anchored(component.rules["pattern"]),
        group=_groups(component),
        fields=_fields(component.children, None, component.data_path) if component.has_rows else None,
    )


def _type(component: Component) -> FormFieldType:
    if component.type == "select" and component.is_multiple:
        return FormFieldType.MULTI_SELECT
    has_masks = component.part.get("allowMultipleMasks") and component.part.get("inputMasks")
    if has_masks or (component.type == "textarea" and component.part.get("as") == "json"):
        return FormFieldType.JSON
    if component.type == "checkbox" and component.part.get("inputType") == "radio":
        return FormFieldType.UNKNOWN
    return FIELD_TYPES.get(component.type, FormFieldType.UNKNOWN)


def _is_set_aside(component: Component) -> bool:
    """Hidden by the form's author, and so not judged."""
    if component.part.get("validateWhenHidden"):
        return False
    return any(bool(each.part.get("hidden")) for each in (component, *component.ancestors))


def _condition(component: Component) -> str | None:
    """Of the component, else of the nearest group that has one."""
    found = (text for each in (component, *component.ancestors) for text in expressions(each.part)[:1])
    own = expressions(component.part)
    return " && ".join(own) if own else next(found, None)


def _default(component: Component) -> object:
    value = component.part.get("defaultValue")
    if not is_truthy(value) or value in ({}, []):
        return None
    return [value] if component.is_multiple and not isinstance(value, list) else value


def _bound(component: Component, name: str) -> object:
    """A number; of dates the text of the layout, unless it is a script."""
    settings = {"datetime": mapping(component.part, "widget"), "day": component.part}.get(component.type)
    if settings is None:
        return _plain(number_rule(component, name))
    bound = text(settings, f"{name}Date")
    return None if bound is None or "(" in bound else bound


def _step(component: Component) -> object:
    step = component.rules.get("step")
    return _plain(number_rule(component, "step")) if is_number(step) or isinstance(step, str) else None


def _plain(number: Decimal | None) -> object:
    if number is None:
        return None
    return int(number) if number == number.to_integral_value() and abs(number) < 1 << 63 else number


def _groups(component: Component) -> tuple[str, ...]:
    """Tables, wells and columns have a label in the layout, which people do not see."""
    unseen = {"table", "well", "columns"}
    above = [each for each in component.ancestors if each.type not in unseen]
    names = [text(each.part, "title") or text(each.part, "legend") or text(each.part, "label") for each in above]
    return tuple(name for name in reversed(names) if name is not None)
