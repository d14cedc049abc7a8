"""Patterns in JavaScript's syntax, as forms have them, matched in linear time.

A pattern becomes one of RE2, which knows neither looking around nor back-references. Looking ahead at the start and
behind at the end are matched one by one. JavaScript sees texts as units of 16 bits: so does the pattern that results.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import re2
from msgspec import Struct

from connectors.sdk.forms.pattern_parser import (
    AnyLookError,
    Item,
    Look,
    PatternError,
    PatternParser,
    code_units,
)

# Looking ahead from each place of a text: of texts up to this length.
_LONGEST_SEARCHED = 1000
_QUIET = re2.Options()
_QUIET.log_errors = False


def matches(pattern: str, value: str) -> bool | None:
    """Whether the text has a match, as `new RegExp(pattern).test(value)` says.

    None for a pattern that cannot be matched here, which is left to the vendor: back-references, looking around inside,
    and what is no pattern. The time grows with the length of the text only, whatever the pattern is.
    """
    ways = _ways(pattern)
    if ways is None:
        return None
    units = code_units(value)
    found = [_matches(way, units) for way in ways]
    return True if True in found else None if None in found else False


class _Way(Struct, frozen=True):
    """One alternative. `ahead` and `behind` hold at the start and at the end of `body`, or must not (`is_negative`)."""

    body: Any
    is_anchored: bool
    ahead: "tuple[tuple[bool, tuple[_Way, ...]], ...]" = ()
    behind: tuple[tuple[bool, Any], ...] = ()


def _matches(way: _Way, units: str) -> bool | None:
    if way.is_anchored or not way.ahead:
        return _holds(way, units)
    if len(units) > _LONGEST_SEARCHED:
        return None
    return any(_holds(way, units[place:]) for place in range(len(units) + 1))


def _holds(way: _Way, units: str) -> bool:
    if way.body.search(units) is None:
        return False
    return all(any(_holds(each, units) for each in ways) != is_negative for is_negative, ways in way.ahead) and all(
        (end.search(units) is not None) != is_negative for is_negative, end in way.behind
    )


@lru_cache(maxsize=256)
def _ways(pattern: str) -> tuple[_Way, ...] | None:
    try:
        return tuple(_way(items) for items in PatternParser(pattern).alternatives())
    except (PatternError, re2.error, RecursionError):
        return None


def _way(items: Sequence[Item], *, is_at_start: bool = False) -> _Way:
    """Raises PatternError for looking around elsewhere than at the start and the end."""
    start = next((place for place, item in enumerate(items) if item != "^" and not _is_ahead(item)), len(items))
    head, rest = items[:start], list(items[start:])
    is_anchored = is_at_start or "^" in head
    looks = [item for item in head if isinstance(item, Look)]
    if rest and isinstance(rest[0], Look) and rest[0].is_behind and not (rest[0].is_negative or head):
        # What is before the match may as well be the first part of it.
        rest[0] = _joined(rest[0])
    if len(rest) > 1 and isinstance(rest[-1], Look) and not (rest[-1].is_behind or rest[-1].is_negative):
        rest[-1] = _joined(rest[-1])
    behind: list[tuple[bool, Any]] = []
    while len(rest) > 1 and rest[-1] == "$" and isinstance(rest[-2], Look) and rest[-2].is_behind:
        behind.append((rest[-2].is_negative, _compiled([f"{_joined(rest[-2])}$"])))
        del rest[-2]
    if looks and not is_anchored and any(_is_of_place(item) for item in items):
        raise AnyLookError
    ahead = tuple(
        (look.is_negative, tuple(_way(each, is_at_start=True) for each in look.alternatives)) for look in looks
    )
    return _Way(_compiled((["^"] if is_anchored or looks else []) + rest), is_anchored, ahead, tuple(behind))


def _is_ahead(item: Item) -> bool:
    return isinstance(item, Look) and not item.is_behind


def _is_of_place(item: Item) -> bool:
    """Whether it depends on what is before the place from which it is matched."""
    if isinstance(item, Look):
        return item.is_behind or any(_is_of_place(inner) for each in item.alternatives for inner in each)
    return any(sign in item for sign in ("^", r"\b", r"\B"))


def _joined(look: Look) -> str:
    return "(?:" + "|".join(_source(each) for each in look.alternatives) + ")"


def _source(items: Iterable[Item]) -> str:
    parts = []
    for item in items:
        if not isinstance(item, str):
            raise AnyLookError
        parts.append(item)
    return "".join(parts)


def _compiled(items: Iterable[Item]) -> Any:
    return re2.compile(_source(items), options=_QUIET)
