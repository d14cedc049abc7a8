"""Arguments of clients as values. InputError names the argument that is wrong."""

from collections.abc import Sequence
from typing import Annotated, TypeVar

import strawberry

from connectors.sdk.errors import InputError
from connectors.sdk.model import FlowRef, NativeRef, TaskRef
from schema.core.context import Context
from schema.core.enums import Freshness
from schema.core.relay import PERSON_MARK, GlobalId, decode, global_id
from schema.ports import PersonId

T = TypeVar("T")

FreshnessArgument = Annotated[
    Freshness | None, strawberry.argument(description="Maximum age of the data. Null means CACHED.")
]


def given(value: T | None) -> T | None:
    """`value`, or None if the client sent null or nothing."""
    return None if value is strawberry.UNSET else value


def task_ref(found: GlobalId | None) -> TaskRef | None:
    return TaskRef(*found.parts) if found is not None and found.type == "Task" else None


def flow_ref(found: GlobalId | None) -> FlowRef | None:
    return FlowRef(*found.parts) if found is not None and found.type == "Flow" else None


def argument(text: str, type_name: str, field: Sequence[str]) -> GlobalId:
    """Decode the global id of a `type_name`. Raises InputError at `field` for any other text."""
    found = decode(text)
    if found is None or found.type != type_name:
        raise InputError(f"{'.'.join(field)} is not the id of a {type_name}", field=field)
    return found


def person(text: str, field: Sequence[str], context: Context) -> PersonId:
    """The person of a global id of a User: by key if the account is linked, so that one person is one value."""
    parts = argument(text, "User", field).parts
    if len(parts) == 1:
        key = parts[0].removeprefix(PERSON_MARK)
        if context.federation.person(key) is None:
            raise InputError(f"{'.'.join(field)} names no known person", field=field)
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
        known = ", ".join(global_id("Source", known) for known in context.sources)
        raise InputError(f"{'.'.join(field)} names no configured source; these are configured: {known}", field=field)
