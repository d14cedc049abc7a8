"""What every operation is given, and what it gives back."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Literal

import msgspec
from msgspec import Struct

from sandbox.epilot.access import Caller
from sandbox.epilot.refusals import invalid

Api = Literal["workflow", "user", "kanban", "query"]


class Call(Struct, frozen=True):
    """`ids` are the values in the path, decoded; a repeated parameter's are joined by commas."""

    caller: Caller
    ids: Mapping[str, str]
    query: Mapping[str, str]
    content: bytes
    now: datetime

    def flag(self, name: str) -> bool:
        return self.query.get(name, "").lower() == "true"

    def number(self, name: str, *, default: int, least: int = 0, most: int | None = None) -> int:
        text = self.query.get(name)
        if not text:
            return default
        if not (text.isascii() and text.isdigit() and len(text) < 10):
            raise invalid(f"{name} must be an integer")
        value = int(text)
        if value < least or (most is not None and value > most):
            raise invalid(f"{name} is out of range")
        return value


class Reply(Struct, frozen=True):
    status: int
    content: bytes = b""


Operation = Callable[[Call], Reply]


class Route(Struct, frozen=True):
    """`path` has names in braces; `bodiless` are the statuses for which the operation describes no body."""

    method: str
    path: str
    operation: Operation
    api: Api = "workflow"
    bodiless: frozenset[int] = frozenset()


def json(content: Any, status: int = 200) -> Reply:
    return Reply(status, msgspec.json.encode(content))


NO_CONTENT = Reply(204)
