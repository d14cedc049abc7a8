"""Rows: the objects of a list, each made from its record when it is looked at."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic, TypeVar, overload

T = TypeVar("T")


class Rows(Sequence[T], Generic[T]):
    """`show` makes the GraphQL object of a record; it is called once a record, when the objects are first looked at.

    A list that is answered from the records alone (schema/compiled) never makes them.
    """

    __slots__ = ("_made", "_show", "records")

    def __init__(self, records: Sequence[Any], show: Callable[[Any], T]) -> None:
        self.records = records
        self._show = show
        self._made: list[T] | None = None

    def __len__(self) -> int:
        return len(self.records)

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> list[T]: ...
    def __getitem__(self, index: int | slice) -> T | list[T]:
        return self._objects()[index]

    def __iter__(self) -> Iterator[T]:
        return iter(self._objects())

    def _objects(self) -> list[T]:
        if self._made is None:
            self._made = [self._show(record) for record in self.records]
        return self._made
