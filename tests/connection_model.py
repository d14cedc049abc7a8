"""The Relay Connections specification, literally: which edges a page has, and what `pageInfo` says.

ApplyCursorsToEdges, EdgesToReturn, HasPreviousPage and HasNextPage of https://relay.dev/graphql/connections.htm. Where a
server may choose, the gateway says what it knows: that rows precede `after` and follow `before`.
"""

from collections.abc import Sequence

from msgspec import Struct


class Asked(Struct, frozen=True):
    """Page arguments, with the rows that the cursors are of."""

    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None


class Expected(Struct, frozen=True):
    rows: list[str]
    has_next: bool
    has_previous: bool


def expected(rows: Sequence[str], asked: Asked) -> Expected:
    """The page of `rows`; one of `first` and `last` is given."""
    within = list(rows)
    if asked.after is not None:
        within = within[rows.index(asked.after) + 1 :]
    if asked.before is not None:
        within = [row for row in within if rows.index(row) < rows.index(asked.before)]
    if asked.first is not None:
        return Expected(within[: asked.first], len(within) > asked.first, asked.after is not None)
    last = asked.last or 0
    return Expected(within[max(0, len(within) - last) :], asked.before is not None, len(within) > last)
