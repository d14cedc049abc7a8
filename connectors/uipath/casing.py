"""Reads the vendor's JSON in either casing, with decimals and large integers whole."""

from decimal import Decimal
from typing import TypeVar

import msgspec
from msgspec import Raw

from connectors.sdk import Answer, MalformedResponseError
from connectors.uipath.wire import fold

T = TypeVar("T")

_JSON = msgspec.json.Decoder(float_hook=Decimal)


def decode(answer: Answer, type_: type[T]) -> T:
    """The body of an answer; MalformedResponseError where it does not fit, without quoting it."""
    return _read(answer.body, type_, maybe_applied=answer.is_write, status=answer.status)


def read_as(raw: Raw, type_: type[T]) -> T:
    """One record of a list."""
    return _read(raw, type_, maybe_applied=False, status=200)


def json_value(value: object) -> object:
    """A member that is an object, or a text with an object or a list in it; another text stays what it is."""
    if not isinstance(value, str) or value.lstrip()[:1] not in {"{", "["}:
        return value
    try:
        return _JSON.decode(value)
    except (msgspec.DecodeError, ArithmeticError, RecursionError):
        return value


def _read(body: bytes | Raw, type_: type[T], *, maybe_applied: bool, status: int) -> T:
    try:
        return msgspec.convert(fold(_JSON.decode(body)), type_)
    except (msgspec.MsgspecError, ArithmeticError, RecursionError, UnicodeDecodeError) as error:
        where = str(error) if isinstance(error, msgspec.ValidationError) else "not readable as JSON"
        raise MalformedResponseError(
            f"the answer does not fit the vendor's documentation ({where})",
            maybe_applied=maybe_applied,
            native_status=status,
        ) from error
