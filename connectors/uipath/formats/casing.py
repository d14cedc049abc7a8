"""JSON whose members begin with an upper or a lower case letter. Decimals and large integers stay exact.

Orchestrator answers OData paths in PascalCase and REST paths in camelCase. Records within an answer may have either case.
"""

from typing import Any, TypeVar

import msgspec
from msgspec import Raw

from connectors.sdk import (
    Answer,
    Decoded,
    MalformedResponseError,
    convert_record,
    decode_json_value,
    fits_documentation,
)

T = TypeVar("T")

# Members that hold data of people and forms: the names within them are not the vendor's and stay as they are.
VERBATIM = frozenset({"data", "formLayout", "taskSourceMetadata", "fpsContext"})


def fold_case(value: Any) -> Any:
    """`value` with the first letter of every member's name in lower case, except within `VERBATIM`."""
    if isinstance(value, dict):
        folded = {}
        for name, inside in value.items():
            key = name[:1].lower() + name[1:]
            folded[key] = inside if key in VERBATIM else fold_case(inside)
        return folded
    return [fold_case(each) for each in value] if isinstance(value, list) else value


def decode_answer(answer: Answer, type_: type[T]) -> T:
    """The body of an answer; MalformedResponseError if it does not fit."""
    return _decode(answer.body, type_, maybe_applied=answer.is_write, native_status=answer.status)


def decode_record(raw: Raw, type_: type[T]) -> T:
    """One record of a list; MalformedResponseError if it does not fit."""
    return _decode(raw, type_, maybe_applied=False, native_status=200)


def decode_readable(raw: bytes | Raw, type_: type[T]) -> Decoded[T]:
    """As `decode_record`, as far as the record fits."""
    try:
        value = decode_json_value(raw)
    except MalformedResponseError:
        value = None
    return convert_record(fold_case(value), type_)


def decode_nested(value: object) -> object:
    """A member that is JSON, or a text that contains a JSON object or list. Any other text is returned unchanged."""
    if not isinstance(value, str) or value.lstrip()[:1] not in {"{", "["}:
        return value
    try:
        return decode_json_value(value)
    except MalformedResponseError:
        return value


def _decode(body: bytes | Raw, type_: type[T], *, maybe_applied: bool, native_status: int) -> T:
    value = decode_json_value(body, maybe_applied=maybe_applied, native_status=native_status)
    with fits_documentation(maybe_applied=maybe_applied, native_status=native_status):
        return msgspec.convert(fold_case(value), type_)
