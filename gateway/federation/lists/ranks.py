"""Ranks of the rows of an answer of a source, kept with the answer: they depend on the rows and the order alone."""

from collections.abc import Callable, Sequence
from typing import Any

from gateway.federation.lists.row_work import RowWork
from gateway.federation.lists.sort_order import Order, R, Rank

MOST_ORDERS = 4
"""Orders whose ranks are kept with one answer."""

Ranked = Sequence[tuple[Rank, R]]
"""Rows with their ranks, in order."""


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


async def wanted_rows(
    work: RowWork, answer: Any, rows: Sequence[R], order: Order[R], admit: Callable[[R], R | None]
) -> Ranked[R]:
    """The rows that `admit` shows, in order."""
    if not rows:
        return ()
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
