"""Layouts and data of any kind: what the gateway makes of them is never an error of its own."""

from decimal import Decimal
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.sdk import decode_json_value, encode_json_numbers
from connectors.uipath.formats.formio import FIELD_TYPES, fields_of, json_schema, judge

NAMES = st.sampled_from(["a", "b", "a.b", "a.", ".", "", "c"])
TEXTS = st.sampled_from(
    ["", "a", "b", "5", "1e999999", "0", "true", "2026-03-04", "03/04/2026", "[", "{}", "[0]", "moment()"]
)
LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 3), st.just(10**400), st.just(Decimal("1e400")), st.just(0.5), TEXTS
)
JSON = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=6
)
TYPES = st.sampled_from(
    [*FIELD_TYPES, "hidden", "button", "panel", "columns", "table", "tabs", "form", "tagpad", "content", "rating", ""]
)
MEMBERS = (
    "label", "input", "multiple", "hidden", "disabled", "clearOnHide", "defaultValue", "dataType", "values", "data",
    "dataSrc", "valueProperty", "inputMask", "inputMasks", "allowMultipleMasks", "storeas", "delimeter", "format",
    "dataFormat", "dayFirst", "fields", "minDate", "maxYear", "widget", "questions", "customConditional", "persistent",
    "modelType", "name", "inputType", "theme", "tree", "as", "calculateValue",
)  # fmt: skip
RULES = (
    "required",
    "min",
    "max",
    "minLength",
    "maxLength",
    "minWords",
    "pattern",
    "minSelectedCount",
    "custom",
    "step",
)
OPERATORS = st.sampled_from(["isEqual", "isNotEqual", "isEmpty", "includes", "greaterThan", "dateLessThan", "odd"])
CONDITIONS = st.one_of(
    JSON,
    st.fixed_dictionaries({"show": LEAVES, "when": NAMES, "eq": JSON}),
    st.fixed_dictionaries(
        {
            "show": LEAVES,
            "conjunction": TEXTS,
            "conditions": st.lists(
                st.fixed_dictionaries({"component": NAMES, "operator": OPERATORS, "value": JSON}), max_size=2
            ),
        }
    ),
)
ACTION = {"type": "property", "property": {"type": "boolean", "value": "hidden"}, "state": True}


@st.composite
def components(draw: st.DrawFn, depth: int = 0) -> Any:
    if draw(st.integers(0, 9)) == 0:
        return draw(JSON)
    part: dict[str, Any] = {"type": draw(TYPES), "key": draw(NAMES | LEAVES)}
    part |= draw(st.dictionaries(st.sampled_from(MEMBERS), JSON, max_size=3))
    if draw(st.booleans()):
        part["validate"] = draw(st.dictionaries(st.sampled_from(RULES), JSON, max_size=2) | JSON)
    if draw(st.booleans()):
        part["conditional"] = draw(CONDITIONS)
    if draw(st.integers(0, 5)) == 0:
        part["logic"] = draw(
            st.just([{"trigger": {"type": "simple", "simple": draw(CONDITIONS)}, "actions": [ACTION]}]) | JSON
        )
    if depth < 2 and draw(st.booleans()):
        inner = st.lists(components(depth + 1), max_size=2)
        member = draw(st.sampled_from(["components", "columns", "rows"]))
        part[member] = draw(inner if member == "components" else st.lists(inner, max_size=2) | JSON)
    return part


@pytest.mark.slow
@given(st.lists(components(), max_size=3), JSON, JSON, st.booleans())
def test_any_layout_and_any_data_are_judged(layout: Any, given_data: Any, held: Any, is_draft: bool) -> None:
    """And described by a JSON Schema. What is sent is JSON."""
    data = given_data if isinstance(given_data, dict) else {"a": given_data}
    before = held if isinstance(held, dict) else {"b": held}
    fields = fields_of({"components": layout}, before)
    judgement = judge({"components": layout}, data, before, is_draft=is_draft)

    assert decode_json_value(encode_json_numbers(judgement.data)) is not None
    assert all(fault.message.strip() and isinstance(fault.key, str) for fault in judgement.faults)
    jsonschema.Draft202012Validator.check_schema(
        json_schema({"components": layout}, fields, before),
    )


@pytest.mark.parametrize("layout", [None, 5, "text", [], {}, {"components": None}, {"components": [None, 5, [], {}]}])
def test_a_layout_without_components_has_no_fields(layout: object) -> None:
    """Data that the task holds may be sent along."""
    assert () == fields_of(layout, {})
    assert not judge(layout, {"a": 1}, {"a": 1}).faults
    assert ["a"] == [each.key for each in judge(layout, {"a": 1}, {}).faults]


def test_data_that_are_nested_too_deeply_are_a_fault() -> None:
    """The stack of Python is limited."""
    deep: dict[str, Any] = {}
    for _ in range(3000):
        deep = {"a": deep}
    layout = {"components": [{"type": "hidden", "key": "h"}]}

    assert ["is nested too deeply"] == [each.rule for each in judge(layout, {"h": deep}, {}).faults]
