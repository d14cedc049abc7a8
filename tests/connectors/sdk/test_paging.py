"""Cursors and loops over pages."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from connectors.sdk import (
    KeysetCursor,
    OffsetCursor,
    ValidationFailedError,
    distinct,
    drain,
    drain_by_offset,
    read_cursor,
    write_cursor,
)

STREAMS = ("PENDING", "COMPLETED")


class Place(Struct, frozen=True):
    stream: int
    bookmark: str | None = None


def test_without_a_cursor_a_page_begins_at_the_start() -> None:
    """In the first stream, or before the first id."""
    assert OffsetCursor(0, "") == OffsetCursor.parse(None)
    assert OffsetCursor(0, "PENDING") == OffsetCursor.parse(None, STREAMS)
    assert KeysetCursor(0) == KeysetCursor.parse(None)


@given(offset=st.integers(0, 999_999_999), stream=st.sampled_from(STREAMS))
def test_a_cursor_is_read_as_it_was_written(offset: int, stream: str) -> None:
    """With and without a stream, as an offset and as an id."""
    assert OffsetCursor(offset, stream) == OffsetCursor.parse(str(OffsetCursor(offset, stream)), STREAMS)
    assert OffsetCursor(offset) == OffsetCursor.parse(str(OffsetCursor(offset)))
    assert KeysetCursor(offset + 1) == KeysetCursor.parse(str(KeysetCursor(offset + 1)))


@given(st.lists(st.builds(Place, st.integers(0, 9), st.none() | st.text())))
def test_a_cursor_carries_any_state(places: list[Place]) -> None:
    """The text is safe within a URL."""
    text = write_cursor(places)

    assert places == read_cursor(text, list[Place])
    assert text.isascii()
    assert not set(text) & set("+/ &?#")


@pytest.mark.parametrize(
    "text", ["", "x", "-1", "1;2", ":1", "PENDING", "PENDING:", "PENDING:x", "OTHER:1", "5", "٣", "1" * 10, "x" * 9999]
)
def test_a_cursor_of_another_list_is_refused(text: str) -> None:
    """The error names the argument of the list."""
    with pytest.raises(ValidationFailedError, match="not one of this list") as caught:
        OffsetCursor.parse(text, STREAMS)
    assert ("after",) == caught.value.field


@pytest.mark.parametrize("text", ["", "0", "-1", "01", "x", "9223372036854775808", "٣"])
def test_a_text_that_is_no_id_is_refused(text: str) -> None:
    """An id has at most 63 bits."""
    with pytest.raises(ValidationFailedError):
        KeysetCursor.parse(text)


@pytest.mark.parametrize("text", ["", "x", "e30=", "W10", "é", "bnVsbA==", write_cursor([{"stream": "x"}])])
def test_a_state_that_does_not_fit_is_refused(text: str) -> None:
    """Text that is not base64, not JSON, or not the Struct."""
    with pytest.raises(ValidationFailedError):
        read_cursor(text, list[Place])


@pytest.mark.parametrize(
    ("stream", "offset", "rows", "total", "following"),
    [
        ("PENDING", 0, 5, 9, "PENDING:5"),
        ("PENDING", 5, 4, 9, "COMPLETED:0"),
        ("PENDING", 5, 0, 9, "COMPLETED:0"),
        ("PENDING", 0, 5, None, "PENDING:5"),
        ("PENDING", 5, 0, None, "COMPLETED:0"),
        ("COMPLETED", 5, 4, 9, None),
        ("COMPLETED", 5, 0, None, None),
    ],
)
def test_a_page_is_followed_by_the_rest_of_its_stream_and_then_by_the_next_stream(
    stream: str, offset: int, rows: int, total: int | None, following: str | None
) -> None:
    """Without a total only an empty page ends a stream."""
    assert following == OffsetCursor(offset, stream).following(rows, total=total, streams=STREAMS)


@pytest.mark.parametrize(("most_pages", "read", "complete"), [(1, 2, False), (2, 4, False), (3, 5, True), (9, 5, True)])
async def test_pages_are_joined_up_to_a_bound(most_pages: int, read: int, complete: bool) -> None:
    """The result says whether these are all rows."""
    rows = list(range(5))

    async def page(after: int | None) -> tuple[Sequence[int], int | None]:
        start = after or 0
        return rows[start : start + 2], start + 2 if start + 2 < len(rows) else None

    assert (rows[:read], complete) == await drain(page, most_pages=most_pages)


@pytest.mark.parametrize(("held", "offsets"), [(0, [0]), (1, [0]), (2, [0, 2]), (5, [0, 2, 4])])
async def test_with_offsets_a_short_page_is_the_last(held: int, offsets: list[int]) -> None:
    """A full page may be followed by another page."""
    asked: list[int] = []

    async def page(offset: int) -> Sequence[int]:
        asked.append(offset)
        return list(range(held))[offset : offset + 2]

    assert (list(range(held)), True) == await drain_by_offset(page, page_size=2, most_pages=9)
    assert offsets == asked


def test_of_rows_with_the_same_key_the_first_is_kept() -> None:
    """The order is kept."""
    assert ["b1", "a1", "c1"] == distinct(["b1", "a1", "b2", "c1", "a2"], lambda row: row[0])
