"""The filter of a search: for each member of a record the operators that must hold."""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import TypeVar

from connectors.sdk import Interval, half_open

V = TypeVar("V", str, int)


class Filter:
    """A filter while it is built. Each call adds a condition; every condition on every member must hold.

    A condition without a value (None) is left out. If two conditions contradict each other, the filter matches nothing.
    """

    def __init__(self) -> None:
        self._members: dict[str, dict[str, object]] = {}
        self._can_match = True

    def one_of(self, member: str, values: Iterable[V] | None) -> None:
        """The member has one of `values`; without any value nothing matches. One such condition for each member."""
        if values is not None:
            wanted = sorted(values)
            self._compare(member, {"$in": wanted})
            self._can_match = self._can_match and bool(wanted)

    def between(self, member: str, lowest: int | None, highest: int | None) -> None:
        """The member has a number from `lowest` to `highest`; None is no bound."""
        self._compare(member, {"$gte": lowest, "$lte": highest})

    def within(self, member: str, interval: Interval) -> None:
        """The member has a time in `interval`. Without bounds that is any time, but a missing time is not in it.

        Only `$gte` and `$lt`: some of the vendor's stores are finer than the milliseconds of our records.
        """
        bounds = half_open(interval)
        if bounds is None:
            self._can_match = False
            return
        self._compare(member, {"$gte": bounds.gte, "$lt": bounds.lt})

    def exists(self, member: str, *, wanted: bool | None) -> None:
        """The member has a value (True) or none (False)."""
        if wanted is not None:
            known = self._members.setdefault(member, {}).setdefault("$exists", wanted)
            self._can_match = self._can_match and known is wanted

    def to_wire(self, *, exact: AbstractSet[str] = frozenset()) -> dict[str, object] | None:
        """The filter as it is sent; None if nothing can match, so that no call is needed.

        The `exact` members have no operators: they take the value itself. By the description of server 8.8, other members
        do not take a value itself.
        """
        if not self._can_match:
            return None
        return {member: _to_wire(operators, is_exact=member in exact) for member, operators in self._members.items()}

    def _compare(self, member: str, operators: Mapping[str, object]) -> None:
        """Each comparison needs a value."""
        self.exists(member, wanted=True)
        self._members[member].update({name: value for name, value in operators.items() if value is not None})


def _to_wire(operators: dict[str, object], *, is_exact: bool) -> object:
    match operators:
        case {"$in": [value]}:
            return value if is_exact else {"$eq": value}
        case {"$in": values}:
            return {"$in": values}
        case {"$exists": True, **others} if others:
            # A comparison implies that there is a value.
            return others
        case _:
            return operators
