"""Lists by offset, also while rows enter and leave them, and where the vendor contradicts itself."""

from collections.abc import Callable, Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec import Raw, Struct, field

from connectors.sdk import Announced, NextPage, OffsetCursor, ValidationFailedError, drain_by_offset

STREAMS = ("PENDING", "COMPLETED")


class Vendor(Struct):
    """Holds numbers and counts them. It gives at most `cap` in a page, as `spoiled` leaves them.

    `change` happens before the second answer. `counts` makes the total of the number of rows.
    """

    rows: list[int]
    cap: int = 1000
    counts: Callable[[int], int | None] = lambda number: number
    spoiled: Callable[[list[int]], list[int]] = lambda rows: rows
    change: Callable[[list[int]], None] = lambda _: None
    asked: list[tuple[int, int]] = field(default_factory=list)

    async def __call__(self, offset: int, size: int) -> Announced[int]:
        if len(self.asked) == 1:
            self.change(self.rows)
        self.asked.append((offset, size))
        rows = self.rows[offset : offset + min(size, self.cap)]
        return Announced(self.spoiled(rows), self.counts(len(self.rows)))


async def read(vendor: Vendor, *, limit: int = 100, most: int = 100, most_pages: int = 500) -> tuple[list[int], bool]:
    """All rows as they come, and whether a page lacks rows."""
    found: list[int] = []
    after: str | None = None
    truncated = False
    for _ in range(most_pages):
        page = await OffsetCursor.parse(after).page(vendor, limit=limit, most=most)
        found += page.rows
        truncated = truncated or page.following.truncated
        after = page.following.cursor
        if after is None:
            return found, truncated
    raise AssertionError("the list has no end")


def numbers(count: int) -> list[int]:
    return list(range(1, count + 1))


def test_without_a_cursor_a_page_begins_at_the_start() -> None:
    """Of the first stream."""
    assert OffsetCursor(0, "") == OffsetCursor.parse(None)
    assert OffsetCursor(0, "PENDING") == OffsetCursor.parse(None, STREAMS)


@given(
    offset=st.integers(1, 999_999_999),
    stream=st.sampled_from(("", *STREAMS)),
    total=st.none() | st.integers(0, 10**15 - 1),
    marks=st.lists(st.text("aZ9_-", min_size=8, max_size=8), max_size=8),
)
def test_a_cursor_is_read_as_it_was_written(offset: int, stream: str, total: int | None, marks: list[str]) -> None:
    """With all that it remembers. An offset alone is a cursor too."""
    cursor = OffsetCursor(offset, stream, 1, 7, total, 2, tuple(marks))

    assert cursor == OffsetCursor.parse(str(cursor), ("", *STREAMS))
    assert OffsetCursor(offset, seen=offset) == OffsetCursor.parse(str(offset))


@pytest.mark.parametrize(
    "text",
    [
        *("", "x", "-1", "1;2", ":1", "PENDING", "PENDING:", "PENDING:x", "OTHER:1", "5", "٣", "1" * 10, "x" * 9999),
        *("PENDING:1.", "PENDING:1.1", "PENDING:1.1.1..1.abc", "PENDING:1.1.1.-1.1."),
    ],
)
def test_a_cursor_of_another_list_is_refused(text: str) -> None:
    """The error names the argument of the list."""
    with pytest.raises(ValidationFailedError, match="not one of this list") as caught:
        OffsetCursor.parse(text, STREAMS)
    assert ("after",) == caught.value.field


@pytest.mark.parametrize(
    ("held", "cap", "total", "asked"),
    [
        # A page begins with the last row of the page before, and asks for one row more where it may.
        (330, 1000, True, [(0, 100), (99, 100), (198, 100), (297, 100)]),
        (5, 2, True, [(0, 100), (1, 100), (2, 100), (3, 100)]),
        (5, 1, True, [(0, 100), (1, 100), (2, 100), (3, 100), (4, 100)]),
        (100, 1000, True, [(0, 100)]),
        (0, 1000, True, [(0, 100)]),
        # Without a count, nothing behind a row is the end.
        (130, 1000, False, [(0, 100), (99, 100), (129, 100)]),
        (0, 1000, False, [(0, 100)]),
        (2, 1, False, [(0, 100), (1, 100), (2, 100)]),
    ],
)
async def test_a_quiet_list_costs_one_call_a_page(
    held: int, cap: int, total: bool, asked: list[tuple[int, int]]
) -> None:
    """Every row is given once. The length of a page decides nothing."""
    vendor = Vendor(numbers(held), cap=cap, counts=lambda number: number if total else None)

    assert (numbers(held), False) == await read(vendor)
    assert asked == vendor.asked


async def test_small_pages_read_one_row_more() -> None:
    """So that each of them has as many new rows as were asked for."""
    vendor = Vendor(numbers(7))
    first = await OffsetCursor.parse(None).page(vendor, limit=3, most=100)
    second = await OffsetCursor.parse(first.following.cursor).page(vendor, limit=3, most=100)

    assert ([1, 2, 3], [4, 5, 6]) == (first.rows, second.rows)
    assert [(0, 3), (2, 4)] == vendor.asked


@pytest.mark.parametrize(
    ("change", "calls"),
    [
        # One row left the list before the second page: with the count, and with another row that came at the end.
        (lambda rows: rows.remove(1), 5),
        (lambda rows: (rows.remove(1), rows.append(999)), 5),
        (lambda rows: rows.remove(100), 5),
        # Sixty rows, more than one step back.
        (lambda rows: rows.__delitem__(slice(0, 60)), 5),
        (lambda rows: rows.__delitem__(slice(0, 100)), 5),
        # Nearly all.
        (lambda rows: rows.__delitem__(slice(0, 290)), 3),
        (lambda rows: rows.clear(), 3),
        # Rows came first.
        (lambda rows: rows.insert(0, 999), 4),
        (lambda rows: rows.__setitem__(slice(0, 0), range(1000, 1005)), 4),
        # As many as a page has: the second page is the first one again.
        (lambda rows: rows.__setitem__(slice(0, 0), range(1000, 1099)), 6),
    ],
)
async def test_rows_that_move_hide_no_other_row(change: Callable[[list[int]], None], calls: int) -> None:
    """What stays in the list is given, whole, for a call or two more."""
    vendor = Vendor(numbers(330), change=change)
    found, truncated = await read(vendor)

    assert set(vendor.rows) & set(range(1, 331)) <= set(found)
    assert not truncated
    assert len(vendor.asked) <= calls + 1


@given(
    limit=st.integers(1, 6),
    cap=st.integers(2, 9),
    counts=st.booleans(),
    changes=st.lists(
        st.lists(st.tuples(st.integers(0, 40), st.booleans()), min_size=1, max_size=9), min_size=1, max_size=5
    ),
)
@example(limit=2, cap=9, counts=False, changes=[[(0, False)] * 9, [(0, False)] * 9])
async def test_no_row_is_lost_that_stays(
    limit: int, cap: int, counts: bool, changes: list[list[tuple[int, bool]]]
) -> None:
    """Whatever enters and leaves between two pages. Rows keep their order."""
    rows, left, new = numbers(30), set[int](), 1000
    found: set[int] = set()
    after: str | None = None
    for number in range(400):
        vendor = Vendor(rows, cap=cap, counts=lambda held: held if counts else None)
        page = await OffsetCursor.parse(after).page(vendor, limit=limit, most=100)
        found |= set(page.rows)
        assert len(page.rows) <= limit
        after = page.following.cursor
        if after is None:
            break
        for place, enters in changes[number] if number < len(changes) else ():
            if enters:
                new += 1
                rows.insert(place, new)
            elif place < len(rows):
                left.add(rows.pop(place))

    assert after is None
    assert set(range(1, 31)) - left <= found


@pytest.mark.parametrize("total", [0, 5, 40, 99])
async def test_a_count_below_the_rows_ends_no_list(total: int) -> None:
    """It counts as none, and the page's total is no exact one."""
    vendor = Vendor(numbers(130), counts=lambda _: total)
    page = await OffsetCursor.parse(None).page(vendor, limit=100, most=100)

    assert page.is_capped
    assert (numbers(130), False) == await read(vendor)


@pytest.mark.parametrize(
    ("spoiled", "cap"),
    [
        (lambda rows: [*rows, *rows[-1:]], 1000),
        (lambda rows: [*rows, *rows[-1:]], 7),
        (lambda rows: [*rows, *rows], 1000),
        (lambda rows: rows * 30, 1000),
        (lambda rows: [each for row in rows for each in (row, row)], 1000),
        (lambda rows: rows[::-1], 1000),
    ],
)
async def test_a_row_that_is_repeated_counts_once(spoiled: Callable[[list[int]], list[int]], cap: int) -> None:
    """The list is read on until all rows that are counted are there."""
    vendor = Vendor(numbers(130), spoiled=spoiled, cap=cap)
    found, truncated = await read(vendor)

    assert (numbers(130), False) == (sorted(found), truncated)
    assert len(vendor.asked) <= (2 if cap == 1000 else 22)


@pytest.mark.parametrize("total", [130, 260])
async def test_repeated_rows_that_the_vendor_counts_as_rows_end_the_list(total: int) -> None:
    """Each row stands twice in the vendor's list. If it announces more rows than there are, the list is told to lack some."""
    vendor = Vendor([each for number in numbers(130) for each in (number, number)], counts=lambda _: total)
    found, truncated = await read(vendor)

    assert numbers(130) == sorted(set(found))
    assert truncated is (total == 260)
    assert len(vendor.asked) < 20


@pytest.mark.parametrize(
    ("counts", "spoiled"),
    [
        # More rows are announced than given, at the end or within.
        (lambda _: 10**6, lambda rows: rows),
        (lambda number: number, lambda rows: [row for row in rows if row != 50]),
        # Nothing is given.
        (lambda _: 9, lambda _: []),
    ],
)
async def test_rows_that_are_announced_and_not_given_are_told(
    counts: Callable[[int], int | None], spoiled: Callable[[list[int]], list[int]]
) -> None:
    """As truncated."""
    vendor = Vendor(numbers(130), counts=counts, spoiled=spoiled)

    assert (await read(vendor))[1]
    assert len(vendor.asked) <= 5


@pytest.mark.parametrize("total", [None, 99])
@pytest.mark.parametrize("rows", [1, 3, 20])
async def test_a_vendor_that_ignores_the_offset_ends_the_list(total: int | None, rows: int) -> None:
    """It gives the same rows again, twice. The list goes on with the next stream, truncated."""

    async def same(offset: int, size: int) -> Announced[int]:
        return Announced(numbers(rows), total)

    first = await OffsetCursor.parse(None, STREAMS).page(same, limit=100, most=100, streams=STREAMS)
    cursor = OffsetCursor.parse(first.following.cursor, STREAMS)
    second = await cursor.page(same, limit=100, most=100, streams=STREAMS)

    assert not first.following.truncated
    assert NextPage("COMPLETED:0", truncated=True) == second.following


async def test_a_list_without_an_order_has_an_end() -> None:
    """Rows that come in another order with every answer: it steps back for a while, and then says that rows may lack."""
    turns: list[int] = []

    def shuffled(rows: list[int]) -> list[int]:
        turns.append(1)
        return [(row * 7919 + len(turns) * 104729) % 100_003 for row in rows]

    vendor = Vendor(numbers(330), spoiled=shuffled)

    assert (await read(vendor))[1]
    assert len(vendor.asked) < 120


@pytest.mark.parametrize(
    ("rows", "total", "has_link", "leads_on", "truncated"),
    [
        # The count is reached, and a link leads on.
        (5, 5, True, True, False),
        (0, 9, False, False, True),
        (0, None, True, False, True),
        (5, 9, False, True, False),
        (5, 5, False, False, False),
        (5, None, False, True, False),
    ],
)
async def test_what_contradicts_itself_is_read_on_or_truncated(
    rows: int, total: int | None, has_link: bool, leads_on: bool, truncated: bool
) -> None:
    """Count, link and rows of one page."""

    async def answer(offset: int, size: int) -> Announced[int]:
        return Announced(numbers(rows), total, has_link)

    found = (await OffsetCursor.parse(None).page(answer, limit=9, most=9)).following

    assert (leads_on, truncated) == (found.cursor is not None, found.truncated)


async def test_a_stream_is_followed_by_the_next_one() -> None:
    """Each has its own count."""
    held = {"PENDING": numbers(3), "COMPLETED": numbers(2)}
    after: str | None = None
    found: list[tuple[str, Sequence[int], bool]] = []
    for _ in range(9):
        cursor = OffsetCursor.parse(after, STREAMS)
        page = await cursor.page(Vendor(held[cursor.stream]), limit=2, most=9, streams=STREAMS)
        found.append((cursor.stream, page.rows, page.following.truncated))
        after = page.following.cursor
        if after is None:
            break

    assert [("PENDING", [1, 2], False), ("PENDING", [3], False), ("COMPLETED", [1, 2], False)] == found


async def test_equal_rows_without_an_id_are_several() -> None:
    """Their key is their bytes."""

    async def answer(offset: int, size: int) -> Announced[Raw]:
        return Announced([Raw(b"null"), Raw(b"null")], 2)

    page = await OffsetCursor.parse(None).page(answer, limit=9, most=9, key=bytes)
    other = await OffsetCursor.parse(None).page(answer, limit=9, most=9)

    assert (2, 1) == (len(page.rows), len(other.rows))


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
    vendor = Vendor(numbers(held), cap=cap, counts=lambda number: number if counts else None)

    assert (numbers(held), True) == await drain_by_offset(lambda offset: vendor(offset, 100), most_pages=9)
    assert offsets == [offset for offset, _ in vendor.asked]


@pytest.mark.parametrize(
    ("vendor", "found"),
    [
        (Vendor(numbers(100), cap=50, counts=lambda _: 250), numbers(100)),
        # The last row of the first page is repeated instead of the first one of the second.
        (Vendor([*numbers(50), *range(50, 100)], cap=50), numbers(99)),
        (Vendor(numbers(100), cap=50, change=lambda rows: rows.remove(1)), [*numbers(50), *range(52, 101)]),
    ],
)
async def test_rows_that_may_be_missed_are_told(vendor: Vendor, found: list[int]) -> None:
    """Announced and not given, repeated, or moved: then the rows are not all."""
    assert (found, False) == await drain_by_offset(lambda offset: vendor(offset, 100), most_pages=9)
