"""The total order of a merged list, and how much of it a source can be asked to keep.

Requested keys first, then due date ascending, creation time, source and native id. Rows without a value come last in
either direction, so that a page never begins with what nobody dated.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, Protocol, TypeVar

from msgspec import Struct

from connectors.sdk.model import Task
from connectors.sdk.query import SortDirection, SortKey, TaskOrderField, order_value

# What a row sorts by, as JSON can carry it: microseconds, numbers, texts or null, then source and native id.
Position = tuple[int | str | None, ...]
# The same, made comparable: smaller comes first.
Rank = tuple[Any, ...]


class Listed(Protocol):
    """A row of a list: what one source calls by an id."""

    @property
    def source(self) -> str: ...

    @property
    def native_id(self) -> str: ...


R = TypeVar("R", bound=Listed)
T = TypeVar("T")
_R_contra = TypeVar("_R_contra", bound=Listed, contravariant=True)


class Order(Protocol[_R_contra]):
    """Ranks rows. `tie` is how many leading members of a rank a vendor's own sort can decide."""

    tie: int

    def position(self, row: _R_contra) -> Position: ...

    def rank(self, position: Position) -> Rank: ...

    def rank_of(self, row: _R_contra) -> Rank: ...


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

NULLABLE = frozenset(
    {
        TaskOrderField.DUE_AT,
        TaskOrderField.FOLLOW_UP_AT,
        TaskOrderField.UPDATED_AT,
        TaskOrderField.COMPLETED_AT,
    }
)


class Descending(Struct, Generic[T], frozen=True, order=False):
    """A text, or a whole rank, that compares the other way round."""

    value: T

    def __lt__(self, other: "Descending[T]") -> bool:
        less: bool = other.value < self.value  # type: ignore[operator]
        return less


class Backward(Generic[R]):
    """An order from its end, for rows that are all here: no vendor keeps it."""

    tie = 0

    def __init__(self, order: Order[R]) -> None:
        self._order = order

    def position(self, row: R) -> Position:
        return self._order.position(row)

    def rank(self, position: Position) -> Rank:
        return (Descending(self._order.rank(position)),)

    def rank_of(self, row: R) -> Rank:
        return self.rank(self.position(row))


class Split(Struct, frozen=True, kw_only=True):
    """One part of a source's list, cut where values are absent; `bound` is a rank that none of its rows precedes."""

    present: frozenset[TaskOrderField]
    absent: frozenset[TaskOrderField]
    order: tuple[SortKey, ...]
    bound: Rank

    def holds(self, task: Task) -> bool:
        """Whether the row belongs to this part."""
        return all(order_value(task, field) is not None for field in self.present) and all(
            order_value(task, field) is None for field in self.absent
        )


class TotalOrder:
    """Of tasks. `backward` is the same order from its end: rows without a value come first then."""

    def __init__(self, requested: Sequence[SortKey], *, backward: bool = False) -> None:
        self.backward = backward
        keys = {key.field: key for key in reversed(requested)}
        ordered = list(dict.fromkeys(key.field for key in requested))
        for field in (TaskOrderField.DUE_AT, TaskOrderField.CREATED_AT):
            if field not in keys:
                keys[field] = SortKey(field)
                ordered.append(field)
        self.keys = tuple(keys[field] for field in ordered)
        self.tie = ordered.index(TaskOrderField.CREATED_AT) + 1

    def position(self, task: Task) -> Position:
        values = (order_value(task, key.field) for key in self.keys)
        return (
            *((value - EPOCH) // MICROSECOND if isinstance(value, datetime) else value for value in values),
            task.source,
            task.native_id,
        )

    def rank(self, position: Position) -> Rank:
        ranked: list[Any] = []
        for key, value in zip(self.keys, position, strict=False):
            if value is None:
                ranked.append((0, 0) if self.backward else (1, 0))
            else:
                rises = (key.direction is SortDirection.ASC) != self.backward
                comparable = value if rises else Descending(value) if isinstance(value, str) else -value
                ranked.append((int(self.backward), comparable))
        names = position[len(self.keys) :]
        return (*ranked, *((Descending(str(name)) for name in names) if self.backward else names))

    def rank_of(self, task: Task) -> Rank:
        return self.rank(self.position(task))

    def splits(self, sorts: frozenset[TaskOrderField], empty: frozenset[TaskOrderField]) -> tuple[Split, ...] | None:
        """The parts in which a vendor that sorts by `sorts` keeps this order; None when it cannot: drain it."""
        parts = [Split(present=frozenset(), absent=frozenset(), order=(), bound=())]
        certain = True
        for key in self.keys[: self.tie]:
            if key.field is TaskOrderField.SOURCE:
                certain = False
                continue
            if key.field in empty:
                least = (0, 0) if self.backward else (1, 0)
                parts = [_bounded(part, least, certain=certain) for part in parts]
                continue
            if key.field not in sorts:
                return None
            asked = key if not self.backward else SortKey(key.field, _opposite(key.direction))
            if key.field in NULLABLE:
                parts = [half for part in parts for half in self._halves(part, asked, certain=certain)]
            else:
                parts = [
                    Split(present=part.present, absent=part.absent, order=(*part.order, asked), bound=part.bound)
                    for part in parts
                ]
        return tuple(parts)

    def _halves(self, part: Split, key: SortKey, *, certain: bool) -> tuple[Split, Split]:
        """The rows with a value and those without; whichever comes later has a bound."""
        valued = Split(
            present=part.present | {key.field}, absent=part.absent, order=(*part.order, key), bound=part.bound
        )
        empty = Split(present=part.present, absent=part.absent | {key.field}, order=part.order, bound=part.bound)
        is_known = certain and not part.order
        if self.backward:
            later = Split(
                present=valued.present,
                absent=valued.absent,
                order=valued.order,
                bound=(*part.bound, (1,)) if is_known else part.bound,
            )
            return _bounded(empty, (0, 0), certain=is_known), later
        return valued, _bounded(empty, (1, 0), certain=is_known)


def _opposite(direction: SortDirection) -> SortDirection:
    return SortDirection.DESC if direction is SortDirection.ASC else SortDirection.ASC


def _bounded(part: Split, least: tuple[int, int], *, certain: bool) -> Split:
    """The part with a bound one member longer, as long as every member before it is known too."""
    if not certain or part.order:
        return part
    return Split(present=part.present, absent=part.absent, order=part.order, bound=(*part.bound, least))
