"""Searches over tables.

- `table`: rows with indexes
- `filters`: filters of a request body
- `page`: a whole search: page, sort and filter
"""

from sandbox.camunda.search.filters import FilterMember, FilterMembers
from sandbox.camunda.search.page import SearchFields, search
from sandbox.camunda.search.table import Shape, Table, ascending, bits

__all__ = ["FilterMember", "FilterMembers", "SearchFields", "Shape", "Table", "ascending", "bits", "search"]
