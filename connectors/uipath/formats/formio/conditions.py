"""Whether a component is shown. Conditions in JavaScript and JSON Logic are not evaluated."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from enum import Enum
from operator import gt, lt
from typing import Any

from connectors.sdk import (
    MISSING,
    MalformedResponseError,
    decode_json_value,
    encode_json_numbers,
    is_number,
    is_same,
    value_at,
)
from connectors.uipath.formats.formio.components import Component, mapping
from connectors.uipath.formats.formio.dates import moment_of
from connectors.uipath.formats.formio.javascript import is_truthy, number_of, path_of, to_text


class Verdict(Enum):
    """NONE: the component has no condition."""

    NONE = "none"
    SHOWN = "shown"
    HIDDEN = "hidden"
    UNKNOWN = "not evaluated"


ValueOf = Callable[[str], tuple[Component | None, object]]
"""The component that a path names, and its value; MISSING where there is none."""


def has_condition(part: Mapping[str, Any]) -> bool:
    """Also whether logic may hide it."""
    return bool(expressions(part)) or any(
        mapping(action, "property").get("value") == "hidden" or action.get("type") == "mergeComponentSchema"
        for rule in logic_of(part)
        for action in _parts(rule.get("actions"))
    )


def expressions(part: Mapping[str, Any]) -> list[str]:
    """The conditions of the component itself, as the layout has them."""
    conditional, found = mapping(part, "conditional"), []
    if is_truthy(conditional.get("when")) or conditional.get("json") or _is_simple(conditional):
        found.append(bytes(encode_json_numbers(conditional)).decode())
    custom = part.get("customConditional")
    if is_truthy(custom):
        found.append(custom.strip() if isinstance(custom, str) else bytes(encode_json_numbers(custom)).decode())
    return found


def verdict(part: Mapping[str, Any], value_of: ValueOf) -> Verdict:
    """By the conditions of the component itself."""
    found = _as_verdict(_simple_verdict(mapping(part, "conditional"), value_of))
    if found is Verdict.HIDDEN or not is_truthy(part.get("customConditional")):
        return found
    return Verdict.UNKNOWN


def logic_of(part: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The rules by which a component changes itself."""
    return [rule for rule in _parts(part.get("logic")) if rule.get("trigger") and rule.get("actions")]


def is_triggered(trigger: Mapping[str, Any], value_of: ValueOf) -> bool | None:
    """Whether a rule of the logic applies; None if that cannot be evaluated."""
    if trigger.get("type") != "simple":
        return None if trigger.get("type") in {"javascript", "json"} else False
    conditional = mapping(trigger, "simple")
    return _shows(conditional, value_of) if _has_simple(conditional) else False


def _has_simple(conditional: Mapping[str, Any]) -> bool:
    return is_truthy(conditional.get("when")) or _is_simple(conditional)


def _is_simple(conditional: Mapping[str, Any]) -> bool:
    return bool(conditional.get("conjunction")) and bool(_parts(conditional.get("conditions")))


_NO_CONDITION = object()


def _simple_verdict(conditional: Mapping[str, Any], value_of: ValueOf) -> object:
    """`conditions` before `when` before `json`, as the library has it."""
    if _has_simple(conditional):
        return _shows(conditional, value_of)
    return None if isinstance(conditional.get("json"), Mapping | list) else _NO_CONDITION


def _as_verdict(shows: object) -> Verdict:
    if shows is _NO_CONDITION:
        return Verdict.NONE
    return Verdict.UNKNOWN if shows is None else Verdict.SHOWN if shows else Verdict.HIDDEN


def _shows(conditional: Mapping[str, Any], value_of: ValueOf) -> bool | None:
    if _is_simple(conditional):
        return _all_or_any(conditional, value_of)
    return _equals(conditional, value_of)


def _equals(conditional: Mapping[str, Any], value_of: ValueOf) -> bool:
    """`{show, when, eq}`."""
    when = conditional["when"]
    _, value = value_of(when) if isinstance(when, str) else (None, MISSING)
    eq, show = to_text(conditional.get("eq", MISSING)), to_text(conditional.get("show", MISSING))
    if isinstance(value, Mapping | list):
        member = value_at(value, path_of(eq))
        if member is not MISSING:
            return to_text(member) == show
        if isinstance(value, list) and eq in map(to_text, value):
            return show == "true"
    return (to_text(value) == eq) == (show == "true")


def _all_or_any(conditional: Mapping[str, Any], value_of: ValueOf) -> bool | None:
    """`{conditions, conjunction, show}`."""
    results = [
        _condition(each, value_of) for each in _parts(conditional["conditions"]) if is_truthy(each.get("component"))
    ]
    is_any = conditional["conjunction"] == "any"
    decisive = is_any in results
    if not decisive and None in results:
        return None
    held = decisive if is_any else not decisive
    return held if _as_boolean(conditional.get("show", True)) else not held


def _as_boolean(show: object) -> bool:
    if isinstance(show, str):
        try:
            return is_truthy(decode_json_value(show))
        except MalformedResponseError:
            return bool(show)
    return is_truthy(show)


def _condition(condition: Mapping[str, Any], value_of: ValueOf) -> bool | None:
    component, value = value_of(to_text(condition["component"]))
    if component is None:
        value = None
    operator, compared = condition.get("operator"), condition.get("value", MISSING)
    if operator in {"isEmpty", "isNotEmpty"}:
        return _is_blank(component, value) is (operator == "isEmpty")
    test = _OPERATORS.get(operator) if isinstance(operator, str) else None
    if test is None:
        return True
    if isinstance(value, list):
        results = [test(component, each, compared) for each in value]
        return True if True in results else None if None in results else False
    return test(component, value, compared)


def _is_blank(component: Component | None, value: object) -> bool:
    """As the library judges it by type: boxes that are not ticked are empty, objects and rows without any value too."""
    if value is MISSING or value is None or value in ("", []):
        return True
    kind = "" if component is None else component.type
    if kind == "checkbox":
        return value is False
    if kind == "selectboxes":
        return isinstance(value, Mapping) and not any(map(is_truthy, value.values()))
    if kind == "address" and isinstance(value, Mapping):
        return not any(is_truthy(each) for name, each in value.items() if name not in {"mode", "address"})
    if kind in {"textfield", "textarea", "phoneNumber"} and isinstance(value, str):
        return not value.strip()
    if component is not None and (component.has_rows or component.children):
        return _has_only_blanks(value)
    return isinstance(value, list) and len(value) == 1 and value[0] in (None, "")


def _has_only_blanks(value: object) -> bool:
    if isinstance(value, Mapping):
        return all(map(_has_only_blanks, value.values()))
    if isinstance(value, list):
        return all(map(_has_only_blanks, value))
    return value is None or value == ""


def _is_equal(component: Component | None, value: object, compared: object) -> bool | None:
    if component is not None and component.type == "selectboxes" and isinstance(value, Mapping | list):
        return is_truthy(value_at(value, path_of(to_text(compared))))
    if component is not None and (component.part.get("reference") or component.part.get("dataSrc") == "resource"):
        return None
    if isinstance(compared, str) and compared and not isinstance(value, str) and (is_truthy(value) or value is False):
        try:
            compared = decode_json_value(compared)
        except MalformedResponseError:
            pass
    return is_same(value, compared)


def _is_not_equal(component: Component | None, value: object, compared: object) -> bool | None:
    equal = _is_equal(component, value, compared)
    return None if equal is None else not equal


def _by_size(holds: Callable[[Any, Any], bool], *, or_same: bool = False) -> "Test":
    """A number against a number or its text; the same only as a number, as the library has it."""

    def test(component: Component | None, value: object, compared: object) -> bool:
        limit = number_of(compared)
        if not is_number(value) or limit is None:
            return False
        return holds(value, limit) or (or_same and is_same(value, compared))

    return test


def _includes(component: Component | None, value: object, compared: object) -> bool:
    if isinstance(value, str):
        return to_text(compared) in value
    return isinstance(value, Mapping) and any(is_same(each, compared) for each in value.values())


def _not_includes(component: Component | None, value: object, compared: object) -> bool:
    return not _includes(component, value, compared)


def _starts_with(component: Component | None, value: object, compared: object) -> bool:
    return _plain(value).startswith(to_text(compared))


def _ends_with(component: Component | None, value: object, compared: object) -> bool:
    return _plain(value).endswith(to_text(compared))


def _plain(value: object) -> str:
    return "" if value is MISSING or value is None else to_text(value)


def _by_time(holds: Callable[[datetime, datetime], bool]) -> "Test":
    def test(component: Component | None, value: object, compared: object) -> bool | None:
        if not is_truthy(value):
            return False
        time = moment_of(value, component, UTC)
        limit = moment_of(compared, component, UTC)
        return None if time is None or limit is None else holds(time, limit)

    return test


def _is_other_time(component: Component | None, value: object, compared: object) -> bool | None:
    same = _by_time(lambda time, limit: time == limit)(component, value, compared)
    return None if same is None else not same


Test = Callable[[Component | None, object, object], bool | None]
_OPERATORS: dict[str, Test] = {
    "isEqual": _is_equal,
    "isNotEqual": _is_not_equal,
    "greaterThan": _by_size(gt),
    "greaterThanOrEqual": _by_size(gt, or_same=True),
    "lessThan": _by_size(lt),
    "lessThanOrEqual": _by_size(lt, or_same=True),
    "includes": _includes,
    "notIncludes": _not_includes,
    "startsWith": _starts_with,
    "endsWith": _ends_with,
    "dateGreaterThan": _by_time(lambda time, limit: time > limit),
    "dateGreaterThanOrEqual": _by_time(lambda time, limit: time >= limit),
    "dateLessThan": _by_time(lambda time, limit: time < limit),
    "dateLessThanOrEqual": _by_time(lambda time, limit: time <= limit),
    "isDateEqual": _by_time(lambda time, limit: time == limit),
    "isNotDateEqual": _is_other_time,
}


def _parts(value: object) -> Sequence[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []
