"""The audit: who wrote what, when, in whose name, and with which result. One line of JSON for each write.

line   `AuditLine`: what a line tells
port   `Audit`, the port: takes lines
observed  `ObservedAudit`: counts them beside
log    `LogAudit`: lines of the log; `FileAudit`: lines of a file of its own; `open_audit`: the one that is configured
"""

from gateway.audit.line import AuditLine, Kind
from gateway.audit.log import FileAudit, LogAudit, audit_fault, open_audit
from gateway.audit.observed import ObservedAudit
from gateway.audit.port import Audit

__all__ = ["Audit", "AuditLine", "FileAudit", "Kind", "LogAudit", "ObservedAudit", "audit_fault", "open_audit"]
