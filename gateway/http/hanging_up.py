"""Whether the client of a request has hung up."""

from collections.abc import Callable

from starlette.types import Scope

HUNG_UP = "taskgate.hung_up"
"""An extension of the ASGI scope, with a function `is_closing`. Only our own server has it."""


def hung_up(scope: Scope) -> Callable[[], bool]:
    found: Callable[[], bool] = scope.get("extensions", {}).get(HUNG_UP, {}).get("is_closing", _is_there)
    return found


def _is_there() -> bool:
    return False
