"""How values of DateTime and JSON are written and read."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from graphql import GraphQLError

from schema.core.scalars import read_time, write_json, write_time


def test_time_is_written_in_utc() -> None:
    """For any time zone."""
    moment = datetime(2026, 6, 15, 11, 0, 0, 999999, tzinfo=timezone(timedelta(hours=2)))

    assert "2026-06-15T09:00:00.999Z" == write_time(moment)


def test_time_without_a_zone_is_a_bug() -> None:
    """The zone must not be guessed."""
    with pytest.raises(TypeError):
        write_time(datetime(2026, 6, 15))  # noqa: DTZ001 the point


def test_time_is_read_with_its_zone() -> None:
    """It is converted to UTC."""
    assert datetime(2026, 6, 15, 9, tzinfo=UTC) == read_time("2026-06-15T11:00:00+02:00")


@pytest.mark.parametrize("value", ["2026-06-15T11:00:00", "soon", 5, None])
def test_text_that_is_no_time_is_refused(value: object) -> None:
    """So is a time without a zone."""
    with pytest.raises(GraphQLError):
        read_time(value)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (Decimal("1.10"), 1.1),
        (Decimal("1E+400"), "1E+400"),
        (Decimal("NaN"), "NaN"),
        (Decimal(9007199254740993), "9007199254740993"),
        (float("inf"), "inf"),
        (2**64 - 1, 2**64 - 1),
        (2**64, "18446744073709551616"),
        (-(2**63) - 1, "-9223372036854775809"),
        ({"a": ({"b": Decimal("0.3")},)}, {"a": [{"b": 0.3}]}),
        (datetime(2026, 6, 15, 9, tzinfo=UTC), "2026-06-15T09:00:00.000Z"),
    ],
)
def test_json_loses_no_digit(value: object, written: object) -> None:
    """A number becomes a string if it would lose digits."""
    assert written == write_json(value)


def test_value_that_is_not_json_is_a_bug() -> None:
    """Its text is not shown instead."""
    with pytest.raises(TypeError):
        write_json({"x": object()})


@pytest.mark.parametrize("value", ["9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00"])
def test_time_beyond_the_calendar_is_refused(value: str) -> None:
    """It is none once it is in UTC."""
    with pytest.raises(GraphQLError, match="1 to 9999"):
        read_time(value)
