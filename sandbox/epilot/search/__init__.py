"""What the query services find.

- `rows`: a row for each task, its columns, sorting
- `filters`: filters of the kanban API
"""

from sandbox.epilot.search.filters import FilterNode, Predicate, everything, matcher, names_others
from sandbox.epilot.search.rows import Row, at, flow_rows, sorted_rows, values_of

__all__ = [
    "FilterNode",
    "Predicate",
    "Row",
    "at",
    "everything",
    "flow_rows",
    "matcher",
    "names_others",
    "sorted_rows",
    "values_of",
]
