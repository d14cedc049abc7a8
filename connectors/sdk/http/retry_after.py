"""The Retry-After header."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

# A longer wait is cut to this. It may be a mistake, or an attack; if it is meant, the next request is refused again.
LONGEST = timedelta(minutes=5)


def retry_at(value: str | None, *, now: datetime | None = None) -> datetime | None:
    """The time in a Retry-After header, given in seconds or as an HTTP date; None if it is malformed."""
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
