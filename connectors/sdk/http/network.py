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


def network(own: Sequence[httpx2.URL]) -> Transport:
    """Connections to the configured servers, and to public addresses that answers name."""
    limits = httpx2.Limits(max_connections=32, max_keepalive_connections=16, keepalive_expiry=30)
    connections = httpx2.AsyncHTTPTransport(verify=trusted_certificates(), trust_env=False, limits=limits)
    return PublicAddresses(connections, [origin_of(url) for url in own])
