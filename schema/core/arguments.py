"""What clients send, made into values; InputError names the argument that does not fit."""

from collections.abc import Sequence
from enum import StrEnum
from typing import TypeVar

import strawberry
from msgspec import Struct

from connectors.sdk.errors import InputError
from connectors.sdk.model import FlowRef, NativeRef, TaskRef
from schema.core.context import Context
from schema.core.enumeration import describe
from schema.core.relay import PERSON_MARK, GlobalId, decode
from schema.ports import PersonId

MAX_PAGE = 100
DEFAULT_PAGE = 25

T = TypeVar("T")


class Freshness(StrEnum):
    CACHED = "CACHED"
    FRESH = "FRESH"


describe(
    Freshness,
    "How old an answer may be.",
    CACHED="As old as the gateway's caches allow, seconds as a rule.",
    FRESH="Asked of the source now; costs calls.",
)


def given(value: T | None) -> T | None:
    """Null and absent are the same."""
    return None if value is strawberry.UNSET else value


def page_size(first: int | None) -> int:
    asked = given(first)
    if asked is None:
        return DEFAULT_PAGE
    if not 1 <= asked <= MAX_PAGE:
        raise InputError(f"first must be 1..{MAX_PAGE}", field=("first",))
    return asked


class Window(Struct, frozen=True):
    """Which rows of a list: `size` of them after `cursor` or, `backward`, before it."""

    size: int
    cursor: str | None
    backward: bool


def window(first: int | None, after: str | None, last: int | None, before: str | None) -> Window:
    """Relay's four arguments as one; VALIDATION_FAILED where they do not go together."""
    first, after, last, before = given(first), given(after), given(last), given(before)
    if last is None and before is None:
        return Window(page_size(first), after, backward=False)
    if first is not None or after is not None:
        field = "first" if first is not None else "after"
        raise InputError("give first and after, or last and before", field=(field,))
    if last is not None and not 1 <= last <= MAX_PAGE:
        raise InputError(f"last must be 1..{MAX_PAGE}", field=("last",))
    return Window(DEFAULT_PAGE if last is None else last, before, backward=True)


def task_ref(found: GlobalId | None) -> TaskRef | None:
    return TaskRef(*found.parts) if found is not None and found.type == "Task" else None


def flow_ref(found: GlobalId | None) -> FlowRef | None:
    return FlowRef(*found.parts) if found is not None and found.type == "Flow" else None


def argument(text: str, type_name: str, field: Sequence[str]) -> GlobalId:
    """The id of a `type_name`, or VALIDATION_FAILED at `field`."""
    found = decode(text)
    if found is None or found.type != type_name:
        raise InputError(f"{'.'.join(field)} is not the id of a {type_name}", field=field)
    return found


def person(text: str, field: Sequence[str], context: Context) -> PersonId:
    """By key wherever the person is linked, so that one person is one value."""
    parts = argument(text, "User", field).parts
    if len(parts) == 1:
        key = parts[0].removeprefix(PERSON_MARK)
        if context.federation.person(key) is None:
            raise InputError(f"{'.'.join(field)} names nobody that is configured", field=field)
        return PersonId(key=key)
    ref = NativeRef(*parts)
    require_source(ref.source, field, context)
    linked = context.federation.person_linked_to(ref)
    return PersonId(ref=ref) if linked is None else PersonId(key=linked.key)


def group(text: str, field: Sequence[str]) -> NativeRef:
    return NativeRef(*argument(text, "Group", field).parts)


def source_key(text: str, field: Sequence[str], context: Context) -> str:
    key = argument(text, "Source", field).parts[0]
    require_source(key, field, context)
    return key


def require_source(key: str, field: Sequence[str], context: Context) -> None:
    if key not in context.sources:
        known = ", ".join(source.id for source in context.sources.values())
        raise InputError(f"{'.'.join(field)}: no such source; known are {known}", field=field)
