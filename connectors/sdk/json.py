"""A vendor's JSON, read and written without loss: decimals stay exact, an answer that does not fit is one error.

Messages name the member that does not fit, never its value.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import TypeVar

import msgspec
from msgspec import Raw

from connectors.sdk.errors import MalformedResponseError

T = TypeVar("T")

_VALUES = msgspec.json.Decoder(float_hook=Decimal)
_NUMBERS = msgspec.json.Encoder(decimal_format="number")
_MISFITS = (msgspec.MsgspecError, ArithmeticError, RecursionError, UnicodeDecodeError)


def decode_json(
    body: bytes | Raw,
    type_: type[T],
    *,
    what: str = "the answer",
    maybe_applied: bool = False,
    native_status: int | None = None,
) -> T:
    """`body` as `type_`; MalformedResponseError if it does not fit.

    `maybe_applied` is True for the answer to a write: it may have been applied although its answer cannot be read.
    """
    try:
        return msgspec.json.decode(body, type=type_)
    except _MISFITS as error:
        raise _malformed(error, what, maybe_applied=maybe_applied, native_status=native_status) from error


def decode_json_value(
    body: bytes | Raw | str,
    *,
    what: str = "the answer",
    maybe_applied: bool = False,
    native_status: int | None = None,
) -> object:
    """Any JSON value, with numbers other than integers as Decimal; MalformedResponseError if it is not JSON."""
    try:
        return _VALUES.decode(body)
    except _MISFITS as error:
        raise _malformed(error, what, maybe_applied=maybe_applied, native_status=native_status) from error


def encode_json_numbers(value: object) -> Raw:
    """JSON in which a Decimal is a number; the plain encoder writes it as text. A request takes it as a part of its body."""
    return Raw(_NUMBERS.encode(value))


@contextmanager
def fits_documentation(
    what: str = "the answer", *, maybe_applied: bool = False, native_status: int | None = None
) -> Iterator[None]:
    """Turns a failed conversion within the block into MalformedResponseError."""
    try:
        yield
    except _MISFITS as error:
        raise _malformed(error, what, maybe_applied=maybe_applied, native_status=native_status) from error


def _malformed(
    error: Exception, what: str, *, maybe_applied: bool, native_status: int | None
) -> MalformedResponseError:
    reason = str(error) if isinstance(error, msgspec.ValidationError) else "not readable as JSON"
    return MalformedResponseError(
        f"{what} does not fit the vendor's documentation ({reason})",
        maybe_applied=maybe_applied,
        native_status=native_status,
    )
