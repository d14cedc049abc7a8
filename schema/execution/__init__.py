"""TODO."""

from schema.execution.execution import Answer, Execution, RequestError
from schema.execution.selection import selects

__all__ = ["Answer", "Execution", "RequestError", "selects"]
