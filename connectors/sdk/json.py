"""A vendor's JSON, read and written without loss: decimals stay exact, an answer that does not fit is one error.

Messages name the member that does not fit, never its value.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import Raw, Struct

from connectors.sdk.errors import MalformedResponseError

T = TypeVar("T")

_SMALLEST, _LARGEST = -(1 << 63), (1 << 64) - 1
_VALUES = msgspec.json.Decoder(float_hook=Decimal)
_NUMBERS = msgspec.json.Encoder(decimal_format="number")
_MISFITS = (msgspec.MsgspecError, ArithmeticError, RecursionError, UnicodeDecodeError)

WHOLE = "the whole record"


class Decoded(Struct, Generic[T], frozen=True):
    """A record as far as it fits the documentation.

    `odd` are the vendor's names of the members that do not fit; in `record` they have their defaults. `record` is None if
    a member without a default is among them. `odd` is `(WHOLE,)` if no member can be read.
    """

    record: T | None
    odd: tuple[str, ...] = ()

    def require(self, what: str = "the answer") -> T:
        """The record; MalformedResponseError if a member does not fit."""
        if self.record is None or self.odd:
            raise self._misfit(what)
        return self.record

    def needing(self, *members: str, what: str = "the answer") -> T:
        """The record for a use that reads no other members; MalformedResponseError if one of them does not fit."""
        if self.record is None or set(self.odd) & set(members):
            raise self._misfit(what)
        return self.record

    def except_for(self, *members: str) -> "Decoded[T]":
        """The same record, for a use that does not read these members."""
        return Decoded(self.record, tuple(member for member in self.odd if member not in members))

    def _misfit(self, what: str) -> MalformedResponseError:
        return MalformedResponseError(f"{what} does not fit the vendor's documentation ({', '.join(self.odd)})")


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


def decode_record(body: bytes | Raw, type_: type[T]) -> Decoded[T]:
    """One record of a vendor; `type_` is a Struct. Its members are decoded one by one where the whole does not fit."""
    try:
        return Decoded(msgspec.json.decode(body, type=type_))
    except _MISFITS:
        pass
    try:
        members = msgspec.json.decode(body, type=dict[str, Raw])
    except _MISFITS:
        return Decoded(None, (WHOLE,))
    return _by_member(members, type_, lambda member, kind: msgspec.json.decode(member, type=kind))


def convert_record(value: object, type_: type[T]) -> Decoded[T]:
    """As `decode_record`, for JSON that is read already."""
    try:
        return Decoded(msgspec.convert(value, type_))
    except _MISFITS:
        pass
    if not isinstance(value, Mapping):
        return Decoded(None, (WHOLE,))
    return _by_member(value, type_, msgspec.convert)


def _by_member(members: Mapping[str, Any], type_: Any, decode: Callable[[Any, Any], object]) -> Decoded[Any]:
    kept: dict[str, object] = {}
    odd: list[str] = []
    lacks_required = False
    for field in msgspec.structs.fields(type_):
        if field.encode_name in members:
            try:
                kept[field.name] = decode(members[field.encode_name], field.type)
                continue
            except _MISFITS:
                odd.append(field.encode_name)
        elif field.required:
            odd.append(field.encode_name)
        lacks_required = lacks_required or field.required
    if lacks_required:
        return Decoded(None, tuple(odd) if kept else (WHOLE,))
    return Decoded(type_(**kept), tuple(odd))


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


def shown_number(number: float | Decimal) -> float | str:
    """The number as answers show it: itself if it is an integer of 64 bits, or if a double holds it exactly as written; else a
    text.
    """
    if isinstance(number, int):
        return number if _SMALLEST <= number <= _LARGEST else str(number)
    if isinstance(number, float):
        return number if math.isfinite(number) else str(number)
    if not number.is_finite():
        return str(number)
    double = float(number)
    return double if Decimal(repr(double)) == number else str(number)


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
