"""Data of a form: nested objects and lists, addressed by paths of names and places."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from connectors.camunda.formats.form_components import Path
from connectors.sdk import MISSING, FormFault

DEEPEST_FIELD = 100


def nested_data(data: Mapping[str, object]) -> tuple[dict[str, Any], list[FormFault]]:
    """Data whose keys with dots have become nested objects, as form-js submits them, and the keys that cannot become it."""
    nested: dict[str, Any] = {}
    faults: list[FormFault] = []
    for key, value in data.items():
        rule = _put(nested, key, value)
        if rule is not None:
            faults.append(FormFault(path=(key,), rule=rule))
    return nested, faults


def _put(nested: dict[str, Any], key: str, value: object) -> str | None:
    """What is wrong with the key; None if the value is in its place."""
    *way, last = key.split(".")
    if not last or not all(way):
        return "is no path: a name between its dots is empty" if "." in key else "is no name"
    node = nested
    for part in way:
        inner = node.setdefault(part, {})
        if not isinstance(inner, dict):
            return "is also given as a plain value"
        node = inner
    return _merge(node, last, value)


def _merge(node: dict[str, Any], name: str, value: object) -> str | None:
    if name not in node:
        node[name] = copied(value)
        return None
    if not isinstance(node[name], dict) or not isinstance(value, Mapping):
        return "is given twice"
    rules = [_merge(node[name], each, inner) for each, inner in value.items()]
    return next((rule for rule in rules if rule is not None), None)


def copied(value: object, depth: int = 0) -> Any:
    """A copy whose objects and lists can be changed, down to the depth that fields may have."""
    if depth > DEEPEST_FIELD:
        return value
    if isinstance(value, Mapping):
        return {name: copied(each, depth + 1) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [copied(each, depth + 1) for each in value]
    return value


def at(data: object, path: Sequence[str | int]) -> object:
    """The value at `path`; MISSING if there is none."""
    for part in path:
        if isinstance(part, int):
            if not isinstance(data, list) or part >= len(data):
                return MISSING
            data = data[part]
        elif isinstance(data, Mapping) and part in data:
            data = data[part]
        else:
            return MISSING
    return data


def put(data: dict[str, Any], path: Path, value: object) -> None:
    """Set a value, with new objects and lists on the way. Nothing happens if a plain value is in the way."""
    node: Any = data
    for part, following in pairwise(path):
        inner = at(node, (part,))
        if inner is MISSING or inner is None:
            inner = [] if isinstance(following, int) else {}
            _set(node, part, inner)
        node = inner
    _set(node, path[-1], value)


def _set(node: Any, part: str | int, value: object) -> None:
    if isinstance(part, str) and isinstance(node, dict):
        node[part] = value
    elif isinstance(part, int) and isinstance(node, list):
        node.extend([None] * (part + 1 - len(node)))
        node[part] = value


def removed(data: dict[str, Any], path: Path) -> bool:
    """Remove a value, and the objects around it that become empty. False if there was none."""
    holder = at(data, path[:-1])
    if not isinstance(holder, dict) or path[-1] not in holder:
        return False
    del holder[path[-1]]
    if not holder and len(path) > 1 and isinstance(path[-2], str):
        removed(data, path[:-1])
    return True
