"""Values in the shapes that Form.io's components submit: what is taken, and what it becomes."""

from collections.abc import Mapping
from typing import Any

from connectors.sdk import MISSING, Choices, FormOption, MalformedResponseError, decode_json_value, option
from connectors.uipath.formats.formio.components import Component, mapping, text
from connectors.uipath.formats.formio.dates import (
    DATA_FORMAT,
    SHOWN_FORMAT,
    day_from_iso,
    day_parts,
    is_known_form,
    moment_of,
    normalized_day,
    time_of,
    time_text,
    zone_of,
)
from connectors.uipath.formats.formio.javascript import canonical_number, is_truthy, number_of, to_text

TEXTS = frozenset({"textfield", "textarea", "email", "phoneNumber", "url", "password", "signature", "time"})
NO_FILES = "takes a file, which cannot be sent through this gateway: use the vendor's own form"
# Options that a message names at most.
MOST_NAMED = 10


def options_of(component: Component) -> tuple[FormOption, ...] | None:
    """With their values as the component submits them. None if there are none, or they come from an address or a script."""
    if "options" not in component.noted:
        component.noted["options"] = _options_of(component)
    options: tuple[FormOption, ...] | None = component.noted["options"]
    return options


def choices_of(component: Component) -> Choices | None:
    """The values of its options."""
    options = options_of(component)
    if options is not None and "choices" not in component.noted:
        component.noted["choices"] = Choices(each.raw_value for each in options)
    choices: Choices | None = component.noted.get("choices")
    return choices


def option_texts_of(component: Component) -> frozenset[str]:
    """The texts of its options."""
    if "texts" not in component.noted:
        component.noted["texts"] = frozenset(each.value for each in options_of(component) or ())
    texts: frozenset[str] = component.noted["texts"]
    return texts


def _options_of(component: Component) -> tuple[FormOption, ...] | None:
    part = component.part
    source, listed = text(part, "dataSrc"), part.get("values")
    if component.type == "select":
        data = mapping(part, "data")
        listed = data.get("values") if source in {None, "values"} else data.get("json") if source == "json" else None
        if isinstance(listed, str):
            listed = _json(listed)
        if source == "json":
            return _json_options(component, listed)
    elif source not in {None, "values"} or component.type not in {"radio", "selectboxes"}:
        return None
    if not isinstance(listed, list):
        return None
    found = tuple(
        option(_typed(part, component.type, each["value"]), text(each, "label"))
        for each in listed
        if isinstance(each, Mapping) and isinstance(each.get("value"), str | int) and each["value"] != ""
    )
    return found or None


def _json_options(component: Component, listed: object) -> tuple[FormOption, ...] | None:
    name = text(component.part, "valueProperty")
    if not isinstance(listed, list) or (name is not None and "." in name):
        return None
    values = [(each.get(name), each) if name and isinstance(each, Mapping) else (each, each) for each in listed]
    return tuple(
        option(
            _typed(component.part, component.type, value), text(each, "label") if isinstance(each, Mapping) else None
        )
        for value, each in values
        if value is not None
    )


def _json(listed: str) -> object:
    try:
        return decode_json_value(listed)
    except MalformedResponseError:
        return None


def _typed(part: Mapping[str, Any], kind: str, value: object) -> object:
    if kind == "selectboxes":
        return to_text(value)
    return _normalized_radio(part, value) if kind == "radio" else _normalized_select(part, value)


def converted(component: Component, value: object) -> object:
    """The graph's own shape of a value as the component's: dates as YYYY-MM-DD, amounts of money as text."""
    if component.is_multiple and isinstance(value, list):
        return [_converted(component, each) for each in value]
    return _converted(component, value)


def _converted(component: Component, value: object) -> object:
    if component.type == "day" and isinstance(value, str):
        return day_from_iso(component.part, value) or value
    return _as_number(value) if component.type == "currency" else value


def _as_number(value: object) -> object:
    number = number_of(value)
    return value if number is None else number


def wrong_shape(component: Component, value: object) -> str | None:
    """What one value of the component must be, if `value` is nothing that it submits; else None."""
    kind, part = component.type, component.part
    if kind in TEXTS:
        is_json = kind == "textarea" and part.get("as") == "json"
        has_masks = bool(part.get("allowMultipleMasks")) and isinstance(value, Mapping)
        return None if isinstance(value, str) or is_json or has_masks else "takes a text"
    match kind:
        case "number" | "currency":
            return None if number_of(value) is not None else "takes a number"
        case "checkbox":
            is_radio = part.get("inputType") == "radio"
            return None if isinstance(value, bool) or is_radio else "takes true or false"
        case "button":
            return None if isinstance(value, bool) else "takes true or false"
        case "datetime":
            return None if moment_of(value, None, zone_of(value)) else "takes a date and time as ISO 8601"
        case "day":
            return _wrong_day(component, value)
        case "radio" | "select":
            return _wrong_option(component, _typed(part, kind, value))
        case "selectboxes":
            return _wrong_boxes(component, value)
        case "tags":
            is_list = isinstance(value, list) and all(isinstance(each, str) for each in value)
            return None if isinstance(value, str) or is_list else "takes a list of texts"
        case "survey":
            return _wrong_survey(component, value)
        case "file":
            return NO_FILES
        case _:
            return None


def _wrong_day(component: Component, value: object) -> str | None:
    is_day = isinstance(value, str) and day_parts(component.part, normalized_day(component.part, value)) is not None
    return None if is_day else day_rule(component.part)


def day_rule(part: Mapping[str, Any]) -> str:
    return f"takes a date as {'DD/MM/YYYY' if part.get('dayFirst') else 'MM/DD/YYYY'} or YYYY-MM-DD"


def _wrong_option(component: Component, value: object) -> str | None:
    known = choices_of(component)
    if known is None or value in known:
        return None
    return _one_of([each.value for each in options_of(component) or ()])


def _one_of(names: list[str]) -> str:
    return f"takes one of {', '.join(names[:MOST_NAMED])}" + (", ..." if len(names) > MOST_NAMED else "")


def _wrong_boxes(component: Component, value: object) -> str | None:
    known = None if options_of(component) is None else option_texts_of(component)
    if isinstance(value, Mapping):
        chosen = list(value)
        if not all(isinstance(each, bool) for each in value.values()):
            return "takes true or false for each option"
    elif isinstance(value, list) and all(isinstance(each, str) for each in value):
        chosen = value
    elif isinstance(value, str):
        chosen = [value]
    else:
        return "takes a list of options, or true and false by option"
    # A box without a name is a leftover of the form's editor.
    if known is None or set(chosen) <= known | {""}:
        return None
    named = [each.value for each in (options_of(component) or ())[:MOST_NAMED]]
    return f"has no such option; its options are {', '.join(named)}"


def _wrong_survey(component: Component, value: object) -> str | None:
    if not isinstance(value, Mapping):
        return "takes an object with the answer to each question"
    questions, answers = (_named(component, name) for name in ("questions", "values"))
    if questions is not None and not set(value) <= questions:
        return f"has the questions {', '.join(sorted(questions)[:MOST_NAMED])}"
    if answers is not None and not all(each in answers for each in value.values() if each not in (None, "")):
        return f"takes the answers {', '.join(sorted(answers)[:MOST_NAMED])}"
    return None


def _named(component: Component, member: str) -> set[str] | None:
    listed = component.part.get(member)
    return {to_text(each.get("value")) for each in listed if isinstance(each, Mapping)} if listed else None


def normalized(component: Component, value: object) -> object:
    """What the library makes of a value before it is submitted. MISSING stays, except where the library sets a value."""
    made = _normalized(component, value)
    required = bool(component.rules.get("required"))
    if component.is_multiple and not required and not isinstance(value, list):
        return [value] if is_truthy(value) else []
    return made


def _normalized(component: Component, value: object) -> object:
    part = component.part
    if component.type == "selectboxes":
        return _normalized_boxes(value)
    if value is MISSING or value is None:
        return value
    match component.type:
        case "day" if isinstance(value, str):
            return normalized_day(part, value)
        case "email" if isinstance(value, str):
            return value.strip().lower()
        case "radio":
            return _normalized_radio(part, value)
        case "select":
            many = component.is_multiple and isinstance(value, list)
            return [_normalized_select(part, each) for each in value] if many else _normalized_select(part, value)  # type: ignore[attr-defined]
        case "tags":
            return _normalized_tags(part, value)
        case "textfield" | "phoneNumber":
            return _normalized_text(part, value)
        case "time" if isinstance(value, str):
            return _normalized_time(part, value)
        case "number" if component.is_multiple and isinstance(value, list):
            return [_as_number(each) for each in value]
        case "number":
            return _as_number(value)
        case "address" if part.get("enableManualMode") and not component.is_multiple and isinstance(value, Mapping):
            return value if value.get("mode") else {"mode": "autocomplete", "address": value}
        case _:
            return value


def _normalized_boxes(value: object) -> object:
    if isinstance(value, Mapping):
        return value
    if isinstance(value, list):
        return {to_text(each): True for each in value}
    return {value: True} if isinstance(value, str) and value else {}


def _normalized_radio(part: Mapping[str, Any], value: object) -> object:
    match part.get("dataType"):
        case "number":
            return _as_number(value)
        case "string":
            return value if isinstance(value, Mapping | list) else to_text(value)
        case "boolean":
            return is_truthy(value) and to_text(value) != "false"
        case _:
            return _by_text(value)


def _normalized_select(part: Mapping[str, Any], value: object) -> object:
    kind = part.get("dataType") or "auto"
    if value is None or isinstance(value, Mapping | list) or kind == "object":
        return value
    match kind:
        case "number":
            number = canonical_number(value) if isinstance(value, str) else None
            return value if number is None else number
        case "boolean":
            return value.lower() == "true" if isinstance(value, str) and value.lower() in {"true", "false"} else value
        case "string":
            return to_text(value)
        case "auto":
            lower = value.lower() if isinstance(value, str) else ""
            return lower == "true" if lower in {"true", "false"} else _by_text(value)
        case _:
            return value


def _by_text(value: object) -> object:
    """ "5" is 5, "true" is true."""
    if not isinstance(value, str):
        return value
    number = canonical_number(value)
    if number is not None:
        return number
    return value == "true" if value in {"true", "false"} else value


def _normalized_tags(part: Mapping[str, Any], value: object) -> object:
    delimiter = text(part, "delimeter") or ","
    if part.get("storeas", "string") == "string" and isinstance(value, list):
        return delimiter.join("" if each is None else to_text(each) for each in value)
    if part.get("storeas") == "array" and isinstance(value, str):
        return [each for each in value.split(delimiter) if each]
    return value


def _normalized_text(part: Mapping[str, Any], value: object) -> object:
    if part.get("truncateMultipleSpaces") and isinstance(value, str):
        value = " ".join(value.split())
    masks = part.get("inputMasks")
    if part.get("allowMultipleMasks") and isinstance(masks, list) and masks and not isinstance(value, Mapping):
        first = masks[0].get("label") if isinstance(masks[0], Mapping) else None
        values = value if isinstance(value, list) else [value]
        made = [each if isinstance(each, Mapping) else {"value": each, "maskName": first} for each in values]
        return made if isinstance(value, list) else made[0]
    return value


def _normalized_time(part: Mapping[str, Any], value: str) -> str:
    """From the form that people see to the form of the data."""
    shown, data = text(part, "format") or SHOWN_FORMAT, text(part, "dataFormat") or DATA_FORMAT
    found = time_of(shown, value)
    return value if found is None or not is_known_form(data) else time_text(data, found)
