"""Requests to an identity provider: its discovery document and its keys, over a bounded client."""

import ssl
from functools import cache
from typing import Any, TypeVar

import anyio
import httpx2
import msgspec

from connectors.sdk.http import CorruptBodyError, NoCookies, TooLargeError, read_bounded, why_unreached
from gateway.auth.oidc.key_set import MOST_KEYS, KeySet
from gateway.settings import IssuerSettings, is_protected

# Seconds for one whole answer.
PATIENCE = 5.0
MAX_ANSWER_BYTES = 512 * 1024
WELL_KNOWN = "/.well-known/openid-configuration"

Transport = httpx2.AsyncBaseTransport
T = TypeVar("T")


class ProviderError(Exception):
    """The provider gave no usable answer. The text is one line for operators, without text of the answer."""


class Discovery(msgspec.Struct, frozen=True):
    """What OpenID Connect Discovery 1.0 section 3 tells, as far as it is needed."""

    issuer: str
    jwks_uri: str
    authorization_endpoint: str | None = None
    token_endpoint: str | None = None


class _Jwks(msgspec.Struct):
    keys: list[Any]


@cache
def _trusted_certificates() -> ssl.SSLContext:
    """Those of the machine. Loading them takes about 50 ms."""
    return httpx2.create_ssl_context(trust_env=False)


def provider_client(
    transport: Transport | None = None, *, certificates: ssl.SSLContext | None = None
) -> httpx2.AsyncClient:
    """Follows no redirect: the provider is where the configuration says. Proxies of the environment are not used.

    Without `certificates` those of the machine are trusted.
    """
    return httpx2.AsyncClient(
        transport=transport,
        verify=certificates or _trusted_certificates(),
        follow_redirects=False,
        cookies=NoCookies(),
        trust_env=False,
        timeout=PATIENCE,
        headers={"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "taskgate"},
        limits=httpx2.Limits(max_connections=20, max_keepalive_connections=5, keepalive_expiry=30),
    )


class Provider:
    """`may_be_plain`: addresses of other machines may begin with http://, for development."""

    def __init__(self, settings: IssuerSettings, client: httpx2.AsyncClient, *, may_be_plain: bool = False) -> None:
        self._settings = settings
        self._client = client
        self._may_be_plain = may_be_plain

    async def discovery(self) -> Discovery:
        """ProviderError also for a document of another issuer, and for addresses that are not protected."""
        found = await self._read(self._settings.issuer.rstrip("/") + WELL_KNOWN, Discovery, "discovery")
        if found.issuer != self._settings.issuer:
            raise ProviderError("its discovery is that of another issuer: write issuer exactly as the provider does")
        for address in (found.jwks_uri, found.authorization_endpoint, found.token_endpoint):
            if address is not None and not self._is_allowed(address):
                raise ProviderError("its discovery names an address that does not begin with https://")
        return found

    async def keys(self, address: str) -> KeySet:
        """The keys for signatures, at least one."""
        listed = (await self._read(address, _Jwks, "JWKS")).keys
        if len(listed) > MOST_KEYS:
            raise ProviderError(f"its JWKS has more than {MOST_KEYS} keys")
        keys = KeySet(listed)
        if not keys:
            raise ProviderError("its JWKS has no public key for signatures")
        return keys

    def _is_allowed(self, address: str) -> bool:
        try:
            is_web = httpx2.URL(address).scheme in {"http", "https"}
            return is_web and (self._may_be_plain or is_protected(address))
        except (httpx2.InvalidURL, ValueError):
            return False

    async def _read(self, address: str, kind: type[T], what: str) -> T:
        try:
            with anyio.fail_after(PATIENCE):
                async with self._client.stream("GET", address) as response:
                    if response.status_code != 200:
                        raise ProviderError(f"{what} answered with status {response.status_code}")
                    body = await read_bounded(
                        response.aiter_raw(),
                        encoding=response.headers.get("content-encoding", ""),
                        length=response.headers.get("content-length"),
                        limit=MAX_ANSWER_BYTES,
                    )
            return msgspec.json.decode(body, type=kind)
        except (httpx2.TimeoutException, TimeoutError):
            raise ProviderError(f"{what} did not answer within {PATIENCE:g} s") from None
        except httpx2.ConnectError as error:
            raise ProviderError(f"{what} {why_unreached(error, seconds=PATIENCE)}") from None
        except (httpx2.HTTPError, httpx2.InvalidURL):
            raise ProviderError(f"{what} gave no whole answer") from None
        except TooLargeError:
            raise ProviderError(f"{what} is larger than {MAX_ANSWER_BYTES} bytes") from None
        except (CorruptBodyError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            raise ProviderError(f"{what} is not as documented") from None
        except ValueError:
            # Of a host that cannot be looked up.
            raise ProviderError(f"{what} has an address that cannot be asked") from None
