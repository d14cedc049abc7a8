"""Times as vendors write them: ISO 8601 with a zone, or a local time whose zone the settings name."""

from datetime import UTC, datetime, tzinfo


def time_from_wire(text: str | None, zone: tzinfo | None) -> datetime | None:
    """The time in UTC. None for text that is no time, and for a time without a zone if `zone` is None too.

    Anything finer than a microsecond is cut off. A local time that occurs twice (end of summer time) is the first one; a
    local time that is skipped is read as if it was not.
    """
    if not text:
        return None
    try:
        time = datetime.fromisoformat(text)
        if time.tzinfo is None:
            if zone is None:
                return None
            time = time.replace(tzinfo=zone, fold=0)
        return time.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def local_time_to_wire(time: datetime, zone: tzinfo) -> str | None:
    """The local time in `zone`, in whole seconds and without a zone; None at the ends of the calendar."""
    try:
        return time.astimezone(zone).replace(microsecond=0, tzinfo=None).isoformat()
    except OverflowError:
        return None
