"""When a vendor will listen again."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

# A vendor that asks for more is not believed: the value is garbage or an attack.
LONGEST = timedelta(hours=24)


def retry_at(value: str | None, *, now: datetime | None = None) -> datetime | None:
    """The time that a Retry-After header names, in seconds or as an HTTP date; None when it is malformed."""
    if value is None:
        return None
    now = now or datetime.now(UTC)
    text = value.strip()
    if text.isascii() and text.isdigit() and len(text) <= 9:
        return min(now + timedelta(seconds=int(text)), now + LONGEST)
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(max(at.astimezone(UTC), now), now + LONGEST)
