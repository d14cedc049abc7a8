from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.sdk.query import Interval
from connectors.sdk.time import half_open, time_from_wire, whole_milliseconds

BERLIN, MADRID, TOKYO = ZoneInfo("Europe/Berlin"), ZoneInfo("Europe/Madrid"), ZoneInfo("Asia/Tokyo")


@pytest.mark.parametrize("zone", [None, UTC, TOKYO])
@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-01-05T08:15:30.41Z", datetime(2026, 1, 5, 8, 15, 30, 410000, UTC)),
        ("2026-01-05T08:15:30.4112345Z", datetime(2026, 1, 5, 8, 15, 30, 411000, UTC)),
        ("2026-01-05T08:15:30+02:00", datetime(2026, 1, 5, 6, 15, 30, 0, UTC)),
    ],
)
def test_a_time_with_a_zone_needs_no_other(text: str, time: datetime, zone: ZoneInfo | None) -> None:
    """It is converted to UTC, in whole milliseconds."""
    found = time_from_wire(text, zone)

    assert (time, UTC) == (found, found and found.tzinfo)


@pytest.mark.parametrize(
    ("text", "zone", "time"),
    [
        ("2026-07-01T10:00:00", UTC, datetime(2026, 7, 1, 10, tzinfo=UTC)),
        ("2026-07-01T10:00:00", MADRID, datetime(2026, 7, 1, 8, tzinfo=UTC)),
        # Occurs twice, on the night when summer time ends: the first one, in summer time.
        ("2026-10-25T02:30:00", MADRID, datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        # Skipped, on the night when summer time begins.
        ("2026-03-29T02:30:00", MADRID, datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
    ],
)
def test_a_time_without_a_zone_is_in_the_given_zone(text: str, zone: ZoneInfo, time: datetime) -> None:
    """Ambiguous and skipped times are read with fold 0. Without a zone the result is None."""
    assert (time, None) == (time_from_wire(text, zone), time_from_wire(text, None))


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        (None, UTC),
        ("", UTC),
        ("soon", UTC),
        ("2026-13-45", BERLIN),
        ("0001-01-01T00:00:00", BERLIN),
        ("0001-01-01T00:00:00", TOKYO),
        ("0001-01-01T00:00:00+14:00", UTC),
        ("9999-12-31T23:59:59-14:00", UTC),
    ],
)
def test_text_that_is_no_time_is_none(text: str | None, zone: ZoneInfo) -> None:
    """So is a time that UTC cannot represent."""
    assert time_from_wire(text, zone) is None


MOMENT = datetime(2026, 1, 5, 8, 15, 30, 920_000, UTC)
moments = st.integers(-3000, 3000).map(lambda offset: MOMENT + timedelta(microseconds=offset))
bounds = st.none() | moments


@given(st.builds(Interval, gt=bounds, gte=bounds, lt=bounds, lte=bounds), moments)
def test_a_filter_finds_what_a_record_shows(interval: Interval, moment: datetime) -> None:
    """The vendor compares a finer time than the record has."""
    asked = half_open(interval)

    assert interval.holds(whole_milliseconds(moment)) is (asked is not None and asked.holds(moment))


def test_bounds_at_the_ends_of_the_calendar_exclude_what_they_exclude() -> None:
    """Nothing is after the last moment; everything is before it."""
    last = datetime.max.replace(tzinfo=UTC)

    assert half_open(Interval(gt=last)) is None
    assert Interval() == half_open(Interval(lte=last))
