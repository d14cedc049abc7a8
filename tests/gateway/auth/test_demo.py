from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.auth import Authenticator, UnauthenticatedCallerError
from tests.gateway.auth.signed_in import authenticator, sent


@pytest.fixture
async def demo(tmp_path: Path) -> AsyncIterator[Authenticator]:
    async with authenticator(tmp_path) as opened:
        yield opened


async def test_the_default_person_needs_no_token(demo: Authenticator) -> None:
    """A request without an Authorization header is from alice."""

    assert (await demo.caller([])).key == "alice"


async def test_a_person_key_is_a_token(demo: Authenticator) -> None:
    """The scheme's case does not matter (RFC 9110, 11.1)."""

    assert ["bob", "carol"] == [
        (await demo.caller(sent(b"Bearer bob"))).key,
        (await demo.caller(sent(b"bearer carol"))).key,
    ]


@pytest.mark.parametrize(
    "value", [b"Bearer mallory", b"Bearer", b"Bearer ", b"Basic Ym9i", b"bob", b"", b"Bearer \xff"]
)
async def test_other_tokens_are_refused(demo: Authenticator, value: bytes) -> None:
    """A wrong token does not count as no token."""
    with pytest.raises(UnauthenticatedCallerError) as caught:
        await demo.caller(sent(value))

    assert caught.value.challenge().startswith('Bearer realm="taskgate", error="invalid_token", error_description="')


async def test_a_person_key_is_not_passed_to_sources(demo: Authenticator) -> None:
    """It is a name, not a credential."""

    assert demo.token(sent(b"Bearer bob")) is None
