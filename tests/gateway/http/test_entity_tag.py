import pytest

from gateway.http.entity_tag import entity_tag, is_known

TAG = entity_tag("application/json", b"{}")


def test_a_tag_is_that_of_the_data_and_the_media_type() -> None:
    """It is weak: the rest of the answer differs each time."""
    tags = {entity_tag(media, data) for media in ("a", "b") for data in (b"1", b"2")}

    assert len(tags) == 4
    assert TAG == entity_tag("application/json", b"{}")
    assert TAG.startswith('W/"')


@pytest.mark.parametrize(
    ("header", "known"),
    [
        (None, False),
        ("", False),
        ('"other"', False),
        (TAG, True),
        (TAG.removeprefix("W/"), True),
        (f'"other", {TAG}', True),
        ("*", True),
        (TAG.strip('W/"'), False),
        ('"' * 1000, False),
    ],
)
def test_if_none_match(header: str | None, known: bool) -> None:
    """Compared weakly (RFC 9110, 13.1.2)."""
    assert known == is_known(header, TAG)
