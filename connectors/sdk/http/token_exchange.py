"""Credentials of the caller: the caller's own token, or one that the issuer gives in exchange for it."""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from urllib.parse import urlencode

import anyio
import msgspec

from connectors.sdk.clock import Clock, utc_now
from connectors.sdk.errors import ConnectorError, IdentityNotLinkedError, UnauthenticatedError
from connectors.sdk.http.answer import Answer
from connectors.sdk.http.authority import Authority
from connectors.sdk.http.call import current_call
from connectors.sdk.http.credentials import (
    AnyCredentials,
    Credentials,
    Exchange,
    from_settings,
    no_token_endpoint,
)
from connectors.sdk.http.status_error import error_from_status
from connectors.sdk.http.token import Token, has_expired, is_for, is_sendable, seconds_left, token_of
from connectors.sdk.settings import OAuthCredentials, SourceSettings

# RFC 8693 sections 2.1 and 3.
GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 the name of a type

# Errors that are about our client, not about the caller (RFC 6749 section 5.2).
_OURS = frozenset({"invalid_client", "unauthorized_client", "unsupported_grant_type", "invalid_scope"})


class ViewerToken(Credentials):
    """The token that the caller signed in with. It cannot be renewed here; one that has expired is not sent.

    Nor is one that is not meant for this system: `audience` must be in its `aud` (RFC 9700, section 4.10). A token that
    tells no audience is for none.
    """

    is_person = True

    def __init__(self, audience: str | None, *, clock: Clock = utc_now) -> None:
        self._audience = audience
        self._clock = clock

    async def headers(self, upstream: Exchange) -> Mapping[str, str]:
        _, token = _present()
        _refuse_expired(token, self._clock)
        if self._audience is None or not is_for(token, self._audience):
            raise UnauthenticatedError(
                f"was not called: the token that you signed in with is not for this system, its aud lacks "
                f"{self._audience!r}; the identity provider must add this audience to the tokens of the sign-in"
            )
        return {"Authorization": f"Bearer {token}"}


class TokenExchange(Credentials):
    """RFC 8693: a token for each person, kept until `EARLY` seconds before its end (300 s if the issuer does not tell).

    A token of another sign-in is exchanged for another one; those of a person's last sign-ins are kept beside each other.
    There is one exchange per person at a time. Tokens are kept for at most `most` people; the least recently used one is
    dropped.
    """

    is_person = True
    EARLY = 60.0

    def __init__(
        self,
        settings: OAuthCredentials,
        *,
        most: int = 1000,
        monotonic: Callable[[], float] = time.monotonic,
        clock: Clock = utc_now,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._most = most
        self._monotonic = monotonic
        self._people: OrderedDict[str, _Person] = OrderedDict()

    async def headers(self, upstream: Exchange) -> Mapping[str, str]:
        who, subject = _present()
        person = self._people.setdefault(who.principal, _Person())
        self._people.move_to_end(who.principal)
        while len(self._people) > self._most:
            self._people.popitem(last=False)
        digest = hashlib.blake2b(subject.encode(), digest_size=16).digest()
        async with person.lock:
            kept = person.tokens.get(digest)
            if kept is None or self._monotonic() >= kept.until:
                _refuse_expired(subject, self._clock)
                token = await self._exchanged(upstream, subject)
                lifetime = self._lifetime(token)
                kept = _Kept(token.value, self._monotonic() + lifetime - min(self.EARLY, lifetime / 2))
                person.keep(digest, kept)
            return {"Authorization": f"Bearer {kept.value}"}

    def renew(self, refused: Mapping[str, str]) -> bool:
        person = self._people.get(_present()[0].principal)
        if person is not None:
            person.drop(refused.get("Authorization", ""))
        return True

    def _lifetime(self, token: Token) -> float:
        """Seconds: what the issuer says, and no longer than the token itself says. One that is over is not kept."""
        said = 300.0 if token.lifetime is None else token.lifetime
        left = seconds_left(token.value, self._clock())
        return said if left is None else max(0.0, min(said, left))

    async def _exchanged(self, upstream: Exchange, subject: str) -> Token:
        form = {
            "grant_type": GRANT,
            "client_id": self._settings.client_id,
            "client_secret": self._settings.client_secret.get_secret_value(),
            "subject_token": subject,
            "subject_token_type": ACCESS_TOKEN,
            "requested_token_type": ACCESS_TOKEN,
            "audience": self._settings.audience,
            "scope": self._settings.scope,
        }
        answer = await upstream.exchange(
            "POST",
            self._settings.token_url,
            content=urlencode({name: value for name, value in form.items() if value is not None}).encode(),
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )
        if not answer.ok:
            raise _refusal(answer)
        return token_of(answer)


class _Kept(msgspec.Struct, frozen=True):
    """`until` in seconds of the monotonic clock."""

    value: str
    until: float


class _Person:
    """The tokens of one person, by the digests of those that were exchanged: a browser and a phone have one each."""

    __slots__ = ("lock", "tokens")

    # Sign-ins of a person that are remembered.
    MOST = 4

    def __init__(self) -> None:
        self.lock = anyio.Lock()
        self.tokens: dict[bytes, _Kept] = {}

    def keep(self, digest: bytes, token: _Kept) -> None:
        self.tokens.pop(digest, None)
        self.tokens[digest] = token
        while len(self.tokens) > self.MOST:
            del self.tokens[next(iter(self.tokens))]

    def drop(self, header: str) -> None:
        """A token was refused."""
        self.tokens = {digest: one for digest, one in self.tokens.items() if header != f"Bearer {one.value}"}


class _ErrorAnswer(msgspec.Struct):
    error: str | None = None
    error_description: str | None = None


def acting_credentials(settings: SourceSettings, credentials: AnyCredentials, *, clock: Clock = utc_now) -> Credentials:
    """What the requests of a source carry, by its `acts_as`: `credentials`, the caller's token, or one exchanged for it.

    ValueError for an exchange without credentials of kind oauth: the settings of the vendor refuse it before.
    """
    match settings.acts_as, credentials:
        case "viewer", _:
            return ViewerToken(settings.audience, clock=clock)
        case "exchange", OAuthCredentials() as client:
            return TokenExchange(client, clock=clock)
        case "exchange", _:
            raise ValueError("acts_as exchange needs credentials of kind oauth")
        case _:
            return from_settings(credentials)


def _refuse_expired(token: str, clock: Clock) -> None:
    if has_expired(token, clock()):
        raise UnauthenticatedError("was not called: the token that you signed in with has expired; sign in again")


def _present() -> tuple[Authority, str]:
    who = current_call().authority
    if who is None or not who.token:
        raise IdentityNotLinkedError(
            "this source is called with the caller's own token, and the request has none that it takes; sign in at its identity provider"
        )
    if not is_sendable(who.token):
        raise IdentityNotLinkedError("the token that you signed in with cannot be passed on; sign in with another one")
    return who, who.token


def _refusal(answer: Answer) -> ConnectorError:
    body = answer.try_decode(_ErrorAnswer)
    code = None if body is None else body.error
    if answer.status == 401 or code in _OURS:
        return UnauthenticatedError(
            "the token endpoint refused our client; check client_id, client_secret and its right to exchange tokens",
            native_status=answer.status,
        )
    if code == "access_denied" and body is not None and "audience" in (body.error_description or ""):
        # Signing in again gives another token of the same client, with the same audience.
        return UnauthenticatedError(
            "the issuer does not exchange tokens of the client that people sign in with: that client's tokens need our "
            "client_id in their audience",
            native_status=answer.status,
        )
    if answer.status in {400, 403}:
        return IdentityNotLinkedError(
            "the token endpoint gives no token in exchange for yours; sign in again",
            native_status=answer.status,
        )
    if answer.status in {404, 405, 410} or answer.status < 400:
        return no_token_endpoint(answer)
    return error_from_status(answer)
