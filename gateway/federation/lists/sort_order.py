"""How the rows of a list are sorted, and how much of it a vendor can do.

A list of tasks has a total order: the requested fields, then due date, creation time, source and native id. Rows
without a value come last in either direction, so that no page begins with undated tasks. Flows come newest first,
everything else by name; source and native id decide ties.
"""

from collections.abc import Callable, Hashable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, Protocol, TypeVar

from msgspec import Struct, structs

from connectors.sdk.model import Flow, Task
from connectors.sdk.query import ORDER_VALUES, SortDirection, SortKey, TaskOrderField, order_value

# What a row sorts by, as JSON can carry it: microseconds, numbers, texts or None, then source and native id.
SortValues = tuple[int | str | None, ...]
# The same, made comparable: smaller comes first.
Rank = tuple[Any, ...]


class Listed(Protocol):
    """A row of a list."""

    @property
    def source(self) -> str: ...

    @property
    def native_id(self) -> str: ...


R = TypeVar("R", bound=Listed)
T = TypeVar("T")
_R_contra = TypeVar("_R_contra", bound=Listed, contravariant=True)


class Order(Protocol[_R_contra]):
    """Ranks rows. `tie_length` is how many leading members of a rank a vendor's own sort can decide. Orders with the same
    `name` rank alike; None: the ranks of such an order are not kept.
    """

    tie_length: int

    @property
    def name(self) -> Hashable: ...

    def values_of(self, row: _R_contra) -> SortValues:
        """What the row sorts by; it is kept in cursors."""

    def rank(self, values: SortValues) -> Rank:
        """The rank of a row with these values."""

    def rank_of(self, row: _R_contra) -> Rank:
        """The rank of the row."""


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

# CREATED_AT counts as always set: no vendor that sorts by it leaves it empty.
ALWAYS_SET = frozenset(
    {
        TaskOrderField.CREATED_AT,
        TaskOrderField.PRIORITY,
        TaskOrderField.TITLE,
        TaskOrderField.STATE,
        TaskOrderField.SOURCE,
    }
)
NULLABLE = frozenset(
    {
        TaskOrderField.DUE_AT,
        TaskOrderField.FOLLOW_UP_AT,
        TaskOrderField.UPDATED_AT,
        TaskOrderField.COMPLETED_AT,
    }
)
if frozenset(TaskOrderField) != ALWAYS_SET ^ NULLABLE:
    raise TypeError("every TaskOrderField is either nullable or always set")


def microseconds(moment: datetime) -> int:
    """Since 1970. Every row of a list is ranked by it, and dividing by a timedelta takes several times as long."""
    since = moment - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


class Descending(Struct, Generic[T], frozen=True, order=False):
    """A text or a whole rank that compares the other way round."""

    value: T

    def __lt__(self, other: "Descending[T]") -> bool:
        less: bool = other.value < self.value  # type: ignore[operator]
        return less


class NewestFirst:
    """Of flows; those without a start come last."""

    tie_length = 1
    name = None

    def values_of(self, row: Flow) -> SortValues:
        started = None if row.started_at is None else microseconds(row.started_at)
        return (started, row.source, row.native_id)

    def rank(self, values: SortValues) -> Rank:
        started = values[0]
        return ((1, 0) if not isinstance(started, int) else (0, -started), *values[1:])

    def rank_of(self, row: Flow) -> Rank:
        return self.rank(self.values_of(row))


class Unsorted(Generic[R]):
    """For rows that are all read and only counted."""

    tie_length = 0
    name = None

    def values_of(self, row: R) -> SortValues:
        return ()

    def rank(self, values: SortValues) -> Rank:
        return ()

    def rank_of(self, row: R) -> Rank:
        return ()


class ByName(Generic[R]):
    """By the name that `name_of` gives, case ignored. No vendor's sort is used."""

    tie_length = 0
    name = None

    def __init__(self, name_of: Callable[[R], str]) -> None:
        self._name_of = name_of

    def values_of(self, row: R) -> SortValues:
        return (self._name_of(row).casefold(), row.source, row.native_id)

    def rank(self, values: SortValues) -> Rank:
        return values

    def rank_of(self, row: R) -> Rank:
        return self.rank(self.values_of(row))


class Backward(Generic[R]):
    """An order from its end, for rows that are all read: no vendor sorts like that."""

    tie_length = 0
    name = None

    def __init__(self, order: Order[R]) -> None:
        self._order = order

    def values_of(self, row: R) -> SortValues:
        return self._order.values_of(row)

    def rank(self, values: SortValues) -> Rank:
        return (Descending(self._order.rank(values)),)

    def rank_of(self, row: R) -> Rank:
        return self.rank(self.values_of(row))


def in_direction(order: Order[R], *, backward: bool) -> Order[R]:
    """The order, or the same from its end."""
    return Backward(order) if backward else order


class NullPartition(Struct, frozen=True, kw_only=True):
    """One part of a source's list, cut where sort values are absent, so that it does not matter where a vendor puts nulls.

    `present` and `absent` are the fields with and without a value in all of its rows, `order` is what the vendor sorts
    by. `bound` is a rank that precedes all of its rows, or a prefix of one. `label` names it, in both directions alike:
    a letter per nullable field.
    """

    present: frozenset[TaskOrderField] = frozenset()
    absent: frozenset[TaskOrderField] = frozenset()
    order: tuple[SortKey, ...] = ()
    bound: Rank = ()
    label: str = ""

    def holds(self, task: Task) -> bool:
        """Whether the row belongs to this partition."""
        return (not self.present or all(order_value(task, field) is not None for field in self.present)) and (
            not self.absent or all(order_value(task, field) is None for field in self.absent)
        )

    def bounded(self, least: tuple[int, ...], *, is_known: bool) -> "NullPartition":
        """With `least` as the next member of the bound, where all members before it are known."""
        if not is_known or self.order:
            return self
        return structs.replace(self, bound=(*self.bound, least))


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
        self._value_of = tuple(ORDER_VALUES[key.field] for key in self.keys)
        self._rises = tuple((key.direction is SortDirection.ASC) != backward for key in self.keys)
        self._parts = tuple(zip(self._value_of, self._rises, strict=True))
        self._flag = int(backward)
        # The rank of a missing value.
        self._null_rank = (0, 0) if backward else (1, 0)
        self.tie_length = ordered.index(TaskOrderField.CREATED_AT) + 1
        self.name = (self.keys, backward)

    def values_of(self, task: Task) -> SortValues:
        values = [value_of(task) for value_of in self._value_of]
        return (
            *[microseconds(value) if isinstance(value, datetime) else value for value in values],
            task.source,
            task.native_id,
        )

    def rank(self, values: SortValues) -> Rank:
        ranked: list[Any] = []
        for rises, value in zip(self._rises, values, strict=False):
            if value is None:
                ranked.append((0, 0) if self.backward else (1, 0))
            else:
                comparable = value if rises else Descending(value) if isinstance(value, str) else -value
                ranked.append((int(self.backward), comparable))
        names = values[len(self.keys) :]
        return (*ranked, *((Descending(str(name)) for name in names) if self.backward else names))

    def rank_of(self, task: Task) -> Rank:
        """As `rank` of `values_of`, in one step: every row of a list is ranked, which is most of what a list costs."""
        flag, missing = self._flag, self._null_rank
        ranked: list[Any] = []
        for value_of, rises in self._parts:
            value: Any = value_of(task)
            if value is None:
                ranked.append(missing)
                continue
            if isinstance(value, datetime):
                since = value - EPOCH
                value = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
            if not rises:
                value = Descending(value) if isinstance(value, str) else -value
            ranked.append((flag, value))
        if self.backward:
            return (*ranked, Descending(task.source), Descending(task.native_id))
        return (*ranked, task.source, task.native_id)

    def null_partitions(
        self, sorts: frozenset[TaskOrderField], never_set: frozenset[TaskOrderField]
    ) -> tuple[NullPartition, ...] | None:
        """The partitions that a vendor which sorts by `sorts` returns in this order; None if it cannot: scan it.

        `never_set` are fields that the vendor never fills.
        """
        partitions = [NullPartition()]
        # Whether the ranks of a partition's rows are known up to the current key.
        is_known = True
        for key in self.keys[: self.tie_length]:
            if key.field is TaskOrderField.SOURCE:
                is_known = False
            elif key.field in never_set:
                partitions = [each.bounded(self._null_rank, is_known=is_known) for each in partitions]
            elif key.field not in sorts:
                return None
            else:
                pushed = key if not self.backward else SortKey(key.field, _opposite(key.direction))
                partitions = [
                    part
                    for each in partitions
                    for part in (
                        self._halves(each, pushed, is_known=is_known)
                        if key.field in NULLABLE
                        else (structs.replace(each, order=(*each.order, pushed)),)
                    )
                ]
        return tuple(partitions)

    def _halves(self, whole: NullPartition, key: SortKey, *, is_known: bool) -> tuple[NullPartition, NullPartition]:
        """The rows with a value and the rows without, the first ones first. The later ones get a bound."""
        valued = structs.replace(
            whole, present=whole.present | {key.field}, order=(*whole.order, key), label=f"{whole.label}+"
        )
        empty = structs.replace(whole, absent=whole.absent | {key.field}, label=f"{whole.label}-").bounded(
            self._null_rank, is_known=is_known
        )
        if not self.backward:
            return valued, empty
        if is_known and not whole.order:
            valued = structs.replace(valued, bound=(*whole.bound, (1,)))
        return empty, valued


def _opposite(direction: SortDirection) -> SortDirection:
    return SortDirection.DESC if direction is SortDirection.ASC else SortDirection.ASC
