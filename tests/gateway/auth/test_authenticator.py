from pathlib import Path

import pytest

from connectors.sdk.caller import Caller
from gateway.auth import KEPT_CALLERS, Authenticator, UnauthenticatedCallerError
from tests.gateway.auth.signed_in import authenticator, sent


class Counted:
    """A sign-in that knows the token `bob`, and counts how often it is asked."""

    token_is_credential = True

    def __init__(self) -> None:
        self.times = 0

    def person(self, token: bytes) -> Caller | None:
        self.times += 1
        return Caller(key="bob", name="Bob", identities={}) if token == b"bob" else None

    def person_without_token(self) -> Caller | None:
        return None


def test_two_authorization_headers_are_refused(tmp_path: Path) -> None:
    """A proxy may have checked the other one."""
    with pytest.raises(UnauthenticatedCallerError, match="one Authorization"):
        authenticator(tmp_path).caller([*sent(b"Bearer bob"), *sent(b"Bearer carol")])


def test_a_caller_is_resolved_once_per_token() -> None:
    """The second request with a token does not ask the sign-in."""
    method = Counted()
    signed_in = Authenticator(method)

    assert signed_in.caller(sent(b"Bearer bob")) is signed_in.caller(sent(b"Bearer bob"))
    assert method.times == 1


def test_refused_tokens_take_no_memory() -> None:
    """Guessed tokens neither push known callers out nor fill the memory."""
    signed_in = Authenticator(Counted())
    signed_in.caller(sent(b"Bearer bob"))
    for number in range(KEPT_CALLERS + 10):
        with pytest.raises(UnauthenticatedCallerError):
            signed_in.caller(sent(b"Bearer guess-%d" % number))

    assert [b"Bearer bob"] == list(signed_in._kept)
