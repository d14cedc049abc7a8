"""Writes as the journal has them.

types.py    Operation: a write and what became of it
queries.py  `operation(id)`
"""

from schema.operation.queries import OperationQueries
from schema.operation.types import Operation

__all__ = ["Operation", "OperationQueries"]
