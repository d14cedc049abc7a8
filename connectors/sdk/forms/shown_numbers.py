"""Numbers that answers show as texts, taken back as the numbers that they are.

A number that a double does not hold exactly, and an integer beyond 64 bits, are texts in answers. A client that sends
back what it read must not turn the number of the process into a text.
"""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation

from connectors.sdk.forms.values import Number, is_number
from connectors.sdk.json import shown_number
from connectors.sdk.model import FormField

_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
# A text of a number that is shown as a text is at least so long.
_SHORTEST = 6
_ANY = "*"


class ShownNumbers:
    """Where the data of a task and its form have such numbers: by the names that lead there, whatever the row."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, ...], dict[str, Number]] = {}

    def add(self, value: object, path: tuple[str, ...] = ()) -> None:
        """What the task holds at `path`."""
        rest: list[tuple[tuple[str, ...], object]] = [(path, value)]
        while rest:
            place, node = rest.pop()
            if isinstance(node, Mapping):
                rest.extend(((*place, *str(name).split(".")), each) for name, each in node.items())
            elif isinstance(node, list | tuple):
                rest.extend(((*place, _ANY), each) for each in node)
            elif is_number(node) and isinstance(text := shown_number(node), str):
                self._known.setdefault(place, {})[text] = node

    def add_fields(self, fields: Sequence[FormField], path: tuple[str, ...] = ()) -> None:
        """Values, proposed values and options of fields, of those in rows too."""
        for field in fields:
            place = (*path, *field.key.split("."))
            self.add(field.value, place)
            self.add(field.default_value, place)
            for option in field.options or ():
                self.add(option.raw_value, place)
                self.add(option.raw_value, (*place, _ANY))
            self.add_fields(field.fields or (), (*place, _ANY))

    def restored(self, data: Mapping[str, object]) -> dict[str, object]:
        """The data with those numbers in place of their texts."""
        return {name: self._restored(value, tuple(name.split("."))) for name, value in data.items()}

    def _restored(self, value: object, path: tuple[str, ...]) -> object:
        if isinstance(value, str):
            return self._known.get(path, {}).get(value, value)
        if isinstance(value, Mapping):
            return {name: self._restored(each, (*path, *str(name).split("."))) for name, each in value.items()}
        if isinstance(value, list | tuple):
            return [self._restored(each, (*path, _ANY)) for each in value]
        return value


def has_shown_numbers(data: object) -> bool:
    """Whether the data contain a text that an answer could show for a number."""
    rest = [data]
    while rest:
        node = rest.pop()
        if isinstance(node, Mapping):
            rest.extend(node.values())
        elif isinstance(node, list | tuple):
            rest.extend(node)
        elif isinstance(node, str) and len(node) >= _SHORTEST and _NUMBER.fullmatch(node) and _is_shown(node):
            return True
    return False


def _is_shown(text: str) -> bool:
    try:
        return isinstance(shown_number(Decimal(text)), str) or len(text) > len("-9223372036854775808")
    except InvalidOperation:
        return False
