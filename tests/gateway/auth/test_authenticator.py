import hashlib
from pathlib import Path

import pytest

from gateway.auth import KEPT_CALLERS, Authenticator, UnauthenticatedCallerError
from gateway.settings import load
from tests.gateway.configuration import write_configuration

KEYS = f"""
[auth]
mode = "api_keys"
keys = [
  {{ person = "alice", sha256 = "{hashlib.sha256(b"first token").hexdigest()}" }},
  {{ person = "alice", sha256 = "{hashlib.sha256(b"second").hexdigest().upper()}" }},
  {{ person = "bob", sha256 = "{hashlib.sha256(b"third").hexdigest()}" }},
]
"""


@pytest.fixture
def demo(tmp_path: Path) -> Authenticator:
    return Authenticator(load(write_configuration(tmp_path)))


@pytest.fixture
def api_keys(tmp_path: Path) -> Authenticator:
    return Authenticator(load(write_configuration(tmp_path, auth=KEYS)))


def sent(value: bytes) -> list[tuple[bytes, bytes]]:
    return [(b"host", b"localhost"), (b"authorization", value)]


def test_demo_mode_takes_the_default_person_without_a_token(demo: Authenticator) -> None:
    """No Authorization header at all is alice."""

    assert demo.caller([]).key == "alice"


def test_demo_mode_takes_a_person_key_as_token(demo: Authenticator) -> None:
    """The scheme's case does not matter (RFC 9110, 11.1)."""

    assert ["bob", "carol"] == [demo.caller(sent(b"Bearer bob")).key, demo.caller(sent(b"bearer carol")).key]


@pytest.mark.parametrize(
    "value", [b"Bearer mallory", b"Bearer", b"Bearer ", b"Basic Ym9i", b"bob", b"", b"Bearer \xff"]
)
def test_demo_mode_refuses_what_names_nobody(demo: Authenticator, value: bytes) -> None:
    """A wrong token is never taken for none."""
    with pytest.raises(UnauthenticatedCallerError) as caught:
        demo.caller(sent(value))

    assert caught.value.challenge == 'Bearer realm="taskgate", error="invalid_token"'


def test_two_authorization_headers_are_refused(demo: Authenticator) -> None:
    """Which one a proxy in between looked at cannot be known."""
    with pytest.raises(UnauthenticatedCallerError, match="one Authorization"):
        demo.caller([*sent(b"Bearer bob"), *sent(b"Bearer carol")])


def test_api_keys_are_known_by_their_digest(api_keys: Authenticator) -> None:
    """A person may have several; hexadecimal digits may be large."""
    found = [api_keys.caller(sent(b"Bearer " + token)).key for token in (b"first token", b"second", b"third")]

    assert found == ["alice", "alice", "bob"]


def test_api_keys_refuse_a_request_without_token(api_keys: Authenticator) -> None:
    """RFC 6750, 3.1: without credentials the challenge names no error."""
    with pytest.raises(UnauthenticatedCallerError) as caught:
        api_keys.caller([])

    assert caught.value.challenge == 'Bearer realm="taskgate"'


@pytest.mark.parametrize("token", [b"alice", b"fourth", hashlib.sha256(b"third").hexdigest().encode(), b"x" * 9000])
def test_api_keys_refuse_unknown_tokens_without_repeating_them(api_keys: Authenticator, token: bytes) -> None:
    """A person key or a digest from the file opens nothing."""
    with pytest.raises(UnauthenticatedCallerError) as caught:
        api_keys.caller(sent(b"Bearer " + token))

    assert token.decode() not in str(caught.value) + caught.value.challenge


def test_a_caller_is_resolved_once_per_token(api_keys: Authenticator) -> None:
    """The second request with a token finds the person without a look at the keys."""
    first = api_keys.caller(sent(b"Bearer third"))
    api_keys._keys.clear()

    assert first is api_keys.caller(sent(b"Bearer third"))


def test_refused_tokens_take_no_memory(demo: Authenticator) -> None:
    """Whoever guesses cannot push known callers out, nor fill the memory."""
    demo.caller(sent(b"Bearer bob"))
    for number in range(KEPT_CALLERS + 10):
        with pytest.raises(UnauthenticatedCallerError):
            demo.caller(sent(b"Bearer guess-%d" % number))

    assert [b"Bearer bob"] == list(demo._kept)
