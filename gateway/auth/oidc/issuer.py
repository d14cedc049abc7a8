"""One identity provider: its keys, kept fresh, and how it does."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable

import structlog
from joserfc.jwk import Key
from msgspec import Struct

from gateway.auth.oidc.key_set import KeySet
from gateway.auth.oidc.provider import Discovery, Provider, ProviderError
from gateway.auth.oidc.refusal import KeysUnavailableError, TokenRefusedError
from gateway.settings import IssuerSettings

# Seconds. Keys are read again at half of LIFETIME, and serve up to OLDEST while the provider is away.
LIFETIME = 600.0
OLDEST = 24 * 3600.0
# At most one request in that time because of keys that are not known.
FORCED_EVERY = 30.0
FIRST_RETRY, LONGEST_RETRY = 5.0, 60.0
# Requests that wait for one answer of the provider; more are refused at once.
MOST_WAITING = 256

log = structlog.get_logger("taskgate.auth")


class IssuerStatus(Struct, frozen=True, kw_only=True):
    """`status`: OK; STALE while old keys serve because the provider is away; UNAVAILABLE without keys.

    `keys_age` in seconds, None without keys. `reason` is one line for operators.
    """

    issuer: str
    status: str
    reason: str | None
    keys_age: float | None


class Issuer:
    """`monotonic` measures ages. One event loop."""

    def __init__(
        self, settings: IssuerSettings, provider: Provider, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.settings = settings
        self.discovery: Discovery | None = None
        self._provider = provider
        self._monotonic = monotonic
        self._keys: KeySet | None = None
        self._read_at = -math.inf
        self._forced_at = -math.inf
        self._failures = 0
        self._reason: str | None = "its keys have not been read yet"
        self._tried_at = -math.inf
        self._flight: asyncio.Task[None] | None = None
        self._waiting = 0

    async def key(self, kid: str | None, algorithm: str) -> Key:
        """The key for a signature. One that is not known may cause a request to the provider.

        TokenRefusedError if the provider has no such key; KeysUnavailableError if no keys are known.
        """
        found = self._known(kid, algorithm)
        if found is None and await self._asked_again():
            found = self._known(kid, algorithm)
        if found is not None:
            return found
        if self._usable() is None:
            raise KeysUnavailableError(
                "The identity provider cannot be reached, so tokens cannot be checked.", retry_after=self.due_in()
            )
        raise TokenRefusedError("The token is signed with a key that its issuer does not list.")

    async def refresh(self) -> None:
        """Reads the keys, once for all who wait. A failure is kept in `status`."""
        if self._flight is None:
            self._flight = asyncio.ensure_future(self._read())
        self._waiting += 1
        try:
            # A caller who goes away ends neither the request nor the waiting of others.
            await asyncio.shield(self._flight)
        finally:
            self._waiting -= 1

    def adopt(self, before: "Issuer") -> None:
        """Begin with the keys that are known already, if they are read at the same place."""
        same = (self.settings.issuer, self.settings.jwks_url) == (before.settings.issuer, before.settings.jwks_url)
        if same and before._keys is not None:  # noqa: SLF001 of the same class
            self._keys, self._read_at = before._keys, before._read_at  # noqa: SLF001
            self.discovery = self.discovery or before.discovery

    def due_in(self) -> float:
        """Seconds until the keys should be read again."""
        if self._failures:
            pause = min(LONGEST_RETRY, FIRST_RETRY * 2.0 ** min(self._failures - 1, 10))
            return max(0.0, self._tried_at + pause - self._monotonic())
        return max(0.0, self._read_at + LIFETIME / 2 - self._monotonic())

    async def keep_fresh(self, pause: Callable[[float], Awaitable[None]]) -> None:
        """Reads the keys whenever they are due, until it is cancelled."""
        while True:
            # Never a busy loop, however the clock behaves.
            await pause(max(self.due_in(), 0.5) if self._tried_at > -math.inf else 0.0)
            if self.due_in() <= 0:
                await self.refresh()

    def status(self) -> IssuerStatus:
        usable = self._usable()
        return IssuerStatus(
            issuer=self.settings.issuer,
            status="UNAVAILABLE" if usable is None else "STALE" if self._reason else "OK",
            reason=self._reason,
            keys_age=None if usable is None else self._monotonic() - self._read_at,
        )

    async def aclose(self) -> None:
        if self._flight is not None:
            self._flight.cancel()
            await asyncio.gather(self._flight, return_exceptions=True)

    def _known(self, kid: str | None, algorithm: str) -> Key | None:
        usable = self._usable()
        return None if usable is None else usable.find(kid, algorithm)

    def _usable(self) -> KeySet | None:
        return self._keys if self._monotonic() - self._read_at <= OLDEST else None

    async def _asked_again(self) -> bool:
        """Whether the provider has been asked because of a key that is not known."""
        if self._waiting >= MOST_WAITING:
            return False
        if self._flight is None:
            now = self._monotonic()
            if now - self._forced_at < FORCED_EVERY:
                return False
            self._forced_at = now
        await self.refresh()
        return True

    async def _read(self) -> None:
        self._tried_at = self._monotonic()
        try:
            keys = await self._provider.keys(await self._jwks_address())
        except ProviderError as error:
            if self._reason != str(error):
                log.warning("identity provider", issuer=self.settings.issuer, fault=str(error))
            self._failed(str(error))
        except Exception:
            # A fault of ours must not end the task that reads keys.
            log.exception("identity provider", issuer=self.settings.issuer)
            self._failed("its keys could not be read: an internal error, which the log has")
        else:
            if self._reason is not None:
                log.info("identity provider", issuer=self.settings.issuer, keys=len(keys))
            self._keys, self._read_at = keys, self._tried_at
            self._failures, self._reason = 0, None
        finally:
            self._flight = None

    def _failed(self, reason: str) -> None:
        self._failures += 1
        self._reason = reason

    async def _jwks_address(self) -> str:
        """From the configuration, else from discovery. After a failure it is looked for again: it may have changed."""
        given = self.settings.jwks_url
        if given is not None:
            if self.discovery is None and self.settings.login is not None:
                self.discovery = await self._discovery_for_pages()
            return given
        if self.discovery is None or self._failures:
            self.discovery = await self._provider.discovery()
        return self.discovery.jwks_uri

    async def _discovery_for_pages(self) -> Discovery | None:
        """Where the keys have a configured address, only pages need discovery: tokens are checked without it."""
        try:
            return await self._provider.discovery()
        except ProviderError as error:
            log.warning("identity provider", issuer=self.settings.issuer, fault=str(error))
            return None
