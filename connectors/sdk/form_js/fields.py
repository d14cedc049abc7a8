"""The inputs of a form-js document as fields, with the values that the process holds."""

from collections.abc import Iterator, Mapping

from msgspec import Struct

from connectors.sdk.feel import NOT_EVALUATED, Context, evaluate, number_of, unary_test
from connectors.sdk.form_js.components import FIELD_TYPES, Component, components_of, inputs_of, is_expression
from connectors.sdk.form_js.options import options_of
from connectors.sdk.form_js.rules import EMAIL, PHONE, limit_of
from connectors.sdk.form_js.state import FormState, computed
from connectors.sdk.forms import MISSING, DataPath, is_number, option, value_at
from connectors.sdk.model import FormField, FormFieldType

# What a row is called in expressions: not known for all rows at once.
_OF_ROWS = ("this", "parent", "i", "_this_", "_parent_", "_i_")
_ZONES = {"utc_offset": r"([+-]\d{2}:\d{2}|Z)", "utc_normalized": r"([+-]\d{2}:\d{2}|Z)"}


def has_inputs(schema: object) -> bool:
    return any(inputs_of(components_of(schema)))


def fields_of(schema: object, held: Mapping[str, object]) -> tuple[FormField, ...]:
    """In the document's order. `held` are the variables of the process."""
    form = components_of(schema)
    state = FormState(form, held)
    seen = _Seen(held=held, initial=state.initial, context={**state.data, "this": state.data, "parent": None, "i": []})
    return tuple(_fields(form, seen, _Around()))


class _Around(Struct, frozen=True):
    """What the containers around a field give it. `is_in_row`: its value is not that of one path."""

    parts: DataPath = ()
    labels: tuple[str, ...] = ()
    hides: tuple[str, ...] = ()
    is_in_row: bool = False


class _Seen(Struct, frozen=True, kw_only=True):
    held: Mapping[str, object]
    initial: Mapping[str, object]
    context: Context


def _fields(component: Component, seen: _Seen, around: _Around) -> Iterator[FormField]:
    for child in component.children:
        if child.is_input or child.is_list:
            yield _field(child, seen, around)
            continue
        label = _text(child.label, seen.context)
        inner = _Around(
            (*around.parts, *child.parts),
            (*around.labels, label) if label else around.labels,
            (*around.hides, child.hide) if child.hide else around.hides,
            around.is_in_row,
        )
        yield from _fields(child, seen, inner)


def _field(component: Component, seen: _Seen, around: _Around) -> FormField:
    path = (*around.parts, *component.parts)
    value = MISSING if around.is_in_row else value_at(seen.held, path)
    hides = (*around.hides, component.hide) if component.hide else around.hides
    fewest, most = (_whole(limit_of(component, name, seen.context)) for name in ("minLength", "maxLength"))
    rows = _rows(component, seen) if component.is_list else None
    count = _row_count(component, path, seen) if component.is_list and not around.is_in_row else None
    is_disabled = component.is_disabled
    return FormField(
        key=".".join(map(str, path)),
        type=_type(component),
        native_type=component.type or None,
        label=_text(component.label, seen.context),
        required=component.is_required and not is_disabled,
        value=None if value is MISSING else value,
        default_value=component.members.get("defaultValue"),
        options=_options(component, seen),
        description=_text(component.text("description"), seen.context),
        is_nested=len(path) > 1,
        is_read_only=_is_read_only(component, seen.context),
        is_disabled=is_disabled,
        is_conditional=bool(hides),
        condition=_condition(hides),
        is_multiline=component.type == "textarea",
        must_be_true=component.type == "checkbox" and component.is_required and not is_disabled,
        minimum=_limit(component, "min", seen.context),
        maximum=_limit(component, "max", seen.context),
        step=_step(component, seen.context),
        min_length=fewest,
        max_length=most,
        min_items=count,
        max_items=count,
        pattern=_pattern(component),
        group=around.labels,
        fields=rows,
    )


def _rows(component: Component, seen: _Seen) -> tuple[FormField, ...]:
    unknown = dict.fromkeys(_OF_ROWS, NOT_EVALUATED)
    inner = _Seen(held=seen.held, initial=seen.initial, context={**seen.context, **unknown})
    return tuple(_fields(component, inner, _Around(is_in_row=True)))


def _row_count(component: Component, path: DataPath, seen: _Seen) -> int | None:
    """The number of rows, if the form does not let people add or remove any."""
    rows = value_at(seen.initial, path)
    return len(rows) if not component.members.get("allowAddRemove", True) and isinstance(rows, list) else None


def _type(component: Component) -> FormFieldType:
    if component.type == "datetime" and component.subtype == "date":
        return FormFieldType.DATE
    if component.type == "datetime" and component.subtype == "time":
        return FormFieldType.TEXT
    if component.type == "number" and component.members.get("serializeToString"):
        return FormFieldType.NUMBER
    if component.type == "number" and component.members.get("decimalDigits") == 0:
        return FormFieldType.INTEGER
    return FIELD_TYPES.get(component.type, FormFieldType.JSON if component.is_list else FormFieldType.UNKNOWN)


def _options(component: Component, seen: _Seen) -> tuple | None:  # type: ignore[type-arg]
    if not (component.is_single_choice or component.is_multiple_choice):
        return None
    known = options_of(component, seen.initial, seen.context)
    return None if known is None else tuple(option(each.value, each.label) for each in known.all)


def _is_read_only(component: Component, context: Context) -> bool:
    """An expression that the gateway can evaluate is computed by the form."""
    if component.type == "expression":
        return computed(component, context) is not NOT_EVALUATED
    readonly = component.members.get("readonly")
    if isinstance(readonly, str) and is_expression(readonly):
        return unary_test(readonly[1:], context) is True
    return bool(readonly)


def _condition(hides: tuple[str, ...]) -> str | None:
    """The expression that hides the field: its own, or of a group around it."""
    if len(hides) < 2:
        return hides[0] if hides else None
    return "=" + " or ".join(f"({hide[1:].strip()})" for hide in hides)


def _text(text: str | None, context: Context) -> str | None:
    """A text for people. One with expressions in it is shown if they can be evaluated, else left out."""
    if text is None:
        return None
    if is_expression(text):
        value = evaluate(text[1:], context)
        return value if isinstance(value, str) and value else None
    return None if "{{" in text else text


def _limit(component: Component, name: str, context: Context) -> object:
    if component.type != "number":
        return None
    limit = limit_of(component, name, context)
    if is_number(limit):
        return limit
    number = number_of(limit)
    return None if number is None else int(number) if number == number.to_integral_value() else number


def _step(component: Component, context: Context) -> object:
    """Steps of the form are counted from 0, those of a field from its minimum."""
    if component.type != "number":
        return None
    step = number_of(component.members.get("increment"))
    digits = number_of(component.members.get("decimalDigits"))
    if not step and digits and 0 < digits <= 20:
        step = number_of(f"1e-{int(digits)}")
    start = number_of(_limit(component, "min", context))
    if not step or (start and start % step != 0):
        return None
    return int(step) if step == step.to_integral_value() else step


def _whole(limit: object) -> int | None:
    number = number_of(limit)
    return None if number is None else int(number)


def _pattern(component: Component) -> str | None:
    if component.type == "datetime" and component.subtype in ("time", "datetime"):
        zone = component.members.get("timeSerializingFormat")
        day = r"\d{4}-\d{2}-\d{2}T" if component.subtype == "datetime" else ""
        return rf"^{day}\d{{2}}:\d{{2}}" + _ZONES.get(zone if isinstance(zone, str) else "", "") + "$"
    pattern = component.rules.get("pattern")
    if isinstance(pattern, str) and pattern:
        return pattern
    kind = component.rules.get("validationType")
    return {"email": EMAIL, "phone": PHONE}.get(kind) if isinstance(kind, str) else None
