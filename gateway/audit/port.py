"""What takes the lines of the audit."""

from typing import Protocol

from gateway.audit.line import AuditLine


class Audit(Protocol):
    def note(self, line: AuditLine) -> None:
        """Raises nothing: the write is done, or refused, whether or not its line can be kept."""
        ...
