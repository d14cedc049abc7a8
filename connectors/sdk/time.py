"""Times as vendors write them: ISO 8601 with a zone, or a local time whose zone the settings name."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo

from connectors.sdk.query import Interval

MILLISECOND = timedelta(milliseconds=1)


def time_from_wire(text: str | None, zone: tzinfo | None) -> datetime | None:
    """The time in UTC. None for text that is no time, and for a time without a zone if `zone` is None too.

    Anything finer than a millisecond is cut off: the graph shows and compares milliseconds. A local time that occurs twice
    (end of summer time) is the first one; a local time that is skipped is read as if it was not.
    """
    if not text:
        return None
    try:
        time = datetime.fromisoformat(text)
        if time.tzinfo is None:
            if zone is None:
                return None
            time = time.replace(tzinfo=zone, fold=0)
        return whole_milliseconds(time.astimezone(UTC))
    except (ValueError, OverflowError):
        return None


def whole_milliseconds(time: datetime) -> datetime:
    """Rounded down, as the times of records are."""
    return time.replace(microsecond=time.microsecond // 1000 * 1000)


def half_open(interval: Interval) -> Interval | None:
    """The same times as `gte` and `lt` in whole milliseconds; None if there is no such time.

    For filters of a vendor whose clock is finer: what it finds has such a time once that is read in whole milliseconds.
    """
    try:
        lower = [
            _rounded_up(interval.gte),
            None if interval.gt is None else whole_milliseconds(interval.gt) + MILLISECOND,
        ]
    except OverflowError:
        return None
    upper = [_not_beyond(lambda: _rounded_up(interval.lt))]
    if interval.lte is not None:
        last = interval.lte
        upper.append(_not_beyond(lambda: whole_milliseconds(last) + MILLISECOND))
    first, end = max(filter(None, lower), default=None), min(filter(None, upper), default=None)
    return None if first is not None and end is not None and first >= end else Interval(gte=first, lt=end)


def _rounded_up(time: datetime | None) -> datetime | None:
    if time is None or time == whole_milliseconds(time):
        return time
    return whole_milliseconds(time) + MILLISECOND


def _not_beyond(bound: Callable[[], datetime | None]) -> datetime | None:
    """None, which is no bound, beyond the end of the calendar."""
    try:
        return bound()
    except OverflowError:
        return None


def local_time_to_wire(time: datetime, zone: tzinfo) -> str | None:
    """The local time in `zone`, in whole seconds and without a zone; None at the ends of the calendar."""
    try:
        return time.astimezone(zone).replace(microsecond=0, tzinfo=None).isoformat()
    except OverflowError:
        return None
