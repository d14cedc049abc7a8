"""Options of a command."""

from collections.abc import Mapping
from typing import Annotated

import pytest
from msgspec import Meta

from connectors.sdk import NoOptions, Options, ValidationFailedError, parse_options


class Some(Options, frozen=True, rename="camel"):
    folder_id: int
    note_text: Annotated[str, Meta(min_length=1, max_length=5)] | None = None
    tags: tuple[str, ...] = ()


def test_options_are_read_by_their_names_on_the_wire() -> None:
    """An absent option has its default."""
    assert Some(folder_id=7, note_text="x", tags=("a",)) == parse_options(
        {"folderId": 7, "noteText": "x", "tags": ["a"]}, Some
    )
    assert Some(folder_id=7) == parse_options({"folderId": 7}, Some)
    assert NoOptions() == parse_options(None, NoOptions) == parse_options({}, NoOptions)


@pytest.mark.parametrize(
    ("given", "name", "message"),
    [
        ({"folderId": 7, "colour": "red"}, "colour", "it has folderId, noteText, tags"),
        ({"folder_id": 7}, "folder_id", "no option 'folder_id'"),
        ({"folderId": "7"}, "folderId", "Expected `int`"),
        ({"folderId": 7, "noteText": "too long"}, "noteText", "length <= 5"),
        ({"folderId": 7, "tags": ["a", 1]}, "tags", "Expected `str`"),
        ({}, "folderId", "missing required field `folderId`"),
        (None, "folderId", "missing required field `folderId`"),
    ],
)
def test_a_refused_option_is_named(given: Mapping[str, object] | None, name: str, message: str) -> None:
    """As a field in `options`, which the gateway shows as `vendorOptions`."""
    with pytest.raises(ValidationFailedError, match=message) as caught:
        parse_options(given, Some)
    assert ("options", name) == caught.value.field


def test_a_command_without_options_takes_none() -> None:
    """The error says so."""
    with pytest.raises(ValidationFailedError, match="it has none") as caught:
        parse_options({"notify": True}, NoOptions)
    assert ("options", "notify") == caught.value.field
