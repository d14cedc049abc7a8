"""Form data by paths: reading, setting and removing a value within objects and lists of rows."""

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.sdk.forms.values import MISSING

DataPath = tuple[str | int, ...]
"""Where a value is in data: names of members, and places in lists."""

# Copies share what is nested deeper.
DEEPEST = 100


def value_at(data: object, path: Sequence[str | int]) -> object:
    """The value to which `path` leads; MISSING if there is none."""
    for part in path:
        if isinstance(data, Mapping):
            if str(part) not in data:
                return MISSING
            data = data[str(part)]
        elif isinstance(data, list) and isinstance(part, int) and 0 <= part < len(data):
            data = data[part]
        else:
            return MISSING
    return data


def put_at(
    data: dict[str, Any] | list[Any],
    path: Sequence[str | int],
    value: object,
    *,
    replaces: bool = False,
    fills: bool = False,
) -> bool:
    """Set the value at `path`, with new objects and lists on the way where there is nothing, and a new row at the end of
    a list.

    A plain value in the way is replaced if `replaces`; else nothing is set. With `fills` a row may be beyond the end: the
    places before it become null. The caller bounds its number. False if nothing was set.
    """
    node: Any = data
    for position, part in enumerate(path[:-1]):
        inner = value_at(node, (part,))
        is_open = inner is MISSING or inner is None or (replaces and not isinstance(inner, dict | list))
        if is_open:
            inner = [] if isinstance(path[position + 1], int) else {}
            if not _set(node, part, inner, fills=fills):
                return False
        node = inner
    return bool(path) and _set(node, path[-1], value, fills=fills)


def _set(node: object, part: str | int, value: object, *, fills: bool) -> bool:
    if isinstance(node, dict):
        node[str(part)] = value
        return True
    if not isinstance(node, list) or not isinstance(part, int) or part < 0 or (part > len(node) and not fills):
        return False
    node.extend([None] * (part - len(node)))
    node[part : part + 1] = [value]
    return True


def remove_at(data: dict[str, Any], path: Sequence[str | int], *, with_empty: bool = False) -> bool:
    """Remove the member at `path`, and with `with_empty` the objects around it that become empty, up to a row.

    False if there was none.
    """
    holder = value_at(data, path[:-1])
    if not path or not isinstance(holder, dict) or str(path[-1]) not in holder:
        return False
    del holder[str(path[-1])]
    if with_empty and not holder and len(path) > 1 and isinstance(path[-2], str):
        remove_at(data, path[:-1], with_empty=True)
    return True


def is_too_deep(value: object) -> bool:
    """Whether objects and lists are nested deeper than data of forms are copied."""
    rest: list[tuple[object, int]] = [(value, 0)]
    while rest:
        node, depth = rest.pop()
        inner = node.values() if isinstance(node, Mapping) else node if isinstance(node, list) else ()
        if depth > DEEPEST:
            return True
        rest.extend((each, depth + 1) for each in inner)
    return False


def copied(value: object, depth: int = 0) -> Any:
    """A copy whose objects and lists can be changed, down to the depth that fields may have."""
    if depth > DEEPEST:
        return value
    if isinstance(value, Mapping):
        return {name: copied(each, depth + 1) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [copied(each, depth + 1) for each in value]
    return value
