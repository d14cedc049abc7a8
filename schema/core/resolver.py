"""resolved(): `strawberry.field` that keeps the method's type for mypy and requires a description."""

from collections.abc import Callable
from typing import Any, TypeVar

import strawberry

F = TypeVar("F", bound=Callable[..., Any])


def resolved(*, description: str, graphql_type: object = None) -> Callable[[F], F]:
    """Make a method a field. `graphql_type` is needed if the method may also return an awaitable or an exception."""
    decorate: Callable[[F], F] = strawberry.field(description=description, graphql_type=graphql_type)
    return decorate
