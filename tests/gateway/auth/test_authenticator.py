from pathlib import Path

import pytest

from gateway.auth import UnauthenticatedCallerError
from tests.gateway.auth.signed_in import authenticator, sent


async def test_two_authorization_headers_are_refused(tmp_path: Path) -> None:
    """A proxy may have checked the other one."""
    async with authenticator(tmp_path) as demo:
        with pytest.raises(UnauthenticatedCallerError, match="one Authorization"):
            await demo.caller([*sent(b"Bearer bob"), *sent(b"Bearer carol")])


def test_a_challenge_names_the_error_and_where_the_provider_is_found() -> None:
    """RFC 6750 section 3 and RFC 9728 section 5.1."""
    error = UnauthenticatedCallerError("The token has expired.", is_token_bad=True)

    assert error.challenge("https://tasks.example.com/.well-known/x") == (
        'Bearer realm="taskgate", error="invalid_token", error_description="The token has expired.", '
        'resource_metadata="https://tasks.example.com/.well-known/x"'
    )
