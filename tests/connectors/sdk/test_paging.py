"""Cursors and loops over pages."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from connectors.sdk import (
    Announced,
    CountAccuracy,
    KeysetCursor,
    NextPage,
    OffsetCursor,
    ValidationFailedError,
    VendorCursor,
    announced_total,
    distinct,
    drain,
    drain_by_offset,
    following_token,
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
        ("PENDING", 0, 5, None, "PENDING:5"),
        ("PENDING", 5, 0, None, "COMPLETED:0"),
        ("COMPLETED", 5, 4, 9, None),
        ("COMPLETED", 5, 0, None, None),
        ("COMPLETED", 5, 0, 5, None),
        ("COMPLETED", 5, 0, 3, None),
    ],
)
def test_a_page_is_followed_by_the_rest_of_its_stream_and_then_by_the_next_stream(
    stream: str, offset: int, rows: int, total: int | None, following: str | None
) -> None:
    """Without a total only an empty page ends a stream."""
    found = OffsetCursor(offset, stream).following(Announced(range(rows), total), streams=STREAMS)

    assert following == (None if found.cursor is None else found.cursor.partition(".")[0])
    assert not found.truncated


@pytest.mark.parametrize(
    ("offset", "rows", "total", "has_link", "leads_on", "truncated"),
    [
        # The count is reached, and a link leads on.
        (0, 5, 5, True, True, False),
        # More rows than were counted: the count counts as none.
        (0, 5, 3, False, True, False),
        (0, 5, 0, False, True, False),
        # No row, and more are announced.
        (5, 0, 9, False, False, True),
        (0, 0, 9, False, False, True),
        (5, 0, None, True, False, True),
        (5, 0, 5, True, False, True),
    ],
)
def test_what_contradicts_itself_is_read_on_or_truncated(
    offset: int, rows: int, total: int | None, has_link: bool, leads_on: bool, truncated: bool
) -> None:
    """Count, link and rows of a vendor that counts rows."""
    found = OffsetCursor(offset).following(Announced(range(rows), total, has_link))

    assert (leads_on, truncated) == (found.cursor is not None, found.truncated)


@pytest.mark.parametrize("total", [None, 99])
def test_a_vendor_that_ignores_the_offset_is_asked_twice(total: int | None) -> None:
    """It gives the same rows again. The list goes on with the next stream, truncated."""
    cursor = OffsetCursor.parse(None, STREAMS)
    first = cursor.following(Announced("abc", total), streams=STREAMS)
    second = OffsetCursor.parse(first.cursor, STREAMS).following(Announced("abc", total), streams=STREAMS)

    assert not first.truncated
    assert NextPage("COMPLETED:0", truncated=True) == second


@pytest.mark.parametrize(
    ("cursor", "rows", "total", "after", "expected"),
    [
        # A short page is the last one if the total agrees.
        ("b", 3, 3, None, NextPage()),
        ("b", 3, 53, "50:a", NextPage()),
        ("b", 3, 9, None, NextPage("3+:b")),
        ("b", 3, None, None, NextPage("3+:b")),
        # A full page never is: rows that were read may have left the list.
        ("b", 10, 10, None, NextPage("10:b")),
        ("b", 10, 20, "10:a", NextPage("20:b")),
        # After a short page that was not the last one, a short page proves nothing.
        ("b", 3, 6, "3+:a", NextPage("6+:b")),
        # An empty page, or none behind it.
        ("b", 0, 6, "6+:a", NextPage()),
        ("b", 0, 9, "6:a", NextPage(truncated=True)),
        ("b", 0, None, "6:a", NextPage()),
        (None, 10, 10, None, NextPage()),
        (None, 10, None, None, NextPage()),
        ("", 10, 11, None, NextPage(truncated=True)),
        # The cursor does not move on.
        ("a", 3, 99, "6:a", NextPage(truncated=True)),
        ("a", 3, None, "6:a", NextPage(truncated=True)),
        ("a", 3, 9, "6:a", NextPage()),
    ],
)
def test_a_vendors_cursor_is_followed_as_long_as_it_leads_to_rows(
    cursor: str | None, rows: int, total: int | None, after: str | None, expected: NextPage
) -> None:
    """Pages of ten rows."""
    assert expected == VendorCursor.parse(after).following(cursor, rows=rows, limit=10, total=total)


def test_a_count_that_stopped_ends_no_list() -> None:
    """There may be rows beyond it."""
    assert NextPage("3+:b") == VendorCursor().following("b", rows=3, limit=10, total=3, is_capped=True)


@given(seen=st.integers(0, 999_999_999), was_short=st.booleans(), text=st.text(min_size=1))
def test_a_vendors_cursor_is_kept_as_it_is(seen: int, was_short: bool, text: str) -> None:
    """Whatever characters it has."""
    cursor = VendorCursor(text, seen, was_short)

    assert cursor == VendorCursor.parse(str(cursor))


@pytest.mark.parametrize("text", ["", "x", "5", "5:", ":x", "-1:x", "5++:x", "٣:x"])
def test_a_vendors_cursor_alone_is_refused(text: str) -> None:
    """It did not come from a list of the connector."""
    with pytest.raises(ValidationFailedError):
        VendorCursor.parse(text)


@pytest.mark.parametrize(
    ("token", "after", "expected"),
    [
        ("b", "a", NextPage("b")),
        (None, "a", NextPage()),
        ("", None, NextPage()),
        ("a", "a", NextPage(truncated=True)),
    ],
)
def test_a_token_is_the_vendors_word(token: str | None, after: str | None, expected: NextPage) -> None:
    """But one that leads nowhere."""
    assert expected == following_token(token, after=after)


@pytest.mark.parametrize(
    ("ids", "total", "has_link", "expected"),
    [
        ((3, 4), 2, False, NextPage()),
        ((3, 4), 9, False, NextPage("4")),
        ((3, 4), 2, True, NextPage("4")),
        ((3, 4), None, False, NextPage("4")),
        ((), None, False, NextPage()),
        ((), 0, False, NextPage()),
        ((), 5, False, NextPage(truncated=True)),
        # The condition on ids was ignored.
        ((1, 2), 9, False, NextPage(truncated=True)),
    ],
)
def test_rows_behind_an_id_end_with_their_own_count(
    ids: Sequence[int], total: int | None, has_link: bool, expected: NextPage
) -> None:
    """The count is that of the rows behind the id."""
    assert expected == KeysetCursor(2).following(Announced(ids, total, has_link))


@pytest.mark.parametrize(
    ("value", "total"),
    [
        *((0, 0), (250, 250), ("250", 250), (" 250 ", 250), (250.0, 250), ("0", 0)),
        *((-1, None), ("-1", None), ("many", None), ("", None), ("1e3", None), (2.5, None), (True, None)),
        *((None, None), ([], None), ({}, None), (10**15, None), ("٣", None), (float("nan"), None)),
    ],
)
def test_a_count_that_is_none_is_unknown(value: object, total: int | None) -> None:
    """Texts of whole numbers are taken."""
    assert total == announced_total(value)


@pytest.mark.parametrize(
    ("following", "total", "is_capped", "accuracy"),
    [
        (NextPage("a"), 9, False, CountAccuracy.EXACT),
        (NextPage("a"), 9, True, CountAccuracy.LOWER_BOUND),
        (NextPage(truncated=True), 9, False, CountAccuracy.LOWER_BOUND),
        (NextPage(), None, True, CountAccuracy.UNKNOWN),
    ],
)
def test_a_page_that_lacks_rows_has_no_exact_total(
    following: NextPage, total: int | None, is_capped: bool, accuracy: CountAccuracy
) -> None:
    """Its total is as the vendor announced it."""
    page = following.page("ab", total=total, is_capped=is_capped)

    assert (following.cursor, following.truncated) == (page.next_cursor, page.truncated)
    assert (total, accuracy) == (page.total, page.total_accuracy)


@pytest.mark.parametrize(("most_pages", "read", "complete"), [(1, 2, False), (2, 4, False), (3, 5, True), (9, 5, True)])
async def test_pages_are_joined_up_to_a_bound(most_pages: int, read: int, complete: bool) -> None:
    """The result says whether these are all rows."""
    rows = list(range(5))

    async def page(after: str | None) -> tuple[Sequence[int], NextPage]:
        start = int(after or 0)
        return rows[start : start + 2], NextPage(str(start + 2) if start + 2 < len(rows) else None)

    assert (rows[:read], complete) == await drain(page, most_pages=most_pages)


@pytest.mark.parametrize(
    ("held", "cap", "counts", "offsets"),
    [
        (0, 2, True, [0]),
        (1, 2, True, [0]),
        (2, 2, True, [0]),
        (5, 2, True, [0, 2, 4]),
        (5, 1, True, [0, 1, 2, 3, 4]),
        (5, 2, False, [0, 2, 4, 5]),
        (0, 2, False, [0]),
    ],
)
async def test_counted_rows_are_read_to_their_count(held: int, cap: int, counts: bool, offsets: list[int]) -> None:
    """Without a count to an empty page. The length of a page decides nothing."""
    asked: list[int] = []

    async def page(offset: int) -> Announced[int]:
        asked.append(offset)
        return Announced(list(range(held))[offset : offset + cap], held if counts else None)

    assert (list(range(held)), True) == await drain_by_offset(page, most_pages=9)
    assert offsets == asked


async def test_rows_that_are_announced_and_not_given_are_missed() -> None:
    """Then the rows are not all."""

    async def page(offset: int) -> Announced[int]:
        return Announced(list(range(100))[offset : offset + 50], 250)

    assert (list(range(100)), False) == await drain_by_offset(page, most_pages=9)


def test_of_rows_with_the_same_key_the_first_is_kept() -> None:
    """The order is kept."""
    assert ["b1", "a1", "c1"] == distinct(["b1", "a1", "b2", "c1", "a2"], lambda row: row[0])
