"""Fields that are computed: `strawberry.field` with types that survive it, and a description that cannot be left out."""

from collections.abc import Callable
from typing import Any, TypeVar

import strawberry

F = TypeVar("F", bound=Callable[..., Any])


def resolved(*, description: str, graphql_type: object = None) -> Callable[[F], F]:
    """Make a method a field. `graphql_type` where it returns more than that, such as an awaitable or an exception."""
    decorate: Callable[[F], F] = strawberry.field(description=description, graphql_type=graphql_type)
    return decorate
