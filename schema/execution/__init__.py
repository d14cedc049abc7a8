"""Runs GraphQL operations against the schema.

execution.py  Execution: reads a request and runs it; GraphQLOperation
response.py   GraphQLResponse: what a client gets, whole or in parts
incremental.py  answers in parts, by @defer and @stream
executor.py   how values are completed: numbers that no Int can hold
documents.py  documents parsed, measured and validated, cached by their text
shape.py      counts of what a document contains, before anything else reads it
cost.py       what a document may return: depth, fields, objects of lists, rows with details
values.py     how large the values of arguments are, in the document and in variables
keeping.py    whether the answer to an operation may be kept
selection.py  which fields a request selected below a field
"""

from schema.execution.execution import Execution, GraphQLOperation, RequestError
from schema.execution.executor import BoundedIntExecutor
from schema.execution.response import GraphQLResponse, ResponsePart
from schema.execution.selection import selects, selects_cursors, selects_data, selects_total, spares_candidates

__all__ = [
    "BoundedIntExecutor",
    "Execution",
    "GraphQLOperation",
    "GraphQLResponse",
    "RequestError",
    "ResponsePart",
    "selects",
    "selects_cursors",
    "selects_data",
    "selects_total",
    "spares_candidates",
]
