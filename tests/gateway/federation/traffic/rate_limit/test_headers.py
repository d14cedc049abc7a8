"""Limits in vendors' headers: every form in use, and values that are not believed."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.federation.traffic.rate_limit.headers import (
    NOTHING_STATED,
    RateLimitHeaders,
    read_rate_limit_headers,
    read_retry_after,
)

NOW = datetime(2026, 6, 15, 9, tzinfo=UTC)
UNIX = int(NOW.timestamp())
NAMES = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "RateLimit", "RateLimit-Policy", "Date")


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (
            {"X-RateLimit-Limit": "30", "X-RateLimit-Remaining": "12", "X-RateLimit-Reset": str(UNIX + 40)},
            RateLimitHeaders(30, 12, 40.0),
        ),
        (
            {"x-ratelimit-limit": "30", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "17"},
            RateLimitHeaders(30, 0, 17.0),
        ),
        ({"X-RateLimit-Reset": str((UNIX + 40) * 1000)}, RateLimitHeaders(reset=40.0)),
        ({"X-RateLimit-Reset": str(UNIX - 5)}, RateLimitHeaders(reset=0.0)),
        ({"X-Rate-Limit-Limit": "5", "X-Rate-Limit-Remaining": "4"}, RateLimitHeaders(5, 4)),
        (
            {"RateLimit-Limit": "100, 100;w=60", "RateLimit-Remaining": "50", "RateLimit-Reset": "30"},
            RateLimitHeaders(100, 50, 30.0, 60.0),
        ),
        (
            {"RateLimit": "limit=100, remaining=50, reset=30", "RateLimit-Policy": "100;w=60, 5000;w=3600"},
            RateLimitHeaders(100, 50, 30.0, 60.0),
        ),
        (
            {"RateLimit": '"default";r=50;t=30', "RateLimit-Policy": '"default";q=100;w=60'},
            RateLimitHeaders(100, 50, 30.0, 60.0),
        ),
        (
            {
                "RateLimit": '"burst";r=9;t=1, "daily";r=3;t=600',
                "RateLimit-Policy": '"burst";q=10;w=1, "daily";q=5000;w=86400;pk=:YQ==:',
            },
            RateLimitHeaders(5000, 3, 600.0, 86400.0),
        ),
        (
            {"RateLimit": "default;r=50;t=30", "RateLimit-Policy": "default;l=100;w=60"},
            RateLimitHeaders(100, 50, 30.0, 60.0),
        ),
        ({"RateLimit": '"a";r=7'}, RateLimitHeaders(remaining=7)),
        ({"RateLimit-Policy": '"default";q=100;w=60'}, RateLimitHeaders(100, None, None, 60.0)),
    ],
)
def test_each_form_is_read(headers: dict[str, str], expected: RateLimitHeaders) -> None:
    """The vendors' older headers, and the fields of each version of the draft. Of several policies the strictest."""
    assert expected == read_rate_limit_headers(headers, now=NOW)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Content-Type": "application/json"},
        {"X-RateLimit-Limit": "many", "X-RateLimit-Remaining": "-1", "X-RateLimit-Reset": "soon"},
        {"X-RateLimit-Limit": "0"},
        {"X-RateLimit-Limit": "٣٠", "X-RateLimit-Remaining": "1e3", "X-RateLimit-Reset": "99999999999999"},
        {"X-RateLimit-Reset": str(UNIX + 40 * 86400)},
        {"RateLimit": "limit=, remaining=x", "RateLimit-Policy": ";;;=,,"},
        {"RateLimit": '"default";r=-1;t=30'},
        {"RateLimit": '"limit"', "RateLimit-Policy": '"default";q=0;w=60'},
    ],
)
def test_malformed_headers_are_ignored(headers: dict[str, str]) -> None:
    """As the draft requires. A limit of 0 and a reset in a month are not believed either."""
    assert NOTHING_STATED == read_rate_limit_headers(headers, now=NOW)


@pytest.mark.slow
@given(st.dictionaries(st.sampled_from(NAMES), st.text() | st.from_regex(r'"?[a-z]*"?;[rqtwl]=[0-9]{0,12},?')))
def test_no_header_raises(headers: dict[str, str]) -> None:
    """Another system sends them, so they may contain anything."""
    stated = read_rate_limit_headers(headers, now=NOW)

    assert stated.limit is None or stated.limit > 0
    assert stated.remaining is None or stated.remaining >= 0
    assert stated.reset is None or 0 <= stated.reset <= 86400
    assert stated.window is None or 0 < stated.window <= 86400


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("7", 7.0),
        (format_datetime(NOW + timedelta(seconds=30), usegmt=True), 30.0),
        ("0", 0.0),
        (format_datetime(NOW - timedelta(seconds=30), usegmt=True), 0.0),
        ("soon", None),
        ("-3", None),
        ("", None),
    ],
)
def test_retry_after_is_read_in_seconds_and_as_a_date(value: str, expected: float | None) -> None:
    """RFC 9110 section 10.2.3."""
    assert expected == read_retry_after({"retry-after": value}, now=NOW)


def test_no_retry_after_is_none() -> None:
    """Most answers do not have the header."""
    assert read_retry_after({"Content-Length": "0"}, now=NOW) is None


def test_points_in_time_are_by_the_vendors_clock() -> None:
    """If the vendor's clock is ten minutes ahead, so are the times in its headers."""
    theirs = NOW + timedelta(minutes=10)
    headers = {
        "Date": format_datetime(theirs, usegmt=True),
        "Retry-After": format_datetime(theirs + timedelta(seconds=30), usegmt=True),
        "X-RateLimit-Reset": str(UNIX + 600 + 40),
    }

    assert read_retry_after(headers, now=NOW) == 30.0
    assert RateLimitHeaders(reset=40.0) == read_rate_limit_headers(headers, now=NOW)


def test_a_difference_within_the_precision_of_dates_is_ignored() -> None:
    """Otherwise each reset would be up to a second late."""
    headers = {
        "Date": format_datetime(NOW - timedelta(seconds=1), usegmt=True),
        "Retry-After": format_datetime(NOW + timedelta(seconds=30), usegmt=True),
    }

    assert read_retry_after(headers, now=NOW) == 30.0
