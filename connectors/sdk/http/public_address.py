"""Requests to servers that an answer names: the connection goes to a public address, whatever the name stands for."""

import ipaddress
import socket
from collections.abc import Awaitable, Callable, Collection, Sequence

import anyio
import httpx2

Origin = tuple[str, str, int | None]
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""The addresses of a host."""


async def resolved(host: str, port: int) -> Sequence[str]:
    """As the system knows them; OSError if it does not."""
    found = await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def origin_of(url: httpx2.URL) -> Origin:
    return url.scheme, url.host, url.port


class PublicAddresses(httpx2.AsyncBaseTransport):
    """Sends requests to the `own` origins as they are. For any other host the name is looked up once, and the connection goes
    to that very address, so that a name cannot stand for another one when it is dialled. ConnectError if it has an address
    that is not public: those of our own network, of this machine, of a cloud's machine.
    """

    def __init__(
        self, inner: httpx2.AsyncBaseTransport, own: Collection[Origin], *, resolve: Resolve = resolved
    ) -> None:
        self._inner = inner
        self._own = frozenset(own)
        self._resolve = resolve

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if origin_of(request.url) in self._own:
            return await self._inner.handle_async_request(request)
        host, port = request.url.host, request.url.port or (443 if request.url.scheme == "https" else 80)
        try:
            addresses = await self._resolve(host, port)
        except OSError as error:
            raise httpx2.ConnectError("no such name", request=request) from error
        if not addresses or not all(map(_is_public, addresses)):
            raise httpx2.ConnectError("not a public address", request=request)
        pinned = httpx2.Request(
            request.method,
            request.url.copy_with(host=addresses[0]),
            # `Host` is the name already. Another name at the same address must not use this connection.
            headers=[
                *(each for each in request.headers.raw if each[0].lower() != b"connection"),
                (b"Connection", b"close"),
            ],
            stream=request.stream,
            extensions={**request.extensions, "sni_hostname": host},
        )
        return await self._inner.handle_async_request(pinned)

    async def aclose(self) -> None:
        await self._inner.aclose()


def _is_public(address: str) -> bool:
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    public = mapped or found
    return public.is_global and not public.is_multicast
