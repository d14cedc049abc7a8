"""Keys, and ids of task definitions."""

import pytest

from connectors.camunda.ids import definition_id, definition_parts, is_key, keys_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2251799813685732", True),
        ("-1", True),
        ("9223372036854775807", True),
        ("9223372036854775808", False),
        ("007", False),
        ("", False),
        ("1\n", False),
        ("٣", False),
        ("1/completion", False),
    ],
)
def test_a_key_is_a_64_bit_integer_as_the_vendor_prints_it(text: str, expected: bool) -> None:
    """Another text is unknown without a call."""
    assert expected is is_key(text)


def test_ids_that_are_no_keys_are_left_out() -> None:
    """The rest is sorted as text."""
    assert ["10", "9"] == keys_of(["9", "x", "10", ""])


def test_the_parts_of_a_definition_id_are_found_again() -> None:
    """Texts of another form are left out."""
    assert [("invoice", "approve"), ("order", "pay")] == definition_parts(
        [definition_id("order", "pay"), definition_id("invoice", "approve"), "invoice", "a/b/c", "/x", "x/"]
    )
