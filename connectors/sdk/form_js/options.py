"""The options of selects, from the form, from a variable or from an expression."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from connectors.sdk.feel import NOT_EVALUATED, Context, evaluate
from connectors.sdk.form_js.components import Component, is_expression
from connectors.sdk.forms import Choices, is_number, text_of


class Option(Struct, frozen=True):
    value: object
    label: str


class Options:
    """In their order; `value in options` asks for a value."""

    def __init__(self, options: Sequence[Option]) -> None:
        self.all = options
        self._values = Choices(option.value for option in options)

    def __contains__(self, value: object) -> bool:
        return value in self._values


def options_of(component: Component, initial: Mapping[str, object], context: Context) -> Options | None:
    """None if they are not known here, or if the form's expression gives no list: then the form takes any value.

    `initial` are the data that the form was opened with.
    """
    members = component.members
    listed: object
    if "valuesKey" in members:
        key = members["valuesKey"]
        listed = initial.get(key) if isinstance(key, str) else None
        return _known(component, "options", listed)
    if "values" in members:
        listed = members["values"]
        return _known(component, "options", listed)
    expression = members.get("valuesExpression")
    if not isinstance(expression, str) or not is_expression(expression):
        return None
    listed = evaluate(expression[1:], context)
    if listed in (None, "", 0, False):
        return Options([])
    return _known(component, "options", listed) if isinstance(listed, list) else None


def opening_options(component: Component, data: Mapping[str, object]) -> Options | None:
    """As the form sees them when it opens, before any expression is evaluated; None if they come from an expression."""
    if component.members.get("valuesExpression"):
        return None
    key = component.members.get("valuesKey")
    listed = data.get(key) if isinstance(key, str) and key else component.members.get("values")
    return _known(component, "opening options", listed)


def _known(component: Component, name: str, listed: object) -> Options:
    """None of what is no list. Noted for further rows with the same list."""
    before = component.noted.get(name)
    if before is None or before[0] is not listed:
        found = [option for each in listed if (option := _option(each)) is not None] if isinstance(listed, list) else []
        before = component.noted[name] = (listed, Options(found))
    known: Options = before[1]
    return known


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
