"""Who asks: from the Authorization header to a person of the configuration."""

import hashlib
import hmac
from collections.abc import Sequence

from cachetools import LRUCache

from connectors.sdk.caller import Caller
from gateway.settings import ApiKeysAuth, DemoAuth, Settings

MAX_HEADER_BYTES = 8 * 1024
KEPT_CALLERS = 1024


class UnauthenticatedCallerError(Exception):
    """The request names nobody that we know; `challenge` is the value of WWW-Authenticate (RFC 6750)."""

    def __init__(self, message: str, *, is_token_bad: bool) -> None:
        super().__init__(message)
        self.challenge = 'Bearer realm="taskgate"' + (', error="invalid_token"' if is_token_bad else "")


class Authenticator:
    """Keeps the people who were let in by their header; refused headers are never kept."""

    def __init__(self, settings: Settings) -> None:
        self._auth = settings.auth
        self._callers = settings.callers
        self._kept: LRUCache[bytes, Caller] = LRUCache(maxsize=KEPT_CALLERS)
        self._keys = (
            [(bytes.fromhex(key.sha256), settings.callers[key.person]) for key in settings.auth.keys]
            if isinstance(settings.auth, ApiKeysAuth)
            else []
        )

    def caller(self, headers: Sequence[tuple[bytes, bytes]]) -> Caller:
        """The person behind ASGI `headers`; UnauthenticatedCallerError when there is none."""
        sent = [value for name, value in headers if name == b"authorization"]
        if not sent:
            if isinstance(self._auth, DemoAuth):
                return self._callers[self._auth.default_person]
            raise UnauthenticatedCallerError("Sign in with Authorization: Bearer <api key>.", is_token_bad=False)
        if len(sent) > 1:
            raise UnauthenticatedCallerError("Send one Authorization header.", is_token_bad=True)
        kept = self._kept.get(sent[0])
        if kept is None:
            kept = self._kept[sent[0]] = self._resolved(sent[0])
        return kept

    def token(self, headers: Sequence[tuple[bytes, bytes]]) -> str | None:
        """What the person signed in with, where it is more than a name: for sources that see the person."""
        sent = [value for name, value in headers if name == b"authorization"]
        if isinstance(self._auth, DemoAuth) or len(sent) != 1:
            return None
        return sent[0].partition(b" ")[2].strip().decode("latin-1")

    def _resolved(self, header: bytes) -> Caller:
        scheme, _, token = header.partition(b" ")
        if scheme.lower() != b"bearer" or len(header) > MAX_HEADER_BYTES:
            raise UnauthenticatedCallerError("Sign in with Authorization: Bearer <token>.", is_token_bad=True)
        caller = self._known(token.strip())
        if caller is None:
            raise UnauthenticatedCallerError("The bearer token is not known here.", is_token_bad=True)
        return caller

    def _known(self, token: bytes) -> Caller | None:
        if isinstance(self._auth, DemoAuth):
            return self._callers.get(token.decode("latin-1"))
        digest = hashlib.sha256(token).digest()
        found = None
        # All are compared, each in constant time: how long it takes tells nothing of the keys.
        for known, caller in self._keys:
            if hmac.compare_digest(known, digest):
                found = caller
        return found
