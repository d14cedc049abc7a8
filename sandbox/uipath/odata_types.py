"""What an OData entity has: names, types, and how to read each property from a record."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

Kind = Literal["int", "string", "bool", "date", "guid", "enum", "complex", "complexes", "entity", "entities", "json"]
Read = Callable[[Any, datetime], Any]
"""Of a record at a moment."""


@dataclass(frozen=True, slots=True)
class Property:
    """`values` are an enum's names by number, `target` the type of what is nested."""

    name: str
    kind: Kind
    read: Read
    values: tuple[str, ...] = ()
    target: "EntityType | None" = None

    @property
    def is_navigation(self) -> bool:
        """Whether answers have it only when it is expanded."""
        return self.kind in ("entity", "entities")


@dataclass(slots=True)
class EntityType:
    """Property names are matched without case, as the vendor's own clients count on."""

    name: str
    properties: Sequence[Property]
    by_name: Mapping[str, Property] = field(init=False)

    def __post_init__(self) -> None:
        self.by_name = {each.name.lower(): each for each in self.properties}

    def find(self, name: str) -> Property | None:
        return self.by_name.get(name.lower())


@dataclass(slots=True)
class AnswerStyle:
    """How answers are spelled. Bodies of the REST paths are camelCase in either case."""

    camel_case: bool = False
    numeric_enums: bool = False

    def name(self, name: str) -> str:
        return camel(name) if self.camel_case else name

    def enum(self, values: Sequence[str], value: str | None) -> str | int | None:
        return values.index(value) if self.numeric_enums and value is not None else value


def camel(name: str) -> str:
    return name[:1].lower() + name[1:]


def moment(value: datetime | None) -> str | None:
    """As .NET prints it: UTC, no trailing zeros in the fraction."""
    if value is None:
        return None
    text = value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    fraction = f"{value.microsecond:06d}".rstrip("0")
    return f"{text}.{fraction}Z" if fraction else f"{text}Z"
