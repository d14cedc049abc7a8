"""What was worked out about the rows of an answer of a source, kept with the answer: it depends on the rows alone.

These are the ranks of the rows in an order, and which rows a question wants.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from functools import cached_property
from typing import Any, Generic

from gateway.federation.lists.row_work import RowWork
from gateway.federation.lists.sort_order import Order, R, Rank

MOST_ORDERS = 4
"""Orders whose ranks are kept with one answer."""

MOST_QUESTIONS = 8
"""Questions whose rows are kept with one answer."""
LEAST_ROWS = 16
"""Rows of an answer below which asking again for each of them costs little."""

Ranked = Sequence[tuple[Rank, R]]
"""Rows with their ranks, in order."""

Question = Callable[[], Hashable | None]
"""All that decides, beside the row, whether a row is wanted, at this moment. None: that cannot be said, or rows are shown otherwise
than they were read.
"""


class WantedRows(Generic[R]):
    """Rows with their ranks, in order. Lists begin and end in them, and change nothing."""

    def __init__(self, ranked: Ranked[R] = ()) -> None:
        self.ranked = ranked

    @cached_property
    def ids(self) -> frozenset[str]:
        """Native ids."""
        return frozenset(row.native_id for _, row in self.ranked)


async def kept_ranks(work: RowWork, answer: Any, rows: Sequence[R], order: Order[R]) -> Ranked[R] | None:
    """From the second list on that is made of the answer in this order; None for the first.

    `answer` is the page or snapshot that the cache keeps: the ranks end with it. Which rows a person may see is no part of it.
    """
    name = order.name
    if name is None:
        return None
    kept: dict[Any, Ranked[R] | None] = answer.__dict__.setdefault("ranks", {})
    if name not in kept:
        if len(kept) < MOST_ORDERS:
            kept[name] = None
        return None
    found = kept[name]
    if found is None:
        ranks = await work.each(rows, order.rank_of)
        found = kept[name] = sorted(zip(ranks, rows, strict=True), key=_rank)
    return found


def _unknown() -> None:
    return None


async def wanted_rows(
    work: RowWork,
    answer: Any,
    rows: Sequence[R],
    order: Order[R],
    admit: Callable[[R], R | None],
    question: Question = _unknown,
) -> WantedRows[R]:
    """The rows that `admit` shows, in order. They are kept for the next list with an equal question."""
    if not rows:
        return WantedRows()
    asked = question() if len(rows) >= LEAST_ROWS else None
    if asked is None:
        return WantedRows(await _wanted_rows(work, answer, rows, order, admit))
    key = (order.name, asked)
    kept: OrderedDict[Hashable, WantedRows[R]] = answer.__dict__.setdefault("wanted", OrderedDict())
    found = kept.get(key)
    if found is not None:
        kept.move_to_end(key)
        return found
    found = WantedRows(await _wanted_rows(work, answer, rows, order, admit))
    # A write may have begun to show meanwhile.
    if question() == asked:
        kept[key] = found
        while len(kept) > MOST_QUESTIONS:
            kept.popitem(last=False)
    return found


async def _wanted_rows(
    work: RowWork, answer: Any, rows: Sequence[R], order: Order[R], admit: Callable[[R], R | None]
) -> Ranked[R]:
    known = await kept_ranks(work, answer, rows, order)
    if known is None:
        wanted = [row for row in await work.each(rows, admit) if row is not None]
        return sorted(zip(await work.each(wanted, order.rank_of), wanted, strict=True), key=_rank)
    shown = await work.each(known, lambda pair: admit(pair[1]))
    ranked = [
        (rank if row is item else order.rank_of(row), row)
        for (rank, item), row in zip(known, shown, strict=True)
        if row is not None
    ]
    # In order already, unless rows are shown otherwise than they were read.
    return sorted(ranked, key=_rank)


def _rank(pair: tuple[Rank, Any]) -> Rank:
    return pair[0]
