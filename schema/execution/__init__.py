"""Runs GraphQL operations against the schema.

execution.py  Execution: reads a request and runs it; GraphQLOperation, GraphQLResponse
executor.py   how values are completed: numbers that no Int can hold
documents.py  documents parsed, measured and validated, cached by their text
shape.py      counts of what a document contains, before anything else reads it
cost.py       what a document may return: depth, fields, objects of lists, rows with details
values.py     how large the values of arguments are, in the document and in variables
keeping.py    whether the answer to an operation may be kept
selection.py  which fields a request selected below a field
"""

from schema.execution.execution import Execution, GraphQLOperation, GraphQLResponse, RequestError
from schema.execution.executor import BoundedIntExecutor
from schema.execution.selection import selects, selects_cursors, selects_data, selects_total, spares_candidates

__all__ = [
    "BoundedIntExecutor",
    "Execution",
    "GraphQLOperation",
    "GraphQLResponse",
    "RequestError",
    "selects",
    "selects_cursors",
    "selects_data",
    "selects_total",
    "spares_candidates",
]
