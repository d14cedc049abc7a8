"""Page arguments, and pages of lists in memory, against the Connections specification."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.sdk.errors import InputError
from schema.core.pagination import PageArguments, page_arguments, page_of
from tests.connection_model import Asked, Expected, expected

ROWS = [f"row {number}" for number in range(6)]
CURSORS = {edge.item: edge.cursor() for edge in page_of(ROWS, str, page_arguments(100, None, None, None)).edges}

cursors = st.none() | st.sampled_from(ROWS)
asked = st.builds(Asked, first=st.integers(0, 8), after=cursors, before=cursors) | st.builds(
    Asked, last=st.integers(0, 8), after=cursors, before=cursors
)


@given(asked)
def test_a_page_in_memory_is_what_the_specification_says(one: Asked) -> None:
    """Any size with any cursors."""
    after, before = CURSORS.get(one.after or ""), CURSORS.get(one.before or "")
    page = page_of(ROWS, str, page_arguments(one.first, after, one.last, before))

    assert expected(ROWS, one) == Expected(
        [edge.item for edge in page.edges], page.has_next_page, page.has_previous_page
    )
    assert len(ROWS) == page.total


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ((None, None, None, None), PageArguments(25, None, None, backward=False)),
        ((None, "a", None, "b"), PageArguments(25, "a", "b", backward=False)),
        ((None, None, None, "b"), PageArguments(25, "b", None, backward=True)),
        ((2, None, None, "b"), PageArguments(2, None, "b", backward=False)),
        ((None, "a", 2, None), PageArguments(2, None, "a", backward=True)),
    ],
)
def test_a_size_tells_the_end_that_a_page_is_counted_from(
    arguments: tuple[int | None, str | None, int | None, str | None], found: PageArguments
) -> None:
    """Without a size: the rows before `before` if only that is given, else from the start."""
    assert found == page_arguments(*arguments)


@pytest.mark.parametrize(("first", "last", "field"), [(1, 1, "last"), (101, None, "first"), (None, -1, "last")])
def test_two_sizes_and_sizes_out_of_range_are_refused(first: int | None, last: int | None, field: str) -> None:
    """The specification discourages both sizes at once."""
    with pytest.raises(InputError) as refused:
        page_arguments(first, None, last, None)

    assert (field,) == refused.value.field
