"""The words of OData: literals that nothing can break out of, comparisons, and how many a filter holds."""

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from typing import TypeVar

T = TypeVar("T")

# Orchestrator's description: at most so many comparisons in a filter, keys in an order, and records a page.
MOST_EXPRESSIONS = 100
MOST_ORDERS = 5
MOST_ROWS = 1000


def text(value: str) -> str:
    """A string literal; a quote within is doubled (OData 4.01, ABNF, SQUOTE-in-string)."""
    return "'" + value.replace("'", "''") + "'"


def is_text(value: str) -> bool:
    """Whether a request can carry it: half of a surrogate pair is no character."""
    return value.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in value)


def moment(value: datetime) -> str:
    """A point in time, to the microsecond."""
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def equals(member: str, literal: str) -> str:
    return f"{member} eq {literal}"


def any_of(member: str, literals: Sequence[str]) -> str:
    """In parentheses where there are several: `or` binds weaker than `and`."""
    joined = " or ".join(equals(member, literal) for literal in literals)
    return f"({joined})" if len(literals) > 1 else joined


def batches(values: Collection[T], size: int) -> Iterator[list[T]]:
    rest = list(values)
    for start in range(0, len(rest), size):
        yield rest[start : start + size]
