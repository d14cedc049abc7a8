"""What differs between the vendor's services: the spelling of names and enums in answers."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(slots=True)
class AnswerStyle:
    """Spelling of names and enums in OData answers. Names in bodies of the REST paths are always camelCase."""

    camel_case: bool = False
    numeric_enums: bool = False

    def name(self, name: str) -> str:
        return name[:1].lower() + name[1:] if self.camel_case else name

    def enum(self, values: Sequence[str], value: str | None) -> str | int | None:
        return values.index(value) if self.numeric_enums and value is not None else value
