"""JSON in two letter cases."""

from decimal import Decimal

import msgspec
import pytest
from msgspec import Raw

from connectors.sdk.errors import MalformedResponseError
from connectors.uipath import wire
from connectors.uipath.formats import decode_nested, decode_record, fold_case


def test_only_first_letters_of_the_vendors_names_change() -> None:
    """At any depth, but not in data of people and forms."""
    given = {"Data": {"Amount": {"Id": 1}}, "UserName": "Ana", "Tags": [{"Name": "A"}]}

    assert {"data": {"Amount": {"Id": 1}}, "userName": "Ana", "tags": [{"name": "A"}]} == fold_case(given)


def test_a_record_that_does_not_fit_names_the_member() -> None:
    """The message does not contain the value."""
    with pytest.raises(MalformedResponseError) as caught:
        decode_record(Raw(b'{"Id": "secret"}'), wire.Note)

    assert 200 == caught.value.native_status
    assert "$.id" in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("body", [b"<html>", b"[" * 5000, b'"\xff"'])
def test_what_is_not_json_is_malformed(body: bytes) -> None:
    """HTML of a proxy, endless nesting, bytes that are no UTF-8."""
    with pytest.raises(MalformedResponseError):
        decode_record(Raw(body), wire.Note)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"Sum": 1}, {"Sum": 1}),
        (' {"Sum": 1.10}', {"Sum": Decimal("1.10")}),
        ("[1]", [1]),
        ("plain", "plain"),
        ("{broken", "{broken"),
        (msgspec.UNSET, msgspec.UNSET),
    ],
)
def test_json_in_a_text_is_read(value: object, expected: object) -> None:
    """Any other value stays as it is."""
    assert expected == decode_nested(value)
