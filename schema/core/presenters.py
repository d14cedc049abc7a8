"""present(): turns a record into a GraphQL object of a noun that the caller does not import.

The nouns lie in layers (schema/__init__.py). A field that leads to a higher layer, such as `Flow.tasks`, declares its
type by `strawberry.lazy` and creates its value by `present`. The higher noun registers the conversion:
`@present.register`.
"""

from functools import singledispatch
from typing import Any

from schema.core.context import Context


@singledispatch
def present(record: object, context: Context) -> Any:
    """The GraphQL object that shows `record` as a row of a list. Raises TypeError if its type is not registered."""
    raise TypeError(f"no GraphQL type is registered for {type(record).__name__}")
