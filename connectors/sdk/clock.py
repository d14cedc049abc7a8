"""The time of day, as code that tests can replace."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Gives the current time, aware and in UTC."""


def utc_now() -> datetime:
    return datetime.now(UTC)
