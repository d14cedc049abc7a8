"""Counts lines beside keeping them."""

from collections.abc import Callable

from gateway.audit.line import AuditLine
from gateway.audit.port import Audit


class ObservedAudit:
    """Every line goes to `audit`, then to `observe`."""

    def __init__(self, audit: Audit, observe: Callable[[AuditLine], None]) -> None:
        self._audit = audit
        self._observe = observe

    def note(self, line: AuditLine) -> None:
        self._audit.note(line)
        self._observe(line)
