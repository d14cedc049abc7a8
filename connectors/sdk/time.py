"""Times as vendors write them: ISO 8601, with a zone, or without one where the reader must know it."""

from datetime import UTC, datetime, tzinfo


def time_from_wire(text: str | None, zone: tzinfo | None) -> datetime | None:
    """The moment in UTC; None for what is no time, and for a time without a zone where `zone` is not known either.

    Finer than a microsecond is cut. Of a local time that the clock passes twice the first counts; one that it skips
    counts as if it had not.
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
