"""How a record becomes a type of the graph, where the noun that shows it does not know that type.

The nouns lie in layers, see schema/__init__.py. A field that leads to a noun above, such as `Flow.tasks`, names its
type by `strawberry.lazy` and makes its value by `present`. The noun above registers how: `@present.register(Record)`.
"""

from functools import singledispatch
from typing import Any

from schema.core.context import Context


@singledispatch
def present(record: object, context: Context) -> Any:
    """The record as a row of a list shows it. TypeError for a record that no noun has registered."""
    raise TypeError(f"no type of the graph is registered for {type(record).__name__}")
