"""Planted faults: which request they hit and what happens to it."""

import re
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

FaultKind = Literal["status", "status_after", "delay", "reset_before", "reset_after", "malformed", "truncate"]


class Fault(msgspec.Struct, forbid_unknown_fields=True):
    """Hits the next `times` requests whose method and path match these regular expressions as a whole."""

    kind: FaultKind
    method: str = ".*"
    path: str = ".*"
    status: int = 500
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    body: Any = None
    delay_ms: int = 0
    times: int = 1

    def content(self) -> tuple[bytes, str]:
        """Return body and content type. A string is sent as it is, anything else as JSON."""
        if self.body is None:
            return b"", "text/plain"
        if isinstance(self.body, str):
            return self.body.encode(), "text/plain"
        return msgspec.json.encode(self.body), "application/json"


@dataclass(slots=True)
class _Planted:
    fault: Fault
    method: re.Pattern[str]
    path: re.Pattern[str]
    left: int


class Faults:
    """Planted faults, oldest first. At most one hits a request."""

    def __init__(self) -> None:
        self._planted: list[_Planted] = []

    def plant(self, fault: Fault) -> None:
        """Raise `re.error` for a broken expression."""
        method = re.compile(fault.method, re.IGNORECASE)
        self._planted.append(_Planted(fault, method, re.compile(fault.path), fault.times))

    def take(self, method: str, path: str) -> Fault | None:
        for planted in self._planted:
            if planted.method.fullmatch(method) and planted.path.fullmatch(path):
                planted.left -= 1
                if planted.left <= 0:
                    self._planted.remove(planted)
                return planted.fault
        return None

    def clear(self) -> None:
        self._planted.clear()
