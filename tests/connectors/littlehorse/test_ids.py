"""Native ids of tasks."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.littlehorse.ids import TaskId, is_native_id
from connectors.sdk.errors import NotFoundError
from connectors.sdk.testing import STRANGE_IDS

PARTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20).filter(
    lambda s: s not in {".", ".."}
)


@given(run=PARTS, id=PARTS)
def test_an_id_survives_writing_and_reading(run: str, id: str) -> None:
    """With any characters in its parts. The text has only unreserved characters, `%` and one colon."""
    written = str(TaskId(run, id))

    assert TaskId(run, id) == TaskId.parse(written)
    assert 1 == written.count(":")
    assert quote(written, safe="%:") == written


@given(text=st.text(max_size=60))
def test_an_id_has_one_text(text: str) -> None:
    """Two different texts are never the same task."""
    try:
        parsed = TaskId.parse(text)
    except NotFoundError:
        return

    assert text == str(parsed)


@pytest.mark.parametrize(
    "text", [*STRANGE_IDS, "a", "a:b:c", ":b", "a:", "..:a", "a:.", "%61:b", "a:%2f", "%ff:a", "é:a"]
)
def test_a_text_that_is_no_id_is_not_found(text: str) -> None:
    """So the gateway makes no call for it."""
    with pytest.raises(NotFoundError):
        TaskId.parse(text)
    assert not is_native_id(text)
