"""The options of selects, from the form, from a variable or from an expression."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from connectors.camunda.formats.feel import evaluate
from connectors.camunda.formats.feel_values import NOT_EVALUATED, Context
from connectors.camunda.formats.form_components import Component, is_expression
from connectors.sdk import is_number, is_same, text_of


class Option(Struct, frozen=True):
    value: object
    label: str


def options_of(component: Component, initial: Mapping[str, object], context: Context) -> list[Option] | None:
    """None if they are not known here, or if the form's expression gives no list: then the form takes any value.

    `initial` are the data that the form was opened with.
    """
    members = component.members
    listed: object
    if "valuesKey" in members:
        key = members["valuesKey"]
        listed = initial.get(key) if isinstance(key, str) else None
        return _normalized(listed if isinstance(listed, list) else [])
    if "values" in members:
        listed = members["values"]
        return _normalized(listed if isinstance(listed, list) else [])
    expression = members.get("valuesExpression")
    if not isinstance(expression, str) or not is_expression(expression):
        return None
    listed = evaluate(expression[1:], context)
    if listed in (None, "", 0, False):
        return []
    return _normalized(listed) if isinstance(listed, list) else None


def is_option(value: object, options: Sequence[Option]) -> bool:
    return any(is_same(value, option.value) for option in options)


def opening_options(component: Component, data: Mapping[str, object]) -> list[Option] | None:
    """As the form sees them when it opens, before any expression is evaluated; None if they come from an expression."""
    if component.members.get("valuesExpression"):
        return None
    key = component.members.get("valuesKey")
    listed = data.get(key) if isinstance(key, str) and key else component.members.get("values")
    return _normalized(listed) if isinstance(listed, list) else []


def _normalized(listed: Sequence[object]) -> list[Option]:
    return [option for each in listed if (option := _option(each)) is not None]


def _option(each: object) -> Option | None:
    if _is_plain(each):
        return Option(each, text_of(each))
    if not isinstance(each, Mapping):
        return None
    label, value = each.get("label"), each.get("value")
    if not (isinstance(label, str) and label):
        return Option(value, text_of(value)) if _is_plain(value) else None
    return Option(value, label) if _is_plain(value) or (isinstance(value, Mapping) and value) else None


def _is_plain(value: object) -> bool:
    return value is not NOT_EVALUATED and (
        isinstance(value, bool) or is_number(value) or (isinstance(value, str) and value != "")
    )
