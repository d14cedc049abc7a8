"""Data of a form as nested objects."""

from collections.abc import Mapping
from typing import Any

from connectors.sdk import FormFault, copied


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
