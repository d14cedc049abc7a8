"""The values that one may choose from."""

from collections.abc import Iterable
from decimal import Decimal

from connectors.sdk.forms.values import is_number, is_same


class Choices:
    """`value in choices` compares as `is_same` does: `true` is not 1, and 1 is 1.0. Texts, numbers and booleans are found
    in one step, however many there are.
    """

    def __init__(self, values: Iterable[object]) -> None:
        self._plain: set[object] = set()
        self._others: list[object] = []
        for value in values:
            key = _key(value)
            if key is None:
                self._others.append(value)
            else:
                self._plain.add(key)

    def __contains__(self, value: object) -> bool:
        key = _key(value)
        return key in self._plain if key is not None else any(is_same(value, each) for each in self._others)


def _key(value: object) -> object:
    """None for objects and lists."""
    if isinstance(value, bool):
        return ("boolean", value)
    if is_number(value):
        number = Decimal(str(value))
        return ("number", number) if not number.is_snan() else None
    if value is None or isinstance(value, str):
        return ("text", value)
    return None
