"""Who asks: a bearer token to a person. A token that is not known is refused, in demo mode too."""

import hashlib
import re
from collections.abc import Mapping

from connectors.sdk.caller import Caller
from gateway.settings import DemoAuth, Settings

BEARER = re.compile(r"[Bb]earer +([\x21-\x7e]{1,8192})")


class UnauthenticatedError(Exception):
    """The text says what to send; it never repeats what was sent."""


class Authenticator:
    """One look-up per request: callers are made once, tokens are compared by digest."""

    def __init__(self, settings: Settings) -> None:
        self._default: Caller | None = None
        self._by_digest: Mapping[str, Caller]
        callers = settings.callers
        auth = settings.auth
        if isinstance(auth, DemoAuth):
            self._default = callers[auth.default_person]
            self._by_digest = {_digest(key): caller for key, caller in callers.items()}
            self._advice = "send `Authorization: Bearer <person key>`, or no Authorization header at all"
        else:
            self._by_digest = {key.sha256: callers[key.person] for key in auth.keys}
            self._advice = "send `Authorization: Bearer <API key>`"

    def caller(self, authorization: str | None) -> Caller:
        """The person behind an Authorization header's value; UnauthenticatedError otherwise."""
        if authorization is None:
            if self._default is not None:
                return self._default
            raise UnauthenticatedError(f"sign in: {self._advice}")
        match = BEARER.fullmatch(authorization.strip())
        caller = None if match is None else self._by_digest.get(_digest(match.group(1)))
        if caller is None:
            raise UnauthenticatedError(f"this token is not known: {self._advice}")
        return caller


def _digest(token: str) -> str:
    """SHA-256: what is compared is no secret any more, so the time of a look-up tells nothing of the token."""
    return hashlib.sha256(token.encode()).hexdigest()
