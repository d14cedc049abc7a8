"""The vendor's due dates: an instant for minutes and hours, a midnight without a zone for longer units."""

import calendar
from datetime import datetime, timedelta

from sandbox.epilot.records import DueDateConfig, TimeUnit
from sandbox.stand_in import iso_millis

_STEPS = {
    "minutes": timedelta(minutes=1),
    "hours": timedelta(hours=1),
    "days": timedelta(days=1),
    "weeks": timedelta(weeks=1),
}


def after(moment: datetime, count: int, unit: TimeUnit) -> datetime:
    """Add `count` units. A day that the resulting month does not have becomes its last day."""
    if unit in _STEPS:
        return moment + count * _STEPS[unit]
    months = moment.month - 1 + count * (12 if unit == "years" else 1)
    year, month = moment.year + months // 12, months % 12 + 1
    return moment.replace(year=year, month=month, day=min(moment.day, calendar.monthrange(year, month)[1]))


def floating(moment: datetime) -> str:
    """Format as a midnight without a zone: the vendor's dates with a precision of days."""
    return f"{moment.date().isoformat()}T00:00:00.000"


def due_date_of(config: DueDateConfig, event: datetime) -> str:
    moment = after(event, int(config.duration), config.unit)
    return iso_millis(moment) if config.unit in ("minutes", "hours") else floating(moment)
