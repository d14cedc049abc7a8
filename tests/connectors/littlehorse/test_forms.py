"""Forms, and the values that complete a task."""

import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.littlehorse import wire
from connectors.littlehorse.forms import LARGEST, SMALLEST, data_of, form_of, holds, outcomes_of, values_of
from connectors.littlehorse.settings import LittlehorseOptions
from connectors.sdk.errors import MalformedResponseError, ValidationFailedError
from connectors.sdk.model import FormFieldType, FormKind, OutcomeNature, Requirement
from connectors.sdk.settings import ConfiguredOutcome

OPTIONS = LittlehorseOptions(tenant="default")
DECIDING = LittlehorseOptions(
    tenant="default",
    outcome_field="decision",
    outcomes=(ConfiguredOutcome(code="yes", label="Yes", nature=OutcomeNature.POSITIVE), ConfiguredOutcome(code="no")),
)


def record(*fields: tuple[str, str, bool], results: dict[str, Any] | None = None) -> wire.TaskRecord:
    shown = [{"name": name, "displayName": name.title(), "type": kind, "required": must} for name, kind, must in fields]
    body = {"id": "0-1", "wfRunId": "r", "fields": shown, "results": results}
    return msgspec.json.decode(json.dumps(body), type=wire.TaskRecord)


def test_a_form_has_the_declared_fields() -> None:
    """Type, label, required and present value. A new type is UNKNOWN."""
    kinds = ("STRING", "INTEGER", "DOUBLE", "BOOLEAN", "UNRECOGNIZED", "DATE")
    results = {"string": {"type": "STRING", "value": "x"}}
    form = form_of(record(*((kind.lower(), kind, kind == "STRING") for kind in kinds), results=results), OPTIONS)

    assert FormKind.FIELDS is form.kind
    assert [
        FormFieldType.TEXT,
        FormFieldType.INTEGER,
        FormFieldType.NUMBER,
        FormFieldType.BOOLEAN,
        FormFieldType.UNKNOWN,
        FormFieldType.UNKNOWN,
    ] == [field.type for field in form.fields]
    assert [True, *[False] * 5] == [field.required for field in form.fields]
    assert ("string", "String", "STRING", "x") == (
        form.fields[0].key,
        form.fields[0].label,
        form.fields[0].native_type,
        form.fields[0].value,
    )
    assert () == form_of(msgspec.json.decode(b'{"id":"1","wfRunId":"r"}', type=wire.TaskRecord), OPTIONS).fields


def test_results_keep_their_numbers() -> None:
    """64-bit integers and decimals are exact."""
    body = b"""{"id":"1","wfRunId":"r","results":{"a":{"type":"INTEGER","value":9223372036854775807},
        "b":{"type":"DOUBLE","value":0.1},"c":{"type":"STRING"}}}"""
    data = data_of(msgspec.json.decode(body, type=wire.TaskRecord))

    assert {"a": 2**63 - 1, "b": Decimal("0.1"), "c": None} == data


def test_a_result_that_cannot_be_read_is_malformed() -> None:
    """For example a number with too large an exponent."""
    body = b'{"id":"1","wfRunId":"r","results":{"a":{"type":"DOUBLE","value":1e999999999999999999999}}}'

    with pytest.raises(MalformedResponseError):
        data_of(msgspec.json.decode(body, type=wire.TaskRecord))


ALL = record(
    ("text", "STRING", False), ("whole", "INTEGER", False), ("real", "DOUBLE", False), ("flag", "BOOLEAN", False)
)


@pytest.mark.parametrize(
    ("name", "value", "sent"),
    [
        ("text", "Looks good!", "Looks good!"),
        ("text", "", ""),
        ("whole", 3, 3),
        ("whole", 3.0, 3),
        ("whole", Decimal("3.0"), 3),
        ("whole", LARGEST, 2147483647),
        ("whole", SMALLEST, -2147483648),
        ("real", 3, 3.0),
        ("real", Decimal("2.50"), 2.5),
        ("flag", False, False),
    ],
)
def test_a_value_is_sent_with_its_declared_type(name: str, value: object, sent: object) -> None:
    """STRING, INTEGER, DOUBLE or BOOLEAN. The bridge does not accept STR, the kernel's name for STRING."""
    types = {"text": "STRING", "whole": "INTEGER", "real": "DOUBLE", "flag": "BOOLEAN"}
    values = values_of(ALL, {name: value}, None, OPTIONS)

    assert {name: {"type": types[name], "value": sent}} == values
    assert type(sent) is type(values[name]["value"])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("text", 1),
        ("text", True),
        ("text", ["a"]),
        ("whole", 2**31),
        ("whole", -(2**31) - 1),
        ("whole", 1.5),
        ("whole", True),
        ("whole", "3"),
        ("whole", float("inf")),
        ("whole", float("nan")),
        ("whole", Decimal("NaN")),
        ("real", "1"),
        ("real", False),
        ("real", float("nan")),
        ("real", 10**400),
        ("real", Decimal("1e999")),
        ("flag", "true"),
        ("flag", 1),
        ("unknown", 1),
    ],
)
def test_a_value_that_does_not_fit_is_refused_by_its_name(name: str, value: object) -> None:
    """The bridge would answer 500."""
    with pytest.raises(ValidationFailedError) as caught:
        values_of(ALL, {name: value}, None, OPTIONS)
    assert ("data", name) == caught.value.field


def test_null_leaves_a_field_out() -> None:
    """An optional field can be left empty that way."""
    assert {} == values_of(ALL, {"text": None, "whole": None}, None, OPTIONS)


@pytest.mark.parametrize("value", [None, "", "  \n"])
def test_a_required_text_is_not_blank(value: str | None) -> None:
    """The bridge has the same rule."""
    with pytest.raises(ValidationFailedError, match="required"):
        values_of(record(("text", "STRING", True)), {"text": value}, None, OPTIONS)


def test_a_type_that_cannot_be_submitted_is_refused() -> None:
    """UNRECOGNIZED, and unknown types."""
    for kind in ("UNRECOGNIZED", "DATE"):
        with pytest.raises(ValidationFailedError, match="does not accept"):
            values_of(record(("x", kind, False)), {"x": "y"}, None, OPTIONS)


def test_an_outcome_fills_its_field() -> None:
    """That field is no longer shown in the form."""
    deciding = record(("decision", "STRING", True), ("note", "STRING", False))
    outcomes = outcomes_of(deciding, DECIDING)

    assert {"decision": {"type": "STRING", "value": "yes"}} == values_of(deciding, {}, "yes", DECIDING)
    assert ["note"] == [field.key for field in form_of(deciding, DECIDING).fields]
    assert [("yes", "Yes", OutcomeNature.POSITIVE), ("no", None, OutcomeNature.NEUTRAL)] == [
        (each.code, each.label, each.nature) for each in outcomes
    ]
    assert {(Requirement.OPTIONAL, Requirement.UNSUPPORTED)} == {(each.data, each.comment) for each in outcomes}
    assert Requirement.UNSUPPORTED is outcomes_of(record(("decision", "STRING", True)), DECIDING)[0].data


def test_a_form_without_the_field_takes_no_outcome() -> None:
    """It has no outcomes."""
    plain = record(("note", "STRING", False))

    assert () == outcomes_of(plain, DECIDING)
    for options in (OPTIONS, DECIDING):
        with pytest.raises(ValidationFailedError) as caught:
            values_of(plain, {}, "yes", options)
        assert ("outcome",) == caught.value.field


@given(
    data=st.fixed_dictionaries(
        {},
        optional={
            "text": st.text(st.characters(exclude_categories=["Cs"])),
            "whole": st.integers(SMALLEST, LARGEST),
            "real": st.floats(allow_nan=False, allow_infinity=False),
            "flag": st.booleans(),
        },
    )
)
def test_what_was_sent_is_recognised_in_the_results(data: dict[str, object]) -> None:
    """After a round trip through JSON. One different value is enough to be recognised as other data."""
    values = values_of(ALL, data, None, OPTIONS)
    back = msgspec.json.decode(
        msgspec.json.encode({"id": "0-1", "wfRunId": "r", "results": values}), type=wire.TaskRecord
    )

    assert holds(back, values)
    for name in values:
        other = {**values, name: {**values[name], "value": "something else entirely \0"}}
        assert not holds(back, other)
        assert not holds(record(), {name: values[name]})
