"""Keys of the vendor's records, and the ids of task definitions, which this connector builds from keys and ids."""

import re
from collections.abc import Iterable

_KEY = re.compile(r"-?[1-9][0-9]{0,18}")


def is_key(text: str) -> bool:
    """Whether `text` is a 64-bit integer as Camunda prints it. The server refuses a search by any other text."""
    return _KEY.fullmatch(text) is not None and -(1 << 63) <= int(text) < 1 << 63


def keys_of(ids: Iterable[str]) -> list[str]:
    """Those of `ids` that are keys, sorted."""
    return sorted(filter(is_key, ids))


def definition_id(process: str, element_id: str) -> str:
    """The id of a task definition: `process/element`.

    `process` is a process's key for one version of it, or its id for all versions.
    """
    return f"{process}/{element_id}"


def definition_parts(ids: Iterable[str]) -> list[tuple[str, str]]:
    """Process and element of each id that `definition_id` built, sorted. Neither contains a slash; other texts are left out."""
    parts = [tuple(each.split("/")) for each in sorted(ids)]
    return [(part[0], part[1]) for part in parts if len(part) == 2 and all(part)]
