"""Moments as the vendor takes them: a wall clock's text without a zone, which the source's settings name."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo


def to_wire(moment: datetime | None, shift: timedelta, zone: ZoneInfo) -> str | None:
    """The zone's wall clock at a moment moved by `shift`; None for none, and for one outside of the calendar."""
    if moment is None:
        return None
    try:
        return (moment + shift).astimezone(zone).replace(microsecond=0, tzinfo=None).isoformat()
    except OverflowError:
        return None
