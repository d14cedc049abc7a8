"""Literals of OData."""

import re

from hypothesis import given
from hypothesis import strategies as st

from connectors.uipath.formats import any_of, is_unicode, odata_text

# A literal ends at the first quote that is not doubled.
LITERAL = re.compile(r"'((?:[^']|'')*)'")


@given(st.text())
def test_nothing_breaks_out_of_a_literal(value: str) -> None:
    """Any text is exactly one literal, and is read back unchanged."""
    literal = odata_text(value)
    match = LITERAL.fullmatch(literal)

    assert match is not None
    assert value == match[1].replace("''", "'")


def test_several_comparisons_are_one_operand() -> None:
    """In parentheses: `or` binds weaker than `and`."""
    assert "Id eq 1" == any_of("Id", ["1"])
    assert "(Id eq 1 or Id eq 2)" == any_of("Id", ["1", "2"])


def test_a_text_with_half_a_character_cannot_be_sent() -> None:
    """Half of a surrogate pair has no UTF-8."""
    assert is_unicode("Grüße 👍")
    assert not is_unicode("\ud800")
