"""Servers that an answer names are called at public addresses only."""

from collections.abc import Sequence

import httpx2
import pytest

from connectors.sdk.http import PublicAddresses

OWN = ("https", "api.test", None)


class Network(httpx2.AsyncBaseTransport):
    """Notes what would be dialled."""

    def __init__(self) -> None:
        self.requests: list[httpx2.Request] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        return httpx2.Response(200)


def client(network: Network, *addresses: str) -> httpx2.AsyncClient:
    async def resolve(host: str, port: int) -> Sequence[str]:
        if not addresses:
            raise OSError(-2, "no such name")
        return addresses

    return httpx2.AsyncClient(transport=PublicAddresses(network, [OWN], resolve=resolve))


async def test_the_connection_goes_to_the_address_that_was_looked_at() -> None:
    """With the name in TLS and in `Host`. Nothing else uses the connection."""
    network = Network()
    await client(network, "93.184.216.34").get("https://bucket.example.com/a%2Fb?c=1")
    [request] = network.requests

    assert "https://93.184.216.34/a%2Fb?c=1" == str(request.url)
    assert "bucket.example.com" == request.headers["host"]
    assert "bucket.example.com" == request.extensions["sni_hostname"]
    assert "close" == request.headers["connection"]


@pytest.mark.parametrize(
    "addresses",
    [
        ("127.0.0.1",),
        ("10.0.0.7",),
        ("93.184.216.34", "192.168.1.1"),
        ("169.254.169.254",),
        ("100.64.0.1",),
        ("0.0.0.0",),  # noqa: S104 an address that a name may stand for
        ("::1",),
        ("fe80::1%eth0",),
        ("fd00::7",),
        ("::ffff:10.0.0.7",),
        ("224.0.0.1",),
        ("nonsense",),
        (),
    ],
)
async def test_a_name_that_stands_for_another_address_is_not_dialled(addresses: tuple[str, ...]) -> None:
    """Of our own network, of this machine, of a cloud's machine; one such address among others is enough."""
    network = Network()
    with pytest.raises(httpx2.ConnectError):
        await client(network, *addresses).get("https://bucket.example.com/")

    assert [] == network.requests


async def test_the_configured_servers_may_be_anywhere() -> None:
    """They are the operator's choice, and are not looked up here."""
    network = Network()
    await client(network).get("https://api.test/tasks")

    assert ["https://api.test/tasks"] == [str(request.url) for request in network.requests]
