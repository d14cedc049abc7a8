"""Reading the body of a request that is too large."""

from typing import Any

import pytest

from gateway.http.request import DRAINED, RefusedError, json_of, read_sent

PIECE = b"a" * 65_536


class Sender:
    """Sends pieces of a body until `size` bytes were asked for; counts what was read."""

    def __init__(self, size: int) -> None:
        self.size, self.read = size, 0

    async def __call__(self) -> dict[str, Any]:
        self.read += len(PIECE)
        return {"type": "http.request", "body": PIECE, "more_body": self.read < self.size}


def scope(**headers: str) -> dict[str, Any]:
    given = {"content-type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return {"method": "POST", "headers": [(name.encode(), value.encode()) for name, value in given.items()]}


@pytest.mark.parametrize(
    ("size", "headers", "read"),
    [
        (10_000_000, {}, 10_000_000),
        (10_000_000, {"content_length": "10000000"}, 10_000_000),
        (100_000_000, {}, DRAINED),
        (100_000_000, {"content_length": "100000000"}, 0),
        (10_000_000, {"content_length": "10000000", "expect": "100-continue"}, 0),
        (10_000_000, {"content_length": "9" * 6_000}, 0),
    ],
)
async def test_the_rest_of_a_large_body_is_read_so_that_its_refusal_can_be(
    size: int, headers: dict[str, str], read: int
) -> None:
    """A bounded part of it. Not where the client waits for a word before it sends."""
    sender = Sender(size)

    with pytest.raises(RefusedError) as raised:
        await read_sent(scope(**headers), sender, 262_144)

    assert raised.value.status == 413
    assert read <= sender.read <= read + 5 * len(PIECE)


def test_many_numbers_with_a_fraction_are_refused() -> None:
    """Each keeps its digits, which takes as long as many whole numbers."""
    assert len(json_of(b"[" + b"1.5," * 19_999 + b"1.5]", "The body")) == 20_000
    with pytest.raises(RefusedError, match="more than 20000 numbers") as raised:
        json_of(b"[" + b"1.5," * 20_000 + b"1.5]", "The body")

    assert raised.value.code == "TOO_COSTLY"
