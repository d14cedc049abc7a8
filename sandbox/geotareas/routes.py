"""The operation of each method and path."""

from collections.abc import Callable, Mapping

from sandbox.geotareas.directory import User
from sandbox.geotareas.errors import not_found
from sandbox.geotareas.operations import Operations
from sandbox.geotareas.requests import Query

PREFIX = "/apidev/v1/"
LOGIN = PREFIX + "login"

Read = Callable[[Operations, bytes], bytes]
"""Takes the query string, returns the body of the answer."""

Write = Callable[[Operations, str, bytes, User, str], bytes]
"""Takes the task's id, the request's body, the account's user and the request id; returns the body of the answer."""

_TASKS = ["workflow", "tasks"]

LISTS: Mapping[str, Callable[[Operations, Query], bytes]] = {
    "workflow/tasks": Operations.list_tasks,
    "workflow/instances": Operations.list_instances,
    "workflow/definitions": Operations.list_definitions,
}
WRITES: Mapping[str, Write] = {"complete": Operations.complete, "reassign": Operations.reassign}


def read_of(method: str, path: str) -> Read | None:
    """Find what a GET reads.

    Every path of two parts counts as a list. An unknown list is refused when it is read: after the permission check.
    """
    parts = _parts(path)
    if method != "GET":
        return None
    if len(parts) == 2:
        return lambda operations, query_string: _list(operations, "/".join(parts), query_string)
    if len(parts) == 3 and parts[:2] == _TASKS:
        return lambda operations, _: operations.get_task(parts[2])
    return None


def write_of(method: str, path: str) -> tuple[Write, str] | None:
    """Find the write with the id of its task."""
    parts = _parts(path)
    if method != "POST" or len(parts) != 4 or parts[:2] != _TASKS or parts[3] not in WRITES:
        return None
    return WRITES[parts[3]], parts[2]


def _parts(path: str) -> list[str]:
    return path.removeprefix(PREFIX).split("/") if path.startswith(PREFIX) else []


def _list(operations: Operations, name: str, query_string: bytes) -> bytes:
    operation = LISTS.get(name)
    if operation is None:
        raise not_found("Path")
    return operation(operations, Query(query_string))
