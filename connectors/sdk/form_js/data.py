"""Data of a form as nested objects and lists, as form-js sets, removes and submits them."""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from itertools import pairwise
from typing import Any

from connectors.sdk.forms import MISSING, DataPath, copied, put_at, value_at
from connectors.sdk.model import FormFault

# A name of so many digits at most is a place in a list: the lists that an author's keys make stay small.
MOST_DIGITS = 3


def parts_of(key: str) -> DataPath:
    """The names of a key or a path. A whole number is a place in a list: `a.0` is the first element of `a`."""
    return tuple(int(part) if _is_place(part) else part for part in key.split("."))


def nested_data(data: Mapping[str, object]) -> tuple[dict[str, Any], list[FormFault]]:
    """Data whose keys with dots have become nested, as form-js submits them, and the keys that cannot become it."""
    nested: dict[str, Any] = {}
    faults: list[FormFault] = []
    for key, value in data.items():
        rule = _put(nested, key, value)
        if rule is not None:
            faults.append(FormFault(path=(key,), rule=rule))
    return nested, faults


def put_in(data: dict[str, Any] | list[Any], path: DataPath, value: object) -> bool:
    """Set the value at `path`. Lists get nulls up to the place, which `parts_of` and the number of rows bound.

    False if nothing was set: a plain value, or a list for a name, is in the way.
    """
    return put_at(data, path, value, fills=True)


def take_out(data: dict[str, Any], path: DataPath, lists: AbstractSet[DataPath]) -> None:
    """Remove the value at `path`, and what becomes empty around it, up to a row of one of the `lists` of rows."""
    if not path:
        return
    holder, last = value_at(data, path[:-1]), path[-1]
    if isinstance(holder, dict) and str(last) in holder:
        del holder[str(last)]
    elif isinstance(holder, list) and isinstance(last, int) and last < len(holder):
        holder[last] = None
        while holder and holder[-1] is None:
            holder.pop()
    else:
        return
    if not holder and path[:-2] not in lists:
        take_out(data, path[:-1], lists)


def shape(data: dict[str, Any], paths: Iterable[DataPath]) -> None:
    """Make objects and lists of what the first path through each makes of it: a place makes a list, a name an object.

    An object with other names than places stays one.
    """
    seen: set[DataPath] = set()
    for path in paths:
        node: Any = data
        for length, (part, following) in enumerate(pairwise(path), start=1):
            inner = _inner(node, part)
            if path[:length] not in seen:
                seen.add(path[:length])
                if isinstance(following, int) and isinstance(inner, dict) and inner and all(map(_is_place, inner)):
                    inner = [inner.get(str(place)) for place in range(1 + max(map(int, inner)))]
                    put_in(node, (part,), inner)
                elif isinstance(following, str) and isinstance(inner, list) and inner:
                    inner = {str(place): value for place, value in enumerate(inner) if value is not None}
                    put_in(node, (part,), inner)
            node = inner


def _is_place(name: str) -> bool:
    is_short = len(name) <= MOST_DIGITS
    return is_short and name.isascii() and name.isdigit() and (name == "0" or not name.startswith("0"))


def _inner(node: object, part: str | int) -> Any:
    """None if there is nothing."""
    found = value_at(node, (part,))
    return None if found is MISSING else found


def _put(nested: dict[str, Any], key: str, value: object) -> str | None:
    """What is wrong with the key; None if the value is in its place."""
    if not all(key.split(".")):
        return "is no path: a name between its dots is empty" if "." in key else "is no name"
    path = parts_of(key)
    node: Any = nested
    for part, following in pairwise(path):
        inner = MISSING if isinstance(node, list) and _inner(node, part) is None else value_at(node, (part,))
        if inner is MISSING and not put_in(node, (part,), inner := [] if isinstance(following, int) else {}):
            return "names a member of a list"
        if not isinstance(inner, dict | list):
            return "is also given as a plain value"
        node = inner
    if isinstance(node, list):
        last = path[-1]
        if not isinstance(last, int):
            return "names a member of a list"
        if _inner(node, last) is None:
            put_in(node, (last,), copied(value))
            return None
        holder = {str(last): node[last]}
        rule = _merge(holder, str(last), value)
        node[last] = holder[str(last)]
        return rule
    return _merge(node, str(path[-1]), value)


def _merge(node: dict[str, Any], name: str, value: object) -> str | None:
    if name not in node:
        node[name] = copied(value)
        return None
    if not isinstance(node[name], dict) or not isinstance(value, Mapping):
        return "is given twice"
    rules = [_merge(node[name], each, inner) for each, inner in value.items()]
    return next((rule for rule in rules if rule is not None), None)
