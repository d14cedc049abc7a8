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
    ValidationFailedError,
    VendorCursor,
    announced_total,
    distinct,
    drain,
    following_token,
    read_cursor,
    write_cursor,
)


class Place(Struct, frozen=True):
    stream: int
    bookmark: str | None = None


def test_without_a_cursor_a_page_begins_at_the_start() -> None:
    """Before the first id."""
    assert KeysetCursor(0) == KeysetCursor.parse(None)


@given(st.integers(1, 999_999_999))
def test_an_id_is_read_as_it_was_written(last: int) -> None:
    """As a cursor."""
    assert KeysetCursor(last) == KeysetCursor.parse(str(KeysetCursor(last)))


@given(st.lists(st.builds(Place, st.integers(0, 9), st.none() | st.text())))
def test_a_cursor_carries_any_state(places: list[Place]) -> None:
    """The text is safe within a URL."""
    text = write_cursor(places)

    assert places == read_cursor(text, list[Place])
    assert text.isascii()
    assert not set(text) & set("+/ &?#")


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
        # Fewer are counted than given: the count counts as none.
        ((3, 4), 0, False, NextPage("4")),
        ((3, 4), 1, False, NextPage("4")),
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


def test_of_rows_with_the_same_key_the_first_is_kept() -> None:
    """The order is kept."""
    assert ["b1", "a1", "c1"] == distinct(["b1", "a1", "b2", "c1", "a2"], lambda row: row[0])
