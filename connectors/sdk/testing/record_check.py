"""Checks that a record has the types that the model declares.

A Struct does not check types when it is made, which keeps production fast. The suite checks every record that it gets.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Struct

from connectors.sdk.query import Page

# The faults of a value, as sentences that begin with the place of the value.
Check = Callable[[object, str], Iterator[str]]

_WORDS: dict[type, str] = {str: "text", int: "a whole number", float: "a number", bool: "True or False"}
_LONGEST = 80
_known: dict[Any, Check] = {}


def check(record: Struct) -> None:
    """AssertionError that names every value of a wrong type, and every time that is not aware and in UTC."""
    faults = list(_check_of(type(record))(record, ""))
    if faults:
        raise AssertionError(f"{_named(record)}: {'; '.join(faults)}")


def check_page(page: Page[Any], record_type: type[Struct]) -> None:
    """AssertionError for a page with something else than records of that type, or with a cursor that is not text."""
    assert isinstance(page, Page), f"a list must return a Page, is {_shown(page)}"
    cursor = page.next_cursor
    assert cursor is None or isinstance(cursor, str), f"Page.next_cursor must be text or None, is {_shown(cursor)}"
    assert cursor != "", "Page.next_cursor must be None at the end, is an empty text"
    assert isinstance(page.items, Sequence), f"Page.items must be a list or tuple, is {_shown(page.items)}"
    for item in page.items:
        assert isinstance(item, record_type), f"Page.items must hold {record_type.__name__} records, has {_shown(item)}"
        check(item)


def _check_of(type_: Any) -> Check:
    if type_ not in _known:
        _known[type_] = _made_for(type_)
    return _known[type_]


def _made_for(type_: Any) -> Check:
    if type_ is object or type_ is Any:
        return _anything
    if get_origin(type_) in {Union, UnionType}:
        return _optional(get_args(type_))
    if get_origin(type_) is tuple:
        return _tuple(get_args(type_)[0])
    if get_origin(type_) is Mapping:
        return _mapping(*get_args(type_))
    if type_ is datetime:
        return _time
    if isinstance(type_, type) and issubclass(type_, Struct):
        return _struct(type_)
    if isinstance(type_, type):
        return _plain(type_)
    raise TypeError(f"the check knows no values of the type {type_}")


def _anything(value: object, where: str) -> Iterator[str]:
    return iter(())


def _optional(types: tuple[Any, ...]) -> Check:
    (other,) = (_check_of(each) for each in types if each is not NoneType)

    def checked(value: object, where: str) -> Iterator[str]:
        return iter(()) if value is None else other(value, where)

    return checked


def _tuple(item: Any) -> Check:
    of_item = _check_of(item)

    def checked(value: object, where: str) -> Iterator[str]:
        if not isinstance(value, tuple):
            yield f"{where} must be a tuple, is {_shown(value)}"
            return
        for number, each in enumerate(value):
            yield from of_item(each, f"{where}[{number}]")

    return checked


def _mapping(key: type, value_type: type) -> Check:
    """Of a mapping the classes are checked: its values may be errors, which are no records."""

    def checked(value: object, where: str) -> Iterator[str]:
        if not isinstance(value, Mapping):
            yield f"{where} must be a mapping, is {_shown(value)}"
            return
        for name, each in value.items():
            if not isinstance(name, key) or not isinstance(each, value_type):
                yield f"{where} must have {key.__name__} to {value_type.__name__}, has {_shown(name)}: {_shown(each)}"

    return checked


def _time(value: object, where: str) -> Iterator[str]:
    if not isinstance(value, datetime):
        yield f"{where} must be a datetime, is {_shown(value)}"
    elif value.tzinfo is None:
        yield f"{where} must have a zone, is {value}: time_from_wire(text, zone) gives it one"
    elif value.utcoffset() != timedelta(0):
        yield f"{where} must be in UTC, is {value}: astimezone(UTC) converts it"


def _struct(type_: type[Struct]) -> Check:
    hints = get_type_hints(type_)
    fields: list[tuple[str, Check]] = []

    def checked(value: object, where: str) -> Iterator[str]:
        if not isinstance(value, type_):
            yield f"{where} must be {type_.__name__}, is {_shown(value)}"
            return
        for name, of_field in fields:
            yield from of_field(getattr(value, name), f"{where}.{name}" if where else name)

    # Known before its fields are: one of them may be of its own type.
    _known[type_] = checked
    fields += [(name, _check_of(hints[name])) for name in type_.__struct_fields__]
    return checked


def _plain(type_: type) -> Check:
    allowed = {int, float} if type_ is float else {type_}
    word = _WORDS.get(type_, type_.__name__)

    def checked(value: object, where: str) -> Iterator[str]:
        # Exactly that type: True is no number, and the text "READY" is no TaskState.
        fits = isinstance(value, type_) if issubclass(type_, Enum | msgspec.Raw) else type(value) in allowed
        if not fits:
            yield f"{where} must be {word}, is {_shown(value)}"

    return checked


def _shown(value: object) -> str:
    text = repr(value)
    return f"{type(value).__name__} {text if len(text) <= _LONGEST else f'{text[:_LONGEST]}...'}"


def _named(record: Struct) -> str:
    native_id = getattr(record, "native_id", None)
    return type(record).__name__ if native_id is None else f"{type(record).__name__} {native_id!r}"
