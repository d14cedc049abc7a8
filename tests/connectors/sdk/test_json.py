"""A vendor's JSON: exact numbers, and one kind of error."""

from decimal import Decimal

import msgspec
import pytest
from msgspec import Struct

from connectors.sdk import (
    MalformedResponseError,
    decode_json,
    decode_json_value,
    encode_json_numbers,
    fits_documentation,
)


class Row(Struct):
    id: int


def test_decimals_and_large_integers_stay_exact() -> None:
    """In reading and in writing."""
    value = decode_json_value(b'{"a": 0.10, "b": 123456789012345678901234567890, "c": ["x", null]}')

    assert {"a": Decimal("0.10"), "b": 123456789012345678901234567890, "c": ["x", None]} == value
    assert b'{"a":0.10,"b":7}' == msgspec.json.encode(encode_json_numbers({"a": Decimal("0.10"), "b": 7}))


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 5000, b'{"id": "secret"}', b"null"])
def test_an_answer_that_does_not_fit_is_malformed(body: bytes) -> None:
    """The error contains no value."""
    with pytest.raises(MalformedResponseError, match="a row does not fit the vendor's documentation") as caught:
        decode_json(body, Row, what="a row", maybe_applied=True, native_status=201)

    assert (True, 201) == (caught.value.maybe_applied, caught.value.native_status)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 5000, b"1e999999999999999999999"])
def test_a_value_that_is_no_json_is_malformed(body: bytes) -> None:
    """So is a number too large for Decimal."""
    with pytest.raises(MalformedResponseError, match="not readable as JSON"):
        decode_json_value(body)


def test_a_conversion_in_a_connector_fails_with_the_same_error() -> None:
    """It names the member that does not fit."""
    with pytest.raises(MalformedResponseError, match=r"\$\.id"), fits_documentation("the record"):
        msgspec.convert({"id": "x"}, Row)
