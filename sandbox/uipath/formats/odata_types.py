"""OData entity types: properties with their names, types and how to read each from a record."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

Kind = Literal["int", "string", "bool", "date", "guid", "enum", "complex", "complexes", "entity", "entities", "json"]
Read = Callable[[Any, datetime], Any]
"""Reads a value from a record at a moment."""


@dataclass(frozen=True, slots=True)
class Property:
    """`values` are an enum's names in the order of their numbers, `target` is the type of a nested entity."""

    name: str
    kind: Kind
    read: Read
    values: tuple[str, ...] = ()
    target: "EntityType | None" = None

    @property
    def is_navigation(self) -> bool:
        """Whether answers contain it only if the request expands it."""
        return self.kind in ("entity", "entities")


@dataclass(slots=True)
class EntityType:
    """Property names are matched without case: the vendor's own clients rely on that."""

    name: str
    properties: Sequence[Property]
    by_name: Mapping[str, Property] = field(init=False)

    def __post_init__(self) -> None:
        self.by_name = {each.name.lower(): each for each in self.properties}

    def find(self, name: str) -> Property | None:
        return self.by_name.get(name.lower())


def moment(value: datetime | None) -> str | None:
    """Format as .NET does: UTC, no trailing zeros in the fraction."""
    if value is None:
        return None
    text = value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds")
    fraction = f"{value.microsecond:06d}".rstrip("0")
    return f"{text}.{fraction}Z" if fraction else f"{text}Z"
