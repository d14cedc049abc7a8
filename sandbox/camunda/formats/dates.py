"""Dates in requests."""

import re
from datetime import UTC, datetime

from sandbox.stand_in import iso_millis


def rfc3339(value: str) -> str | None:
    """Convert an RFC 3339 date to the format of all dates here. None: not such a date."""
    if not re.fullmatch(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", value):
        return None
    try:
        return iso_millis(datetime.fromisoformat(value).astimezone(UTC))
    except (ValueError, OverflowError):
        return None
