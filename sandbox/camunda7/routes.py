"""The operation of each method and path below the REST address."""

import re

from sandbox.camunda7.operations import OPERATIONS, Handler

PREFIX = "/engine-rest"

ROUTES = tuple(
    (method, re.compile(re.escape(path).replace(r"\{\}", "([^/]+)")), handler) for method, path, handler in OPERATIONS
)


def find(method: str, path: str) -> tuple[Handler, tuple[str, ...]] | None:
    """Return the operation and the ids in the path."""
    below = path.removeprefix(PREFIX)
    for each, pattern, handler in ROUTES if path.startswith(PREFIX) else ():
        found = pattern.fullmatch(below)
        if found is not None and each == method:
            return handler, found.groups()
    return None


def is_write(method: str, path: str) -> bool:
    """A POST may be a query."""
    below = path.removeprefix(PREFIX)
    return method in {"PUT", "DELETE"} or (
        method == "POST"
        and below not in {"/task", "/process-instance", "/history/task", "/history/process-instance"}
        and not below.endswith("/count")
    )
