"""Sign-in of `[auth] mode = "api_keys"`: the configuration holds the SHA-256 digests of the tokens."""

import hashlib
import hmac

from connectors.sdk.caller import Caller
from gateway.people import People
from gateway.settings import ApiKeysAuth


class ApiKeySignIn:
    token_is_credential = True

    def __init__(self, auth: ApiKeysAuth, people: People) -> None:
        self._keys = [(bytes.fromhex(key.sha256), key.person) for key in auth.keys]
        self._people = people

    def person(self, token: bytes) -> Caller | None:
        digest = hashlib.sha256(token).digest()
        found = None
        # Compares with all digests, each in constant time, so that the time says nothing about the keys.
        for known, person in self._keys:
            if hmac.compare_digest(known, digest):
                found = person
        return None if found is None else self._people.by_key(found)

    def person_without_token(self) -> Caller | None:
        return None
