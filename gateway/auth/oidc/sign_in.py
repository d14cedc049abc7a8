"""Sign-in of `[auth] mode = "oidc"`: tokens of identity providers, and keys for machines."""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from connectors.sdk.caller import Caller
from gateway.auth.api_keys import ApiKeySignIn
from gateway.auth.challenge import SignInUnavailableError, UnauthenticatedCallerError
from gateway.auth.oidc.claims import signed_in
from gateway.auth.oidc.issuer import Issuer
from gateway.auth.oidc.kept_tokens import KeptTokens
from gateway.auth.oidc.provider import Provider, Transport, provider_client
from gateway.auth.oidc.refusal import KeysUnavailableError, TokenRefusedError
from gateway.auth.oidc.token_check import TokenCheck
from gateway.people import People
from gateway.settings import OidcAuth, certificates_in


class OidcSignIn:
    """`now` gives seconds since 1970."""

    def __init__(
        self, auth: OidcAuth, people: People, issuers: Sequence[Issuer], *, now: Callable[[], float] = time.time
    ) -> None:
        self.issuers = issuers
        self._keys = ApiKeySignIn(auth.keys, people)
        self._people = people
        self._check = TokenCheck(issuers, now=now)
        self._kept = KeptTokens(auth.keep_seconds, now=now)

    async def person(self, token: bytes) -> Caller | None:
        """A machine by its key, or a person by a token of an issuer."""
        machine = await self._keys.person(token)
        if machine is not None:
            return machine
        digest = hashlib.sha256(token).digest()
        who = self._kept.get(digest)
        if who is None:
            try:
                issuer, claims = await self._check.checked(token)
                who = signed_in(issuer.settings, claims)
            except TokenRefusedError as error:
                raise UnauthenticatedCallerError(str(error), is_token_bad=True) from error
            except KeysUnavailableError as error:
                raise SignInUnavailableError(str(error), retry_after=error.retry_after) from error
            self._kept.keep(digest, who, size=len(token))
        return self._people.signed_in(who)

    def person_without_token(self) -> Caller | None:
        return None

    def is_credential(self, token: bytes) -> bool:
        """The key of a machine is known here alone, and not for a vendor."""
        return not self._keys.is_known(token)


@asynccontextmanager
async def open_issuers(
    auth: OidcAuth,
    *,
    may_be_plain: bool,
    transport: Transport | None = None,
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> AsyncIterator[Sequence[Issuer]]:
    """The configured issuers. Their keys are read in the background until the block ends."""
    async with AsyncExitStack() as clients:
        shared = await clients.enter_async_context(provider_client(transport))
        issuers = []
        for settings in auth.issuers:
            client = shared
            if settings.ca_file is not None:
                trusted = certificates_in(settings.ca_file)
                client = await clients.enter_async_context(provider_client(transport, certificates=trusted))
            issuers.append(Issuer(settings, Provider(settings, client, may_be_plain=may_be_plain)))
        tasks = [asyncio.ensure_future(issuer.keep_fresh(pause)) for issuer in issuers]
        try:
            yield issuers
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for issuer in issuers:
                await issuer.aclose()
