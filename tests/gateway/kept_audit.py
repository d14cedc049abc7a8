"""An audit that keeps its lines."""

from gateway.audit import AuditLine


class KeptAudit:
    def __init__(self) -> None:
        self.lines: list[AuditLine] = []

    def note(self, line: AuditLine) -> None:
        self.lines.append(line)

    @property
    def told(self) -> list[tuple[str, str, str, str]]:
        return [(each.kind, each.person, each.action, each.status) for each in self.lines]
