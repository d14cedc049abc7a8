import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.auth import Authenticator, UnauthenticatedCallerError
from tests.gateway.auth.signed_in import authenticator, sent

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
async def api_keys(tmp_path: Path) -> AsyncIterator[Authenticator]:
    async with authenticator(tmp_path, KEYS) as opened:
        yield opened


async def test_keys_are_known_by_their_digest(api_keys: Authenticator) -> None:
    """A person may have several keys; hexadecimal digits may be upper case."""
    found = [(await api_keys.caller(sent(b"Bearer " + token))).key for token in (b"first token", b"second", b"third")]

    assert found == ["alice", "alice", "bob"]


async def test_a_request_without_a_token_is_refused(api_keys: Authenticator) -> None:
    """RFC 6750, 3.1: without credentials the challenge names no error."""
    with pytest.raises(UnauthenticatedCallerError) as caught:
        await api_keys.caller([])

    assert caught.value.challenge() == 'Bearer realm="taskgate"'


@pytest.mark.parametrize("token", [b"alice", b"fourth", hashlib.sha256(b"third").hexdigest().encode(), b"x" * 9000])
async def test_unknown_tokens_are_refused_without_repeating_them(api_keys: Authenticator, token: bytes) -> None:
    """A person's key and a digest from the file are not tokens."""
    with pytest.raises(UnauthenticatedCallerError) as caught:
        await api_keys.caller(sent(b"Bearer " + token))

    assert token.decode() not in str(caught.value) + caught.value.challenge()


@pytest.mark.parametrize("header", [b"Bearer", b"Bearer ", b"Bearer   ", b"Bearer \t", b""])
async def test_an_empty_token_is_refused_before_its_digest_is_looked_for(
    api_keys: Authenticator, header: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is the key of no person, whatever digests the configuration holds."""
    monkeypatch.setattr(hashlib, "sha256", None)

    with pytest.raises(UnauthenticatedCallerError):
        await api_keys.caller(sent(header))


async def test_a_key_is_never_passed_to_sources(api_keys: Authenticator) -> None:
    """It is a secret between its owner and the gateway."""
    assert [api_keys.token(sent(b"Bearer third")), api_keys.token([])] == [None, None]
