"""The vendor's times: a wall clock's text without a zone, a moment only where the source's zone is configured."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo


def from_wire(text: str | None, zone: ZoneInfo | None) -> datetime | None:
    """None without a configured zone: the vendor's times have none.

    Of a local time that the clock passes twice the first counts; one that it skips counts as if it had not.
    """
    if text is None:
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


def to_wire(moment: datetime | None, shift: timedelta, zone: ZoneInfo) -> str | None:
    """The zone's wall clock at a moment moved by `shift`; None for none, and for one outside of the calendar."""
    if moment is None:
        return None
    try:
        return (moment + shift).astimezone(zone).replace(microsecond=0, tzinfo=None).isoformat()
    except OverflowError:
        return None
