"""Connections of the HTTP client, and the certificates that it trusts."""

import ssl
from collections.abc import Sequence
from functools import cache

import httpx2

from connectors.sdk.http.public_address import PublicAddresses, origin_of

Transport = httpx2.AsyncBaseTransport
"""What sends requests; tests give one that leads to a stand-in."""


@cache
def trusted_certificates() -> ssl.SSLContext:
    """Those of the machine. Loading them takes about 50 ms, so all sources of a process share them."""
    return httpx2.create_ssl_context(trust_env=False)


class Connections(httpx2.AsyncBaseTransport):
    """Those of the HTTP client, made for the first request: a source over plain HTTP that is only read needs no certificates."""

    def __init__(self) -> None:
        self._made: httpx2.AsyncHTTPTransport | None = None

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if self._made is None:
            limits = httpx2.Limits(max_connections=32, max_keepalive_connections=16, keepalive_expiry=30)
            self._made = httpx2.AsyncHTTPTransport(verify=trusted_certificates(), trust_env=False, limits=limits)
        return await self._made.handle_async_request(request)

    async def aclose(self) -> None:
        if self._made is not None:
            await self._made.aclose()


def network(own: Sequence[httpx2.URL]) -> Transport:
    """Connections to the configured servers, and to public addresses that answers name."""
    return PublicAddresses(Connections(), [origin_of(url) for url in own])
