"""Rows that are found and sorted by indexes: a page of 100,000 rows costs about as much as a page of 100.

Every row has an ordinal. A set of rows is an integer with one bit for each ordinal: combining and counting sets of 100,000
rows takes microseconds. An index is made when it is first used: most tables of the tests are asked for one or two fields.
"""

import re
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

R = TypeVar("R")

_SOME_BITS = re.compile(rb"[^\x00]")
_DAY, _HOUR = len("2026-06-15"), len("2026-06-15T09")
_LAST = 1 << 62
"""Greater than any ordinal."""


@dataclass(frozen=True, slots=True)
class Shape(Generic[R]):
    """The indexes of a table, each with the function that reads its value from a row. None is no value.

    `categories` have few distinct values; a row may have several. `dates` are texts. `postings` have nearly as many values as
    there are rows; `uniques` have a different value in every row. Values of the last two never change.
    """

    key: Callable[[R], str]
    categories: Mapping[str, Callable[[R], Iterable[Any]]] = field(default_factory=dict)
    postings: Mapping[str, Callable[[R], str | None]] = field(default_factory=dict)
    uniques: Mapping[str, Callable[[R], str | None]] = field(default_factory=dict)
    dates: Mapping[str, Callable[[R], str | None]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Order:
    field: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Position:
    """The place after the row with this ordinal and these values of the sort fields."""

    values: tuple[Any, ...]
    ordinal: int


def bits(ordinals: Iterable[int], size: int) -> int:
    data = bytearray(size // 8 + 1)
    for ordinal in ordinals:
        data[ordinal >> 3] |= 1 << (ordinal & 7)
    return int.from_bytes(data, "little")


class Table(Generic[R]):
    def __init__(self, shape: Shape[R], rows: Sequence[R] = ()) -> None:
        self.shape = shape
        self.rows: list[R] = list(rows)
        self._ordinals = {shape.key(row): ordinal for ordinal, row in enumerate(self.rows)}
        self._categories: dict[str, dict[Any, int]] = {}
        self._days: dict[str, dict[Any, int]] = {}
        self._hours: dict[str, dict[Any, int]] = {}
        self._postings: dict[str, dict[str, list[int]]] = {}
        self._uniques: dict[str, dict[str, int]] = {}
        self._sorted: dict[str, list[tuple[str, int]]] = {}

    # The indexes.

    def _category(self, name: str) -> dict[Any, int]:
        if name not in self._categories:
            self._categories[name] = self._grouped(self.shape.categories[name])
        return self._categories[name]

    def _by_day(self, name: str) -> dict[Any, int]:
        if name not in self._days:
            self._days[name] = self._grouped(_first(_DAY, self.shape.dates[name]))
        return self._days[name]

    def _by_hour(self, name: str) -> dict[Any, int]:
        if name not in self._hours:
            self._hours[name] = self._grouped(_first(_HOUR, self.shape.dates[name]))
        return self._hours[name]

    def _posting(self, name: str) -> dict[str, list[int]]:
        if name not in self._postings:
            posted, index = self.shape.postings[name], self._postings.setdefault(name, {})
            for ordinal, row in enumerate(self.rows):
                if (value := posted(row)) is not None:
                    index.setdefault(value, []).append(ordinal)
        return self._postings[name]

    def _unique(self, name: str) -> dict[str, int]:
        if name not in self._uniques:
            unique = self.shape.uniques[name]
            self._uniques[name] = {
                value: ordinal for ordinal, row in enumerate(self.rows) if (value := unique(row)) is not None
            }
        return self._uniques[name]

    def _grouped(self, values: Callable[[R], Iterable[Any]]) -> dict[Any, int]:
        members: dict[Any, list[int]] = {}
        for ordinal, row in enumerate(self.rows):
            for value in values(row):
                members.setdefault(value, []).append(ordinal)
        return {value: bits(ordinals, len(self.rows)) for value, ordinals in members.items()}

    @property
    def everything(self) -> int:
        return (1 << len(self.rows)) - 1

    def get(self, key: str) -> R | None:
        ordinal = self._ordinals.get(key)
        return None if ordinal is None else self.rows[ordinal]

    def ordinal(self, key: str) -> int | None:
        return self._ordinals.get(key)

    def put(self, row: R) -> None:
        """Insert the row, or replace the row with the same key."""
        key = self.shape.key(row)
        ordinal = self._ordinals.get(key)
        if ordinal is None:
            ordinal = self._ordinals[key] = len(self.rows)
            self.rows.append(row)
            self._post(ordinal, row)
        else:
            self._unindex(ordinal)
            self.rows[ordinal] = row
        self._index(ordinal)

    def _post(self, ordinal: int, row: R) -> None:
        for name, postings in self._postings.items():
            if (value := self.shape.postings[name](row)) is not None:
                postings.setdefault(value, []).append(ordinal)
        for name, uniques in self._uniques.items():
            if (value := self.shape.uniques[name](row)) is not None:
                uniques[value] = ordinal

    def _unindex(self, ordinal: int) -> None:
        row, mask = self.rows[ordinal], ~(1 << ordinal)
        for index, value in self._entries(row):
            index[value] &= mask
            if not index[value]:
                del index[value]
        for name, ordered in self._sorted.items():
            if (value := self._value(name, row)) is not None:
                del ordered[bisect_left(ordered, (value, ordinal))]

    def _index(self, ordinal: int) -> None:
        row, bit = self.rows[ordinal], 1 << ordinal
        for index, value in self._entries(row):
            index[value] = index.get(value, 0) | bit
        for name, ordered in self._sorted.items():
            if (value := self._value(name, row)) is not None:
                insort(ordered, (value, ordinal))

    def _entries(self, row: R) -> Iterator[tuple[dict[Any, int], Any]]:
        for name, categories in self._categories.items():
            for value in self.shape.categories[name](row):
                yield categories, value
        for indexes, characters in ((self._days, _DAY), (self._hours, _HOUR)):
            for name, index in indexes.items():
                if (date := self.shape.dates[name](row)) is not None:
                    yield index, date[:characters]

    # Sets of rows.

    def where(self, name: str, test: Callable[[Any], bool]) -> int:
        """Return the rows with a value that passes the test."""
        found = 0
        if name in self.shape.categories:
            for value, mask in self._category(name).items():
                if test(value):
                    found |= mask
            return found
        if name in self.shape.uniques:
            return bits((ordinal for value, ordinal in self._unique(name).items() if test(value)), len(self.rows))
        passed = [ordinals for value, ordinals in self._posting(name).items() if test(value)]
        return bits((each for ordinals in passed for each in ordinals), len(self.rows))

    def having(self, name: str, values: Iterable[Any]) -> int:
        """Return the rows with one of the values."""
        found = 0
        for value in values:
            if name in self.shape.categories:
                found |= self._category(name).get(value, 0)
            elif name in self.shape.uniques:
                ordinal = self._unique(name).get(value)
                found |= 0 if ordinal is None else 1 << ordinal
            else:
                for ordinal in self._posting(name).get(value, ()):
                    found |= 1 << ordinal
        return found

    def between(self, name: str, lowest: str, highest: str) -> int:
        """Return the rows whose date is within the inclusive bounds. Only rows of the first and last hour are compared."""
        found, value_of = 0, self.shape.dates[name]
        ends = {lowest[:_DAY], highest[:_DAY]}
        for day, mask in self._by_day(name).items():
            if lowest[:_DAY] < day < highest[:_DAY]:
                found |= mask
        for hour, mask in self._by_hour(name).items():
            if hour[:_DAY] not in ends:
                continue
            if lowest[:_HOUR] < hour < highest[:_HOUR]:
                found |= mask
            elif lowest[:_HOUR] <= hour <= highest[:_HOUR]:
                found |= self.only(mask, lambda row: lowest <= (value_of(row) or "") <= highest)
        return found

    def dated(self, name: str) -> int:
        found = 0
        for mask in self._by_day(name).values():
            found |= mask
        return found

    def only(self, mask: int, test: Callable[[R], bool]) -> int:
        """Return the rows of the set that pass the test. Tests each row."""
        return bits((each for each in ascending(mask) if test(self.rows[each])), len(self.rows))

    # Sorting.

    def position(self, orders: Sequence[Order], row: R) -> tuple[Any, ...]:
        return tuple(self._value(order.field, row) for order in orders)

    def sorted(
        self, mask: int, orders: Sequence[Order], wanted: int, *, after: Position | None, backwards: bool = False
    ) -> Iterator[int]:
        """Yield the ordinals of the set in order. Ties are ordered by ordinal; rows without a value come last.

        `wanted` is how many ordinals the caller will take. `backwards` reverses the whole order.
        """
        if backwards:
            orders = [Order(order.field, not order.descending) for order in orders]
        return self._walk(mask, tuple(orders), wanted, after, backwards=backwards)

    def _walk(
        self, mask: int, orders: tuple[Order, ...], wanted: int, after: Position | None, *, backwards: bool
    ) -> Iterator[int]:
        if not mask:
            return
        if not orders:
            yield from self._by_ordinal(mask, after, backwards=backwards)
            return
        count = mask.bit_count()
        name = orders[0].field
        if name in self.shape.categories:
            groups = self._category_groups(mask, orders[0], after, backwards=backwards)
        elif count <= wanted or count * count <= len(self.rows) * wanted:
            # Sorting a few rows is cheaper than walking the sorted index of all rows.
            yield from self._sort(mask, orders, after, backwards=backwards)
            return
        else:
            groups = self._sorted_groups(mask, orders[0], after, backwards=backwards)
        for group, inside in groups:
            below = Position(after.values[1:], after.ordinal) if inside and after is not None else None
            yield from self._walk(group, orders[1:], wanted, below, backwards=backwards)

    def _by_ordinal(self, mask: int, after: Position | None, *, backwards: bool) -> Iterator[int]:
        if after is not None:
            kept = after.ordinal if backwards else after.ordinal + 1
            mask = mask & ((1 << kept) - 1) if backwards else mask >> kept << kept
        yield from _descending(mask) if backwards else ascending(mask)

    def _category_groups(
        self, mask: int, order: Order, after: Position | None, *, backwards: bool
    ) -> Iterator[tuple[int, bool]]:
        """Yield the subsets by value, in order, from the position on. The flag tells the subset that contains the position."""
        index = self._category(order.field)
        values: list[Any] = sorted((value for value in index if value is not None), reverse=order.descending)
        missing = mask
        for value in values:
            missing &= ~index[value]
        values = [None, *values] if backwards else [*values, None]
        waiting = after is not None
        for value in values:
            inside = after is not None and value == after.values[0]
            if waiting and not inside and not _passed(value, after, order, backwards=backwards):
                continue
            waiting = False
            yield (missing if value is None else mask & index[value]), inside

    def _sorted_groups(
        self, mask: int, order: Order, after: Position | None, *, backwards: bool
    ) -> Iterator[tuple[int, bool]]:
        ordered = self._ordered(order.field)
        missing = (
            mask & ~bits((ordinal for _, ordinal in ordered), len(self.rows))
            if order.field not in self.shape.dates
            else (mask & ~self.dated(order.field))
        )
        start = None if after is None else after.values[0]
        missing_inside = after is not None and start is None
        if backwards:
            if after is None or missing_inside:
                yield missing, missing_inside
        elif missing_inside:
            yield missing, True
            return
        data = mask.to_bytes(len(self.rows) // 8 + 1, "little")
        step = -1 if order.descending else 1
        if start is None:
            place = len(ordered) - 1 if order.descending else 0
        elif order.descending:
            place = bisect_right(ordered, (start, _LAST)) - 1
        else:
            place = bisect_left(ordered, (start, -1))
        while 0 <= place < len(ordered):
            value, group = ordered[place][0], 0
            while 0 <= place < len(ordered) and ordered[place][0] == value:
                ordinal = ordered[place][1]
                if data[ordinal >> 3] >> (ordinal & 7) & 1:
                    group |= 1 << ordinal
                place += step
            if group:
                yield group, after is not None and value == start
        if not backwards:
            yield missing, False

    def _sort(self, mask: int, orders: tuple[Order, ...], after: Position | None, *, backwards: bool) -> list[int]:
        """Sort the whole set. The position is sorted as an additional row; the result begins after it."""
        items: list[tuple[float, tuple[Any, ...]]] = [
            (ordinal, self.position(orders, self.rows[ordinal])) for ordinal in ascending(mask)
        ]
        mark = 0.0
        if after is not None:
            mark = after.ordinal + (-0.5 if backwards else 0.5)
            items.append((mark, after.values))
        items.sort(key=lambda item: item[0], reverse=backwards)
        for place in range(len(orders) - 1, -1, -1):
            present = [item for item in items if item[1][place] is not None]
            missing = [item for item in items if item[1][place] is None]
            present.sort(key=lambda item: item[1][place], reverse=orders[place].descending)
            items = missing + present if backwards else present + missing
        ordinals = [item[0] for item in items]
        if after is not None:
            ordinals = ordinals[ordinals.index(mark) + 1 :]
        return [int(each) for each in ordinals]

    def _ordered(self, name: str) -> list[tuple[str, int]]:
        if name not in self._sorted:
            ordered: list[tuple[str, int]] = []
            for ordinal, row in enumerate(self.rows):
                if (value := self._value(name, row)) is not None:
                    ordered.append((value, ordinal))
            self._sorted[name] = sorted(ordered)
        return self._sorted[name]

    def _value(self, name: str, row: R) -> Any:
        if name in self.shape.dates:
            return self.shape.dates[name](row)
        if name in self.shape.postings:
            return self.shape.postings[name](row)
        if name in self.shape.uniques:
            return self.shape.uniques[name](row)
        return next(iter(self.shape.categories[name](row)), None)


def _first(characters: int, value: Callable[[R], str | None]) -> Callable[[R], Iterable[str]]:
    def starts(row: R) -> Iterable[str]:
        date = value(row)
        return () if date is None else (date[:characters],)

    return starts


def _passed(value: Any, after: Position | None, order: Order, *, backwards: bool) -> bool:
    """Whether the value comes after the value of the position."""
    start = None if after is None else after.values[0]
    if value is None or start is None:
        return (start is None) if backwards else (value is None)
    return bool(value < start if order.descending else value > start)


def ascending(mask: int) -> Iterator[int]:
    """Yield the ordinals of a set of rows, ascending."""
    data = mask.to_bytes(mask.bit_length() // 8 + 1, "little")
    for match in _SOME_BITS.finditer(data):
        place, byte = match.start() * 8, match[0][0]
        for bit in range(8):
            if byte >> bit & 1:
                yield place + bit


def _descending(mask: int) -> Iterator[int]:
    data = mask.to_bytes(mask.bit_length() // 8 + 1, "big")
    for match in _SOME_BITS.finditer(data):
        place, byte = (len(data) - 1 - match.start()) * 8, match[0][0]
        for bit in range(7, -1, -1):
            if byte >> bit & 1:
                yield place + bit
