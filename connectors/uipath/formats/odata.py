"""Literals and comparisons of an OData filter, and Orchestrator's limits for lists."""

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from typing import TypeVar

T = TypeVar("T")

# From Orchestrator's API description: comparisons in one $filter, keys in one $orderby, records on one page.
MOST_COMPARISONS = 100
MOST_SORT_KEYS = 5
MOST_ROWS = 1000


def odata_text(value: str) -> str:
    """A string literal. A quote within it is doubled (OData 4.01, ABNF, SQUOTE-in-string), so no text can end it early."""
    return "'" + value.replace("'", "''") + "'"


def is_unicode(value: str) -> bool:
    """Whether a request can carry the text. It cannot carry half of a surrogate pair."""
    return value.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in value)


def odata_time(value: datetime) -> str:
    """A time literal in UTC, in microseconds."""
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def any_of(member: str, literals: Sequence[str]) -> str:
    """`member` equals one of the literals. Several comparisons are in parentheses: `or` binds weaker than `and`."""
    joined = " or ".join(f"{member} eq {literal}" for literal in literals)
    return f"({joined})" if len(literals) > 1 else joined


def batches(values: Collection[T], size: int) -> Iterator[list[T]]:
    """`values` in lists of at most `size`: one filter can name only so many."""
    rest = list(values)
    for start in range(0, len(rest), size):
        yield rest[start : start + size]
