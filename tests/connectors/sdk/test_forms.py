"""Form data against a list of fields, and the JSON Schema made from them."""

from decimal import Decimal
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.sdk.forms import (
    copied,
    is_empty,
    is_same,
    json_schema_of,
    judge_fields,
    matches,
    option,
    put_at,
    value_at,
)
from connectors.sdk.model import FormField, FormFieldType, FormJudgement

TEXT, NUMBER, BOOLEAN = FormFieldType.TEXT, FormFieldType.NUMBER, FormFieldType.BOOLEAN
COLOURS = (option("red"), option(2), option(True, "Yes"))
ROW = (FormField(key="item", type=TEXT, required=True, label="Item"), FormField(key="n", type=NUMBER, required=False))


def field(key: str = "a", type: FormFieldType = TEXT, *, required: bool = False, **more: Any) -> FormField:
    return FormField(key=key, type=type, required=required, **more)


def messages(judgement: FormJudgement) -> list[str]:
    return [f"{fault.key}: {fault.message}" for fault in judgement.faults]


def test_all_faults_are_told_at_once() -> None:
    """Each with its path, the label or key, and the rule. What is right is not told."""
    fields = (
        field("name", required=True, label="Name"),
        field("age", NUMBER, minimum=18, maximum=99, step=1),
        field("consent", BOOLEAN, required=True, must_be_true=True, label="I agree"),
        field("mail", pattern=r"^\S+@\S+$"),
        field("code", min_length=3, max_length=4),
        field("lines", FormFieldType.JSON, fields=ROW, min_items=1),
        field("colour", FormFieldType.SELECT, options=COLOURS),
        field("fine"),
    )
    data = {
        "age": 17.5,
        "consent": False,
        "mail": "nobody",
        "code": "ab",
        "lines": [{"n": "two"}, "row", {"item": "x"}],
        "colour": "2",
        "fine": "",
        "bogus": 1,
    }

    assert [
        "name: Name is required",
        "age: age takes a number from 18",
        "age: age takes steps of 1",
        "consent: I agree must be ticked",
        "mail: mail does not have the form that is asked for",
        "code: code takes at least 3 characters",
        "lines[0].item: Item is required",
        "lines[0].n: lines[0].n takes a number",
        "lines[1]: lines[1] takes an object with the fields of a row",
        "colour: colour takes one of red, 2, true",
        "bogus: bogus is no field of the form; its fields are: age, code, colour, consent, fine, lines, mail, name",
    ] == messages(judge_fields(fields, data))


@pytest.mark.parametrize("value", [None, "", "  ", [], {}])
def test_a_required_value_may_not_be_emptied(value: object) -> None:
    """Also if the task holds one: the new value would replace it."""
    fields = (field(required=True, type=FormFieldType.UNKNOWN),)

    assert ["a: a is required"] == messages(judge_fields(fields, {"a": value}, {"a": "held"}))
    assert [] == messages(judge_fields(fields, {}, {"a": "held"}))
    assert [] == messages(judge_fields(fields, {"a": value}, is_draft=True))


@pytest.mark.parametrize("more", [{"is_conditional": True}, {"is_disabled": True}])
def test_a_field_that_may_be_hidden_or_is_disabled_is_not_demanded(more: dict[str, Any]) -> None:
    assert [] == messages(judge_fields((field(required=True, **more),), {}))


def test_a_disabled_field_is_not_sent() -> None:
    assert {"b": "2"} == judge_fields((field(is_disabled=True), field("b")), {"a": "1", "b": "2"}).data


def test_keys_with_dots_lead_into_objects() -> None:
    """Both spellings arrive nested, and what the task holds there counts."""
    fields = (field("invoice.number", is_nested=True, required=True), field("invoice.note", is_nested=True))

    assert {"invoice": {"number": "7"}} == judge_fields(fields, {"invoice.number": "7"}).data
    assert {"invoice": {"number": "7"}} == judge_fields(fields, {"invoice": {"number": "7"}}).data
    assert () == judge_fields(fields, {}, {"invoice": {"number": "7"}}).faults
    assert ["invoice.number: invoice.number is required"] == messages(judge_fields(fields, {"invoice": {}}))


def test_options_keep_their_type() -> None:
    """A text never takes the place of a number or of true."""
    fields = (field(type=FormFieldType.MULTI_SELECT, options=COLOURS),)

    assert [] == messages(judge_fields(fields, {"a": ["red", 2, True]}))
    assert [True] * 3 == [bool(judge_fields(fields, {"a": [each]}).faults) for each in ("2", 1, "true")]


def test_a_pattern_costs_time_by_the_length_of_the_text_only() -> None:
    """A pattern that cannot be matched in that time is left to the vendor."""
    assert matches("^(a+)+$", "a" * 5000 + "b") is False
    assert matches(r"a(?=b)[bc]", "ab") is None
    assert matches("[", "b") is None


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (1, 1.0, True),
        (1, True, False),
        (Decimal("1.10"), 1.1, True),
        ([1, {"a": 2}], [1.0, {"a": 2}], True),
        ("1", 1, False),
    ],
)
def test_values_are_compared_as_json(one: object, other: object, same: bool) -> None:
    assert same == is_same(one, other)


def test_false_and_zero_are_values() -> None:
    assert [False, False, True] == [is_empty(each) for each in (False, 0, None)]


scalar_fields = st.one_of(
    st.builds(field, required=st.booleans(), min_length=st.none() | st.integers(1, 3), max_length=st.none() | st.integers(3, 6)),
    st.builds(field, type=st.sampled_from([NUMBER, FormFieldType.INTEGER]), required=st.booleans(), minimum=st.none() | st.integers(-3, 3)),
    st.builds(field, type=st.just(BOOLEAN), required=st.just(value=True), must_be_true=st.booleans()),
    st.builds(field, type=st.just(FormFieldType.SELECT), required=st.booleans(), options=st.just(COLOURS)),
    st.builds(field, type=st.just(FormFieldType.MULTI_SELECT), required=st.booleans(), options=st.just(COLOURS)),
    st.builds(field, type=st.just(TEXT), required=st.booleans(), is_multiple=st.just(value=True), max_items=st.none() | st.integers(1, 2)),
    st.builds(field, type=st.just(FormFieldType.JSON), required=st.booleans(), fields=st.just(ROW)),
)  # fmt: skip
values = st.one_of(
    st.sampled_from(["red", "", "abcdefgh", 2, 0, -5, 1.5, True, False, 2.0, ["red"], [2, True], ["x"], [], ["a", "b", "c"]]),
    st.sampled_from([[{"item": "x"}], [{"item": "x", "n": 1}], [{"n": 1}], [{"item": "x", "n": "1"}], ["row"]]),
)  # fmt: skip


@given(scalar_fields, values)
def test_the_schema_says_what_the_judgement_says(one: FormField, value: object) -> None:
    """For values that are given. A text of spaces is the exception: a schema cannot say that it is empty."""
    schema = json_schema_of([one], sends_unknown=False)
    jsonschema.Draft202012Validator.check_schema(schema)
    is_valid = jsonschema.Draft202012Validator(schema).is_valid({"a": value})
    is_judged_right = not judge_fields((one,), {"a": value}).faults

    # An empty value of a field that is not required takes it away, whatever its type.
    assert is_valid == is_judged_right or (is_empty(value) and not one.required)


def test_the_schema_of_nested_keys_files_and_rows() -> None:
    """Disabled fields and files are left out; a value that is there already is not demanded."""
    fields = (
        field("invoice.number", is_nested=True, required=True, label="Number"),
        field("scan", FormFieldType.FILE, required=True),
        field("off", is_disabled=True, required=True),
        field("there", required=True, value="x"),
        field("maybe", required=True, is_conditional=True, default_value="d"),
    )
    schema = json_schema_of(fields, sends_unknown=True)

    assert {"invoice", "there", "maybe"} == schema["properties"].keys()
    assert ["invoice"] == schema["required"]
    assert ["number"] == schema["properties"]["invoice"]["required"]
    assert "Number" == value_at(schema, ["properties", "invoice", "properties", "number", "title"])
    assert "additionalProperties" not in schema


@pytest.mark.parametrize(
    ("path", "fills", "after"),
    [
        (("a", 1, "b"), False, {"a": [0, {"b": 9}], "c": None}),
        (("a", 0), False, {"a": [9], "c": None}),
        (("c", 0, "b"), False, {"a": [0], "c": [{"b": 9}]}),
        (("a", 3), True, {"a": [0, None, None, 9], "c": None}),
        (("c", 1, 1), True, {"a": [0], "c": [None, [None, 9]]}),
        (("a", 2), False, None),
        (("a", -1), True, None),
        (("a", "b"), True, None),
        (("a", 0, "b"), True, None),
        ((), True, None),
    ],
)
def test_a_value_is_set_at_its_path(path: tuple[str | int, ...], *, fills: bool, after: object) -> None:
    """With what is missing on the way. Rows beyond the end only if asked for; nothing through a value or a list's name."""
    before: dict[str, Any] = {"a": [0], "c": None}
    data = copied(before)

    assert (after is not None) is put_at(data, path, 9, fills=fills)
    assert (before if after is None else after) == data
