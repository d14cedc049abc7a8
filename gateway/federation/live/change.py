"""Changes of tasks, found by comparing what a source showed before and now."""

from collections.abc import Mapping
from operator import attrgetter

from msgspec import Struct, structs

from connectors.sdk.model import Task

_AS_SETS = ("candidate_users", "candidate_groups", "tags")
_COMPARED = attrgetter(
    *(
        field.name
        for field in structs.fields(Task)
        if field.name not in {"source", "native_id", "fetched_at", "payload", *_AS_SETS}
    )
)


class Change(Struct, frozen=True):
    """A task as it was and as it is. None: not there, or not read."""

    native_id: str
    before: Task | None
    after: Task | None


def is_same(one: Task, other: Task) -> bool:
    """Whether two records of one task say the same. The order of candidates and tags says nothing."""
    if one is other:
        return True
    return _COMPARED(one) == _COMPARED(other) and all(
        _as_set(getattr(one, name)) == _as_set(getattr(other, name)) for name in _AS_SETS
    )


def changes_between(before: Mapping[str, Task], after: Mapping[str, Task]) -> list[Change]:
    """What is different, by native id."""
    found = [
        Change(native_id, before.get(native_id), task)
        for native_id, task in after.items()
        if native_id not in before or not is_same(before[native_id], task)
    ]
    return found + [Change(native_id, task, None) for native_id, task in before.items() if native_id not in after]


def _as_set(values: tuple[object, ...] | None) -> frozenset[object] | None:
    return None if values is None else frozenset(values)
