"""Sign-in by key, of `[auth] mode = "api_keys"` and of machines: the configuration holds the SHA-256 digests of the keys."""

import hashlib
from collections.abc import Sequence

from connectors.sdk.caller import Caller
from gateway.people import People
from gateway.settings import ApiKey


class ApiKeySignIn:
    """Keys are found by their digest: how long that takes says nothing about a key, as no digest can be aimed at."""

    def __init__(self, keys: Sequence[ApiKey], people: People) -> None:
        self._persons = {bytes.fromhex(key.sha256): key.person for key in keys}
        self._people = people

    async def person(self, token: bytes) -> Caller | None:
        person = self._persons.get(_digest(token))
        return None if person is None else self._people.as_configured(person)

    def person_without_token(self) -> Caller | None:
        return None

    def is_credential(self, token: bytes) -> bool:
        """A key is known to the gateway alone: no vendor ever gets it."""
        return False

    def is_known(self, token: bytes) -> bool:
        return _digest(token) in self._persons


def _digest(token: bytes) -> bytes:
    return hashlib.sha256(token).digest()
