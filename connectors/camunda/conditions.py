"""Members of a search's filter: operators that are all to hold, and whether anything can."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta

from connectors.sdk import Interval

Members = dict[str, dict[str, object]]

_KEY = re.compile(r"-?[1-9][0-9]{0,18}")


def is_key(text: str) -> bool:
    """Whether `text` is a Java long as Camunda prints it; the server refuses others instead of finding nothing."""
    return _KEY.fullmatch(text) is not None and -(1 << 63) <= int(text) < 1 << 63


def keys_of(ids: Iterable[str]) -> list[str]:
    return sorted(filter(is_key, ids))


def add_set(members: Members, member: str, values: Iterable[object] | None) -> bool:
    """Whether the filter can still match anything."""
    if values is None:
        return True
    operators = members.setdefault(member, {})
    operators["$in"] = wanted = sorted(values)  # type: ignore[type-var] # texts, or numbers, never both
    return bool(wanted) and operators.get("$exists") is not False


def add_exists(members: Members, member: str, wanted: bool | None) -> bool:  # noqa: FBT001 part of a value
    """Whether the filter can still match anything."""
    if wanted is None:
        return True
    operators = members.setdefault(member, {})
    before = operators.setdefault("$exists", wanted)
    return before is wanted and (wanted or operators.keys() == {"$exists"})


def add_interval(members: Members, member: str, interval: Interval) -> bool:
    """Whether the filter can still match anything; an interval without bounds holds every value but none at all."""
    bounds = {"$gt": interval.gt, "$gte": interval.gte, "$lt": interval.lt, "$lte": interval.lte}
    operators = members.setdefault(member, {})
    operators.update({operator: bound for operator, bound in bounds.items() if bound is not None})
    return operators.setdefault("$exists", True) is True


def written(members: Members, *, exact: frozenset[str] = frozenset()) -> dict[str, object]:
    """The filter as it is sent. `exact` members take a value itself; by the description of 8.8, others do not."""
    return {member: _plain(operators, exact=member in exact) for member, operators in members.items()}


def outward(interval: Interval) -> Interval:
    """The bounds moved outward to whole milliseconds, which is all that some of the vendor's stores tell apart."""
    return Interval(gt=_down(interval.gt), gte=_down(interval.gte), lt=_up(interval.lt), lte=_up(interval.lte))


def both(one: Interval, other: Interval) -> Interval:
    """The times that are in both."""
    return Interval(
        gt=max(filter(None, (one.gt, other.gt)), default=None),
        gte=max(filter(None, (one.gte, other.gte)), default=None),
        lt=min(filter(None, (one.lt, other.lt)), default=None),
        lte=min(filter(None, (one.lte, other.lte)), default=None),
    )


def _down(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _up(moment: datetime | None) -> datetime | None:
    whole = _down(moment)
    if moment is None or whole is None or whole == moment:
        return whole
    try:
        return whole + timedelta(milliseconds=1)
    except OverflowError:
        # Behind the last moment there is: no bound at all.
        return None


def _plain(operators: dict[str, object], *, exact: bool) -> object:
    match operators:
        case {"$in": [value]}:
            return value if exact else {"$eq": value}
        case {"$in": values}:
            return {"$in": values}
        case {"$exists": True, **others} if others:
            # Whatever compares with a value asks for one.
            return others
        case _:
            return operators
