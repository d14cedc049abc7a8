"""resolved(), subscribed(): `strawberry.field` and `subscription` that keep the method's type for mypy and require a description."""

from collections.abc import Callable
from typing import Any, TypeVar

import strawberry

F = TypeVar("F", bound=Callable[..., Any])


def resolved(*, description: str, graphql_type: object = None) -> Callable[[F], F]:
    """Make a method a field. `graphql_type` is needed if the method may also return an awaitable or an exception."""
    decorate: Callable[[F], F] = strawberry.field(description=description, graphql_type=graphql_type)
    return decorate


def subscribed(*, description: str) -> Callable[[F], F]:
    """Make a method, an asynchronous generator, a field of Subscription."""
    decorate: Callable[[F], F] = strawberry.subscription(description=description)
    return decorate
