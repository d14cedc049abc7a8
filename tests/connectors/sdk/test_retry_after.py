"""Retry-After in seconds and as a date, and values that are not believed."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.sdk.http import LONGEST, retry_at

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("0", timedelta(0)),
        ("7", timedelta(seconds=7)),
        (" 7 ", timedelta(seconds=7)),
        ("300", timedelta(minutes=5)),
        ("301", timedelta(minutes=5)),
        ("9999999", timedelta(minutes=5)),
        ("999999999", timedelta(minutes=5)),
        ("Wed, 31 Dec 9999 23:59:59 GMT", timedelta(minutes=5)),
        ("Mon, 15 Jun 2026 12:00:30 GMT", timedelta(seconds=30)),
        ("Mon, 15 Jun 2026 14:00:30 +0200", timedelta(seconds=30)),
        ("Mon, 15 Jun 2026 12:00:30 -0000", timedelta(seconds=30)),
        ("Mon, 15 Jun 2020 12:00:30 GMT", timedelta(0)),
        ("Mon, 15 Jun 2099 12:00:30 GMT", timedelta(minutes=5)),
    ],
)
def test_a_time_is_read_and_bounded(value: str, expected: timedelta) -> None:
    """Never before now, and at most five minutes later."""
    assert NOW + expected == retry_at(value, now=NOW)


@pytest.mark.parametrize(
    "value",
    [None, "", "soon", "-1", "1.5", "1e3", "٣", "9999999999", "2026-06-15T12:00:00Z", "Mon, 99 Jun 2026 12:00:00 GMT"],
)
def test_a_malformed_value_is_none(value: str | None) -> None:
    """Then the caller decides how long to wait."""
    assert retry_at(value, now=NOW) is None


@given(st.text())
def test_no_text_raises(value: str) -> None:
    """Another system sends the header, so it may contain anything."""
    at = retry_at(value, now=NOW)

    assert at is None or NOW <= at <= NOW + LONGEST
