"""Until when a token holds that sign-in has accepted."""

import base64

import pytest

from gateway.http.token_end import end_of


def token(payload: str) -> str:
    return f"a.{base64.urlsafe_b64encode(payload.encode()).decode().rstrip('=')}.c"


@pytest.mark.parametrize(
    ("told", "end"),
    [
        ("2000000000", 2_000_000_000.0),
        ("2e9", 2_000_000_000.0),
        ("1" + "0" * 400, 253_402_300_799.0),
        ("1e300", 253_402_300_799.0),
        ("true", None),
        ('"2000000000"', None),
        ("null", None),
    ],
)
def test_any_number_is_an_end(told: str, end: float | None) -> None:
    """A provider may write one that no clock reaches, and that no float holds."""
    assert end == end_of(token(f'{{"exp": {told}}}'))


@pytest.mark.parametrize("other", [None, "", "alice", "a.b", "a.%.c", token("[]"), token("{}"), token("[" * 5000)])
def test_other_tokens_have_no_end(other: str | None) -> None:
    """Keys of machines hold until a reload."""
    assert end_of(other) is None
