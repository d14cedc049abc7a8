"""Enums of the layers below as enums of the graph: the same class, with words for every value."""

from enum import EnumMeta
from typing import TypeVar

import strawberry

E = TypeVar("E", bound=EnumMeta)


def describe(enum: E, description: str, **values: str) -> E:
    """Offer `enum` to the graph. ValueError unless `values` describes each member, and nothing else."""
    names = set(enum.__members__)
    if names != set(values):
        raise ValueError(f"{enum.__name__}: described {sorted(values)}, has {sorted(names)}")
    offered = strawberry.enum(enum, description=description)
    for value in offered.__strawberry_definition__.values:  # type: ignore[attr-defined]
        value.description = values[value.name]
    return offered
