"""Ids of tasks, and the ids of task definitions, which this connector builds from keys and ids."""

import re
from collections.abc import Iterable

# Generated ids are UUIDs or numbers; a task outside of a process may have an id of its maker's choice.
ID_PATTERN = r"^[A-Za-z0-9_:~-][A-Za-z0-9_.:~-]{0,63}\Z"
_ID = re.compile(ID_PATTERN)


def is_id(text: str) -> bool:
    """Whether `text` can be the id of a task or a process instance. The engine stores 64 characters."""
    return _ID.match(text) is not None


def ids_of(ids: Iterable[str]) -> list[str]:
    """Those of `ids` that can be ids, sorted."""
    return sorted(filter(is_id, ids))


def definition_id(process: str, element_id: str) -> str:
    """The id of a task definition: `process/element`. `process` is a process's id for one version, or its key for all."""
    return f"{process}/{element_id}"


def definition_parts(ids: Iterable[str]) -> list[tuple[str, str]]:
    """Process and element of each id that `definition_id` built, sorted; other texts are left out."""
    parts = [tuple(each.split("/")) for each in sorted(ids)]
    return [(part[0], part[1]) for part in parts if len(part) == 2 and all(part)]


def process_key(process_definition_id: str) -> str:
    """The key in an id such as `invoice:3:84f47a29`. An id that would exceed 64 characters has no key in it."""
    return process_definition_id.split(":", 1)[0]


def process_version(process_definition_id: str) -> str | None:
    """The version in an id such as `invoice:3:84f47a29`."""
    parts = process_definition_id.split(":")
    return parts[1] if len(parts) >= 3 and parts[1].isdecimal() else None
